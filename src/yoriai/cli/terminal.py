"""What the terminal shows: language, tables, questions, text made harmless. Knows no service and no command.

Light: every command imports it, so rich and settings are imported inside functions.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from yoriai.i18n import figures
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

# Everything a terminal obeys: C0 but tab and newline, DEL, C1, and marks that reorder what is read.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_NO_WIDTH = 1000


def say(key: str, **values: object) -> str:
    """A text of the catalogue's `cli` part in the terminal's language."""
    return text(f"cli.{key}", terminal_language(), **values)


def note(message: str) -> None:
    """A line for the person, beside the result: stderr."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def result(message: str) -> None:
    """A line of the command's result: stdout."""
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def harmless(untrusted: str) -> str:
    """Text that can't move the cursor, recolour or retitle the terminal: control characters removed."""
    return _CONTROL.sub("", untrusted)


def is_interactive() -> bool:
    """Is there a person to ask?"""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask yes or no on the terminal; no without one."""
    if not is_interactive():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes", "はい"}


def out(part: str) -> None:
    """A piece of the command's result, as it comes."""
    sys.stdout.write(part)
    sys.stdout.flush()


def print_json(value: object) -> None:
    result(json.dumps(value, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, is_tight: bool = False) -> None:
    """A table on stdout; column titles are keys of the catalogue. Tight: so that more fits into 80 columns."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0) if is_tight else (0, 1))
    for position, column in enumerate(columns):
        # The first column is what one copies: it is never cut.
        table.add_column(say(f"column_{column}"), no_wrap=position == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(str(cell))) for cell in row))
    # Into a pipe or a file there is no width to keep to, and nothing to fill up.
    console = Console(width=None if sys.stdout.isatty() else _NO_WIDTH)
    with console.capture() as captured:
        console.print(table)
    result("\n".join(line.rstrip() for line in captured.get().splitlines()))


def show(
    as_json: bool, value: object, columns: Sequence[str], rows: Callable[[], Sequence[Sequence[object]]]
) -> None:
    """The one way to print a table: for people, or with `--json` for programs."""
    if as_json:
        print_json(value)
    else:
        print_table(columns, rows())


def size(size_bytes: float | None) -> str:
    """1117320768 → "1.1 GB"; "" when unknown."""
    return figures.size(size_bytes) if size_bytes else ""


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump else str(value)
