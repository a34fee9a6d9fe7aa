"""Quality against size: a point per version of a model, with its error. Owns the layout; `chart` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoriai.evaluation.chart import BLUE, GREY, INK, ORANGE, WIDTH, Box, Drawing, Words, figure, nice
from yoriai.i18n.catalogue import text
from yoriai.types import Language

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 84, 30, 84, 64, 540
_DOT = 10
_LINE = "#e3e5ea"
_APART = 16  # pixels between two lines of words
_LABEL_WIDTH = 190


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    label: str
    size_bytes: int
    perplexity: float
    error: float
    is_before: bool = False


def quality_against_size(title: str, note: str, points: Sequence[Point], language: Language) -> Drawing:
    """At least one point; a lower one is better, one further left smaller."""
    unit, unit_name = (1e9, "GB") if max(point.size_bytes for point in points) >= 1e9 else (1e6, "MB")
    right = nice(max(point.size_bytes for point in points) / unit)
    low = min(point.perplexity - point.error for point in points)
    high = max(point.perplexity + point.error for point in points)
    spare = max(0.1 * (high - low), 0.01 * high)
    low, high = max(0.0, low - spare), high + spare
    across, up = WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x_of(size_bytes: float) -> float:
        return _LEFT + across * size_bytes / unit / right

    def y_of(perplexity: float) -> float:
        return _TOP + up * (high - perplexity) / (high - low)

    boxes, words = _axes(right, low, high, unit_name, language)
    words += [
        Words(x=16, y=22, text=title, size=18),
        Words(x=16, y=44, text=note, size=12, colour=GREY),
    ]
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda each: each.size_bytes):
        x, y = x_of(point.size_bytes), y_of(point.perplexity)
        top, bottom = y_of(point.perplexity + point.error), y_of(point.perplexity - point.error)
        boxes.append(Box(x=x - 1, y=top, width=2, height=max(1.0, bottom - top), colour=INK))
        colour = ORANGE if point.is_before else BLUE
        boxes.append(Box(x=x - _DOT / 2, y=y - _DOT / 2, width=_DOT, height=_DOT, colour=colour))
        words.append(_label(point, x, y, taken))
    return Drawing(title=title, height=_HEIGHT, boxes=boxes, words=words)


def _label(point: Point, x: float, y: float, taken: list[tuple[float, float]]) -> Words:
    """Beside the point, at a height where no other label stands near."""
    is_left = x > WIDTH / 2
    while any(abs(y - other) < _APART and abs(x - at) < _LABEL_WIDTH for at, other in taken):
        y += _APART
    taken.append((x, y))
    words = f"{point.label} {figure(point.perplexity)}"
    return Words(x=x - _DOT if is_left else x + _DOT, y=y, text=words, size=13, from_right=is_left)


def _axes(
    right: float, low: float, high: float, unit: str, language: Language
) -> tuple[list[Box], list[Words]]:
    boxes: list[Box] = []
    words: list[Words] = []
    for step in range(5):
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * step / 4
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (4 - step) / 4
        boxes.append(Box(x=x, y=_TOP, width=1, height=_HEIGHT - _TOP - _BOTTOM, colour=_LINE))
        boxes.append(Box(x=_LEFT, y=y, width=WIDTH - _LEFT - _RIGHT, height=1, colour=_LINE))
        at = figure(right * step / 4)
        words.append(Words(x=x - 8, y=_HEIGHT - _BOTTOM + 16, text=at, size=11, colour=GREY))
        value = figure(low + (high - low) * step / 4)
        words.append(Words(x=_LEFT - 8, y=y, text=value, size=11, colour=GREY, from_right=True))
    words.append(
        Words(
            x=WIDTH - _RIGHT,
            y=_HEIGHT - _BOTTOM + 40,
            text=text("evaluation.chart_size", language, unit=unit),
            size=12,
            colour=GREY,
            from_right=True,
        )
    )
    words.append(
        Words(x=16, y=_TOP - 16, text=text("evaluation.chart_perplexity", language), size=12, colour=GREY)
    )
    return boxes, words
