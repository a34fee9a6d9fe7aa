"""Whether many minds answer better than one, and what that costs: real small models on questions with known answers.

    make bench-many-minds ARGS="run --task gsm8k --limit 100 --models qwen2.5-coder-0.5b --out DIR"
    make bench-many-minds ARGS="show --out DIR"      tables, charts and results.json of what is there so far

Each question is asked of every method before the next one, so a run that was stopped compares all of them on the same
questions; started again it goes on (DIR holds every reply). All methods get the same words and the same limit per
answer. `single` is drawn at temperature 0, `sampled` at 0.7; composites are the product's own, with a seed.
Waits while the file $YORIAI_QUIET exists.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from minds_chart import Point, accuracy_against_tokens
from minds_tasks import TASKS, Item, items
from recorded import Kept, Recorded
from yoriai.access import LOCAL_OPERATOR_ID
from yoriai.catalog.library import Library
from yoriai.deliberation import Deliberation
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.evaluation.chart import to_svg
from yoriai.knowledge.measure import share
from yoriai.records import Council
from yoriai.responders.comparing import answer_key
from yoriai.responders.council import CouncilResponder
from yoriai.responders.model import model_responder
from yoriai.responders.naming import parse
from yoriai.responders.reasoner import ReasonerResponder
from yoriai.responders.sitting import Seat
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import EngineSettings, ReasonerSettings, SandboxSettings
from yoriai.types import ChatRequest, Context, Message, Responder, Role, TextDelta, Usage, User

USER = User(id=LOCAL_OPERATOR_ID, name="local", role=Role.ADMINISTRATOR)
SAMPLED = 0.7
SINGLES = ("single", "sampled")
METHODS = (
    *SINGLES,
    "self-consistency-5",
    "self-consistency-8",
    "best-of-8",
    "best-of-8+pairs",
    "tree-8",
    "vote",
    "synthesise",
)
_OF_ALL = ("vote", "synthesise")  # councils of all models that were named


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "show"])
    parser.add_argument("--task", choices=TASKS, action="append")
    parser.add_argument("--limit", type=int, default=100, help="questions per task")
    parser.add_argument("--models", nargs="+", default=["qwen2.5-coder-0.5b"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS[:4]), help=", ".join(METHODS))
    parser.add_argument("--max-tokens", type=int, default=256, help="of one answer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--library", type=Path, default=user_cache_path("yoriai-test") / "models")
    parser.add_argument("--out", type=Path, default=Path("many-minds"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.what == "run":
        asyncio.run(run(arguments))
    show(arguments.out)


async def run(arguments: argparse.Namespace) -> None:
    kept = Kept(arguments.out / "replies.jsonl")
    done = {(row["item"], row["method"], row["model"]) for row in _rows(arguments.out)}
    settings = EngineSettings(threads=arguments.threads, parallel=1, context_size=2048)
    library = Library(arguments.library)
    router = Router(settings, (), library, Egress({}))
    try:
        models = {
            name: Recorded(await model_responder(name, router, library), kept) for name in arguments.models
        }
        for task in arguments.task or TASKS:
            for item in items(task, arguments.data)[: arguments.limit]:
                for method, model in _pairs(arguments.methods, arguments.models):
                    if (item.id, method, model) not in done:
                        row = await _answered(item, method, model, models, arguments)
                        _append(arguments.out / "answers.jsonl", {"task": task, **row})
    finally:
        await router.aclose()


def _pairs(methods: Sequence[str], models: Sequence[str]) -> list[tuple[str, str]]:
    alone = [(method, model) for model in models for method in methods if method not in _OF_ALL]
    return alone + [(method, "+".join(models)) for method in methods if method in _OF_ALL]


async def _answered(
    item: Item, method: str, model: str, models: dict[str, Recorded], arguments: argparse.Namespace
) -> dict[str, Any]:
    for each in models.values():
        each.seconds = 0.0
    responder = _responder(method, model, models, arguments.max_tokens)
    request = ChatRequest(
        model=responder.name, messages=[Message(role="user", content=item.prompt)], seed=_seed(item, arguments.seed),
        temperature=SAMPLED if method == "sampled" else 0, max_completion_tokens=arguments.max_tokens,
    )  # fmt: skip
    said, usage, found = "", Usage(prompt_tokens=0, completion_tokens=0), None
    async for event in responder.respond(request, Context(user=USER)):
        if isinstance(event, TextDelta):
            said += event.text
        elif isinstance(event, Usage):
            usage = event
        elif isinstance(event, Deliberation):
            found = event
    key = _key(method, said, found, item)
    return {
        "item": item.id, "method": method, "model": model, "key": key, "right": key == item.right,
        "prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens,
        "seconds": round(sum(each.seconds for each in models.values()), 2),
        "calls": found.cost.calls if found else 1, "stopped": found.stopped if found else "",
        "keys": [each.key for each in found.contributions] if found else [key],
    }  # fmt: skip


def _seed(item: Item, seed: int) -> int:
    """Another one for each question: with one for all, each would be drawn at the same points of its distribution."""
    return 1000 * (1 + int(item.id.rpartition("-")[2])) + seed


def _key(method: str, said: str, found: Deliberation | None, item: Item) -> str:
    """A vote's answer is the one that won; everything else is read as a reader would."""
    if method == "vote" and found and found.ballots:
        return found.ballots[0].answer
    return answer_key(said, item.prompt)


def _responder(method: str, model: str, models: dict[str, Recorded], max_tokens: int) -> Responder:
    if method in SINGLES:
        return models[model]
    if method in _OF_ALL:
        return _council(method, models, max_tokens)
    settings = ReasonerSettings(sample_tokens=max_tokens, temperature=SAMPLED)
    plan = parse(f"reasoner:{method}({model})")
    return ReasonerResponder(plan, models[model], models[model], settings, _sandbox(), at_once=1)


def _council(mode: Any, models: dict[str, Recorded], max_tokens: int) -> Responder:
    now = datetime.now(UTC)
    council = Council(
        id="c", owner_id=USER.id, name="all", sharing="owner", members=tuple(models), chair="", mode=mode,
        reviews=False, rounds=1, member_tokens=max_tokens, member_seconds=600, created_at=now, updated_at=now,
    )  # fmt: skip
    return CouncilResponder(
        council, [Seat(name=name, responder=model) for name, model in models.items()], None, _sandbox()
    )


@functools.cache
def _sandbox() -> Sandbox:
    return Sandbox(SandboxSettings(), user_cache_path("yoriai-test") / "sandbox")


# ---- what came out -----------------------------------------------------------------------------------------
def show(out: Path) -> None:
    """Per task a table (also as Markdown) and a chart; everything as results.json."""
    rows = _rows(out)
    results, tables = [], []
    for task in dict.fromkeys(row["task"] for row in rows):
        found = _figures([row for row in rows if row["task"] == task])
        results += [{"task": task, **each} for each in found]
        tables.append(_table(task, found))
        points = [
            Point(
                label=f"{each['method']} {each['model']}", tokens=each["tokens"], accuracy=each["accuracy"],
                low=each["low"], high=each["high"], is_single=each["method"] in SINGLES,
            )
            for each in found
        ]  # fmt: skip
        note = f"{found[0]['questions']} questions, 95 % intervals (Wilson). Orange: one answer of one model."
        drawing = accuracy_against_tokens(f"{task}: accuracy against tokens", note, points)
        (out / f"{task}.svg").write_text(to_svg(drawing), "utf8")
    (out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf8")
    (out / "table.md").write_text("\n\n".join(tables) + "\n", "utf8")
    print("\n\n".join(tables))


def _figures(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per method and model, on the questions that all of them have answered."""
    by_pair: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_pair.setdefault((row["method"], row["model"]), {})[row["item"]] = row
    common = set.intersection(*(set(answered) for answered in by_pair.values()))
    found = []
    for (method, model), answered in by_pair.items():
        mine = [answered[item] for item in sorted(common)]
        estimate = share(sum(row["right"] for row in mine), len(mine))
        found.append({
            "method": method, "model": model, "questions": len(mine), "accuracy": estimate.value,
            **{name: value for name, value in asdict(estimate).items() if name != "value"},
            "tokens": _mean(mine, "prompt_tokens") + _mean(mine, "completion_tokens"),
            "generated_tokens": _mean(mine, "completion_tokens"),
            "seconds": _mean(mine, "seconds"), "calls": _mean(mine, "calls"),
            "no_answer": sum(not row["key"] for row in mine),
        })  # fmt: skip
    return found


def _table(task: str, found: Sequence[dict[str, Any]]) -> str:
    """Beside each what it takes in tokens of the best single one, and whether the intervals part them."""
    best = max((each for each in found if each["method"] in SINGLES), key=lambda each: each["accuracy"])
    heads = (
        "method", "model", "right, %", "95 %", "against the best single", "tokens", "×", "of them generated", "calls",
        "seconds", "no answer",
    )  # fmt: skip
    lines = [f"### {task}, {found[0]['questions']} questions", "", _line(heads), "|---" * len(heads) + "|"]
    for each in found:
        verdict = (
            "better"
            if each["low"] > best["high"]
            else "worse"
            if each["high"] < best["low"]
            else "not told apart"
        )
        lines.append(_line((
            each["method"], each["model"], f"{100 * each['accuracy']:.1f}",
            f"{100 * each['low']:.1f} to {100 * each['high']:.1f}", "–" if each is best else verdict,
            f"{each['tokens']:.0f}", f"{each['tokens'] / max(1, best['tokens']):.1f}",
            f"{each['generated_tokens']:.0f}", f"{each['calls']:.1f}", f"{each['seconds']:.1f}", each["no_answer"],
        )))  # fmt: skip
    return "\n".join(lines)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _mean(rows: Sequence[dict[str, Any]], name: str) -> float:
    return sum(float(row[name]) for row in rows) / max(1, len(rows))


def _rows(out: Path) -> list[dict[str, Any]]:
    path = out / "answers.jsonl"
    found = []
    for line in path.read_text("utf8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:  # the last line of a run that was killed
            continue
    return found


def _append(path: Path, row: dict[str, Any]) -> None:
    with path.open("a", encoding="utf8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
