"""Conversations next to each other, each following its running reply. Used by `compare_page` and `arena_page`.

Owns what is drawn and followed; knows no vote and no form.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial

from nicegui import background_tasks, ui

from yoriai.bootstrap import Services
from yoriai.chat.comparisons import Column
from yoriai.conversations import ConversationMessage
from yoriai.web import tree
from yoriai.web.handling import Handling
from yoriai.web.live_reply import LiveReply
from yoriai.web.transcript import Transcript
from yoriai.web.visitor import Visitor

_QUESTIONS = "[...document.querySelectorAll('.y-column:first-child .y-user')]"
_TO_NEWEST = f"setTimeout(() => {_QUESTIONS}.pop()?.scrollIntoView(), 100)"
_PACE_S, _REST = 0.1, 4  # between two patches of a reply: at least, and so many times what the last one took


class Columns:
    """`on_end` is called when an answer has ended, `on_adopt` with the conversation that is gone on with."""

    def __init__(
        self, services: Services, visitor: Visitor, handling: Handling, *, on_end: Callable[[], Awaitable[None]],
        on_adopt: Callable[[str], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._chat, self._visitor, self._handling = services.chat, visitor, handling
        self._on_end, self._on_adopt = on_end, on_adopt
        self._columns: tuple[Column, ...] = ()
        self._transcripts: dict[str, Transcript] = {}
        self._names: dict[str, ui.label] = {}
        self._buttons: dict[str, ui.button] = {}
        self._ready: set[str] = set()
        self._following: dict[str, asyncio.Task[None]] = {}
        self.place = ui.element("div").classes("y-columns")
        ui.context.client.on_delete(self._unfollow)

    @property
    def is_running(self) -> bool:
        return any(each.status == "running" for column in self._columns for each in column.messages)

    async def show(self, columns: Sequence[Column], *, names: Sequence[str], is_open: bool) -> None:
        """These, with `names` above them; `is_open`: one of them can be gone on with."""
        before, self._columns = self._columns, tuple(columns)
        if [each.conversation.id for each in before] != [each.conversation.id for each in columns]:
            self._rebuild()
        rows = 1 + max((len(each.messages) for each in columns), default=0)
        self.place.style(f"--y-count: {len(columns)}; --y-rows: {rows}")
        for column, name in zip(columns, names, strict=True):
            id_ = column.conversation.id
            self._names[id_].text = name
            self._buttons[id_].set_visibility(is_open and bool(column.messages))
            self._transcripts[id_].props(f'aria-label="{name}"')
            await self._fill(column)

    def scroll_to_newest(self) -> None:
        """The last question stands at the top, where there are several."""
        if any(len(column.messages) > 2 for column in self._columns):
            with self.place:
                ui.run_javascript(_TO_NEWEST)

    def _rebuild(self) -> None:
        self._unfollow()
        self._ready.clear()
        self.place.clear()
        for column in self._columns:
            with self.place, ui.element("section").classes("y-column"):
                self._build(column.conversation.id)

    def _build(self, id_: str) -> None:
        with ui.element("div").classes("y-column-head"):
            self._names[id_] = ui.label().props("role=heading aria-level=2")
            adopt = self._handling.safely(partial(self._on_adopt, id_))
            words = self._visitor.text("compare_adopt")
            self._buttons[id_] = ui.button(words, icon="forum", on_click=adopt).props("flat dense no-caps")
        self._transcripts[id_] = Transcript(self._visitor, fixed=True)
        self._handling.on(self._transcripts[id_], "ready", partial(self._shown_first, id_))
        self._handling.on(self._transcripts[id_], "lost", partial(self._follow_again, id_), "id")

    async def _shown_first(self, id_: str) -> None:
        """A browser is there, for the first time or again: it knows nothing yet."""
        self._ready.add(id_)
        for column in self._columns:
            if column.conversation.id == id_:
                await self._fill(column)

    async def _fill(self, column: Column) -> None:
        id_ = column.conversation.id
        if id_ not in self._ready:
            return
        await self._transcripts[id_].show(tree.branch(column.messages, column.conversation.leaf_id))
        for message in column.messages:
            if message.status == "running":
                self._follow(id_, message.id)

    # ---- following -----------------------------------------------------------------------------------------
    async def _follow_again(self, id_: str, id: str) -> None:
        self._follow(id_, id)

    def _follow(self, id_: str, reply_id: str) -> None:
        if (before := self._following.get(reply_id)) is not None:
            before.cancel()
        following = self._handling.safely(partial(self._follow_to_the_end, id_, reply_id))
        self._following[reply_id] = background_tasks.create(following(), name=f"follow {reply_id}")

    async def _follow_to_the_end(self, id_: str, reply_id: str) -> None:
        live = LiveReply(reply_id, self._transcripts[id_], self._visitor)
        async with aclosing(self._chat.follow(await self._visitor.user(), reply_id)) as updates:
            async for update in updates:
                if update.kind == "end" and update.message:
                    await self._ended(id_, update.message)
                    return
                begun = time.perf_counter()
                await live.take(update)
                await asyncio.sleep(max(_PACE_S, _REST * (time.perf_counter() - begun)))

    async def _ended(self, id_: str, message: ConversationMessage) -> None:
        self._following.pop(message.id, None)
        self._columns = tuple(_with(each, message) for each in self._columns)
        for column in self._columns:
            if column.conversation.id == id_:
                for shown in tree.branch(column.messages, message.id):
                    if shown.message.id == message.id:
                        await self._transcripts[id_].put(shown)
        await self._on_end()

    def _unfollow(self) -> None:
        for task in self._following.values():
            task.cancel()
        self._following.clear()


def _with(column: Column, message: ConversationMessage) -> Column:
    messages = tuple(message if each.id == message.id else each for each in column.messages)
    return Column(conversation=column.conversation, messages=messages)
