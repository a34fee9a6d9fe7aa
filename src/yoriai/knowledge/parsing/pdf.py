"""PDF: page after page, each by the first way that gives readable text: its text layer, vertical writing, its picture.

Memory doesn't grow with the number of pages: one is open at a time and goes to the parent at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from yoriai.knowledge.parsing import quality
from yoriai.knowledge.parsing.layout import Composed, Line, body_height, compose
from yoriai.knowledge.parsing.ocr import LONGEST_SIDE, Reader
from yoriai.knowledge.parsing.page_text import Outcome, Pages, page
from yoriai.knowledge.parsing.pdf_lines import Box, PageLines
from yoriai.knowledge.parsing.picture import line_boxes
from yoriai.sandbox.jail import RefusedError

MOST_PAGES = 50_000
_MOST_OUTLINE = 50_000
_MOST_FAILURES = 50  # pages in a row that can't be opened: the file is broken
_OCR_DPI = 200
_MOST_OF_A_PAGE = 0.5


@dataclass(slots=True)
class Reading:
    """One page, read."""

    composed: Composed
    boxes: Callable[[int], list[Box | None]]  # of the characters of a line, in points
    is_scanned: bool = False
    close: Callable[[], None] = lambda: None


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    document = opened(file)
    outcome.title = str(document.get_metadata_value("Title") or "")
    outcome.total = len(document)
    reader = PageReader(document, file)
    failures = 0
    for number in range(1, outcome.total + 1):
        try:
            reading = reader.read(number, outcome)
            failures = 0
        except pdfium.PdfiumError as error:
            failures += 1
            if failures >= min(_MOST_FAILURES, outcome.total):
                raise RefusedError("broken", detail=str(error)[:200].rstrip(". ")) from None
            outcome.warn("knowledge.warning_page_unreadable")
            reading = Reading(Composed(), lambda _: [])
        composed = reading.composed
        reading.close()
        yield page(composed.text, composed.blocks, number, is_scanned=reading.is_scanned)


def opened(file: BinaryIO) -> Any:
    """The document.

    Raises:
        RefusedError: encrypted, broken, or too many pages.
    """
    try:
        document = pdfium.PdfDocument(file)
        count = len(document)
    except pdfium.PdfiumError as error:
        is_encrypted = getattr(error, "err_code", None) in {
            pdfium_c.FPDF_ERR_PASSWORD,
            pdfium_c.FPDF_ERR_SECURITY,
        }
        raise RefusedError("encrypted" if is_encrypted else "broken", detail=str(error)[:200]) from None
    if count > MOST_PAGES:
        raise RefusedError("pages", count=count, limit=MOST_PAGES)
    if not count:
        raise RefusedError("broken", detail="no pages")
    return document


class PageReader:
    """Reads pages of one document. A page comes out the same whichever were read before it."""

    def __init__(self, document: Any, file: BinaryIO) -> None:
        self._document, self._file = document, file
        self._outline = _outline(document)
        self._ocr = Reader()
        self._vertical: Any = None

    def read(self, number: int, outcome: Outcome) -> Reading:
        """Page `number`, from 1."""
        sheet = self._document[number - 1]
        layer = PageLines(sheet)
        if quality.is_garbled(layer.raw) or _is_scan(sheet, layer.raw):
            reading = self._scanned(sheet, layer, number, outcome)
        elif layer.is_vertical():
            reading = self._read_vertical(number, layer)
        else:
            reading = self._layered(layer, number)
        reading.close = sheet.close  # places can be asked for until then
        return reading

    def _layered(self, layer: PageLines, number: int) -> Reading:
        lines = layer.lines()
        composed = self._composed(lines, number)
        return Reading(composed, lambda line: [layer.box(index) for index in layer.positions(line)])

    def _read_vertical(self, number: int, layer: PageLines) -> Reading:
        try:
            from yoriai.knowledge.parsing.pdf_vertical import VerticalPages

            self._vertical = self._vertical or VerticalPages(self._file)
            lines, boxes = self._vertical.lines(number - 1)
        except Exception:  # a second choice may fail in its own ways: the first one's text is still there
            return self._layered(layer, number)
        if quality.worth("".join(line.text for line in lines)) < 0.8 * quality.worth(layer.raw):
            return self._layered(layer, number)
        return Reading(self._composed(lines, number), lambda line: list(boxes[line]))

    def _scanned(self, sheet: Any, layer: PageLines, number: int, outcome: Outcome) -> Reading:
        """The picture of the page, read; the text layer where that has more to say."""
        picture, scale = rendered(sheet, _OCR_DPI / 72)
        lines = [_scaled(line, scale) for line in self._ocr.lines(picture)]
        text = "".join(line.text for line in lines)
        if quality.worth(text) <= quality.worth(layer.raw) and not quality.is_garbled(layer.raw):
            return self._layered(layer, number)
        if quality.is_garbled(layer.raw):
            outcome.warn("knowledge.warning_garbled")
        composed = self._composed(lines, number)
        return Reading(composed, lambda line: list(line_boxes(lines[line])), is_scanned=True)

    def _composed(self, lines: list[Line], number: int) -> Composed:
        body = 0.0 if self._outline else body_height(lines)
        return compose(lines, self._outline.get(number, {}), body)


def _is_scan(sheet: Any, text: str) -> bool:
    """Is what the page shows in a picture, beside little or no text?"""
    count = quality.length(text)
    if count == 0:
        return bool(pdfium_c.FPDFPage_CountObjects(sheet))
    return count < quality.LITTLE and _picture_share(sheet) > _MOST_OF_A_PAGE


def _picture_share(sheet: Any) -> float:
    """The part of the page that its largest picture covers."""
    width, height = sheet.get_size()
    areas = [0.0]
    for each in sheet.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = each.get_bounds()
        areas.append(abs((right - left) * (top - bottom)))
    return float(max(areas) / max(width * height, 1))


def rendered(sheet: Any, scale: float) -> tuple[Any, float]:
    """The page as a picture (Pillow), and the scale that was used: less where it would be too large."""
    width, height = sheet.get_size()
    scale = min(scale, 2 * LONGEST_SIDE / max(width, height, 1))
    return sheet.render(scale=scale, no_smoothtext=False).to_pil(), scale


def _scaled(line: Line, scale: float) -> Line:
    left, top, right, bottom, height = (
        number / scale for number in (line.left, line.top, line.right, line.bottom, line.height)
    )
    return Line(line.text, left, top, right, bottom, height, line.is_vertical)


def _outline(document: Any) -> dict[int, dict[str, int]]:
    """Page number -> title without white space -> level."""
    found: dict[int, dict[str, int]] = {}
    try:
        for count, bookmark in enumerate(document.get_toc(max_depth=6)):
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = "".join((bookmark.get_title() or "").split())
            if index is not None and title:
                found.setdefault(index + 1, {}).setdefault(title, bookmark.level + 1)
            if count >= _MOST_OUTLINE:
                break
    except (pdfium.PdfiumError, ValueError):
        return {}
    return found
