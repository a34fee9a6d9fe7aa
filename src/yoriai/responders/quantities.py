"""The number that a reply gives as its answer, in one spelling: $1,200.00, １２００ and 1.2 thousand are 1200.

Units and currencies don't count. Knows text only; `comparing` calls it.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from yoriai.knowledge.numerals import NUMBER, WORDS, value_of

_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(\d[\d,.]*)\s*\}\s*\{\s*(\d[\d,.]*)\s*\}")
_MIXED = re.compile(r"(?:(\d{1,12})[\s-])?(\d{1,12})\s?/\s?(\d{1,12})(?![\d/])")
_TIMES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALE = re.compile(r"\s*(hundred|thousand|million|billion|trillion)\b", re.IGNORECASE)
_MINUS = re.compile(r"(?:^|[^\w)\]}.%])\s*(?:[-−–]|マイナス|minus\s)\s*[$¥€£]?\s*$", re.IGNORECASE)
_THIN = re.compile(
    r"(?<=\d)(?:\\[,!;]|\{,\}|[\u2009\u202f\u00a0'])(?=\d{3})"
)  # between thousands, as LaTeX has it
_KANJI = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九十")}
_COUNTED = re.compile(
    r"(?<![〇一二三四五六七八九十百千万])([〇一二三四五六七八九十])(?=$|[つ個人本枚回日年月歳円匹冊台時分秒度倍割番])"
)
_ENGLISH = re.compile(r"[A-Za-z]+")
_LONGEST, _LARGEST = 100, Decimal(10**20)  # characters, and more than any answer
_PLACES = Decimal("0.000001")


def first_number(phrase: str) -> str:
    """The answer in a phrase that states one: what stands after its last "=", else the first number in it."""
    phrase = _COUNTED.sub(lambda match: _KANJI[match.group(1)], _readable(phrase).strip())
    after = phrase.rpartition("=")[2]
    found = _all(after) or _all(phrase)
    if found:
        return found[0]
    words = [WORDS[word] for word in map(str.casefold, _ENGLISH.findall(phrase)) if word in WORDS]
    return words[0] if words else ""


def last_number(reply: str) -> str:
    """The last number of a text that marks no answer."""
    found = _all(_readable(reply))
    return found[-1] if found else ""


def _readable(text: str) -> str:
    text = unicodedata.normalize("NFKC", _THIN.sub("", text))
    return _FRACTION.sub(r"\1/\2", text).replace("\\%", "%").replace("\\$", "$")


def _all(text: str) -> list[str]:
    found, end = [], 0
    for number in NUMBER.finditer(text):
        if number.start() >= end:
            value, end = _read(text, number)
            if value is not None and abs(value) < _LARGEST:
                sign = -1 if _MINUS.search(text[max(0, number.start() - 12) : number.start()]) else 1
                found.append(_plain(sign * value))
    return found


def _read(text: str, number: re.Match[str]) -> tuple[Decimal | None, int]:
    """The value of the number that begins there, and its end; None for what is a word rather than a number."""
    mixed = _MIXED.match(text, number.start())
    if mixed and int(mixed.group(3)):
        whole, above, below = (Decimal(part or 0) for part in mixed.groups())
        return whole + above / below, mixed.end()
    try:
        value = Decimal(value_of(number.group().rstrip(",")[:_LONGEST]))
    except InvalidOperation:
        return None, number.end()
    scale = _SCALE.match(text, number.end())
    if not scale:
        return value, number.end()
    return value * _TIMES[scale.group(1).casefold()], scale.end()


def _plain(value: Decimal) -> str:
    """Six decimal places: ⅓ and 0.333333 are one answer."""
    exact = value if value == value.to_integral_value() else value.quantize(_PLACES)
    return f"{exact.normalize() + 0:f}"
