"""Solvers: how the one who is examined is asked. Used by `evaluation.tasks`; knows nothing of right and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from yoriai.evaluation.task import Bench, Output, Sample, Solver
from yoriai.types import ChatRequest, Finish, Message, Sources, TextDelta, ToolCall, Usage


@dataclass(slots=True)
class _Heard:
    parts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    cited: tuple[str, ...] = ()
    usage: Usage | None = None
    reason: str | None = None


def generate(*, begin: str = "", stop: Sequence[str] = (), fields: dict[str, Any] | None = None) -> Solver:
    """Ask once.

    Args:
        begin: how the answer begins, put into the mouth of whoever can go on from there.
        stop: ends the answer.
        fields: of the request, besides sampling.
    """

    async def solve(sample: Sample, bench: Bench, seed: int) -> Output:
        messages = list(sample.input)
        if begin and getattr(bench.responder, "goes_on", False):
            messages.append(Message(role="assistant", content=begin))
        return await asked(messages, bench, seed, {"stop": list(stop) or None, **(fields or {})})

    return solve


def turns() -> Solver:
    """Ask each user's message of the sample in turn, with the answers so far."""

    async def solve(sample: Sample, bench: Bench, seed: int) -> Output:
        messages: list[Message] = []
        said: list[str] = []
        output: Output | None = None
        for each in sample.input:
            messages.append(each)
            if each.role == "user":
                output = await asked(messages, bench, seed + len(said), {})
                said.append(output.text)
                messages.append(Message(role="assistant", content=output.text))
        assert output, "a sample asks something"
        return Output(
            prompt=tuple(messages[:-1]), text=said[-1], turns=tuple(said), usage=output.usage,
            finish_reason=output.finish_reason,
        )  # fmt: skip

    return solve


async def asked(
    messages: Sequence[Message], bench: Bench, seed: int, fields: dict[str, Any], max_tokens: int = 0
) -> Output:
    """One reply. Raises: whatever the responder raises."""
    request = ChatRequest.model_validate(
        {
            "model": bench.responder.name, "messages": list(messages), "temperature": bench.options.temperature,
            "seed": seed, "max_tokens": max_tokens or bench.options.max_tokens or bench.max_tokens,
            "reads_anew": True, **fields,
        }
    )  # fmt: skip
    heard = _Heard()
    async with aclosing(bench.responder.respond(request, bench.context)) as events:
        async for event in events:
            _hear(heard, event)
    return Output(
        prompt=tuple(messages), text="".join(heard.parts), tool_calls=tuple(heard.calls), cited=heard.cited,
        finish_reason=heard.reason, usage=heard.usage,
    )  # fmt: skip


def _hear(heard: _Heard, event: object) -> None:
    if isinstance(event, TextDelta):
        heard.parts.append(event.text)
    elif isinstance(event, ToolCall):
        heard.calls.append(event)
    elif isinstance(event, Sources):
        heard.cited = tuple(each.text for each in event.citations)
    elif isinstance(event, Usage):
        heard.usage = event
    elif isinstance(event, Finish):
        heard.reason = event.reason
