"""Cuts a page that is larger than a reader can handle: a text file of 100 MB, a sheet of a million rows.

Between blocks where that goes, else between lines; a table that is cut has its header in every part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yoriai.knowledge.parsing.page_text import PageText

MOST_CHARACTERS = 1_000_000


def parts(page: dict[str, Any], most: int = MOST_CHARACTERS) -> Iterator[dict[str, Any]]:
    """The page itself, or several with its label and number."""
    text = page["text"]
    if len(text) <= most:
        yield page
        return
    part, length = PageText(), 0
    for kind, start, end, level in page["blocks"]:
        for piece in _pieces(kind, text[start:end], most):
            if length and length + len(piece) > most:
                yield part.page(page["number"], label=page["label"], is_scanned=page["is_scanned"])
                part, length = PageText(), 0
            part.add(kind, piece, level)
            length += len(piece)
    yield part.page(page["number"], label=page["label"], is_scanned=page["is_scanned"])


def _pieces(kind: str, text: str, most: int) -> Iterator[str]:
    if len(text) <= most:
        yield text
        return
    header = ""
    if kind == "table":
        rows = text[: most // 4].split("\n", 2)
        header = "\n".join(rows[:2]) + "\n" if len(rows) > 2 else ""
    start = 0
    while start < len(text):
        room = most - (len(header) if start else 0)
        end = start + room
        if end < len(text):
            end = text.rfind("\n", start + 1, end) + 1 or end
        yield (header if start else "") + text[start:end]
        start = end
