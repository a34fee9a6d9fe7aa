"""Two machines held against each other by what is foreseen of every model on both. Pure; CLI, API and page call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yoriai.evaluation.chart import Bar, Chart
from yoriai.evaluation.outlook import Outlook
from yoriai.i18n.catalogue import text
from yoriai.models import POOLED
from yoriai.types import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Versus:
    """One model on both."""

    first: Outlook
    second: Outlook
    ratio: (
        float | None
    )  # speed on the first over that on the second: of replies, or of reading where none are written

    @property
    def name(self) -> str:
        shape = self.first.plan.load.shape
        return f"{shape.name} {shape.quantization}"

    @property
    def writes(self) -> bool:
        """What only reads gains far more by a graphics card: beside it, bars of the others can't be told apart."""
        return self.first.plan.load.shape.kind not in POOLED


def versus(first: Mapping[str, Outlook], second: Mapping[str, Outlook]) -> list[Versus]:
    """Every model that both know, in the order of the first."""
    return [
        Versus(first=outlook, second=second[name], ratio=_ratio(outlook, second[name]))
        for name, outlook in first.items()
        if name in second
    ]


def chart(pairs: list[Versus], first: str, second: str, language: Language) -> Chart:
    """A bar per model that writes and runs on both, with both verdicts; where none writes, per model.

    A model that one of the machines cannot hold at all has no speed there, and so no bar.
    """
    drawn = [pair for pair in pairs if pair.ratio]
    drawn = [pair for pair in drawn if pair.writes] or drawn
    bars = tuple(
        Bar(
            label=f"{pair.name} ({_word(pair.first, language)} / {_word(pair.second, language)})",
            value=pair.ratio,
        )
        for pair in drawn
        if pair.ratio
    )
    title = text("evaluation.chart_versus", language, first=first, second=second)
    note = text("evaluation.chart_versus_note", language, first=first)
    return Chart(title=title, note=note, bars=bars, line=1.0)


def _word(outlook: Outlook, language: Language) -> str:
    return text(f"evaluation.chart_{outlook.plan.verdict}", language)


def _ratio(first: Outlook, second: Outlook) -> float | None:
    ours, theirs = _speed(first), _speed(second)
    return ours / theirs if ours and theirs else None


def _speed(outlook: Outlook) -> float | None:
    """Tokens per second of a reply, or of a prompt where there is no reply; None: memory doesn't hold the model."""
    found = outlook.prediction.generation or outlook.prediction.prompt
    return found.tokens_per_s if found and outlook.plan.reason != "memory" else None
