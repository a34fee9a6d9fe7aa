"""`yoriai bench`: measures models on this machine, shows what was measured, exchanges it with other machines.

Refuses while a server runs on the same data folder: both would compete for cores and memory, so its users would wait
and the figures would be wrong; and the server's own engine has a context and a number of users that cannot be chosen
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yoriai.cli.bench_progress import progress
from yoriai.cli.local import with_services
from yoriai.cli.terminal import note, print_json, print_table, result, say
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.measurement import Measurement
    from yoriai.evaluation.bench import Conditions
    from yoriai.evaluation.results import Results
    from yoriai.evaluation.subjects import Source

INTERRUPTED = 130
_BUSY = "busy"  # with --forget: all of a busy machine


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    models: Sequence[str]
    conditions: Conditions
    export: Path | None
    taken_in: Path | None
    forget: Sequence[str]
    compare: bool
    machine_name: str
    as_json: bool


def bench(
    models: Annotated[list[str] | None, typer.Argument(help=say("bench_models"))] = None,
    *,
    context: Annotated[str, typer.Option("--context", help=say("bench_context"))] = "512,2048",
    users: Annotated[str, typer.Option("--users", help=say("bench_users"))] = "1",
    prompt_tokens: Annotated[
        int, typer.Option("--prompt-tokens", min=0, max=2**20, help=say("bench_prompt_tokens"))
    ] = 0,
    tokens: Annotated[int, typer.Option("--tokens", min=16, max=4096, help=say("bench_tokens"))] = 64,
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=1000, help=say("bench_repeat"))] = 3,
    export: Annotated[Path | None, typer.Option("--export", help=say("bench_export"))] = None,
    import_: Annotated[Path | None, typer.Option("--import", help=say("bench_import"))] = None,
    forget: Annotated[list[str] | None, typer.Option("--forget", help=say("bench_forget"))] = None,
    compare: Annotated[bool, typer.Option("--compare", help=say("bench_compare"))] = False,
    machine: Annotated[str, typer.Option("--machine", help=say("bench_machine"))] = "",
    as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False,
) -> None:
    import platform

    from yoriai.cli import bench_report, drawing
    from yoriai.evaluation.bench import Conditions

    wish = Wish(
        models=models or [],
        conditions=Conditions(
            contexts=numbers(context, least=128, most=2**20), users=numbers(users, least=1, most=64),
            prompt_tokens=prompt_tokens, tokens=tokens, rounds=repeat,
        ),
        export=export, taken_in=import_, forget=forget or [], compare=compare,
        machine_name=(machine or platform.node() or "?")[:200], as_json=as_json,
    )  # fmt: skip
    if export:
        drawing.check_target(export, bench_report.FORMS)

    async def work(services: Services) -> tuple[list[Measurement], list[Measurement], str, bool]:
        return await _work(services, wish)

    shown, everything, own, is_stopped = with_services(work)
    _show(wish, shown, everything, own)
    if is_stopped:
        note(say("bench_stopped"))
        raise typer.Exit(INTERRUPTED)


def numbers(text: str, *, least: int, most: int) -> tuple[int, ...]:
    """ "512,2048" → (512, 2048). Raises: UsageError."""
    parts = [part.strip() for part in text.replace("、", ",").split(",")]
    if not all(part.isascii() and part.isdigit() and least <= int(part[:9]) <= most for part in parts):
        raise UsageError("cli.bench_bad_numbers", text=text[:60], least=least, most=most)
    return tuple(int(part) for part in parts)


async def _work(services: Services, wish: Wish) -> tuple[list[Measurement], list[Measurement], str, bool]:
    """What to show, all there is, this machine's id, and whether measuring was stopped."""
    import asyncio

    from yoriai.evaluation.comparison import latest
    from yoriai.evaluation.results import Results

    results = Results(database=services.database)
    if wish.taken_in:
        await _take_in(results, wish.taken_in)
    if wish.forget:
        await _forget(results, wish.forget)
    if not wish.models:
        everything = await results.everything()
        own = next((each.machine_id for each in reversed(everything) if not each.is_imported), "")
        return latest(everything), everything, own, False
    measured: list[Measurement] = []
    is_stopped = False
    own = ""
    try:
        own = await _measure(services, wish, results, measured)
    except asyncio.CancelledError:  # Ctrl-C
        is_stopped = True
        own = measured[-1].machine_id if measured else ""
    return measured, await results.everything(), own, is_stopped


async def _measure(services: Services, wish: Wish, results: Results, measured: list[Measurement]) -> str:
    from functools import partial

    from anyio import to_thread

    from yoriai.bootstrap import LOCAL_OPERATOR
    from yoriai.catalog.detect import detect
    from yoriai.catalog.measurement import machine_id
    from yoriai.engines.devices import graphics_cards
    from yoriai.evaluation.bench import Bench, conditions_of
    from yoriai.evaluation.busyness import is_busy
    from yoriai.evaluation.foresight import foresee
    from yoriai.settings import engine_environment
    from yoriai.types import Context

    sources = [_source(services, name) for name in wish.models]
    for source in sources:
        conditions_of(source, wish.conditions)  # whether they can be, before anything is done
    _check_alone(services, sources)
    cards = await graphics_cards(engine_environment())
    machine = await to_thread.run_sync(lambda: detect(services.settings.home, cards))

    async def keep(measurement: Measurement) -> None:
        await results.keep(measurement)
        measured.append(measurement)

    found: list[bool] = []

    async def look() -> bool:
        found.append(await to_thread.run_sync(is_busy))
        if found.count(True) == 1 and found[-1]:
            note(say("bench_busy"))
        return found[-1]

    with progress() as show:
        bench = Bench(
            machine=machine, machine_name=wish.machine_name, keep=keep, show=show, foresee=partial(foresee, machine),
            is_busy=look, asked_by=Context(user=LOCAL_OPERATOR, language=terminal_language()),
        )  # fmt: skip
        await bench.run(sources, wish.conditions)
    return machine_id(machine)


def _source(services: Services, name: str) -> Source:
    from yoriai.evaluation import subjects

    settings = services.settings
    if services.router.is_remote(name):
        return subjects.remote(name, settings.remotes, settings.engine, services.library, services.egress)
    try:
        model = services.library.get(name)
    except NotFoundError:
        raise NotFoundError("cli.model_unknown", param="model", name=name) from None
    return subjects.local(model, settings.engine, services.library, services.egress)


def _check_alone(services: Services, sources: Sequence[Source]) -> None:
    """An endpoint elsewhere doesn't compete with the server here."""
    from yoriai.cli.running import find

    running = find(services.settings.home)
    if running and any(source.installed for source in sources):
        raise ConflictError("cli.bench_server_running", url=running.url)


async def _take_in(results: Results, path: Path) -> None:
    from anyio import to_thread

    from yoriai.evaluation.exchange import read_file

    count = await results.take_in(await to_thread.run_sync(read_file, path))
    note(say("bench_imported", count=count))


async def _forget(results: Results, ids: Sequence[str]) -> None:
    """Raises: NotFoundError: no measurement has such an id; then nothing is forgotten."""
    known = {each.id: each.was_busy for each in await results.everything()}
    unknown = [each for each in ids if each != _BUSY and each not in known]
    if unknown:
        raise NotFoundError("cli.bench_unknown_id", id=unknown[0][:60])
    busy = [each for each, was_busy in known.items() if was_busy] if _BUSY in ids else []
    count = await results.forget({*ids, *busy})
    note(say("bench_forgotten", count=count))


def _show(wish: Wish, shown: Sequence[Measurement], everything: Sequence[Measurement], own: str) -> None:
    from yoriai.cli import bench_report
    from yoriai.evaluation import comparison

    lines = comparison.lines(shown, everything)
    compared = bench_report.compared(everything, own) if wish.compare else []
    if wish.as_json:
        print_json(
            {
                "measurements": [asdict(line) for line in lines],
                "comparison": [asdict(pair) for pair in compared],
            }
        )
    elif wish.compare:
        bench_report.print_pairs(compared, everything, own)
    elif lines:
        print_table(bench_report.COLUMNS, [bench_report.cells(line) for line in lines])
        if any(line.predicted_generation and not line.is_calibrated for line in lines):
            result(say("bench_uncalibrated"))
        bench_report.say_busy([line.measurement for line in lines])
    else:
        result(say("bench_nothing"))
    if wish.export:
        bench_report.export(wish.export, lines, compared)
        note(say("bench_exported", path=wish.export))
