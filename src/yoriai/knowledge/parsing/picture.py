"""Scans and photographs: a page per picture (a TIFF may hold several), its text read by `ocr`."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from yoriai.knowledge.parsing.layout import Line, body_height, compose
from yoriai.knowledge.parsing.ocr import LONGEST_SIDE, Reader
from yoriai.knowledge.parsing.page_text import Outcome, Pages, page
from yoriai.sandbox.jail import RefusedError

MOST_PIXELS = 100_000_000
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    picture = opened(file)
    reader = Reader()
    # A moving picture is one page.
    outcome.total = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    for number in range(1, outcome.total + 1):
        lines = reader.lines(frame(picture, number))
        composed = compose(lines, {}, body_height(lines))
        yield page(composed.text, composed.blocks, number, is_scanned=True)


def opened(file: BinaryIO) -> Any:
    """The picture, not yet decoded.

    Raises:
        RefusedError: broken, or more pixels than we decode.
    """
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # checked here, with a text of our own
    try:
        picture = Image.open(file, formats=_FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise RefusedError("broken", detail=str(error)[:200]) from None
    if picture.width * picture.height > MOST_PIXELS:
        raise RefusedError("bomb", size=f"{picture.width} x {picture.height} px", entries=1)
    return picture


def frame(picture: Any, number: int) -> Any:
    """Picture `number` (from 1), upright, not larger than reading needs."""
    picture.seek(number - 1)
    if picture.width * picture.height > MOST_PIXELS:
        raise RefusedError("bomb", size=f"{picture.width} x {picture.height} px", entries=1)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in {"RGBA", "LA", "P"}:
        upright = upright.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright)
    upright = upright.convert("RGB")
    upright.thumbnail((LONGEST_SIDE * 2, LONGEST_SIDE * 2))
    return upright


def line_boxes(line: Line) -> list[tuple[float, float, float, float]]:
    """A box for each character of a line that was read from a picture, as if all were equally wide."""
    count = max(1, len(line.text))
    if line.is_vertical:
        step = (line.bottom - line.top) / count
        return [(line.left, line.top + i * step, line.right, line.top + (i + 1) * step) for i in range(count)]
    step = (line.right - line.left) / count
    return [(line.left + i * step, line.top, line.left + (i + 1) * step, line.bottom) for i in range(count)]
