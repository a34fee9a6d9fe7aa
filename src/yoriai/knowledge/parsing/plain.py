"""Plain text: paragraphs between empty lines. The page's text is the file's, character by character."""

from __future__ import annotations

from typing import BinaryIO

from yoriai.knowledge.parsing.encoding import decoded
from yoriai.knowledge.parsing.page_text import Outcome, Pages, clean, page


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    text = clean(decoded(file.read(), outcome))
    blocks = [("paragraph", *span, 0) for span in paragraphs(text)]
    yield page(text, blocks, 1)


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Where paragraphs begin and end.

    >>> paragraphs("a\\nb\\n\\n c\\n")
    [(0, 3), (6, 7)]
    """
    spans: list[tuple[int, int]] = []
    start = -1
    end = at = 0
    for line in text.splitlines(keepends=True):
        words = line.strip()
        if words:
            start = at + len(line) - len(line.lstrip()) if start < 0 else start
            end = at + len(line.rstrip())
        elif start >= 0:
            spans.append((start, end))
            start = -1
        at += len(line)
    return spans if start < 0 else [*spans, (start, end)]
