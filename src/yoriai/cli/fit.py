"""`yoriai model fit`: which models run on this machine, or on one that is described, before anything is downloaded.

`fit_report` prints it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from yoriai.cli import drawing, fit_report
from yoriai.cli.fit_words import Answer
from yoriai.cli.local import with_services
from yoriai.cli.terminal import say
from yoriai.errors import UsageError

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.hardware import Machine
    from yoriai.catalog.plan import Plan
    from yoriai.catalog.shape import Shape
    from yoriai.catalog.speed import Efficiency
    from yoriai.evaluation.outlook import Outlook
    from yoriai.models import InstalledModel

_RANK = {"fits": 0, "partly": 1, "none": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    models: Sequence[str]
    gpus: Sequence[str]
    ram_gb: float | None
    cpu: str
    context: int | None
    users: int | None
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
    users: Annotated[int | None, typer.Option("--users", min=1, max=10_000, help=say("fit_users"))] = None,
    kv: Annotated[Literal["f16", "q8_0", "q4_0"], typer.Option("--kv", help=say("fit_kv"))] = "f16",
    together: Annotated[bool, typer.Option("--together", help=say("fit_together"))] = False,
    remote: Annotated[bool, typer.Option("--remote", help=say("fit_remote"))] = False,
    engine: Annotated[bool, typer.Option("--engine", help=say("fit_engine"))] = False,
    against_gpu: Annotated[
        list[str] | None, typer.Option("--against-gpu", help=say("fit_against_gpu"))
    ] = None,
    against_ram: Annotated[float | None, typer.Option("--against-ram", help=say("fit_against_ram"))] = None,
    against_cpu: Annotated[str, typer.Option("--against-cpu", help=say("fit_against_cpu"))] = "",
    why: Annotated[bool, typer.Option("--why", help=say("fit_why"))] = False,
    chart: Annotated[Path | None, typer.Option("--chart", help=say("fit_chart"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False,
) -> None:
    wish = Wish(
        models=models or [], gpus=gpu or [], ram_gb=ram, cpu=cpu, context=context, users=users, kv=kv,
        together=together, remote=remote, engine=engine,
    )  # fmt: skip

    other = replace(wish, gpus=against_gpu or [], ram_gb=against_ram, cpu=against_cpu, engine=False)
    if chart and not other.is_described:
        raise UsageError("cli.fit_chart_of_one", param="--chart")
    if chart:
        drawing.check_target(chart)

    async def work(services: Services) -> tuple[Answer, Answer | None]:
        return await _answer(services, wish), await _answer(services, other) if other.is_described else None

    first, second = with_services(work)
    fit_report.tell(first, second, as_json=as_json, is_explained=why or bool(models))
    if chart and second:
        fit_report.draw(chart, first, second)


async def _answer(services: Services, wish: Wish) -> Answer:
    """The best verdicts first, unless somebody named the models."""
    machine, assumed = await _machine(services, wish)
    installed = {model.name: model for model in services.library.list()}
    known = {} if wish.is_described else await services.results.efficiencies(machine)
    threads, asking = 0 if wish.is_described else services.settings.engine.threads, wish.users or 1
    outlooks: dict[str, Outlook] = {}
    engine: dict[str, dict[str, Any]] = {}
    for made in await _plans(services, wish, machine):
        model = installed.get(made.load.shape.name)
        name = _free_name(made.load.shape.name, outlooks)
        outlooks[name] = await _outlook(made, machine, model, known, threads=threads, asking=asking)
        told = await _engine_estimate(made, machine, model) if wish.engine and model else None
        engine |= {name: told} if told else {}
    if not wish.together and not wish.models:
        outlooks = dict(sorted(outlooks.items(), key=lambda each: _rank(each[1].plan)))
    return Answer(
        machine=machine,
        assumed=assumed,
        outlooks=outlooks,
        installed=frozenset(installed),
        engine=engine,
        is_together=wish.together,
    )


async def _plans(services: Services, wish: Wish, machine: Machine) -> Sequence[Plan]:
    from yoriai.catalog.plan import plan, plan_together
    from yoriai.catalog.split import Load
    from yoriai.evaluation.outlook import users_planned

    settings = services.settings.engine
    context = wish.context or settings.context_size
    users = users_planned(wish.users or 0, machine, settings.parallel)
    shapes = await _shapes(services, wish)
    loads = [Load(shape=shape, context=context, users=users, kv=wish.kv) for shape in shapes]
    return plan_together(loads, machine) if wish.together else [plan(load, machine) for load in loads]


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    """Who loads a model twice, or two files of the same name, sees both."""
    numbered = (f"{name} #{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], numbered) if each not in taken)


def _rank(made: Plan) -> tuple[int, int]:
    return _RANK[made.verdict], -made.load.shape.size_bytes


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


async def _outlook(
    made: Plan,
    machine: Machine,
    installed: InstalledModel | None,
    known: Mapping[bool, Efficiency],
    *,
    threads: int,
    asking: int,
) -> Outlook:
    """A usual question and answer, from the weights' own types where the file is here."""
    from anyio import to_thread

    from yoriai.catalog.forecast import USUAL, work_of_installed
    from yoriai.catalog.speed import predict
    from yoriai.catalog.work import from_shape
    from yoriai.evaluation.outlook import Outlook
    from yoriai.models import POOLED

    shape = made.load.shape
    is_exact = installed and shape.origin == "header"
    work = (
        await to_thread.run_sync(work_of_installed, installed)
        if installed and is_exact
        else from_shape(shape)
    )
    ask, efficiency = replace(USUAL, users=asking), known.get(shape.kind not in POOLED)
    found = predict(work, made, machine, ask, threads=threads, efficiency=efficiency)
    return Outlook(plan=made, prediction=found)


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


async def _engine_estimate(made: Plan, machine: Machine, model: InstalledModel) -> dict[str, Any] | None:
    from yoriai.engines.devices import estimate
    from yoriai.settings import engine_environment

    told = await estimate(made.load, machine, model.paths[0], engine_environment())
    return asdict(told) if told else None
