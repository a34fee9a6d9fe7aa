"""A running reply over a store that is slow or full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from yoriai.chat.reply import LeftOut, Reply
from yoriai.conversations import ConversationMessage
from yoriai.deliberation import Contribution, Deliberation
from yoriai.errors import DiskFullError
from yoriai.telemetry import Metrics
from yoriai.types import Event, Sources, Support, TextDelta


class SlowStore:
    """Whose every save takes longer than the time between two of them."""

    def __init__(self) -> None:
        self.saved: list[str] = []

    async def save(self, message: ConversationMessage) -> None:
        await asyncio.sleep(1.5)
        self.saved.append(message.status)


class FullStore:
    async def save(self, message: ConversationMessage) -> None:
        raise DiskFullError("store.disk_full", path="/data")


def empty() -> ConversationMessage:
    return ConversationMessage(
        id="r", conversation_id="c", parent_id="q", role="assistant", content="", created_at=datetime.now(UTC),
        status="running",
    )  # fmt: skip


async def words(pause_s: float) -> AsyncGenerator[Event | LeftOut, None]:
    for word in ("one ", "two"):
        yield TextDelta(text=word)
        await asyncio.sleep(pause_s)


async def last_of(reply: Reply) -> ConversationMessage:
    async with asyncio.timeout(20):
        async for update in reply.follow():
            last = update
    assert last.kind == "end"
    assert last.message
    return last.message


async def test_an_earlier_save_never_comes_after_the_last() -> None:
    store = SlowStore()
    reply = Reply(empty(), store.save, Metrics())
    reply.start(words(0.6), lambda: None)  # ends while the first save is under way
    assert (await last_of(reply)).status == "done"
    await asyncio.sleep(2)
    assert store.saved == ["running", "done"]


async def test_a_reply_that_cannot_be_saved_ends_and_tells_why() -> None:
    ended = []
    reply = Reply(empty(), FullStore().save, Metrics())
    reply.start(words(0.6), lambda: ended.append(True))
    message = await last_of(reply)
    assert (message.status, message.error_key) == ("failed", "store.disk_full")
    assert message.content == "one two"
    assert not ended  # the database doesn't have it: the server keeps it


async def test_sources_are_told_before_the_words_and_kept_with_the_reply() -> None:
    sources = Sources(citations=(), found=2, left_out=2, tokens=0, budget=9)
    kept: list[ConversationMessage] = []

    async def save(message: ConversationMessage) -> None:
        kept.append(message)

    async def cited() -> AsyncGenerator[Event | LeftOut, None]:
        await asyncio.sleep(0.01)
        yield sources
        await asyncio.sleep(0.01)
        yield TextDelta(text="one")
        yield Support(sentences=())

    reply = Reply(empty(), save, Metrics())
    reply.start(cited(), lambda: None)
    updates = [update async for update in reply.follow()]
    assert [update.kind for update in updates] == ["snapshot", "sources", "delta", "end"]
    assert updates[1].sources == sources
    assert (kept[-1].sources, kept[-1].support) == (sources, Support(sentences=()))


async def test_a_deliberation_is_followed_as_it_grows_and_its_last_state_is_kept() -> None:
    running = Deliberation(method="vote", contributions=(Contribution(label="A", name="a", state="running"),))
    done = Deliberation(method="vote", contributions=(Contribution(label="A", name="a", text="one"),))
    kept: list[ConversationMessage] = []

    async def save(message: ConversationMessage) -> None:
        kept.append(message)

    async def deliberated() -> AsyncGenerator[Event | LeftOut, None]:
        for event in (running, done, TextDelta(text="one")):
            await asyncio.sleep(0.01)
            yield event

    reply = Reply(empty(), save, Metrics())
    reply.start(deliberated(), lambda: None)
    updates = [update async for update in reply.follow()]
    assert [update.kind for update in updates] == ["snapshot", "deliberation", "deliberation", "delta", "end"]
    assert [update.deliberation for update in updates[1:3]] == [running, done]
    assert kept[-1].deliberation == done
