"""A page as a picture, and where a passage stands on it. Runs in the child; `parse` asks for it."""

from __future__ import annotations

import base64
import io
from typing import Any, BinaryIO

from yoriai.knowledge.parsing import kind as kinds
from yoriai.knowledge.parsing.page_text import Outcome
from yoriai.sandbox.jail import RefusedError

_MOST_HEIGHT = 6000  # pixels
_SAME_LINE = 0.5


def picture(file: BinaryIO, media_type: str, number: int, width_px: int) -> str:
    """PNG of a page, in base64."""
    if media_type == kinds.PDF:
        from yoriai.knowledge.parsing.pdf import opened

        document = opened(file)
        _check(number, len(document))
        sheet = document[number - 1]
        width, height = sheet.get_size()
        shown = sheet.render(scale=min((width_px - 0.01) / width, _MOST_HEIGHT / height)).to_pil()
    else:
        from yoriai.knowledge.parsing.picture import frame
        from yoriai.knowledge.parsing.picture import opened as opened_picture

        source = opened_picture(file)
        _check(number, getattr(source, "n_frames", 1))
        shown = frame(source, number)
        shown.thumbnail((width_px, _MOST_HEIGHT))
    written = io.BytesIO()
    shown.save(written, "PNG", compress_level=3)
    return base64.b64encode(written.getvalue()).decode()


def boxes(file: BinaryIO, media_type: str, number: int, start: int, end: int) -> list[list[float]]:
    """Where `text[start:end]` of a page stands: left, top, width, height as shares of the page, one for each line."""
    found, width, height = (_of_pdf if media_type == kinds.PDF else _of_picture)(file, number, start, end)
    return [
        [left / width, top / height, (right - left) / width, (bottom - top) / height]
        for left, top, right, bottom in found
    ]


def _of_pdf(file: BinaryIO, number: int, start: int, end: int) -> tuple[list[Any], float, float]:
    from yoriai.knowledge.parsing.pdf import PageReader, opened

    document = opened(file)
    _check(number, len(document))
    width, height = document[number - 1].get_size()
    reading = PageReader(document, file).read(number, Outcome())
    return _merged(reading.composed.pieces, reading.boxes, start, end), width, height


def _of_picture(file: BinaryIO, number: int, start: int, end: int) -> tuple[list[Any], float, float]:
    from yoriai.knowledge.parsing.layout import body_height, compose
    from yoriai.knowledge.parsing.ocr import Reader
    from yoriai.knowledge.parsing.picture import frame, line_boxes, opened

    source = opened(file)
    _check(number, getattr(source, "n_frames", 1))
    shown = frame(source, number)
    lines = Reader().lines(shown)
    pieces = compose(lines, {}, body_height(lines)).pieces
    return _merged(pieces, lambda index: line_boxes(lines[index]), start, end), *shown.size


def _check(number: int, count: int) -> None:
    if not 1 <= number <= count:
        raise RefusedError("no_page", page=number, count=count)


def _merged(pieces: list[tuple[int, int, int]], boxes_of: Any, start: int, end: int) -> list[Any]:
    """One box for the part of each line that lies in the range; a line that PDFium joined from two gives two."""
    found: list[Any] = []
    for at, line, length in pieces:
        if at + length <= start or at >= end:
            continue
        places = boxes_of(line)[max(0, start - at) : max(0, end - at)]
        row: list[Any] = []
        for place in filter(None, places):
            if row and not _stands_beside(row, place):
                found.append(row)
                row = []
            row = _hull(row, place) if row else list(place)
        if row:
            found.append(row)
    return found


def _stands_beside(one: Any, other: Any) -> bool:
    """On the same line, or in the same column of vertical writing."""
    rows = min(one[3], other[3]) - max(one[1], other[1])
    columns = min(one[2], other[2]) - max(one[0], other[0])
    is_row = rows > _SAME_LINE * (other[3] - other[1])
    is_column = columns > _SAME_LINE * (other[2] - other[0]) and other[1] >= one[3] - (other[3] - other[1])
    return bool(is_row or is_column)


def _hull(one: Any, other: Any) -> list[float]:
    return [min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])]
