"""The choices that a question lists (A. …, ア：…, (1) …), and which of them a reply means. Knows text only.

`comparing` calls it. A choice is named by its label as the question has it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from yoriai.knowledge.split import language_of

_SERIES = ("ABCDEFGHIJ", "アイウエオカキクケコ", "123456789", "abcdefghij")
_LABEL = "[A-Ja-jアイウエオカキクケコ1-9]"
# One option a line, or several in a line, each with its mark: "A. red", "(A) red", "A: red", "1) red", "ア 赤".
_OPTION = re.compile(
    rf"(?:(?<=\n)|^|(?<=[\s、,。？?]))[(\[]?({_LABEL})(?:[)\]][.:、]?|\.(?!\d)|[:、]|(?<=[アイウエオ])\s)\s*"
    rf"(\S[^\n]*?)(?=\s{{0,3}}(?:\n|$|[\s、,][(\[]?{_LABEL}(?:[)\]]|\.(?!\d)|[:、])))"
)
_FEWEST = 2
_CIRCLED = {ord(circle): f"({number})" for number, circle in enumerate("①②③④⑤⑥⑦⑧⑨", 1)}
_EDGES = " \t\n\"'`*_「」『』()[]{}<>.,:;、。：．！!？?"
# A label that stands for itself: in brackets, or before a mark, an end or the words that follow a choice.
_STANDING = re.compile(
    rf"(?<![A-Za-z0-9ァ-ヶ一-龠])[(\[]?({_LABEL})(?:[)\]]|(?=$|[.,:;、。]|\s*$|です|だ|である|が正|\s*(?:is|番)\b|番))"
)


def options_in(question: str) -> dict[str, str]:
    """The last listed choices by their labels, in order; empty where none are listed."""
    found: list[tuple[str, str]] = []
    for match in _OPTION.finditer(_folded(question)):
        label, words = match.group(1), match.group(2).strip()
        if any(label == series[0] for series in _SERIES):
            found = []
        if not found or _follows(found[-1][0], label):
            found.append((label, words))
    starts = bool(found) and any(found[0][0] == series[0] for series in _SERIES)
    return dict(found) if starts and len(found) >= _FEWEST else {}


def chosen(reply: str, options: Mapping[str, str]) -> str:
    """The label that `reply` (all of it, or its last line) gives; empty where it gives none or several."""
    bare = _folded(reply).strip(_EDGES)
    if not bare:
        return ""
    by_text = {plain(words): label for label, words in options.items()}
    if label := by_text.get(plain(bare)):
        return label
    for label in _labels(bare, options):
        return label
    folded = plain(bare)
    named = [label for words, label in by_text.items() if words and words in folded]
    longest = [label for label in named if not _is_inside(options[label], [options[each] for each in named])]
    return longest[0] if len(longest) == 1 else ""


def plain(words: str) -> str:
    """Words as they are compared: width, case, white space, punctuation and the copula don't count."""
    folded = unicodedata.normalize("NFKC", words).casefold().strip(_EDGES)
    folded = re.sub(r"(?:です|である|だ|になります)$", "", folded)
    if language_of(folded) == "en":
        folded = re.sub(r"^(?:the|an?)\s+", "", folded)
    return "".join(character for character in folded if character.isalnum())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_CIRCLED))


def _labels(bare: str, options: Mapping[str, str]) -> list[str]:
    """Labels that stand for themselves: the one that the words begin with, else the last of them."""
    head = re.match(rf"[(\[]?({_LABEL})(?=$|[)\].:;、。,]|\s|です|だ|番|が)", bare)
    if head and (label := _of(head.group(1), options)) and _is_label(head.group(1), bare[head.end() :]):
        return [label]
    found = [_of(match.group(1), options) for match in _STANDING.finditer(bare)]
    return [label for label in reversed(found) if label]


def _is_label(label: str, rest: str) -> bool:
    """ "A cat sat" begins with an article."""
    return not (label in "Aa" and re.match(r"\s+[a-z]", rest))


def _of(label: str, options: Mapping[str, str]) -> str:
    """`label` as the question writes it: (b) is B."""
    return next((each for each in (label, label.upper()) if each in options), "")


def _follows(before: str, label: str) -> bool:
    return any(before + label in series for series in _SERIES)


def _is_inside(words: str, others: list[str]) -> bool:
    """A shorter option that a longer one holds."""
    return any(plain(words) != plain(other) and plain(words) in plain(other) for other in others)
