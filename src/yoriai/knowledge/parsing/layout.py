"""From the lines that stand on a page to paragraphs and headings. Knows neither PDF nor pictures: both give lines.

Lines of a paragraph are joined (Japanese without a space), because a word broken by a line end is never found. Where
each character came from is kept, so that a passage can be shown on the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yoriai.knowledge.parsing.page_text import BLOCK_GAP

_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")
_ITEM = re.compile(
    r"\s*(?:[•●・◦■□◆○※▪–*-]\s|[(（]?[0-9０-９ア-ンa-z]{1,3}[)）.．、]\s?|第[0-9０-９一-九十百]+[条章節])"
)
_NUMBER = re.compile(
    r"(?:Chapter|Appendix|Section|付録)?[\dA-Z０-９一-九十.．・第章節条項部編()（）:：-]{0,10}"
)
_SENTENCE_END = re.compile(r"[。．.!?！？:：」)）]$")
_GAP, _SAME_SIZE, _FULL, _INDENT = 0.75, 0.12, 2.5, 0.7  # in heights of a line
_HEADING_RATIO, _MOST_OF_A_HEADING = 1.15, 60
_LEVELS = ((1.7, 1), (1.35, 2), (_HEADING_RATIO, 3))
_MOST_OUTLINE_LINES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and its box: y grows downwards, units are the caller's."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    height: float  # of its letters
    is_vertical: bool = False


@dataclass(slots=True)
class Composed:
    """The text of a page, its blocks, and the pieces of lines it is made of."""

    text: str = ""
    blocks: list[tuple[str, int, int, int]] = field(default_factory=list)
    pieces: list[tuple[int, int, int]] = field(default_factory=list)  # start in the text, line, its length


def compose(lines: Sequence[Line], outline: Mapping[str, int], body: float) -> Composed:
    """Paragraphs and headings in the order of the lines.

    Args:
        outline: titles that begin on this page, without white space -> level; empty: size decides.
        body: height of the letters of ordinary text on this page; 0: size says nothing.
    """
    composed, length = Composed(), 0
    parts: list[str] = []
    edges = _right_edges(lines)
    for kind, level, members in _blocks(lines, outline, body, edges):
        start = length + len(BLOCK_GAP) if parts else 0
        if parts:
            parts.append(BLOCK_GAP)
        length = start
        for position, index in enumerate(members):
            if position:
                before = members[position - 1]
                glue = _glue(lines[before], lines[index], edges[before], is_joined=kind == "heading")
                parts.append(glue)
                length += len(glue)
            composed.pieces.append((length, index, len(lines[index].text)))
            parts.append(lines[index].text)
            length += len(lines[index].text)
        composed.blocks.append((kind, start, length, level))
    composed.text = "".join(parts)
    return composed


def body_height(lines: Sequence[Line]) -> float:
    """The most common height, counted in characters. Of this page alone: read again by itself, it must be the same."""
    heights: Counter[float] = Counter()
    for line in lines:
        heights[round(line.height, 1)] += len(line.text)
    return heights.most_common(1)[0][0] if heights else 0.0


def _blocks(
    lines: Sequence[Line], outline: Mapping[str, int], body: float, edges: Sequence[float]
) -> list[tuple[str, int, list[int]]]:
    found: list[tuple[str, int, list[int]]] = []
    index = 0
    while index < len(lines):
        taken, level = _heading(lines, index, outline, body)
        if level:
            found.append(("heading", level, list(range(index, index + taken))))
            index += taken
            continue
        if (
            not found
            or found[-1][0] == "heading"
            or _begins(lines[index - 1], lines[index], edges[index - 1])
        ):
            found.append(("paragraph", 0, []))
        found[-1][2].append(index)
        index += 1
    return found


def _heading(lines: Sequence[Line], index: int, outline: Mapping[str, int], body: float) -> tuple[int, int]:
    """How many lines from here are a heading, and of which level (0: none)."""
    if outline:
        joined = ""
        for taken, line in enumerate(lines[index : index + _MOST_OUTLINE_LINES], 1):
            joined += "".join(line.text.split())
            for title, level in outline.items():
                if joined.endswith(title) and _NUMBER.fullmatch(joined.removesuffix(title)):
                    return taken, level
        return 0, 0
    line = lines[index]
    is_short = len(line.text) <= _MOST_OF_A_HEADING and not line.text.endswith(("。", "、", "."))
    if not body or not is_short or line.is_vertical or len(line.text.strip()) < 2:
        return 0, 0
    return 1, next((level for ratio, level in _LEVELS if line.height >= ratio * body), 0)


def _begins(before: Line, line: Line, edge: float) -> bool:
    """Does a new paragraph begin with this line?"""
    height = max(before.height, line.height, 1e-6)
    if abs(before.height - line.height) > _SAME_SIZE * height or before.is_vertical != line.is_vertical:
        return True
    if line.is_vertical:
        return line.top - before.top > _INDENT * height
    is_full = before.right > edge - _FULL * height
    if line.top < before.top - height:  # the next column
        return not is_full or bool(_SENTENCE_END.search(before.text))
    if line.top - before.bottom > _GAP * height:
        return True
    is_indented = line.left - before.left > _INDENT * height and is_full and line.text[:1] != " "
    # Below a full line that ends in mid-sentence an indented one goes on: it hangs below an item's mark.
    is_new = is_indented and bool(_SENTENCE_END.search(before.text))
    return bool(_ITEM.match(line.text)) or is_new or (not is_full and before.text.endswith(("。", ".")))


def _right_edges(lines: Sequence[Line]) -> list[float]:
    """For each line, how far lines that begin near it reach to the right."""
    edges: dict[int, float] = {}
    keys = [round(line.left / max(3 * line.height, 1e-6)) for line in lines]
    for key, line in zip(keys, lines, strict=True):
        edges[key] = max(edges.get(key, line.right), line.right)
    return [max(edges.get(key + step, -1e9) for step in (-1, 0, 1)) for key in keys]


def _glue(before: Line, line: Line, edge: float, *, is_joined: bool) -> str:
    is_full = before.is_vertical or before.right > edge - _FULL * before.height
    if not is_full and not is_joined:
        return "\n"
    is_wide = _WIDE.match(before.text[-1:]) and _WIDE.match(line.text[:1])
    return "" if is_wide else " "
