"""The lines of a PDF page as PDFium finds them, with their places. Coordinates are those of the page as it is shown.

PDFium marks a hyphen at a line's end with U+FFFE and joins both lines: it goes, unless its word has other signs of
being written with hyphens (an address, a second hyphen).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2.raw as pdfium_c

from yoriai.knowledge.parsing.layout import Line

_BREAK = re.compile(r"[\r\n]+")
_HYPHEN = "\ufffe"
_KEEPS_HYPHEN = re.compile(r"[/._\-@0-9]")
_ODD = re.compile("[\x00-\x1f\x7f\ud800-\udfff\uffff]")
_UNITS = 100  # device units per point, for exactness
_MOST_CHARACTERS = 400_000  # of one page; a poster of tiny print has 60,000

Box = tuple[float, float, float, float]  # left, top, right, bottom


class PageLines:
    """A page's text layer: `raw` has one character for each that PDFium counts."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._text_page = page.get_textpage()
        self._view = viewer(page)
        self.raw = _raw(self._text_page)
        self._spans = list(_spans(self.raw))

    def close(self) -> None:
        self._text_page.close()

    def lines(self) -> list[Line]:
        return [self._line(start, end) for start, end in self._spans]

    def positions(self, number: int) -> list[int]:
        """For each character of line `number`, its index in `raw`."""
        start, end = self._spans[number]
        return [start + offset for offset in _kept(self.raw[start:end])]

    def box(self, index: int) -> Box | None:
        """Where a character stands; None for one that PDFium has made up."""
        rectangle = pdfium_c.FS_RECTF()
        if not pdfium_c.FPDFText_GetLooseCharBox(self._text_page, index, ctypes.byref(rectangle)):
            return None
        if rectangle.right == rectangle.left or rectangle.top == rectangle.bottom:
            return None
        return self._view(rectangle.left, rectangle.top, rectangle.right, rectangle.bottom)

    def is_vertical(self) -> bool:
        """Do most characters stand below the one before?"""
        solid = [index for index, each in enumerate(self.raw) if not each.isspace()]
        step = max(1, len(solid) // 200)
        down = across = 0
        for place in range(0, len(solid) - 1, step):
            one, other = self.box(solid[place]), self.box(solid[place + 1])
            if one is None or other is None:
                continue
            height = max(one[3] - one[1], 1e-6)
            is_below = (
                0.4 * height < other[1] - one[1] < 2.5 * height and abs(other[0] - one[0]) < 0.4 * height
            )
            down, across = down + is_below, across + (not is_below)
        return down > across and down >= 4

    def _line(self, start: int, end: int) -> Line:
        raw = self.raw[start:end]
        text = "".join(_mended(raw)[offset] for offset in _kept(raw))
        first = next((box for i in range(start, end) if (box := self.box(i))), None)
        last = next((box for i in range(end - 1, start - 1, -1) if (box := self.box(i))), first)
        if first is None or last is None:
            return Line(text, 0, 0, 0, 0, 0)
        height = max(first[3] - first[1], last[3] - last[1])
        return Line(text, first[0], min(first[1], last[1]), last[2], max(first[3], last[3]), height)


def viewer(page: Any) -> Callable[[float, float, float, float], Box]:
    """Turns a rectangle of the file into one of the page as shown: rotated and cropped, y downwards, in points."""
    width, height = (round(side * _UNITS) for side in page.get_size())
    x, y = ctypes.c_int(), ctypes.c_int()

    def point(left: float, top: float) -> tuple[float, float]:
        pdfium_c.FPDF_PageToDevice(page, 0, 0, width, height, 0, left, top, ctypes.byref(x), ctypes.byref(y))
        return x.value / _UNITS, y.value / _UNITS

    def shown(left: float, top: float, right: float, bottom: float) -> Box:
        (x1, y1), (x2, y2) = point(left, top), point(right, bottom)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    return shown


def _raw(text_page: Any) -> str:
    count = min(text_page.count_chars(), _MOST_CHARACTERS)
    text = str(text_page.get_text_range(0, count)) if count > 0 else ""
    if len(text) == count:
        return text
    points = (pdfium_c.FPDFText_GetUnicode(text_page, index) for index in range(count))
    return "".join(chr(point) if point < 0x110000 else "\ufffd" for point in points)


def _spans(raw: str) -> Iterator[tuple[int, int]]:
    """Lines without the white space around them."""
    at = 0
    for end in [*(match.span() for match in _BREAK.finditer(raw)), (len(raw), len(raw))]:
        line = raw[at : end[0]]
        if line.strip():
            yield at + len(line) - len(line.lstrip()), at + len(line.rstrip())
        at = end[1]


def _kept(raw: str) -> list[int]:
    """Which characters of a raw line stay: all but hyphens that only its end has put there."""
    if _HYPHEN not in raw:
        return list(range(len(raw)))
    return [index for index, each in enumerate(raw) if each != _HYPHEN or _is_own(raw, index)]


def _mended(raw: str) -> str:
    return _ODD.sub(" ", raw).replace(_HYPHEN, "-")


def _is_own(raw: str, index: int) -> bool:
    before = re.split(r"\s", raw[:index])[-1]
    after = re.split(r"\s", raw[index + 1 :])[0]
    return not after or not before or bool(_KEEPS_HYPHEN.search(before + after.rstrip(".,;:")))
