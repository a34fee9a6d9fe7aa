"""The text of a document's page as HTML, a passage of it marked. Everything is escaped: it is a stranger's text.

A long page comes in parts, so that no browser has to hold a whole book. Pure; used by `document_page`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from yoriai.web.cleaning import clean_text

PART_CHARS = 60_000
_TAGS = {"paragraph": "p", "list": "p", "code": "pre"}
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|(?: ?:?-+:? ?\|)+")
_DEEPEST = 6
_BELOW_PAGE_TITLE = 1
Block = Sequence[Any]  # kind, start, end, level


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Of a page's text: what is shown at once."""

    number: int  # from 0
    count: int
    start: int
    end: int


def part(text: str, wanted: int) -> Part:
    """The part `wanted`, or the nearest there is; cut at the end of a line."""
    count = max(1, -(-len(text) // PART_CHARS))
    number = min(max(wanted, 0), count - 1)
    return Part(number=number, count=count, start=_cut(text, number), end=_cut(text, number + 1))


def part_with(position: int) -> int:
    """The number of the part that a position of the text is in, or of the one after."""
    return position // PART_CHARS


def html(text: str, blocks: Sequence[Block], shown: Part, start: int = 0, end: int = 0) -> str:
    """The part of a page, `text[start:end]` marked."""
    pieces = []
    for kind, begin, stop, level in _pieces(len(text), blocks):
        first, last = max(begin, shown.start), min(stop, shown.end)
        if not text[first:last].strip() or (kind == "between" and not _says(text[first:last])):
            continue
        if kind == "table":
            pieces.append(_table(text, first, last, start, end))
        else:
            pieces.append(_piece(kind, level, _marked(text, first, last, start, end)))
    return "\n".join(pieces).replace('<mark class="y-passage">', '<mark class="y-passage" id="passage">', 1)


def _cut(text: str, number: int) -> int:
    """Where part `number` begins."""
    position = number * PART_CHARS
    if number == 0 or position >= len(text):
        return min(position, len(text))
    line = text.find("\n", position, position + PART_CHARS // 2)
    return position if line < 0 else line + 1


def _pieces(length: int, blocks: Sequence[Block]) -> Iterator[tuple[str, int, int, int]]:
    """The blocks, and what stands between them."""
    at = 0
    for kind, start, end, level in sorted(blocks, key=lambda block: (block[1], -block[2])):
        if end <= at:
            continue
        if start > at:
            yield "between", at, start, 0
        yield kind, max(start, at), end, level
        at = end
    if at < length:
        yield "between", at, length, 0


def _says(text: str) -> bool:
    """Not only signs, as Markdown writes them before a heading."""
    return any(character.isalnum() for character in text)


def _piece(kind: str, level: int, inside: str) -> str:
    if kind == "heading":
        tag = f"h{min(max(level, 1) + _BELOW_PAGE_TITLE, _DEEPEST)}"
        return f"<{tag}>{inside}</{tag}>"
    tag = _TAGS.get(kind, "p")
    return f"<{tag}>{inside}</{tag}>"


def _table(text: str, begin: int, stop: int, start: int, end: int) -> str:
    """A table is written as lines of cells between bars."""
    rows, at, tag = [], begin, "th"
    for line in text[begin:stop].split("\n"):
        if _RULE.fullmatch(line):
            tag = "td"
        else:
            bars = [match.start() + at for match in _BAR.finditer(line)]
            edges = bars if len(bars) > 1 else [at - 1, at + len(line)]
            cells = (_marked(text, left + 1, right, start, end) for left, right in pairwise(edges))
            rows.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>")
        at += len(line) + 1
    return f'<div class="y-scroll" tabindex="0"><table>{"".join(rows)}</table></div>'


def _marked(text: str, begin: int, stop: int, start: int, end: int) -> str:
    first, last = max(begin, start), min(stop, end)
    if not text[first:last].strip():
        return _shown(text[begin:stop])
    inside = f'<mark class="y-passage">{_shown(text[first:last])}</mark>'
    return _shown(text[begin:first]) + inside + _shown(text[last:stop])


def _shown(text: str) -> str:
    return escape(clean_text(text))
