"""The numbers that Word shows before paragraphs but doesn't keep in them: 第3条, 1.2, (イ). `docx` asks.

Source: ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (ST_NumberFormat), those in use in Japan and the west.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from yoriai.knowledge.parsing.ooxml import Element, attribute, child, children, read, related

_DIGITS = "〇一二三四五六七八九"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_KANJI = {"japaneseCounting", "chineseCounting", "ideographDigital", "japaneseDigitalTenThousand"}
_MOST_LEVELS = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    start: int
    style: str  # ST_NumberFormat
    pattern: str  # "第%1条"


class Numbering:
    """Counts as Word counts while it goes through the document."""

    def __init__(self, levels: dict[str, dict[int, Level]]) -> None:
        self._levels = levels
        self._counters: dict[str, list[int | None]] = {}

    def next_label(self, number_id: str, depth: int) -> str:
        """What stands before the next paragraph of this list; "-" for a bullet, "" for nothing."""
        levels = self._levels.get(number_id, {})
        level = levels.get(depth)
        if level is None:
            return "-"
        counters = self._counters.setdefault(number_id, [None] * _MOST_LEVELS)
        now = counters[depth]
        counters[depth] = level.start if now is None else now + 1
        counters[depth + 1 :] = [None] * (_MOST_LEVELS - depth - 1)
        if level.style == "bullet":
            return "-"

        def shown(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            above = levels.get(index, level)
            value = counters[index]
            return formatted(above.start if value is None else value, above.style)

        return re.sub(r"%([1-9])", shown, level.pattern).strip()


def numbering(archive: zipfile.ZipFile, main: str) -> Numbering:
    """That of a document; the same abstract list under two ids counts twice, which is rare."""
    names = related(archive, main, "numbering")
    root = read(archive, names[0]) if names else None
    if root is None:
        return Numbering({})
    abstract = {attribute(each, "abstractNumId"): _levels(each) for each in children(root, "abstractNum")}
    lists = {}
    for number in children(root, "num"):
        levels = dict(abstract.get(attribute(child(number, "abstractNumId"), "val"), {}))
        for override in children(number, "lvlOverride"):
            levels |= _levels(override)
        lists[attribute(number, "numId")] = levels
    return Numbering(lists)


def _levels(element: Element) -> dict[int, Level]:
    return {
        int(attribute(level, "ilvl", "0")): Level(
            start=_whole(attribute(child(level, "start"), "val"), 1),
            style=attribute(child(level, "numFmt"), "val", "decimal"),
            pattern=attribute(child(level, "lvlText"), "val"),
        )
        for level in children(element, "lvl")
        if attribute(level, "ilvl", "0") in "012345678"
    }


def _whole(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else default


def formatted(value: int, style: str) -> str:
    """A number as this style writes it; an unknown style is decimal.

    >>> formatted(23, "japaneseCounting"), formatted(4, "upperRoman"), formatted(28, "lowerLetter")
    ('二十三', 'IV', 'bb')
    """
    if style in _KANJI:
        written = _kanji(value)
    elif style.endswith("Roman"):
        written = _roman(value)
    elif style.endswith("Letter"):
        written = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 % 20 + 1)
    elif style.startswith(("aiueo", "iroha")):
        letters = _KANA if style.startswith("aiueo") else _IROHA
        written = letters[(value - 1) % len(letters)]
    elif style == "decimalEnclosedCircle" and 1 <= value <= 20:
        written = chr(0x2460 + value - 1)
    elif style == "decimalFullWidth":
        written = str(value).translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    else:
        written = "" if style == "none" else str(value)
    return written.upper() if style.startswith("upper") else written


def _kanji(value: int) -> str:
    if not 0 < value < 100:
        return "".join(_DIGITS[int(digit)] for digit in str(value))
    tens, ones = divmod(value, 10)
    head = "" if not tens else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


def _roman(value: int) -> str:
    value, written = value % 4000, ""
    for worth, letters in _ROMAN:
        count, value = divmod(value, worth)
        written += letters * count
    return written
