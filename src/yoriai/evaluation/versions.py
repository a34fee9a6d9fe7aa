"""Versions of one model side by side: size, perplexity on one text, speed of generation.

Knows neither terminal nor page. The CLI makes the versions (`engines.quantize`) and asks here for a row of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from anyio import to_thread

from yoriai.catalog.measurement import Spread, spread
from yoriai.catalog.mixture import bits_per_weight
from yoriai.engines.errand import Errands, Show
from yoriai.engines.quantize import headers_of
from yoriai.evaluation.perplexity import LEAST_SOUND, Estimate, perplexity, ratio
from yoriai.evaluation.scatter import Point
from yoriai.evaluation.speed import Load, rounds
from yoriai.evaluation.subjects import Source
from yoriai.models import POOLED, InstalledModel
from yoriai.types import Context

_CONTEXT, _PROMPT_TOKENS, _TOKENS, _ROUNDS = 512, 64, 64, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One row. None: not measured, or there is nothing to measure."""

    name: str
    quantization: str
    size_bytes: int
    bits_per_weight: float
    perplexity: Estimate | None = None
    to_before: Estimate | None = None  # perplexity over that of the first version
    tokens: int = 0  # that the perplexity counts
    is_sound: bool = True  # so many that it says something of other texts of the kind
    generation_tokens_per_s: Spread | None = None


@dataclass(kw_only=True, slots=True)
class Comparison:
    """Rows as they come; the first is what the others are held against."""

    errands: Errands
    text: str = ""  # "": no perplexity
    most_tokens: int = 2048
    open_source: Callable[[InstalledModel], Source] | None = None  # None: no speed
    asked_by: Context
    rows: list[Version] = field(default_factory=list)
    _before: list[float] = field(default_factory=list)

    def measures(self, model: InstalledModel) -> bool:
        """Whether anything but sizes is found out."""
        return model.kind != "embedding" and bool(self.text or self.open_source)

    async def add(self, model: InstalledModel, show: Show) -> Version:
        """Measure a version and keep its row. Raises: whatever scoring and engines raise."""
        bits = bits_per_weight(await to_thread.run_sync(headers_of, model))
        row = Version(
            name=model.name,
            quantization=model.quantization,
            size_bytes=model.size_bytes,
            bits_per_weight=bits,
        )
        if model.kind not in POOLED:
            if self.text:
                row = await self._scored(row, model, show)
            if self.open_source:
                row = replace(
                    row, generation_tokens_per_s=await _speed(self.open_source(model), self.asked_by)
                )
        self.rows.append(row)
        return row

    async def _scored(self, row: Version, model: InstalledModel, show: Show) -> Version:
        surprise = await self.errands.score(model.paths, self.text, self.most_tokens, show)
        to_before = ratio(surprise, self._before) if self.rows else None
        if not self.rows:
            self._before = surprise
        return replace(
            row,
            perplexity=perplexity(surprise),
            to_before=to_before,
            tokens=len(surprise),
            is_sound=len(surprise) >= LEAST_SOUND,
        )


def points(rows: Sequence[Version]) -> list[Point]:
    """For the chart: errors are those of the difference to the first version, which has none itself."""
    before = rows[0].perplexity.value if rows and rows[0].perplexity else 0.0
    return [
        Point(
            label=row.quantization or row.name,
            size_bytes=row.size_bytes,
            perplexity=row.perplexity.value,
            error=row.to_before.error * before if row.to_before else 0.0,
            is_before=number == 0,
        )
        for number, row in enumerate(rows)
        if row.perplexity
    ]


async def _speed(source: Source, asked_by: Context) -> Spread | None:
    """Tokens per second of one user's replies."""
    load = Load(users=1, prompt_tokens=_PROMPT_TOKENS, tokens=_TOKENS)
    rates: list[float] = []
    async with (
        source.open(_CONTEXT, 1) as subject,
        aclosing(rounds(subject.responder, load, asked_by)) as endless,
    ):
        async for each in endless:
            rates.append(each.generation_tokens_per_s or 0.0)
            if len(rates) == _ROUNDS:
                break
    return spread([rate for rate in rates if rate])
