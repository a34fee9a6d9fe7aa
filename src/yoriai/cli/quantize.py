"""`yoriai model quantize`: smaller versions of a model, and what is lost and gained by each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yoriai.cli import drawing, quantize_report
from yoriai.cli.local import with_services
from yoriai.cli.terminal import note, say
from yoriai.errors import NotFoundError, UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.mixture import Mixture
    from yoriai.evaluation.versions import Comparison, Version
    from yoriai.models import InstalledModel
    from yoriai.types import Language

_BUNDLED = {"en", "ja"}
_MOST_TEXT_BYTES = 2**24


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    model: str
    targets: Sequence[str]
    name: str
    text: str  # "": a bundled one
    text_tokens: int
    measure: bool
    force: bool  # make again what is there
    chart: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A version that is to be there at the end."""

    name: str
    plan: Mixture
    there: InstalledModel | None  # made earlier
    is_again: bool  # made in spite of that


def quantize(
    model: Annotated[str, typer.Argument(help=say("model_name"))],
    *,
    to: Annotated[list[str], typer.Option("--to", help=say("quantize_to"))],
    name: Annotated[str, typer.Option("--name", help=say("quantize_name"))] = "",
    text: Annotated[str, typer.Option("--text", help=say("quantize_text"))] = "",
    text_tokens: Annotated[
        int, typer.Option("--text-tokens", min=64, max=2**20, help=say("quantize_text_tokens"))
    ] = 2048,
    no_measure: Annotated[bool, typer.Option("--no-measure", help=say("quantize_no_measure"))] = False,
    force: Annotated[bool, typer.Option("--force", help=say("quantize_force"))] = False,
    chart: Annotated[Path | None, typer.Option("--chart", help=say("quantize_chart"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False,
) -> None:
    wish = Wish(
        model=model, targets=_targets(to), name=name, text=text, text_tokens=text_tokens,
        measure=not no_measure, force=force, chart=chart,
    )  # fmt: skip
    _check(wish)

    async def work(services: Services) -> tuple[list[Version], str]:
        return await _work(services, wish)

    rows, read = with_services(work)
    quantize_report.tell(rows, read, as_json=as_json)
    if chart:
        quantize_report.draw(chart, rows, wish.model, read)
        note(say("bench_exported", path=chart))


def _targets(words: Sequence[str]) -> list[str]:
    """["q4_K_M,q8_0"] → ["Q4_K_M", "Q8_0"]. Raises: UsageError."""
    from yoriai.catalog.mixture import TARGETS
    from yoriai.engines.quantize import target_named

    named = [word for each in words for word in each.replace("、", ",").split(",") if word.strip()]
    try:
        return list(dict.fromkeys(target_named(word) for word in named))
    except KeyError as error:
        wrong = str(error.args[0])[:40]
        raise UsageError("cli.quantize_bad_type", param="to", type=wrong, types=", ".join(TARGETS)) from None


def _check(wish: Wish) -> None:
    """What is wrong is said before minutes of work. Raises: UsageError."""
    if not wish.targets or (wish.name and len(wish.targets) > 1):
        raise UsageError("cli.quantize_one_name", param="name")
    if wish.text and wish.text not in _BUNDLED and not Path(wish.text).is_file():
        raise UsageError("cli.no_file", path=wish.text)
    if wish.chart:
        drawing.check_target(wish.chart)
        if not wish.measure:
            raise UsageError("cli.quantize_bad_chart", path=wish.chart)


async def _work(services: Services, wish: Wish) -> tuple[list[Version], str]:
    """Rows, and what was read."""
    import asyncio

    try:
        model = services.library.get(wish.model)
    except NotFoundError:
        raise NotFoundError("cli.model_unknown", param="model", name=wish.model) from None
    services.policy.check_installed(model, services.catalogue)
    planned = await asyncio.to_thread(_planned, services, model, wish)
    lost = sorted({kind for each in planned for kind in each.plan.requantized})
    if lost:
        note(say("quantize_again", name=model.name, types=", ".join(lost)))
    _tell_there(planned, wish)
    comparison, read = _comparison(services, model, wish)
    try:
        await _measured(comparison, model)
        for each in planned:
            made = each.there or await _made(services, model, each, comparison)
            await _measured(comparison, made)
    except asyncio.CancelledError:  # Ctrl-C
        note(say("quantize_stopped"))
        raise
    return comparison.rows, read


def _tell_there(planned: Sequence[Planned], wish: Wish) -> None:
    for each in planned:
        if each.there:
            note(say("quantize_there" if wish.measure else "quantize_there_only", name=each.name))


async def _made(
    services: Services, model: InstalledModel, wanted: Planned, comparison: Comparison
) -> InstalledModel:
    from yoriai.engines.quantize import quantize

    with quantize_report.progress(say("quantize_writing", name=wanted.name)) as show:
        return await quantize(
            services.library,
            model,
            wanted.plan,
            name=wanted.name,
            errands=comparison.errands,
            show=show,
            replace=wanted.is_again,
        )


def _planned(services: Services, model: InstalledModel, wish: Wish) -> list[Planned]:
    from yoriai.engines import quantize as making

    planned = []
    for target in wish.targets:
        name = wish.name or making.name_for(model, target)
        there = making.already(services.library, model, target, name)
        again = wish.force and there is not None
        plan = making.plan_for(model, target)
        planned.append(Planned(name=name, plan=plan, there=None if again else there, is_again=again))
    making.check_space(services.library, [each.plan for each in planned if not each.there], model)
    return planned


def _comparison(services: Services, model: InstalledModel, wish: Wish) -> tuple[Comparison, str]:
    import psutil

    from yoriai.bootstrap import LOCAL_OPERATOR
    from yoriai.cli.running import find
    from yoriai.engines.errand import Errands
    from yoriai.evaluation import subjects
    from yoriai.evaluation.versions import Comparison
    from yoriai.models import POOLED
    from yoriai.settings import engine_environment
    from yoriai.types import Context

    engine = services.settings.engine
    threads = engine.threads or psutil.cpu_count(logical=False) or 1
    has_words = wish.measure and model.kind not in POOLED
    text, read = _text(wish, model) if has_words else ("", "")
    is_alone = find(services.settings.home) is None
    if has_words and not is_alone:
        note(say("quantize_no_speed"))

    def source(version: InstalledModel) -> subjects.Source:
        return subjects.local(version, engine, services.library, services.egress)

    comparison = Comparison(
        errands=Errands(threads=threads, environment=engine_environment()), text=text, most_tokens=wish.text_tokens,
        open_source=source if wish.measure and is_alone else None,
        asked_by=Context(user=LOCAL_OPERATOR, language=terminal_language()),
    )  # fmt: skip
    return comparison, read


def _text(wish: Wish, model: InstalledModel) -> tuple[str, str]:
    """The text and what it is called."""
    from yoriai.evaluation.perplexity import bundled_text, language_for

    if wish.text and wish.text not in _BUNDLED:
        path = Path(wish.text)
        with path.open("rb") as file:
            return file.read(_MOST_TEXT_BYTES).decode("utf8", "replace"), path.name
    language: Language = language_for(model, terminal_language())
    if wish.text:
        language = "ja" if wish.text == "ja" else "en"
    return bundled_text(language), say(f"quantize_bundled_{language}")


async def _measured(comparison: Comparison, model: InstalledModel) -> None:
    if not comparison.measures(model):
        await comparison.add(model, lambda _done, _total: None)
        return
    with quantize_report.progress(say("quantize_measuring", name=model.name)) as show:
        await comparison.add(model, show)
