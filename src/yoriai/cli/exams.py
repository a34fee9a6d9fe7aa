"""`yoriai eval list|run|show|compare`: exams, with a running server or without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli.kb import with_shelf
from yoriai.cli.terminal import note, print_json, print_table, result, say, show
from yoriai.errors import UsageError, YoriaiError

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

_LOOK_S = 0.5
Exam = Annotated[str, typer.Argument(metavar="TASK", help=say("eval_task"))]
Run = Annotated[str, typer.Argument(metavar="RUN", help=say("eval_run_id"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]
_EXAMS = ("name", "kind", "language", "data", "needs", "licence")
_RUNS = ("run", "task", "model", "score", "interval", "samples", "state", "when")
_SAMPLES = ("sample", "score", "answer", "tokens", "seconds")


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("list", help=say("eval_list"))(list_exams)
    app.command("run", help=say("eval_run"))(run_exam)
    app.command("show", help=say("eval_show"))(show_run)
    app.command("judge", help=say("eval_judge_help"))(measure_judge)
    app.command("compare", help=say("eval_compare"))(compare)
    return app


def list_exams(
    runs: Annotated[bool, typer.Option("--runs", help=say("eval_runs"))] = False, as_json: AsJson = False
) -> None:
    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("GET", "/api/exams/runs" if runs else "/api/exams")

    said = with_shelf(work)
    if runs:
        show(as_json, said["runs"], _RUNS, lambda: [_run_row(each) for each in said["runs"]])
    else:
        show(as_json, said["exams"], _EXAMS, lambda: [_exam_row(each) for each in said["exams"]])


def run_exam(  # noqa: PLR0917 — one parameter per option
    task: Exam,
    model: Annotated[str, typer.Option("--model", "-m", help=say("eval_model"))],
    limit: Annotated[int, typer.Option("--limit", min=0, help=say("eval_limit"))] = 0,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help=say("eval_epochs"))] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help=say("eval_seed"))] = 1,
    temperature: Annotated[float | None, typer.Option("--temperature", help=say("eval_temperature"))] = None,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=0, help=say("eval_max_tokens"))] = 0,
    parallel: Annotated[int, typer.Option("--parallel", min=1, help=say("eval_parallel"))] = 1,
    likelihood: Annotated[bool, typer.Option("--likelihood", help=say("eval_likelihood"))] = False,
    judge: Annotated[str, typer.Option("--judge", help=say("eval_judge"))] = "",
    data: Annotated[str, typer.Option("--data", help=say("eval_data"))] = "",
    new: Annotated[bool, typer.Option("--new", help=say("eval_new"))] = False,
    as_json: AsJson = False,
) -> None:
    from pathlib import Path

    wish = {
        "task": task, "model": model, "limit": limit, "epochs": epochs, "seed": seed, "temperature": temperature,
        "max_tokens": max_tokens, "parallel": parallel, "method": "likelihood" if likelihood else "", "judge": judge,
        "data": str(Path(data).expanduser().absolute()) if data else "", "anew": new,
    }  # fmt: skip
    said = with_shelf(lambda shelf: _run(shelf, wish), works=True)
    _show_one(said, as_json)
    if said["state"] != "done":
        raise _failure(said)


async def _run(shelf: Shelf, wish: dict[str, Any]) -> dict[str, Any]:
    """Begin or go on, and stay until it ends. Interrupted, it waits: the same command goes on."""
    import asyncio

    said: dict[str, Any] = await shelf.ask("POST", "/api/exams/runs", json=wish)
    if said["done"]:
        note(say("eval_goes_on", done=said["done"], total=said["total"]))
    shown = -1
    while said["state"] in {"queued", "running"}:
        if said["done"] != shown:
            shown = said["done"]
            _note_progress(said)
        await asyncio.sleep(_LOOK_S)
        said = await shelf.ask("GET", f"/api/exams/runs/{said['id']}")
    return said


def show_run(
    run: Run,
    samples: Annotated[bool, typer.Option("--samples", help=say("eval_samples"))] = False,
    as_json: AsJson = False,
) -> None:
    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("GET", f"/api/exams/runs/{run}" + ("/samples" if samples else ""))

    said = with_shelf(work)
    if as_json:
        print_json(said)
    elif samples:
        print_table(_SAMPLES, [_sample_row(each) for each in said["samples"]])
    else:
        _show_one(said, as_json)


def measure_judge(
    judge: Annotated[str, typer.Argument(metavar="MODEL", help=say("eval_judge"))],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=say("eval_judge_limit"))] = 100,
    as_json: AsJson = False,
) -> None:
    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("POST", "/api/exams/judges", json={"judge": judge, "limit": limit})

    said = with_shelf(work)
    if as_json:
        print_json(said)
        return
    key = "eval_trusted" if said["trusted"] else "eval_not_trusted"
    consistent = f"{100 * (said['consistent'] or 0):.0f}"
    result(
        say(
            key, judge=judge, pairs=said["pairs"], kappa=f"{said['kappa']:.2f}", low=f"{said['low']:.2f}",
            high=f"{said['high']:.2f}", consistent=consistent,
        )
    )  # fmt: skip


def compare(first: Run, second: Run, as_json: AsJson = False) -> None:
    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("GET", f"/api/exams/runs/{first}/against/{second}")

    said = with_shelf(work)
    if as_json:
        print_json(said)
        return
    print_table(_RUNS, [_run_row(said["first"]), _run_row(said["second"])])
    result(_verdict(said))


def _verdict(said: dict[str, Any]) -> str:
    pair = said["paired"]
    if pair is None:
        return say("eval_nothing_common")
    words = say(
        f"eval_{pair['verdict']}", first=said["first"]["model"], second=said["second"]["model"], n=pair["samples"],
        difference=f"{100 * pair['difference']:+.1f}", low=f"{100 * pair['low']:+.1f}", p=f"{pair['p_value']:.3g}",
        high=f"{100 * pair['high']:+.1f}", wins=pair["wins"], losses=pair["losses"],
    )  # fmt: skip
    if pair["verdict"] == "no_difference" and pair["needed"]:
        words += " " + say("eval_needed", needed=pair["needed"])
    return words


def _show_one(said: dict[str, Any], as_json: bool) -> None:
    show(as_json, said, _RUNS, lambda: [_run_row(said)])
    if not as_json and said["tokens_per_s"]:
        note(
            say(
                "eval_cost", tokens=said["completion_tokens"], speed=f"{said['tokens_per_s']:.1f}",
                seconds=f"{said['solving_s']:.0f}", scoring=f"{said['scoring_s']:.0f}",
            )
        )  # fmt: skip


def _failure(said: dict[str, Any]) -> YoriaiError:
    if said["error_key"]:
        return YoriaiError(said["error_key"], **said["error_values"])
    return UsageError("cli.eval_not_done", state=said["state"], run=said["id"])


def _note_progress(said: dict[str, Any]) -> None:
    if not said["total"]:
        return
    left = say("eval_left", minutes=f"{said['left_s'] / 60:.1f}") if said["left_s"] is not None else ""
    score = f" {100 * said['score']['value']:.1f} %" if said["score"] else ""
    note(f"{said['done']} / {said['total']}{score} {left}".rstrip())


def _exam_row(each: dict[str, Any]) -> tuple[str, ...]:
    data = say("yes_word" if each["has_data"] else "no_word")
    return each["name"], each["kind"], each["language"], data, ", ".join(each["needs"]), each["licence"]


def _run_row(each: dict[str, Any]) -> tuple[str, ...]:
    score = each["score"]
    return (
        each["id"], each["task"], each["model"], f"{100 * score['value']:.1f}" if score else "–",
        f"{100 * score['low']:.1f}–{100 * score['high']:.1f}" if score else "", f"{each['done']}/{each['total']}",
        say(f"eval_state_{each['state']}"), each["created_at"][:16].replace("T", " "),
    )  # fmt: skip


def _sample_row(each: dict[str, Any]) -> tuple[str, ...]:
    value = next(iter(each["values"].values()), 0.0)
    answer = " ".join(each["answer"].split())[:60]
    return each["sample_id"], f"{value:g}", answer, str(each["completion_tokens"]), f"{each['solving_s']:.1f}"
