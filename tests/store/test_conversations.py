"""Conversations in a real database: what comes back, what a search finds, and that nobody sees another's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection

from deliberating import COUNCIL, TREE, VOTE
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.deliberation import Deliberation
from yoriai.store import conversations as rows
from yoriai.store import tokens
from yoriai.store.database import Database
from yoriai.types import ApiToken, Sampling, Usage

pytestmark = pytest.mark.usefixtures("people")
MORNING = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
# These get what was found by its user in the same transaction, or run before anybody is served.
UNSCOPED = {"search_key", "add", "add_message", "save_message", "touch", "end_running"}


def conversation(number: str = "c1", user_id: str = "anna", *, title: str = "", age: int = 0) -> Conversation:
    return Conversation(
        id=number, user_id=user_id, title=title, model="", system_prompt="", sampling=Sampling(), leaf_id=None,
        created_at=MORNING, updated_at=MORNING - timedelta(days=age),
    )  # fmt: skip


def message(number: str, conversation_id: str = "c1", content: str = "hello") -> ConversationMessage:
    return ConversationMessage(
        id=number, conversation_id=conversation_id, parent_id=None, role="user", content=content,
        created_at=MORNING,
    )  # fmt: skip


@pytest.fixture
def keep(database: Database) -> Callable[..., Any]:
    """Keep conversations and messages."""

    async def kept(*things: Conversation | ConversationMessage) -> None:
        def work(connection: Connection) -> None:
            for thing in things:
                if isinstance(thing, Conversation):
                    rows.add(connection, thing)
                else:
                    rows.add_message(connection, thing)

        await database.write(work)

    return kept


@pytest.fixture
def found(database: Database) -> Callable[..., Any]:
    """Ids of the conversations that a search finds."""

    async def ids(search: str = "", user_id: str = "anna") -> list[str]:
        hits = await database.read(lambda connection: rows.of_user(connection, user_id, search))
        return [hit.id for hit in hits]

    return ids


# ---- what was kept comes back -----------------------------------------------------------------------------
async def test_a_conversation_comes_back_as_it_was(database: Database, keep: Any) -> None:
    full = replace(
        conversation(title="旅行の計画 🗾"),
        model="assistant:travel",
        system_prompt="簡潔に。",
        sampling=Sampling(temperature=0.5, seed=7, stop=["。"]),
        leaf_id="m9",
    )
    await keep(full)
    assert await database.read(lambda connection: rows.find(connection, "anna", "c1")) == full


async def test_a_reply_comes_back_as_it_was(database: Database, keep: Any) -> None:
    reply = replace(
        message("m1", content="答え"),
        role="assistant",
        status="failed",
        reasoning="考え中",
        model="smollm2-135m",
        sampling=Sampling(top_k=3),
        finish_reason="length",
        usage=Usage(prompt_tokens=3, completion_tokens=5, generation_ms=10.5),
        time_to_first_token_ms=12.25,
        left_out=2,
        error_key="engines.lost",
        error_values={"name": "雨", "seconds": 3},
    )
    await keep(conversation(), reply)
    assert await database.read(lambda connection: rows.find_message(connection, "anna", "m1")) == reply
    assert await database.read(lambda connection: rows.messages_of(connection, "anna", "c1")) == [reply]


@pytest.mark.parametrize("deliberation", [COUNCIL, VOTE, TREE, Deliberation(method="repair")])
async def test_how_a_council_came_to_its_reply_comes_back_as_it_was(
    deliberation: Deliberation, database: Database, keep: Any
) -> None:
    reply = replace(message("m1"), role="assistant", deliberation=deliberation)
    await keep(conversation(), replace(reply, deliberation=None))
    await database.write(lambda connection: rows.save_message(connection, reply))
    assert await database.read(lambda connection: rows.find_message(connection, "anna", "m1")) == reply


async def test_times_are_the_same_moment_whatever_zone_they_came_in(database: Database, keep: Any) -> None:
    tokyo = timezone(timedelta(hours=9))
    await keep(replace(conversation(), created_at=MORNING.astimezone(tokyo)))
    kept = await database.read(lambda connection: rows.find(connection, "anna", "c1"))
    assert kept is not None
    assert kept.created_at == MORNING
    assert kept.created_at.tzinfo is UTC


async def test_conversations_are_listed_newest_first(keep: Any, found: Any) -> None:
    await keep(*(conversation(f"c{age}", age=age) for age in (2, 0, 1)))
    assert await found() == ["c0", "c1", "c2"]


async def test_a_new_message_moves_its_conversation_up(database: Database, keep: Any, found: Any) -> None:
    await keep(conversation("c0", age=1), conversation("c1", age=0))
    later = MORNING + timedelta(hours=1)
    await database.write(lambda connection: rows.touch(connection, "c0", "m1", later))
    assert await found() == ["c0", "c1"]


async def test_a_deleted_conversation_takes_its_messages_along(database: Database, keep: Any) -> None:
    await keep(conversation(), message("m1"))
    await database.write(lambda connection: rows.remove(connection, "anna", "c1"))
    left = await database.read(
        lambda connection: connection.exec_driver_sql("SELECT count(*) FROM messages").scalar()
    )
    assert left == 0


async def test_a_message_deleted_meanwhile_stays_deleted(database: Database, keep: Any) -> None:
    await keep(conversation(), message("m1"))
    await database.write(lambda connection: rows.remove(connection, "anna", "c1"))
    await database.write(lambda connection: rows.save_message(connection, message("m1")))
    assert await database.read(lambda connection: rows.find_message(connection, "anna", "m1")) is None


async def test_replies_that_a_crash_left_behind_are_ended(database: Database, keep: Any) -> None:
    running = replace(message("m2", content="half a"), role="assistant", status="running")
    await keep(conversation(), message("m1"), running)
    assert await database.write(lambda connection: rows.end_running(connection, "interrupted")) == 1
    kept = await database.read(lambda connection: rows.messages_of(connection, "anna", "c1"))
    assert {m.id: (m.status, m.content) for m in kept} == {
        "m1": ("done", "hello"),
        "m2": ("interrupted", "half a"),
    }


# ---- search -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kept", "searched"),
    [
        ("Project PLAN", "plan"),
        ("ＡＢＣ株式会社", "abc"),
        ("abc inc", "ＡＢＣ"),
        ("ｶﾀｶﾅのテスト", "カタカナ"),
        ("ガイドブック", "ｶﾞｲﾄﾞ"),
        ("東京の天気", "天気"),
        ("東京の天気", "京の"),
        ("昨日、東京へ行った", "東京"),
        ("Straße", "STRASSE"),
        ("Été à Paris", "ÉTÉ"),
        ("が", "か\u3099"),
        ("①番", "1番"),
        ("絵文字 🍣 です", "🍣"),
    ],
)
async def test_a_search_finds_it_in_titles_and_messages(
    kept: str, searched: str, keep: Any, found: Any
) -> None:
    await keep(conversation("in-title", title=kept), conversation("in-message", age=1))
    await keep(conversation("nowhere"), message("m1", "in-message", kept))
    assert await found(searched) == ["in-title", "in-message"]


@pytest.mark.parametrize(("kept", "searched"), [("ハナ", "はな"), ("東京", "京東"), ("ab", "abc")])
async def test_a_search_does_not_find_what_differs(kept: str, searched: str, keep: Any, found: Any) -> None:
    await keep(conversation(title=kept))
    assert await found(searched) == []


@pytest.mark.parametrize(
    ("searched", "hit"),
    [("%", "percent"), ("_", "underline"), ("\\", "backslash"), ("100%", "percent"), ("％", "percent")],
)
async def test_wildcards_are_only_characters(searched: str, hit: str, keep: Any, found: Any) -> None:
    await keep(
        conversation("percent", title="100% sure"),
        conversation("underline", title="snake_case"),
        conversation("backslash", title="C:\\Users"),
        conversation("plain", title="1000 snakes"),
    )
    assert await found(searched) == [hit]


async def test_every_word_must_be_there_in_any_order_and_place(keep: Any, found: Any) -> None:
    await keep(
        conversation("both", title="天気予報"),
        message("m1", "both", "京都は晴れ"),
        conversation("one", title="天気予報"),
    )
    assert await found("京都　天気") == ["both"]
    assert await found("天気 大阪") == []


async def test_a_blank_search_finds_everything(keep: Any, found: Any) -> None:
    await keep(conversation())
    assert await found(" 　") == ["c1"]


async def test_the_longest_search_that_the_api_takes_works(keep: Any, found: Any) -> None:
    await keep(conversation(title="a"))
    assert await found(" ".join("a" * 100)) == ["c1"]
    assert await found("㍿" * 200) == []


async def test_a_changed_title_and_message_are_found_by_their_new_words(
    database: Database, keep: Any, found: Any
) -> None:
    await keep(conversation(title="old name"), message("m1", content="old words"))

    def change(connection: Connection) -> None:
        rows.change(connection, "anna", "c1", title="新しい名前", sampling=Sampling(top_k=1))
        rows.save_message(connection, message("m1", content="ﾃｽﾄ"))

    await database.write(change)
    assert await found("old") == []
    assert await found("名前") == ["c1"]
    assert await found("テスト") == ["c1"]


# ---- nobody sees another's --------------------------------------------------------------------------------
async def test_lists_and_searches_are_the_users_own(keep: Any, found: Any) -> None:
    await keep(conversation("hers", title="zebra"), conversation("his", "ben", title="zebra"))
    await keep(message("m1", "hers", "secret"), message("m2", "his", "secret"))
    assert await found(user_id="ben") == ["his"]
    assert await found("zebra", user_id="ben") == ["his"]
    assert await found("secret", user_id="ben") == ["his"]
    assert await found(user_id="") == []


async def test_by_id_another_finds_changes_and_removes_nothing(database: Database, keep: Any) -> None:
    hers = conversation(title="hers")
    await keep(hers, message("m1"))

    def as_ben(connection: Connection) -> list[Any]:
        rows.change(connection, "ben", "c1", title="his")
        rows.remove(connection, "ben", "c1")
        return [
            rows.find(connection, "ben", "c1"),
            rows.find_message(connection, "ben", "m1"),
            rows.messages_of(connection, "ben", "c1"),
        ]

    assert await database.write(as_ben) == [None, None, []]
    assert await database.read(lambda connection: rows.find(connection, "anna", "c1")) == hers
    assert await database.read(lambda connection: rows.messages_of(connection, "anna", "c1"))


async def test_tokens_of_another_are_not_listed_nor_removed(database: Database) -> None:
    token = ApiToken(id="t1", user_id="anna", name="script", created_at=MORNING, last_used_at=None)

    def work(connection: Connection) -> tuple[bool, list[ApiToken], list[ApiToken]]:
        tokens.add(connection, token, "hash")
        removed = tokens.remove(connection, "ben", "t1")
        return removed, tokens.of_user(connection, "ben"), tokens.of_user(connection, "anna")

    assert await database.write(work) == (False, [], [token])


async def test_every_query_takes_the_user() -> None:
    functions = {
        name: inspect.signature(function).parameters
        for name, function in inspect.getmembers(rows, inspect.isfunction)
        if function.__module__ == rows.__name__ and not name.startswith("_")
    }
    assert {name for name, parameters in functions.items() if "user_id" not in parameters} == UNSCOPED
