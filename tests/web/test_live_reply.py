"""A running reply becomes patches without holding up the server."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from yoriai.chat.reply import ReplyUpdate
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
