"""Bars for measurements: as SVG with nothing but text, as PNG with Pillow.

Owns the layout, which both share. Words come in; `lettering` knows which of them a PNG can show.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from yoriai.evaluation import lettering

WIDTH, _LABEL, _VALUE, _ROW, _HEAD, _FOOT, _MARGIN = 960, 330, 90, 30, 62, 44, 16
_VALUE_AND_MARK = 190
_BAR = 16
INK, GREY, BLUE, ORANGE, PAPER = "#1f2430", "#8a90a0", "#3b6fb6", "#d9822b", "#ffffff"
_MOST_BARS = 200
_LONGEST_LABEL = 44


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """`low` and `high`: over the rounds. `mark`: what was predicted; `mark_words` say so, behind the value."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    mark: float | None = None
    mark_words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    title: str
    note: str  # what bar, line and mark are
    bars: tuple[Bar, ...]
    line: float | None = None  # a value to hold all bars against; of ratios: 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    x: float
    y: float  # of the middle of the line
    text: str
    size: int
    colour: str = INK
    from_right: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """What both forms draw."""

    title: str
    height: int
    boxes: Sequence[Box]
    words: Sequence[Words]


def to_svg(chart: Chart | Drawing) -> str:
    drawing = chart if isinstance(chart, Drawing) else _layout(chart)
    height = drawing.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" role="img">',
        f"<title>{escape(drawing.title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
    ]
    parts += [
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" fill="{box.colour}"/>'
        for box in drawing.boxes
    ]
    parts += [
        f'<text x="{each.x:.1f}" y="{each.y:.1f}" font-size="{each.size}" fill="{each.colour}" '
        f'dominant-baseline="central"{" text-anchor=" + chr(34) + "end" + chr(34) if each.from_right else ""}>'
        f"{escape(each.text)}</text>"
        for each in drawing.words
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def to_png(chart: Chart | Drawing, scale: int = 2) -> bytes:
    from PIL import Image, ImageDraw

    drawing = chart if isinstance(chart, Drawing) else _layout(chart)
    image = Image.new("RGB", (WIDTH * scale, drawing.height * scale), PAPER)
    pen: Any = ImageDraw.Draw(image)
    for box in drawing.boxes:
        corner = ((box.x + box.width) * scale - 1, (box.y + box.height) * scale - 1)
        pen.rectangle(((box.x * scale, box.y * scale), corner), fill=box.colour)
    for each in drawing.words:
        font = lettering.font(each.size * scale)
        place = (each.x * scale, each.y * scale)
        anchor = "rm" if each.from_right else "lm"
        pen.text(place, lettering.drawable(each.text), fill=each.colour, font=font, anchor=anchor)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _layout(chart: Chart) -> Drawing:
    bars = chart.bars[:_MOST_BARS]
    top = nice(
        max(
            [bar.high or bar.value for bar in bars]
            + [bar.mark or 0 for bar in bars]
            + [chart.line or 0, 1e-9]
        )
    )
    figures = _VALUE_AND_MARK if any(bar.mark_words for bar in bars) else _VALUE
    left, room = _MARGIN + _LABEL, WIDTH - 2 * _MARGIN - _LABEL - figures
    height = _HEAD + _ROW * max(1, len(bars)) + _FOOT
    boxes, words = _scale(top, left, room, height)
    words += [
        Words(x=_MARGIN, y=22, text=chart.title, size=18),
        Words(x=_MARGIN, y=44, text=chart.note, size=12, colour=GREY),
    ]
    for number, bar in enumerate(bars):
        middle = _HEAD + _ROW * number + _ROW / 2
        boxes += _bar(bar, middle, left, room / top)
        words.append(Words(x=left - 8, y=middle, text=_short(bar.label), size=13, from_right=True))
        end = left + max(bar.high or 0, bar.value, bar.mark or 0) * room / top + 8
        words.append(Words(x=end, y=middle, text=_figures(bar), size=13))
    if chart.line is not None:
        x = left + chart.line * room / top
        boxes.append(Box(x=x - 1, y=_HEAD, width=2, height=_ROW * len(bars), colour=ORANGE))
    return Drawing(title=chart.title, height=height, boxes=boxes, words=words)


def _figures(bar: Bar) -> str:
    """Both stand where the orange mark is: alone, the measured one would be read as the predicted."""
    return f"{figure(bar.value)} ({bar.mark_words})" if bar.mark_words else figure(bar.value)


def _bar(bar: Bar, middle: float, left: float, unit: float) -> list[Box]:
    boxes = [Box(x=left, y=middle - _BAR / 2, width=max(1.0, bar.value * unit), height=_BAR, colour=BLUE)]
    if bar.low is not None and bar.high is not None:
        width = max(1.0, (bar.high - bar.low) * unit)
        boxes.append(Box(x=left + bar.low * unit, y=middle - 1, width=width, height=2, colour=INK))
    if bar.mark is not None:
        boxes.append(
            Box(
                x=left + bar.mark * unit - 2,
                y=middle - _BAR / 2 - 3,
                width=4,
                height=_BAR + 6,
                colour=ORANGE,
            )
        )
    return boxes


def _scale(top: float, left: float, room: float, height: int) -> tuple[list[Box], list[Words]]:
    boxes, words = [], []
    for step in range(5):
        x = left + room * step / 4
        boxes.append(Box(x=x, y=_HEAD, width=1, height=height - _HEAD - _FOOT, colour="#e3e5ea"))
        words.append(Words(x=x, y=height - _FOOT + 16, text=figure(top * step / 4), size=11, colour=GREY))
    return boxes, words


def figure(value: float) -> str:
    """Three digits that matter: 1234 → "1,234", 12.34 → "12.3", 0.123 → "0.12"."""
    return (
        f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    )


def nice(value: float) -> float:
    """The next of 1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8 × 10ⁿ: quarters of it are short numbers."""
    power: float = 10.0 ** math.floor(math.log10(value))
    steps: Sequence[float] = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)
    return next(step * power for step in steps if step * power >= value * 0.999)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"
