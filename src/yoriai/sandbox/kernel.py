"""A warm Python for one chat: cells share variables; what each shows comes back as text, table, pictures, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from yoriai.sandbox.code import CodeFile, Killed
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The beginning of a DataFrame: every cell is text, whoever shows it escapes it."""

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


class Kernel:
    """`async with Kernel(sandbox) as kernel`. Cells run one after another."""

    def __init__(self, sandbox: Sandbox, *, limits: CodeLimits | None = None) -> None:
        self._sandbox, self._limits = sandbox, limits

    async def __aenter__(self) -> Self:
        """Raises: PrerequisiteError: this machine can't isolate code; it says why and how to mend it."""
        raise NotImplementedError

    async def __aexit__(self, *_: object) -> None:
        raise NotImplementedError

    async def put(self, files: Sequence[CodeFile]) -> None:
        """Place files in the working folder; a new kernel gets them again."""
        raise NotImplementedError

    async def run_cell(self, source: str) -> CellOutcome:
        """Raises: PrerequisiteError."""
        raise NotImplementedError
