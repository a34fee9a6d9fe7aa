"""Japanese eras: which year of which era a day falls into, and back.

Source: the Cabinet Office's announcements; the calendar has been Gregorian since 1 January 1873 (Meiji 6), earlier
days are not converted.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from yoriai.tools.tool import ToolError

EARLIEST = date(1873, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Era:
    kanji: str
    romaji: str
    letter: str
    first: date


_ERAS = (
    Era(kanji="令和", romaji="Reiwa", letter="R", first=date(2019, 5, 1)),
    Era(kanji="平成", romaji="Heisei", letter="H", first=date(1989, 1, 8)),
    Era(kanji="昭和", romaji="Showa", letter="S", first=date(1926, 12, 25)),
    Era(kanji="大正", romaji="Taisho", letter="T", first=date(1912, 7, 30)),
    Era(kanji="明治", romaji="Meiji", letter="M", first=date(1868, 10, 23)),
)
_DATE = re.compile(
    r"(令和|平成|昭和|大正|明治|[RHSTM](?=[\d元]))\s*(元|\d{1,2})\s*[年.\-/]\s*(\d{1,2})\s*[月.\-/]\s*(\d{1,2})\s*日?",
    re.IGNORECASE,
)


def era_of(day: date) -> tuple[Era, int] | None:
    """The era and its year; None for days before 1873."""
    if day < EARLIEST:
        return None
    era = next(each for each in _ERAS if day >= each.first)
    return era, day.year - era.first.year + 1


def in_japanese(day: date) -> str:
    """ "令和8年11月24日"; the first year is 元年. Empty for days before 1873."""
    found = era_of(day)
    if found is None:
        return ""
    era, year = found
    return f"{era.kanji}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def parse(written: str) -> date | None:
    """A day that is written with its era; None where it isn't. Raises: ToolError: the era had no such day."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", written).strip())
    if match is None:
        return None
    era = next(each for each in _ERAS if match[1].upper() in {each.kanji, each.letter})
    year = era.first.year - 1 + (1 if match[2] == "元" else int(match[2]))
    try:
        day = date(year, int(match[3]), int(match[4]))
    except ValueError as error:
        raise ToolError(f"There is no such day: {written[:40]}") from error
    found = era_of(day)
    if found is None or found[0] is not era:
        raise ToolError(
            f"{written[:40]} is not a day of {era.romaji}, which began on {era.first.isoformat()}."
        )
    return day
