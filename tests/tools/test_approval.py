import asyncio
from itertools import product

import pytest

from yoriai.errors import NotFoundError
from yoriai.tools.approval import Desk, decide
from yoriai.types import Role, User

ANNA, BEN = (User(id=name, name=name, role=Role.MEMBER) for name in ("anna", "ben"))


def test_what_only_reads_runs_by_itself_and_the_rest_asks() -> None:
    assert decide(only_reads=True, kept=None, foreign=True, may_ask=False)[0] == "run"
    assert decide(only_reads=False, kept=None, foreign=False, may_ask=True) == ("ask", "asks")
    assert decide(only_reads=False, kept=None, foreign=False, may_ask=False) == ("refuse", "nobody")
    assert decide(only_reads=True, kept="ask", foreign=False, may_ask=False) == ("refuse", "nobody")


def test_words_of_strangers_take_away_what_was_always_allowed() -> None:
    assert decide(only_reads=False, kept="always", foreign=False, may_ask=False)[0] == "run"
    assert decide(only_reads=False, kept="always", foreign=True, may_ask=True) == ("ask", "foreign")
    assert decide(only_reads=False, kept="always", foreign=True, may_ask=False)[0] == "refuse"


def test_never_is_never() -> None:
    for only_reads, foreign, may_ask in product((True, False), repeat=3):
        assert decide(only_reads=only_reads, kept="never", foreign=foreign, may_ask=may_ask) == (
            "refuse",
            "never",
        )


async def test_a_call_waits_for_its_own_users_word() -> None:
    desk = Desk()
    asked = asyncio.create_task(desk.ask(ANNA, "call", 5))
    await asyncio.sleep(0)
    with pytest.raises(NotFoundError):
        desk.decide(BEN, "call", "once")
    desk.decide(ANNA, "call", "once")
    with pytest.raises(NotFoundError):  # once decided, it stays decided
        desk.decide(ANNA, "call", "refuse")
    assert await asked == "once"


async def test_nobody_s_word_is_no_word() -> None:
    desk = Desk()
    assert await desk.ask(ANNA, "call", 0.01) is None
    with pytest.raises(NotFoundError):
        desk.decide(ANNA, "call", "once")
