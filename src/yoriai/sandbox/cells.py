"""What a cell of a kernel showed, checked value by value: it comes from a process that strangers' code has run in."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from yoriai.sandbox.jailed import Killed
from yoriai.sandbox.leaving import CodeFile, checked
from yoriai.sandbox.limits import CodeLimits

_ROWS, _COLUMNS, _LONGEST_CELL, _LONGEST_TEXT = 50, 21, 201, 20_001
_PLOTS, _PLOT_BYTES, _PNG = 8, 4 * 2**20, b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The beginning of a DataFrame, its index first: every cell is text, whoever shows it escapes it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int
    total_columns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CellOutcome:
    text: str  # what it printed
    shown: str  # its last expression as text, "" if there is none
    table: Table | None  # its last expression, if that is a DataFrame or Series
    error: str | None  # the end of a traceback in the cell's own lines
    plots: tuple[bytes, ...]  # PNG
    files: tuple[CodeFile, ...]  # new or changed
    dropped: int
    killed: Killed | None  # then the kernel is gone and the next cell starts a new one
    is_fresh: bool  # no variables of earlier cells: the first cell, or the first after the kernel was ended
    seconds: float


def read_cell(
    said: dict[str, Any] | None, limits: CodeLimits, *, is_fresh: bool, seconds: float
) -> CellOutcome:
    """None for what is of another kind than it should be."""
    said = said or {}
    files, dropped = checked(_files(said.get("files")), limits)
    return CellOutcome(
        text=_text(said.get("text"), limits.output_bytes), shown=_text(said.get("shown"), _LONGEST_TEXT),
        table=_table(said.get("table")), error=_text(said.get("error"), _LONGEST_TEXT) or None,
        plots=_plots(said.get("plots")), files=files, dropped=dropped, killed=None, is_fresh=is_fresh,
        seconds=seconds,
    )  # fmt: skip


def _table(said: Any) -> Table | None:
    try:
        columns = tuple(_text(each, _LONGEST_CELL) for each in said["columns"][:_COLUMNS])
        rows = tuple(
            tuple(_text(each, _LONGEST_CELL) for each in row[:_COLUMNS]) for row in said["rows"][:_ROWS]
        )
        totals = int(said["total_rows"]), int(said["total_columns"])
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    return Table(columns=columns, rows=rows, total_rows=totals[0], total_columns=totals[1])


def _plots(said: Any) -> tuple[bytes, ...]:
    pictures = [_decoded(each) for each in said[:_PLOTS]] if isinstance(said, list) else []
    return tuple(each for each in pictures if each and each.startswith(_PNG) and len(each) <= _PLOT_BYTES)


def _files(said: Any) -> list[tuple[object, object]]:
    pairs = (
        [each for each in said if isinstance(each, list) and len(each) == 2] if isinstance(said, list) else []
    )
    return [(name, _decoded(content)) for name, content in pairs]


def _decoded(content: object) -> bytes | None:
    try:
        return base64.b64decode(content, validate=True) if isinstance(content, str) else None
    except (binascii.Error, ValueError):
        return None


def _text(said: object, longest: int) -> str:
    return said[: longest + 2].encode("utf8", "replace").decode() if isinstance(said, str) else ""
