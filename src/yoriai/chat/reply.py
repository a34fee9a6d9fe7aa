"""One running reply: what it has said so far, who follows it, and its place in the database.

Owns the task that iterates a responder's events. Knows neither HTTP nor the page; `chat.chat` starts and stops it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from yoriai.conversations import ConversationMessage, ReplyStatus
from yoriai.deliberation import Deliberation
from yoriai.errors import YoriaiError
from yoriai.telemetry import Metrics
from yoriai.tool_use import ToolUse
from yoriai.types import Event, Finish, ReasoningDelta, Sources, Stage, Support, TextDelta, Usage

_log = logging.getLogger(__name__)
_SAVE_EVERY_S = 1.0  # a crash of the whole machine costs at most so much of a reply


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """So many messages at the beginning of the conversation did not fit into the model's context."""

    messages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyUpdate:
    """What a follower learns. `snapshot` first, `end` last: both carry the whole message.

    A `delta` carries what was said since, with the place (in characters) where it belongs, so that nothing is
    doubled or lost by whoever comes late. `sources` come before the first word that may cite them. A `deliberation` is
    the whole of it so far, and takes the place of the one before; so do `tools`, all calls as they stand.
    """

    kind: Literal["snapshot", "delta", "stage", "sources", "deliberation", "tools", "end"]
    offset: int = 0
    text: str = ""
    reasoning_offset: int = 0
    reasoning: str = ""
    stage: Stage | None = None
    sources: Sources | None = None
    deliberation: Deliberation | None = None
    tool_uses: tuple[ToolUse, ...] = ()
    message: ConversationMessage | None = None


class Reply:
    """`message` is the reply as the database has it, still empty; `save` writes it there."""

    def __init__(
        self,
        message: ConversationMessage,
        save: Callable[[ConversationMessage], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        self._message = message
        self._save = save
        self._metrics = metrics
        self._text = ""
        self._reasoning = ""
        self._stage: Stage | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending: ReplyStatus = "stopped"
        self._is_closing = False

    def start(self, events: AsyncGenerator[Event | LeftOut, None], ended: Callable[[], None]) -> None:
        """Begin to iterate `events`; `ended` is called when the last word is in the database, and only then."""
        self._task = asyncio.create_task(self._run(events, ended))

    async def stop(self, status: ReplyStatus) -> None:
        """End it as `status`, and wait until what it said is saved."""
        task = self._task
        if task is None or task.done():
            return
        await asyncio.sleep(0)  # a task that is cancelled before its first step never takes one
        if not self._is_closing:
            self._is_closing = True
            self._ending = status
            task.cancel()
        await asyncio.wait([task])

    def message(self) -> ConversationMessage:
        """The reply as it stands."""
        return replace(self._message, content=self._text, reasoning=self._reasoning)

    async def follow(self) -> AsyncGenerator[ReplyUpdate, None]:
        """From now to the end. A slow follower gets fewer, larger deltas."""
        said, reasoned, stage = len(self._text), len(self._reasoning), self._stage
        sources, deliberation = self._message.sources, self._message.deliberation
        tool_uses = self._message.tool_uses
        yield ReplyUpdate(kind="snapshot", message=self.message(), stage=stage)
        while True:
            news = self._news
            if self._stage != stage:
                stage = self._stage
                yield ReplyUpdate(kind="stage", stage=stage)
            if self._message.sources is not sources:
                sources = self._message.sources
                yield ReplyUpdate(kind="sources", sources=sources)
            if self._message.deliberation is not deliberation:
                deliberation = self._message.deliberation
                yield ReplyUpdate(kind="deliberation", deliberation=deliberation)
            if self._message.tool_uses is not tool_uses:
                tool_uses = self._message.tool_uses
                yield ReplyUpdate(kind="tools", tool_uses=tool_uses)
            if len(self._text) > said or len(self._reasoning) > reasoned:
                text, reasoning = self._text[said:], self._reasoning[reasoned:]
                update = ReplyUpdate(
                    kind="delta", offset=said, text=text, reasoning_offset=reasoned, reasoning=reasoning
                )
                said, reasoned = said + len(text), reasoned + len(reasoning)
                yield update
            elif self._message.status != "running":
                yield ReplyUpdate(kind="end", message=self.message())
                return
            elif news is self._news:
                await news.wait()

    async def _run(self, events: AsyncGenerator[Event | LeftOut, None], ended: Callable[[], None]) -> None:
        said_all, begun = asyncio.Event(), time.perf_counter()
        saving = asyncio.create_task(self._save_now_and_then(said_all))
        outcome = await self._outcome(events)
        self._is_closing = True  # from here on a stop comes too late, and must not break the last save
        said_all.set()
        await saving  # not cancelled: a save that is still under way would overwrite the last one
        message = replace(self.message(), **outcome, duration_ms=1000 * (time.perf_counter() - begun))
        try:
            await self._save(message)
        except Exception as error:  # a full disk: the followers learn it, and the server still has the words
            message = replace(message, **_failure(error))
        else:
            ended()
        self._message = message
        self._tell()

    async def _outcome(self, events: AsyncGenerator[Event | LeftOut, None]) -> dict[str, Any]:
        """Iterate to the end, whatever it is: the fields of the message that tell which."""
        try:
            await self._iterate(events)
        except asyncio.CancelledError:
            return {"status": self._ending, "tool_uses": _ended(self._message.tool_uses)}
        except Exception as error:
            return _failure(error) | {"tool_uses": _ended(self._message.tool_uses)}
        return {"status": "done"}

    async def _iterate(self, events: AsyncGenerator[Event | LeftOut, None]) -> None:
        begun = time.perf_counter()
        name = self._message.model or ""
        first = True
        async with aclosing(events) as iterated:
            async for event in iterated:
                if first and isinstance(event, TextDelta | ReasoningDelta):
                    first = False
                    elapsed_s = time.perf_counter() - begun
                    self._metrics.first_token(name, elapsed_s)
                    self._change(time_to_first_token_ms=1000 * elapsed_s)
                if isinstance(event, Usage):
                    self._metrics.usage(name, event)
                self._take(event)
                self._tell()

    def _take(self, event: Event | LeftOut) -> None:
        if isinstance(event, TextDelta):
            self._text += event.text
            self._stage = None
        elif isinstance(event, ReasoningDelta):
            self._reasoning += event.text
            self._stage = None
        elif isinstance(event, Stage):
            self._stage = event
        elif isinstance(event, Usage):
            self._change(usage=event)
        elif isinstance(event, Finish):
            self._change(finish_reason=event.reason)
        elif isinstance(event, Sources):
            self._change(sources=event)
        elif isinstance(event, Support):
            self._change(support=event)
        elif isinstance(event, Deliberation):
            self._change(deliberation=event)
        elif isinstance(event, ToolUse):
            self._stage = None
            self._change(tool_uses=with_use(self._message.tool_uses, event))
        elif isinstance(event, LeftOut):
            self._change(left_out=event.messages)

    def _change(self, **values: Any) -> None:
        self._message = replace(self._message, **values)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _save_now_and_then(self, said_all: asyncio.Event) -> None:
        saved = 0
        while not said_all.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(said_all.wait(), _SAVE_EVERY_S)
                return
            message = self.message()
            if len(message.content) + len(message.reasoning) > saved:
                try:
                    await self._save(message)
                except Exception as error:  # the last save tells it, if it lasts
                    _log.warning("a reply could not be saved yet: %s", error)
                saved = len(message.content) + len(message.reasoning)


def _ended(uses: tuple[ToolUse, ...]) -> tuple[ToolUse, ...]:
    """What still ran, or waited for somebody's word, when the reply ended."""
    return tuple(
        replace(each, state="refused", reason="gone") if each.state in {"asking", "running"} else each
        for each in uses
    )


def with_use(uses: tuple[ToolUse, ...], use: ToolUse) -> tuple[ToolUse, ...]:
    """`use` in the place of its state before, or at the end."""
    if any(each.id == use.id for each in uses):
        return tuple(use if each.id == use.id else each for each in uses)
    return (*uses, use)


def _failure(error: Exception) -> dict[str, Any]:
    """The fields of a message that tell why it broke off."""
    if not isinstance(error, YoriaiError):
        _log.error("a reply broke off", exc_info=error)
        return {"status": "failed", "error_key": "chat.bug", "error_values": {}}
    plain = {
        name: value if isinstance(value, int | float) else str(value) for name, value in error.values.items()
    }
    return {"status": "failed", "error_key": error.key, "error_values": plain}
