"""`yoriai model fit`: which models run on this machine, or on one that is described, before anything is downloaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from yoriai.cli.local import with_services
from yoriai.cli.terminal import print_json, print_table, result, say, size
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.hardware import Machine
    from yoriai.catalog.plan import Plan
    from yoriai.catalog.shape import Shape
    from yoriai.catalog.speed import Efficiency
    from yoriai.types import InstalledModel

_RANK = {"fits": 0, "partly": 1, "none": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    models: Sequence[str]
    gpus: Sequence[str]
    ram_gb: float | None
    cpu: str
    context: int | None
    users: int
    kv: Literal["f16", "q8_0", "q4_0"]
    together: bool
    remote: bool
    engine: bool

    @property
    def is_described(self) -> bool:
        return bool(self.gpus or self.ram_gb is not None or self.cpu)


def fit(
    models: Annotated[list[str] | None, typer.Argument(help=say("fit_models"))] = None,
    *,
    gpu: Annotated[list[str] | None, typer.Option("--gpu", help=say("fit_gpu"))] = None,
    ram: Annotated[float | None, typer.Option("--ram", help=say("fit_ram"))] = None,
    cpu: Annotated[str, typer.Option("--cpu", help=say("fit_cpu"))] = "",
    context: Annotated[
        int | None, typer.Option("--context", min=256, max=2**22, help=say("fit_context"))
    ] = None,
    users: Annotated[int, typer.Option("--users", min=1, max=10_000, help=say("fit_users"))] = 1,
    kv: Annotated[Literal["f16", "q8_0", "q4_0"], typer.Option("--kv", help=say("fit_kv"))] = "f16",
    together: Annotated[bool, typer.Option("--together", help=say("fit_together"))] = False,
    remote: Annotated[bool, typer.Option("--remote", help=say("fit_remote"))] = False,
    engine: Annotated[bool, typer.Option("--engine", help=say("fit_engine"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False,
) -> None:
    wish = Wish(
        models=models or [], gpus=gpu or [], ram_gb=ram, cpu=cpu, context=context, users=users, kv=kv,
        together=together, remote=remote, engine=engine,
    )  # fmt: skip

    async def work(services: Services) -> tuple[Machine, tuple[str, ...], list[dict[str, Any]]]:
        return await _answer(services, wish)

    machine, assumed, rows = with_services(work)
    if as_json:
        print_json(rows)
        return
    _print_machine(machine, assumed)
    columns = (
        "verdict",
        "name",
        "quantization",
        "size",
        "memory",
        "gpu_layers",
        "largest_context",
        "speed",
        "words",
    )
    print_table(columns, [_cells(row) for row in rows])
    if any("engine" in row for row in rows):
        result(say("fit_engine_says"))


async def _answer(services: Services, wish: Wish) -> tuple[Machine, tuple[str, ...], list[dict[str, Any]]]:
    """The machine, what was assumed of it, and a row per model, the best verdicts first."""
    from yoriai.catalog.plan import plan, plan_together
    from yoriai.catalog.speed import Efficiency
    from yoriai.catalog.split import Load
    from yoriai.catalog.verdict import row

    machine, assumed = await _machine(services, wish)
    context = wish.context or services.settings.engine.context_size
    loads = [
        Load(shape=shape, context=context, users=wish.users, kv=wish.kv)
        for shape in await _shapes(services, wish)
    ]
    plans = plan_together(loads, machine) if wish.together else [plan(load, machine) for load in loads]
    installed = {model.name: model for model in services.library.list()}
    efficiency = Efficiency() if wish.is_described else await _efficiency(services, machine)
    rows = []
    for made in plans:
        name = made.load.shape.name
        told = row(made, terminal_language(), installed=name in installed)
        told |= await _speed(made, machine, installed.get(name), efficiency)
        if wish.engine and name in installed:
            told |= await _engine_estimate(made, machine, installed[name].paths[0])
        rows.append(told)
    if not wish.together and not wish.models:
        rows.sort(key=lambda told: (_RANK[told["verdict"]], -told["size_bytes"]))
    return machine, assumed, rows


async def _machine(services: Services, wish: Wish) -> tuple[Machine, tuple[str, ...]]:
    from anyio import to_thread

    if wish.is_described:
        from yoriai.catalog.describe import describe

        described = describe(wish.gpus, wish.ram_gb, wish.cpu)
        return described.machine, described.assumed
    from yoriai.catalog.detect import detect
    from yoriai.engines.devices import graphics_cards
    from yoriai.settings import engine_environment

    cards = await graphics_cards(engine_environment())
    machine = await to_thread.run_sync(lambda: detect(services.settings.home, cards))
    is_unused = machine.gpus and not cards and services.settings.engine.kind == "bundled"
    return machine, ("engine",) if is_unused else ()


async def _efficiency(services: Services, machine: Machine) -> Efficiency:
    """What this machine was measured to reach; of a described one nobody knows."""
    from yoriai.evaluation.results import Results

    return await Results(database=services.database).efficiency(machine)


async def _speed(
    made: Plan, machine: Machine, installed: InstalledModel | None, efficiency: Efficiency
) -> dict[str, Any]:
    """A usual question and answer, from the weights' own types where the file is here."""
    from dataclasses import replace

    from anyio import to_thread

    from yoriai.catalog import speed_words
    from yoriai.catalog.forecast import USUAL, work_of_installed
    from yoriai.catalog.speed import predict
    from yoriai.catalog.work import from_shape

    exact = installed and made.load.shape.origin == "header"
    work = (
        await to_thread.run_sync(work_of_installed, installed)
        if installed and exact
        else from_shape(made.load.shape)
    )
    found = predict(work, made, machine, replace(USUAL, users=made.load.users), efficiency=efficiency)
    return speed_words.row(found, terminal_language())


async def _shapes(services: Services, wish: Wish) -> list[Shape]:
    from anyio import to_thread

    from yoriai.catalog import shapes

    library, entries = services.library, services.catalogue
    if not wish.models:
        return await to_thread.run_sync(shapes.all_shapes, library, entries)
    found = []
    for name in wish.models:
        shape = await to_thread.run_sync(shapes.of_name, name, library, entries)
        is_remote = wish.remote and shape.origin != "header"
        found.append(await _remote(services, name) if is_remote else shape)
    return found


async def _remote(services: Services, name: str) -> Shape:
    """From the file's own header, where it lies on the net."""
    from yoriai.catalog.remote_header import read_headers
    from yoriai.catalog.shape import from_headers

    entry = services.catalogue[name]
    headers = await read_headers(services.egress, services.settings.download, entry)
    return from_headers(name, headers, entry.quantization, entry.kind)


async def _engine_estimate(made: Plan, machine: Machine, path: str) -> dict[str, Any]:
    from dataclasses import asdict

    from yoriai.engines.devices import estimate
    from yoriai.settings import engine_environment

    told = await estimate(made.load, machine, path, engine_environment())
    return {"engine": asdict(told)} if told else {}


def _print_machine(machine: Machine, assumed: Sequence[str]) -> None:
    counted = Counter(f"{gpu.name} {gpu.memory_bytes / 2**30:.0f} GB" for gpu in machine.gpus)
    gpus = ", ".join(f"{count} × {name}" if count > 1 else name for name, count in counted.items())
    bandwidth = machine.memory_bandwidth_bytes_per_s
    result(
        say(
            "fit_machine",
            gpus=gpus or say("fit_no_gpu"),
            ram=f"{machine.ram_bytes / 2**30:.0f} GB",
            bandwidth=f"{bandwidth / 1e9:.0f} GB/s" if bandwidth else "?",
            cpu=machine.cpu_name or "–",
            cores=machine.physical_cores,
        )
    )
    for what in assumed:
        result(say(f"fit_assumed_{what}"))


def _cells(row: dict[str, Any]) -> list[object]:
    from yoriai.catalog.verdict import SIGNS

    memory = size(row["needed_bytes"])
    if told := row.get("engine"):
        memory += f" ({size(told['total_bytes'])})"
    sign = SIGNS[row["verdict"]]
    return [
        f"{sign} {say('fit_' + row['verdict'])}",
        row["model"],
        row["quantization"],
        size(row["size_bytes"]),
        memory,
        f"{row['layers_gpu']}/{row['layers']}",
        f"{row['largest_context']:,}" if row["largest_context"] else "–",
        _tokens_per_s(row["generation_tokens_per_s"]),
        ("" if terminal_language() == "ja" else " ").join([row["words"], *row["speed_reasons"]]),
    ]


def _tokens_per_s(found: dict[str, float] | None) -> str:
    """ "12 (9.6–15)"."""
    from yoriai.catalog.speed_words import rate

    return f"{rate(found['predicted'])} ({rate(found['low'])}–{rate(found['high'])})" if found else "–"
