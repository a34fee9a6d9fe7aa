"""Rows of assistants and of what replies rest on: what was kept comes back, and names mean whom they should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from yoriai.conversations import Conversation, ConversationMessage
from yoriai.records import Assistant
from yoriai.store import assistants as rows
from yoriai.store import conversations
from yoriai.store.database import Database
from yoriai.types import Citation, Sampling, SentenceSupport, Sources, Support

MORNING = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
ASSISTANT = Assistant(
    id="a1", owner_id="anna", name="旅費Ｒｕｌｅｓ", sharing="owner", model="qwen", system_prompt="Be brief.",
    sampling=Sampling(temperature=0, stop=["。"]), collection_ids=("vs_1", "vs_2"), mode="whole", only_documents=False,
    checks_support=True, judge="second", created_at=MORNING, updated_at=MORNING,
)  # fmt: skip


async def keep(database: Database, *assistants: Assistant) -> None:
    def work(connection: Connection) -> None:
        for assistant in assistants:
            rows.add(connection, assistant)

    await database.write(work)


async def test_what_was_kept_comes_back_to_its_owner_alone(database: Database) -> None:
    await keep(database, ASSISTANT)
    assert await database.read(lambda connection: rows.find(connection, {"anna"}, "a1")) == ASSISTANT
    assert await database.read(lambda connection: rows.usable(connection, {"anna"})) == [ASSISTANT]
    assert await database.read(lambda connection: rows.find(connection, {"ben"}, "a1")) is None
    assert await database.read(lambda connection: rows.usable(connection, {"ben"})) == []
    assert await database.read(lambda connection: rows.named(connection, {"ben"}, ASSISTANT.name)) is None


async def test_ones_own_name_comes_before_what_others_share(database: Database) -> None:
    shared = replace(ASSISTANT, id="a0", owner_id="ben", sharing="everyone")
    older = replace(shared, id="a2", owner_id="carl", created_at=MORNING - timedelta(days=1))
    await keep(database, shared, older, ASSISTANT)

    async def meant(user: str, name: str = "旅費rules") -> Any:
        found = await database.read(lambda connection: rows.named(connection, {user}, name))
        return found and found.id

    assert await meant("anna") == "a1"
    assert await meant("ben") == "a0"
    assert await meant("dora", " 旅費ＲＵＬＥＳ ") == "a2"  # of others the oldest
    assert await meant("dora", "旅費") is None


async def test_what_is_changed_is_changed_and_nothing_else(database: Database) -> None:
    await keep(database, ASSISTANT)

    def work(connection: Connection) -> Assistant | None:
        rows.change(connection, "a1", name="B", sampling=Sampling(top_k=3), collection_ids=("vs_3",))
        return rows.find(connection, {"anna"}, "a1")

    changed = replace(ASSISTANT, name="B", sampling=Sampling(top_k=3), collection_ids=("vs_3",))
    assert await database.write(work) == changed
    assert await database.read(lambda connection: rows.named(connection, {"anna"}, "b")) == changed


@pytest.mark.usefixtures("people")
async def test_what_a_reply_rests_on_comes_back_as_it_was(database: Database) -> None:
    citation = Citation(
        number=1, document_id="d", document="規程.pdf", page=2, start=0, end=4, text="本文です", collection_id="vs",
        score=0.25,
    )  # fmt: skip
    reply = ConversationMessage(
        id="m", conversation_id="c", parent_id=None, role="assistant", content="はい[1]", created_at=MORNING,
        sources=Sources(citations=(citation,), found=3, left_out=2, tokens=9, budget=90, query="何"),
        support=Support(sentences=(SentenceSupport(start=0, end=5, verdict="weak", citations=(1,), score=0.5),)),
    )  # fmt: skip
    conversation = Conversation(
        id="c", user_id="anna", title="", model="", system_prompt="", sampling=Sampling(), leaf_id=None,
        created_at=MORNING, updated_at=MORNING,
    )  # fmt: skip

    def work(connection: Connection) -> list[ConversationMessage]:
        conversations.add(connection, conversation)
        conversations.add_message(connection, replace(reply, sources=None, support=None))
        assert conversations.messages_of(connection, "anna", "c")[0].sources is None
        conversations.save_message(connection, reply)
        return conversations.messages_of(connection, "anna", "c")

    assert await database.write(work) == [reply]
