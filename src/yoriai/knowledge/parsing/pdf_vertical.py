"""Pages in vertical writing, which PDFium gives out of order: pdfminer.six reads them, at a twentieth of the speed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LAParams, LTChar, LTTextBox, LTTextLine
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser

from yoriai.knowledge.parsing.layout import Line
from yoriai.knowledge.parsing.pdf_lines import Box


class VerticalPages:
    """One document, opened when its first vertical page is met."""

    def __init__(self, file: BinaryIO) -> None:
        self._pages = list(PDFPage.create_pages(PDFDocument(PDFParser(file))))
        resources = PDFResourceManager()
        # Without a flow, columns are taken from right to left.
        self._device = PDFPageAggregator(resources, laparams=LAParams(detect_vertical=True, boxes_flow=None))
        self._interpreter = PDFPageInterpreter(resources, self._device)

    def lines(self, index: int) -> tuple[list[Line], list[list[Box]]]:
        """The lines of a page (from 0), and the boxes of their characters: y downwards, in points."""
        self._interpreter.process_page(self._pages[index])
        layout = self._device.get_result()
        lines, boxes = [], []
        for line in _text_lines(layout):
            characters = [each for each in line if isinstance(each, LTChar)]
            text = "".join(each.get_text()[:1] or " " for each in characters)
            if text.strip():
                places = [(each.x0, layout.y1 - each.y1, each.x1, layout.y1 - each.y0) for each in characters]
                lines.append(_line(text, places))
                boxes.append(places)
        return lines, boxes


def _line(text: str, boxes: list[Box]) -> Line:
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    is_vertical = bottom - top > right - left or len(text) == 1
    return Line(text, left, top, right, bottom, right - left if is_vertical else bottom - top, is_vertical)


def _text_lines(layout: Any) -> Iterator[LTTextLine]:
    for box in layout:
        if isinstance(box, LTTextBox):
            yield from (line for line in box if isinstance(line, LTTextLine))
