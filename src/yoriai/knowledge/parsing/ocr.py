"""Reads the text in a picture (rapidocr, models of its own wheel: Japanese, English, Chinese), on one thread.

Reading order: columns first where they are wide enough to be text, else from top to bottom.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from yoriai.knowledge.parsing.layout import Line

LONGEST_SIDE = 2000  # pixels; beyond it only time grows
_LEAST_SIDE, _LEAST_CONTRAST = 8, 16  # pixels; shades of grey
_SAME_LINE = 0.5  # of a height
_COLUMN_GAP, _LEAST_LINES, _TEXT_WIDTH = 1.0, 4, 6  # in heights; lines on each side
_MOST_DEPTH = 8


class Reader:
    """The engine, loaded once per process when it is first needed (2 s, 300 MB)."""

    def __init__(self) -> None:
        self._engine: Any = None

    def lines(self, picture: Any) -> list[Line]:
        """The lines of a picture (Pillow), in its pixels."""
        import numpy

        darkest, lightest = picture.convert("L").getextrema()
        if min(picture.size) < _LEAST_SIDE or lightest - darkest < _LEAST_CONTRAST:
            return []
        if self._engine is None:
            self._engine = _engine()
        found = self._engine(numpy.asarray(picture.convert("RGB"))[:, :, ::-1])
        if found.boxes is None or not found.txts:
            return []
        lines = [_line(box, text) for box, text in zip(found.boxes, found.txts, strict=True) if text.strip()]
        return in_order(lines)


def in_order(lines: list[Line], depth: int = 0) -> list[Line]:
    """Reading order: split into columns, else into parts above each other, else line by line."""
    cut = _column_cut(lines) if depth < _MOST_DEPTH and len(lines) >= 2 * _LEAST_LINES else None
    if cut is not None:
        above = [line for line in lines if line.left < cut < line.right]
        if not above:
            left = [line for line in lines if line.right <= cut]
            right = [line for line in lines if line.left >= cut]
            return in_order(left, depth + 1) + in_order(right, depth + 1)
        spanning = above[0]
        parts = (
            [line for line in lines if line is not spanning and _middle(line) < _middle(spanning)],
            [line for line in lines if line is not spanning and _middle(line) >= _middle(spanning)],
        )
        return [*in_order(parts[0], depth + 1), spanning, *in_order(parts[1], depth + 1)]
    return _by_rows(lines)


def _by_rows(lines: list[Line]) -> list[Line]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=_middle):
        if rows and _middle(line) - _middle(rows[-1][0]) < _SAME_LINE * min(line.height, rows[-1][0].height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda each: each.left)]


def _column_cut(lines: list[Line]) -> float | None:
    """Where two columns of text part: nothing but a few wide lines crosses there."""
    heights = sorted(line.height for line in lines)
    height = heights[len(heights) // 2]
    edges = sorted({line.left - 1 for line in lines})
    for cut in edges:
        left = [line for line in lines if line.right <= cut]
        right = [line for line in lines if line.left > cut]
        crossing = len(lines) - len(left) - len(right)
        if min(len(left), len(right)) < _LEAST_LINES or crossing > 0.15 * len(lines):
            continue
        gap = min(line.left for line in right) - max(line.right for line in left)
        if gap >= _COLUMN_GAP * height and all(_is_text(side, height) for side in (left, right)):
            return max(line.right for line in left) + gap / 2
    return None


def _is_text(lines: list[Line], height: float) -> bool:
    """Lines as wide as those of running text, not cells of a table."""
    widths = sorted(line.right - line.left for line in lines)
    return widths[len(widths) // 2] > _TEXT_WIDTH * height


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2


def _line(box: Any, text: str) -> Line:
    xs, ys = [float(point[0]) for point in box], [float(point[1]) for point in box]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    is_vertical = bottom - top > 1.5 * (right - left) and len(text) > 1
    height = right - left if is_vertical else bottom - top
    return Line(text, left, top, right, bottom, height, is_vertical)


def _engine() -> Any:
    import rapidocr

    logging.disable(logging.CRITICAL)
    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Named, so that nothing is ever fetched.
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            "Cls.model_path": str(models / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
        }
    )
