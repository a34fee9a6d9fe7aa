"""Date and time: now in any time zone, a moment in another zone, days between dates, Japanese eras."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yoriai.tools import eras
from yoriai.tools.tool import Result, Tool, ToolError, parameters, text_of
from yoriai.types import Context

_LONGEST = 64
_MOST_DAYS = 1_000_000
_KANJI_DAYS = "月火水木金土日"
# What people and models write in place of the tz database's names.
_ZONES = {
    "jst": "Asia/Tokyo", "japan": "Asia/Tokyo", "日本": "Asia/Tokyo", "東京": "Asia/Tokyo", "tokyo": "Asia/Tokyo",
    "utc": "UTC", "gmt": "UTC", "z": "UTC", "est": "America/New_York", "edt": "America/New_York",
    "new york": "America/New_York", "ニューヨーク": "America/New_York", "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles", "los angeles": "America/Los_Angeles", "ロサンゼルス": "America/Los_Angeles",
    "london": "Europe/London", "ロンドン": "Europe/London", "paris": "Europe/Paris", "パリ": "Europe/Paris",
    "berlin": "Europe/Berlin", "cet": "Europe/Berlin", "beijing": "Asia/Shanghai", "北京": "Asia/Shanghai",
    "seoul": "Asia/Seoul", "ソウル": "Asia/Seoul", "singapore": "Asia/Singapore", "シンガポール": "Asia/Singapore",
    "sydney": "Australia/Sydney", "シドニー": "Australia/Sydney", "delhi": "Asia/Kolkata", "ist": "Asia/Kolkata",
}  # fmt: skip
_ZONE = {
    "type": "string",
    "maxLength": _LONGEST,
    "description": "time zone, for example Asia/Tokyo, Europe/London, UTC",
}
_MOMENT = {
    "type": "string", "maxLength": _LONGEST,
    "description": 'date or time, for example 2026-11-24, 2026-11-24T09:30, 令和8年11月24日; "now" or "today"',
}  # fmt: skip


def clock(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Tool:
    """`now`: an aware moment."""

    async def run(arguments: dict[str, Any], _: Context) -> Result:
        zone = _zone(text_of(arguments, "time_zone", _LONGEST, ""))
        moment = _moment(text_of(arguments, "moment", _LONGEST, "now"), zone, now())
        lines = [_told(moment)]
        if wanted := text_of(arguments, "to_time_zone", _LONGEST, ""):
            lines.append(_told(moment.astimezone(_zone(wanted))))
        if days := arguments.get("add_days"):
            shifted = _told(_shifted(moment, days))
            lines.append(f"{days:+d} days: {shifted}")
        if until := text_of(arguments, "until", _LONGEST, ""):
            lines.append(_span(moment, _moment(until, zone, now())))
        return Result(text="\n".join(lines))

    return Tool(
        name="date_and_time",
        description="Gives the present date and time, or a given one, in a time zone, with weekday and Japanese era; "
        "converts between time zones, adds days, counts days between two dates.",
        parameters=parameters(
            (), moment=_MOMENT, time_zone=_ZONE, to_time_zone=_ZONE, until=_MOMENT,
            add_days={"type": "integer", "minimum": -_MOST_DAYS, "maximum": _MOST_DAYS},
        ),
        run=run,
    )  # fmt: skip


def _zone(name: str) -> tzinfo:
    """Of this machine where none is named. Raises: ToolError."""
    if not name.strip():
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return ZoneInfo(_ZONES.get(name.strip().casefold(), name.strip()))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ToolError(f"There is no time zone {name[:40]}. Names are like Asia/Tokyo or UTC.") from error


def _moment(written: str, zone: tzinfo, now: datetime) -> datetime:
    said = written.strip()
    if said.casefold() in {"", "now", "today", "今", "現在", "今日"}:
        return now.astimezone(zone)
    if day := eras.parse(said):
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    try:
        moment = datetime.fromisoformat(said.replace("/", "-"))
    except ValueError as error:
        raise ToolError(f"{said[:40]} is no date. Write it like 2026-11-24 or 2026-11-24T09:30.") from error
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _shifted(moment: datetime, days: Any) -> datetime:
    if isinstance(days, bool) or not isinstance(days, int) or abs(days) > _MOST_DAYS:
        raise ToolError(f"add_days is a whole number of at most {_MOST_DAYS}.")
    try:
        return moment + timedelta(days=days)
    except OverflowError as error:
        raise ToolError("That day is beyond the calendar.") from error


def _told(moment: datetime) -> str:
    weekday = f"{moment:%A} ({_KANJI_DAYS[moment.weekday()]}曜日)"
    era = eras.in_japanese(moment.date())
    place = f"{getattr(moment.tzinfo, 'key', moment.tzname())}, UTC{moment:%z}"
    return f"{moment:%Y-%m-%d %H:%M:%S} {weekday} [{place}]" + (f" {era}" if era else "")


def _span(first: datetime, second: datetime) -> str:
    days = (second.date() - first.date()).days
    hours = (second - first).total_seconds() / 3600
    return f"From {first:%Y-%m-%d} to {second:%Y-%m-%d}: {days} days ({hours:g} hours)"
