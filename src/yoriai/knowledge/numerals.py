"""The numbers of a text in one spelling: 1,200 and 1200, １２ and 12, 二十三 and 23, 1万2千 and 12000.

Knows text only; the support check and `responders.quantities` compare them.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_DIGITS = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12}
NUMBER = re.compile(
    r"\d[\d,]*(?:\.\d+)?(?:[千百]?[万億兆](?:\d[\d,]*)?[千百]?)*千?|[〇一二三四五六七八九十百千万億兆]+"
)
_SPELT = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
WORDS = {word: str(value) for value, word in enumerate(_SPELT.split(), 2)}
_WORD = re.compile(r"[A-Za-z]+")
# 一 and its like alone are parts of words (一般, 一つ, 十分) as often as numbers.
_SHORTEST_KANJI = 2


def numbers(text: str) -> set[str]:
    """Plain decimal spellings, without signs and units."""
    text = unicodedata.normalize("NFKC", text)
    found = {value for match in NUMBER.finditer(text) if (value := value_of(match.group()))}
    return found | {WORDS[word] for word in map(str.casefold, _WORD.findall(text)) if word in WORDS}


def value_of(written: str) -> str:
    """The plain decimal spelling of what `NUMBER` matched; empty: it is a word rather than a number."""
    if not any(character.isdecimal() and character.isascii() for character in written):
        if len(written) < _SHORTEST_KANJI:
            return ""
        if all(character in _DIGITS for character in written):
            return "".join(_DIGITS[character] for character in written).lstrip("0") or "0"
    try:
        return _plain(_sum(written))
    except InvalidOperation:
        return ""


def _sum(written: str) -> Decimal:
    total = section = Decimal(0)
    digits = ""
    for character in written.replace(",", ""):
        if character in _SMALL:
            section += (Decimal(digits) if digits else 1) * _SMALL[character]
            digits = ""
        elif character in _LARGE:
            section += Decimal(digits) if digits else 0
            total += (section or 1) * _LARGE[character]
            section, digits = Decimal(0), ""
        else:
            digits += _DIGITS.get(character, character)
    return total + section + (Decimal(digits) if digits else 0)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
