from datetime import UTC, date, datetime

import pytest

from yoriai.tools import eras
from yoriai.tools.clock import clock
from yoriai.tools.tool import ToolError
from yoriai.types import Context, Role, User

CONTEXT = Context(user=User(id="u", name="anna", role=Role.MEMBER))
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def said(**arguments: object) -> str:
    return (await clock(lambda: NOON).run(arguments, CONTEXT)).text


async def test_it_tells_the_time_in_a_zone_with_weekday_and_era() -> None:
    assert (
        await said(time_zone="JST")
        == "2026-11-24 21:00:00 Tuesday (火曜日) [Asia/Tokyo, UTC+0900] 令和8年11月24日"
    )


async def test_it_converts_between_zones_over_the_change_to_summer_time() -> None:
    told = await said(moment="2026-07-01T09:00", time_zone="Asia/Tokyo", to_time_zone="New York")
    assert "2026-06-30 20:00:00 Tuesday" in told.splitlines()[1]


async def test_it_counts_days() -> None:
    told = await said(moment="昭和64年1月7日", time_zone="UTC", until="2026-11-24", add_days=1)
    assert "1989-01-08 00:00:00" in told  # the day after
    assert "平成元年1月8日" in told
    assert "13835 days" in told


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1873, 1, 1), "明治6年1月1日"),
    ],
)
def test_eras_change_on_their_days(day: date, written: str) -> None:
    assert eras.in_japanese(day) == written
    assert eras.parse(written) == day


@pytest.mark.parametrize("written", ["平成元年1月7日", "令和8年2月30日", "昭和65年1月1日"])
def test_a_day_that_an_era_never_had_is_refused(written: str) -> None:
    with pytest.raises(ToolError):
        eras.parse(written)


@pytest.mark.parametrize(
    "arguments",
    [{"time_zone": "../../etc/passwd"}, {"moment": "soon"}, {"add_days": 10**9}, {"add_days": "x"}],
)
async def test_what_it_does_not_understand_it_says(arguments: dict[str, object]) -> None:
    with pytest.raises(ToolError):
        await said(**arguments)
