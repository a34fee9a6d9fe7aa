"""The answer of `yoriai model fit`, and what is said below its table: what holds for all of it, and sentences for each
model. Used by `cli.fit` and `cli.fit_report`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yoriai.cli.terminal import harmless, say
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.catalog.hardware import Machine
    from yoriai.catalog.plan import Plan
    from yoriai.evaluation.outlook import Outlook


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What every model would be on one machine."""

    machine: Machine
    assumed: Sequence[str]
    outlooks: dict[str, Outlook]  # by name; what is named twice is told apart by a number
    installed: frozenset[str]
    engine: dict[str, dict[str, Any]]  # what the engine itself estimates
    is_together: bool = False  # planned as loaded at the same time


def runs(outlook: Outlook) -> bool:
    """Whether memory holds it, so that it has a speed."""
    return outlook.plan.reason != "memory"


def below(first: Answer, second: Answer | None) -> Iterator[str]:
    """How the figures of the table are meant."""
    answers = [first, second] if second else [first]
    outlooks = [outlook for answer in answers for outlook in answer.outlooks.values()]
    if second:
        yield say("fit_ratio")
    if users := next((each.prediction.users for each in outlooks if each.prediction.users > 1), 0):
        yield say("fit_shared", users=f"{users:,}")
    if any(_is_unknown(outlook) for outlook in outlooks):
        yield f"?: {text('catalog.speed_unknown', terminal_language())}"
    if first.engine:
        yield say("fit_engine_says" if first.machine.gpus else "fit_engine_says_cpu")


def together(first: Answer, second: Answer | None) -> Iterator[str]:
    """The last lines: all models that are loaded at the same time."""
    for answer in [first, second] if second else [first]:
        if answer.is_together:
            yield _together([outlook.plan for outlook in answer.outlooks.values()], answer.machine)


def explained(first: Answer, second: Answer | None) -> Iterator[str]:
    """Sentences for each model, on each machine."""
    for name, outlook in first.outlooks.items():
        if second is None:
            yield harmless(f"{name}: {_sentences(outlook)}")
            continue
        yield harmless(f"{name}, {say('column_first')}: {_sentences(outlook)}")
        if name in second.outlooks:
            yield harmless(f"{name}, {say('column_second')}: {_sentences(second.outlooks[name])}")


def _sentences(outlook: Outlook) -> str:
    from yoriai.catalog import speed_words, verdict

    language, made = terminal_language(), outlook.plan
    found = [verdict.words(made, language)]
    if made.largest_context > made.load.tokens:
        found.append(say("fit_largest", tokens=f"{made.largest_context:,}"))
    if runs(outlook):
        found.append(speed_words.words(outlook.prediction, language))
    return ("" if language == "ja" else " ").join(found)


def _is_unknown(outlook: Outlook) -> bool:
    found = outlook.prediction
    return runs(outlook) and found.generation is None and found.prompt is None


def _together(plans: list[Plan], machine: Machine) -> str:
    """What all of them take of each device, and whether all of them run."""
    loaded = [made for made in plans if made.verdict != "none"]
    out = [made.load.shape.name for made in plans if made.verdict == "none"]
    partly = [made.load.shape.name for made in loaded if made.verdict == "partly"]
    case = "none" if out else "partly" if partly else "fits"
    devices = ", ".join(_devices(loaded, machine))
    return harmless(say(f"fit_together_{case}", devices=devices, names=", ".join(out or partly)))


def _devices(loaded: list[Plan], machine: Machine) -> Iterator[str]:
    """Memory that cards and CPU share is there once only."""
    ram = sum(made.host.total_bytes for made in loaded)
    for index, gpu in enumerate(machine.gpus):
        used = sum(made.gpus[index].total_bytes for made in loaded)
        if gpu.is_unified:
            ram += used
        else:
            yield say("fit_device", name=gpu.name, used=_gigabytes(used), free=_gigabytes(gpu.free_bytes))
    yield say("fit_device", name="RAM", used=_gigabytes(ram), free=_gigabytes(machine.ram_free_bytes))


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
