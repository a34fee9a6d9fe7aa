"""Accuracy against tokens, a point per method and model, with 95 % intervals: a drawing for `many_minds`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoriai.evaluation.chart import BLUE, GREY, INK, ORANGE, WIDTH, Box, Drawing, Words, figure, nice

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 70, 40, 76, 64, 560
_DOT, _APART, _LABEL_WIDTH = 10, 16, 260
_LINE = "#e3e5ea"


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    label: str
    tokens: float  # read and generated, per question
    accuracy: float  # 0..1, like `low` and `high`
    low: float
    high: float
    is_single: bool


def accuracy_against_tokens(title: str, note: str, points: Sequence[Point]) -> Drawing:
    right, top = nice(max(point.tokens for point in points)), nice(max(point.high for point in points))
    across, up = WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    boxes, words = _axes(right, top)
    words += [Words(x=16, y=22, text=title, size=18), Words(x=16, y=46, text=note, size=12, colour=GREY)]
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda each: -each.accuracy):
        x = _LEFT + across * point.tokens / right
        y, high, low = (_TOP + up * (1 - value / top) for value in (point.accuracy, point.high, point.low))
        colour = ORANGE if point.is_single else BLUE
        boxes.append(Box(x=x - 1, y=high, width=2, height=max(1.0, low - high), colour=INK))
        boxes.append(Box(x=x - _DOT / 2, y=y - _DOT / 2, width=_DOT, height=_DOT, colour=colour))
        words.append(_label(point, x, y, taken))
    return Drawing(title=title, height=_HEIGHT, boxes=boxes, words=words)


def _label(point: Point, x: float, y: float, taken: list[tuple[float, float]]) -> Words:
    """Beside the point, at a height where no other label stands near."""
    while any(abs(y - other) < _APART and abs(x - at) < _LABEL_WIDTH for at, other in taken):
        y += _APART
    taken.append((x, y))
    is_left = x > WIDTH / 2
    words = f"{point.label} {100 * point.accuracy:.0f} %"
    return Words(x=x - _DOT if is_left else x + _DOT, y=y, text=words, size=13, from_right=is_left)


def _axes(right: float, top: float) -> tuple[list[Box], list[Words]]:
    boxes: list[Box] = []
    words = [
        Words(
            x=WIDTH - _RIGHT, y=_HEIGHT - 22, text="tokens per question, read and generated", size=12, colour=GREY,
            from_right=True,
        ),
        Words(x=16, y=_TOP - 14, text="right, %", size=12, colour=GREY),
    ]  # fmt: skip
    for step in range(5):
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * step / 4
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (4 - step) / 4
        boxes.append(Box(x=x, y=_TOP, width=1, height=_HEIGHT - _TOP - _BOTTOM, colour=_LINE))
        boxes.append(Box(x=_LEFT, y=y, width=WIDTH - _LEFT - _RIGHT, height=1, colour=_LINE))
        words.append(
            Words(x=x - 8, y=_HEIGHT - _BOTTOM + 16, text=figure(right * step / 4), size=11, colour=GREY)
        )
        words.append(
            Words(x=_LEFT - 8, y=y, text=figure(100 * top * step / 4), size=11, colour=GREY, from_right=True)
        )
    return boxes, words
