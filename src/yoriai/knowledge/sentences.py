"""Where text may be cut: after sentences, Japanese and English, and where there are none at the next best place.

Knows text only. `split.py` makes passages with it, the support check looks at an answer's sentences.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]
_OPENING, _CLOSING = "「『（(［[【〈《〔“", "」』）)］]】〉》〕”"
_END = re.compile(
    rf"[。｡！？!?．.…]+[{re.escape(_CLOSING)}\"'’]*|\n[^\S\n]*\n\s*|[{re.escape(_OPENING)}{re.escape(_CLOSING)}]"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|cf|al|No|Nos|Fig|Figs|Vol|pp?|Eq|Sec|Ch|Art|Inc|Ltd|"
    r"Co|Corp|Gen|Col|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|approx|dept|est|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|"
    r"(?:[A-Za-z]\.)+[A-Za-z])$"
)
_CONTINUES = re.compile(r"[ぁ-ゖ、，,)）」』]")  # after a quotation: 「…。」と言った
_LONGEST_QUOTE = 400  # characters: brackets that never close don't swallow a page
_LESSER = re.compile(r"\n+|[、，；;：:,]\s*|\s+")


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """The sentences of `text[start:end]` without white space around them: every visible character is in one."""
    stop = len(text) if end is None else end
    return [
        span for first, last in pairwise([start, *_ends(text, start, stop), stop])
        if (span := trimmed(text, first, last))
    ]  # fmt: skip


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Without white space on both sides; None where nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def fragments(text: str, start: int, end: int, most: int) -> list[Span]:
    """`text[start:end]` in pieces of at most `most` characters: at line ends, commas, spaces, else anywhere."""
    found: list[Span] = []
    while end - start > most:
        cut = _best_cut(text, start, start + most)
        if span := trimmed(text, start, cut):
            found.append(span)
        start = cut
    if span := trimmed(text, start, end):
        found.append(span)
    return found


def _ends(text: str, start: int, stop: int) -> Iterator[int]:
    opened: list[int] = []
    for match in _END.finditer(text, start, stop):
        mark, at = match.group(), match.end()
        if mark in _OPENING:
            opened.append(at)
            continue
        if mark.isspace():
            opened.clear()
            yield at
            continue
        for closing in mark:
            if closing in _CLOSING and opened:
                opened.pop()
        if mark in _CLOSING or (opened and at - opened[0] < _LONGEST_QUOTE):
            continue
        if _ends_sentence(text, match.start(), at, stop):
            opened.clear()
            yield at


def _ends_sentence(text: str, mark: int, after: int, stop: int) -> bool:
    following = text[after : after + 1] if after < stop else ""
    if text[after - 1] in _CLOSING and (
        _CONTINUES.match(following) or text[after : after + 2].strip().islower()
    ):
        return False
    if text[mark] == ".":
        return _ends_english(text, mark, following)
    if text[mark] == "．":
        return not following.isdecimal()
    if text[mark] in "!?…":
        return not following or following.isspace() or not following.isascii()
    return True


def _ends_english(text: str, mark: int, following: str) -> bool:
    if following and not following.isspace() and following.isascii():
        return False  # 3.14, example.org
    if not following or not following.isspace():
        return True
    if text[mark + 1 : mark + 2] != "." and _ABBREVIATION.search(text, max(0, mark - 12), mark):
        return False
    rest = text[mark + 1 : mark + 40].lstrip(" \t\n\"'“”’)")
    return not rest or not rest[0].islower()


def _best_cut(text: str, start: int, limit: int) -> int:
    """The last line end, comma or space in the second half before `limit`; else `limit`, between whole characters."""
    best = 0
    for match in _LESSER.finditer(text, start + (limit - start) // 2, limit):
        best = match.end()
    if best:
        return best
    cut = limit
    while cut > start + 1 and _joins(text[cut : cut + 1]):
        cut -= 1
    return cut if cut > start + 1 else limit


def _joins(character: str) -> bool:
    """Belongs to the character before it: accents, sound marks, variants, joiners."""
    return bool(character) and (
        unicodedata.category(character) in {"Mn", "Me", "Mc", "Cf"} or character in "ﾞﾟ"
    )
