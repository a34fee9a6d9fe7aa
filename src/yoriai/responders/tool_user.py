"""A model with tools that this server runs itself: it calls, gets the results as data, and goes on until it answers.

Stands around a model; without `server_tools` in the request it is the model. What a call may do is `tools.toolbox`'s
to decide. The number of rounds is bounded, then the model has to answer with what it has.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from yoriai.errors import UnsupportedError, UsageError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import harmless
from yoriai.knowledge.split import size_of
from yoriai.responders.model import ModelResponder
from yoriai.responders.turns import language_in, reply_room
from yoriai.tool_use import ToolUse
from yoriai.tools.toolbox import Toolbox
from yoriai.types import (
    ChatRequest,
    Context,
    Event,
    Finish,
    FunctionCall,
    Message,
    MessageToolCall,
    TextDelta,
    ToolCall,
    Usage,
)
from yoriai.types import Tool as WireTool

_MOST_CALLS = 8  # of one round
_TEMPERATURE = 0.2  # where the request doesn't say: a call is right or wrong, not lively
_SHORTEST = 200  # characters that a result has left, however full the context is


@dataclass(slots=True)
class _Turn:
    """What the model did in one round."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    finish: Finish = field(default_factory=lambda: Finish(reason="stop"))


class ToolUser:
    """`model`, with the tools of `toolbox`."""

    def __init__(self, model: ModelResponder, toolbox: Toolbox) -> None:
        self.model, self._toolbox = model, toolbox

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def goes_on(self) -> bool:
        return self.model.goes_on

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return await self.model.count_tokens(await self._described(request))

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        """The model's events, and between them a `ToolUse` for each state of each call.

        Raises:
            UnsupportedError: several choices, or log-probabilities. UsageError: tools of the client beside ours.
            NotFoundError: there is no such tool. Else as the model.
        """
        events = (
            self._with_tools(request, context)
            if request.server_tools
            else self.model.respond(request, context)
        )
        async with aclosing(events):
            async for event in events:
                yield event

    async def _described(self, request: ChatRequest) -> ChatRequest:
        if not request.server_tools:
            return request
        tools = await self._toolbox.named(request.server_tools)
        return request.model_copy(
            update={"server_tools": None, "tools": [each.wire() for each in tools.values()]}
        )

    async def _with_tools(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        _check(request)
        names = request.server_tools or []
        tools = await self._toolbox.named(list(dict.fromkeys(names)))
        said = list(request.messages)
        notes = await self._toolbox.notes(tools, context)
        foreign = context.reads_foreign or bool(notes)
        used: Usage | None = None
        given: set[tuple[str, str]] = set()
        most = self._toolbox.settings.max_rounds
        again, failures = False, 0
        for rounds_left in range(most, -1, -1):
            turn = _Turn()
            offered = [each.wire(notes.get(name, "")) for name, each in tools.items()] if rounds_left else []
            sent = _asked(request, said, offered, "required" if again else None, first=rounds_left == most)
            async with aclosing(self.model.respond(sent, context)) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        used = _added(used, event)
                    elif not _taken(turn, event):
                        yield event
            calls = [each for each in turn.calls if (each.name, each.arguments) not in given][:_MOST_CALLS]
            if not rounds_left or not turn.calls:
                break
            if turn.text:
                yield TextDelta(text="\n\n")
            said.append(_spoken(turn, calls or turn.calls[:1]))
            if not calls:  # what it asks for again it has already: now it is to answer
                said.append(_again(turn.calls[0]))
                tools = {}
                continue
            room = await self._room(request, said, offered, len(calls))
            for call in calls:
                given.add((call.name, call.arguments))
                states = self._toolbox.carry_out(
                    call, tools, context, foreign=foreign, may_ask=request.answers_approvals
                )
                async with aclosing(states):
                    async for use in states:
                        yield use
                foreign = foreign or use.is_foreign
                said.append(_told(call, use, room))
            failed = use.state == "failed"
            failures += failed
            again = failed and use.name in tools and failures <= tools[use.name].retries
            said[-1] = _reminded(said[-1], request, failed=failed)
        yield Finish(reason="stop") if turn.finish.reason == "tool_calls" else turn.finish
        if used:
            yield used

    async def _room(
        self, request: ChatRequest, said: list[Message], offered: list[WireTool], results: int
    ) -> float:
        """Estimated tokens that each of the results may take; infinite where nobody knows the context."""
        tokens, size = await self.model.count_tokens(_asked(request, said, offered, first=False))
        return (size - tokens - reply_room(request, size)) / results if size else float("inf")


def _check(request: ChatRequest) -> None:
    if request.tools:
        raise UsageError("responders.tools_mixed", param="tools")
    if request.n != 1:
        raise UnsupportedError("responders.tools_one_choice", param="n")


def _asked(
    request: ChatRequest, said: list[Message], offered: list[WireTool],
    choice: Literal["required"] | None = None, *, first: bool,
) -> ChatRequest:  # fmt: skip
    changes: dict[str, Any] = {"messages": list(said), "server_tools": None, "answers_approvals": False}
    changes["tools"] = offered or None
    if request.temperature is None:
        changes["temperature"] = _TEMPERATURE
    changes["tool_choice"] = (request.tool_choice if first else choice or "auto") if offered else None
    return request.model_copy(update=changes)


def _taken(turn: _Turn, event: Event) -> bool:
    """Note what the model did; whether nobody else is to learn of it."""
    if isinstance(event, ToolCall):
        turn.calls.append(event)
        return True
    if isinstance(event, Finish):
        turn.finish = event
        return True
    if isinstance(event, TextDelta):
        turn.text += event.text
    return False


def _spoken(turn: _Turn, calls: list[ToolCall]) -> Message:
    return Message(
        role="assistant", content=turn.text or None,
        tool_calls=[
            MessageToolCall(id=each.id[:128], function=FunctionCall(name=each.name[:128], arguments=each.arguments))
            for each in calls
        ],
    )  # fmt: skip


def _told(call: ToolCall, use: ToolUse, room: float) -> Message:
    """The result as the model reads it: data, without anything that a template takes for another turn."""
    given = harmless(use.result) if use.is_foreign else use.result
    cost = size_of(given)
    if cost > room:
        keep = max(_SHORTEST, int(len(given) * max(room, 0) / cost))
        given = f"{given[:keep]}\n[cut: {len(given) - keep} more characters]" if keep < len(given) else given
    return Message(role="tool", tool_call_id=call.id[:128], name=call.name[:128], content=given)


def _reminded(last: Message, request: ChatRequest, *, failed: bool) -> Message:
    """The last result, and what is to be done with it, in the question's language: what tools say is mostly English."""
    question = next((each.text() for each in reversed(request.messages) if each.role == "user"), "")
    language = language_in(question, "en")
    told = text("responders.tool_again" if failed else "responders.tool_reminder", language)
    return last.model_copy(update={"content": f"{last.text()}\n\n{told}"})


def _again(call: ToolCall) -> Message:
    told = "You have called this already; its result stands above. Answer the user now."
    return Message(role="tool", tool_call_id=call.id[:128], name=call.name[:128], content=told)


def _added(before: Usage | None, now: Usage) -> Usage:
    """Of all rounds: what was written, and the last prompt, which holds the others."""
    if before is None:
        return now
    return replace(
        now, completion_tokens=before.completion_tokens + now.completion_tokens,
        generation_ms=_sum(before.generation_ms, now.generation_ms), prompt_ms=_sum(before.prompt_ms, now.prompt_ms),
    )  # fmt: skip


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second
