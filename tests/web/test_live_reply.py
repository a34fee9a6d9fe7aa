"""A running reply becomes patches without holding up the server."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from yoriai.chat.reply import ReplyUpdate
from yoriai.types import Citation, Sources
from yoriai.web.live_reply import LiveReply
from yoriai.web.transcript import Transcript


class Patches:
    """A transcript that keeps what it is told."""

    def __init__(self) -> None:
        self.blocks: list[str] = []

    def patch(self, reply_id: str, first: int, blocks: list[str], **_: Any) -> None:
        self.blocks[first:] = blocks


class Reader:
    language = "en"

    def text(self, name: str, /, **values: object) -> str:
        return f"{name} {values}"


async def test_the_loop_turns_while_a_long_answer_is_rendered() -> None:
    patches = Patches()
    live = LiveReply("r", cast(Transcript, patches), cast(Any, Reader()))
    table = "|a|b|\n|-|-|\n" + "|1|2|\n" * 8000
    taking = asyncio.ensure_future(live.take(ReplyUpdate(kind="delta", text=table)))
    turns = 0
    while not taking.done():
        await asyncio.sleep(0.01)
        turns += 1
    await taking
    assert "<table>" in patches.blocks[0]
    assert turns > 3


async def test_a_citation_is_a_link_while_the_answer_is_still_being_written() -> None:
    patches = Patches()
    live = LiveReply("r", cast(Transcript, patches), cast(Any, Reader()))
    cited = Citation(
        number=1, document_id="doc_1", document="rules.pdf", page=3, start=4, end=9, text="words",
        collection_id="vs_1", score=0.5,
    )  # fmt: skip
    sources = Sources(citations=(cited,), found=4, left_out=3, tokens=20, budget=1000)
    await live.take(ReplyUpdate(kind="sources", sources=sources))
    await live.take(ReplyUpdate(kind="delta", text="Ten days [1], not nine [2]."))
    assert 'href="/documents/doc_1?page=3&amp;start=4&amp;end=9&amp;seen=' in patches.blocks[0]
    assert patches.blocks[0].count("y-cite") == 1
