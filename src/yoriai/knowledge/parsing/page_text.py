"""Collects the text of a page and says where its blocks are. Every reader of a format writes with it.

Runs in the child: plain values, no import that costs time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

BLOCK_GAP = "\n\n"
_NEVER_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What a reader says of the document as a whole, while it yields pages."""

    title: str = ""
    total: int = 1  # pages
    media_type: str = ""
    warnings: list[str] = field(default_factory=list)

    def warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


Pages = Iterator[dict[str, Any]]


def clean(text: str) -> str:
    """Line ends as \\n; characters that are no text taken out."""
    return _NEVER_TEXT.sub("", _NEWLINES.sub("\n", text))


class PageText:
    """Grows block by block; between two of them is an empty line."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[tuple[str, int, int, int]] = []

    def add(self, kind: str, text: str, level: int = 0) -> None:
        """Append a block; without visible text it is none."""
        text = clean(text).strip("\n") if kind == "code" else clean(text).strip()
        if not text:
            return
        if self._blocks:
            self._parts.append(BLOCK_GAP)
            self._length += len(BLOCK_GAP)
        self._parts.append(text)
        self._blocks.append((kind, self._length, self._length + len(text), level))
        self._length += len(text)

    def page(self, number: int, *, label: str = "", is_scanned: bool = False) -> dict[str, Any]:
        return page("".join(self._parts), self._blocks, number, label=label, is_scanned=is_scanned)


def page(
    text: str,
    blocks: Sequence[tuple[str, int, int, int]],
    number: int,
    *,
    label: str = "",
    is_scanned: bool = False,
) -> dict[str, Any]:
    """A page as it goes to the parent: blocks are (kind, start, end, level)."""
    return {
        "number": number,
        "text": text,
        "blocks": list(blocks),
        "label": clean(label).strip(),
        "is_scanned": is_scanned,
    }


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as Markdown, the first one being the header. Columns and rows without any text are left out."""
    filled = [[_cell(cell) for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    width = max((len(row) for row in filled), default=0)
    filled = [row + [""] * (width - len(row)) for row in filled]
    used = [column for column in range(width) if any(row[column] for row in filled)]
    lines = ["| " + " | ".join(row[column] for column in used) + " |" for row in filled]
    if lines:
        lines.insert(1, "|" + " --- |" * len(used))
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(clean(text).split()).replace("|", "\\|")
