"""Calls of responders on behalf of a composite: what each said, what all of them cost, and the budget that ends them.

A call that its engine gives up raises; one that the deadline cuts off raises `TimeoutError`. Knows no method of search.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from yoriai.deliberation import Cost, Deliberation
from yoriai.responders.emitting import Emit
from yoriai.types import (
    ChatRequest,
    Context,
    Event,
    Finish,
    FinishReason,
    ReasoningDelta,
    Responder,
    Sources,
    Stage,
    Support,
    TextDelta,
    Usage,
)

FEWEST_TOKENS = 16  # a call that may say less isn't worth its prompt


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Of all calls together. `tokens` are generated ones; `call_tokens`: of a call whose request sets no limit."""

    tokens: int
    seconds: float
    call_tokens: int


@dataclass(kw_only=True, slots=True)
class Reply:
    """What one call gave."""

    text: str = ""
    reasoning: str = ""
    logprobs: list[dict[str, Any]] = field(default_factory=list)  # OpenAI's items of the text's tokens
    reason: FinishReason = "stop"
    sources: Sources | None = None
    support: Support | None = None
    usage: Usage | None = None
    cost: Cost = field(default_factory=Cost)


class Calls:
    """For one request of one user. Stages that a call waits in (its model is loaded …) are passed on."""

    def __init__(self, context: Context, emit: Emit, limits: Limits) -> None:
        self._context, self._emit, self._limits = context, emit, limits
        self._begun: float | None = None
        self._loading: Counter[str] = Counter()  # calls that wait for each model just now
        self._reserved = 0  # tokens that running calls may still say
        self._spent = Cost()
        self._usage = Usage(prompt_tokens=0, completion_tokens=0)

    @property
    def ended(self) -> Literal["", "tokens", "time"]:
        """Why no further call may begin."""
        if self._left() < FEWEST_TOKENS:
            return "tokens"
        return "time" if self._elapsed() >= self._limits.seconds else ""

    @property
    def cost(self) -> Cost:
        spent = self._spent
        return Cost(
            calls=spent.calls, prompt_tokens=spent.prompt_tokens, completion_tokens=spent.completion_tokens,
            seconds=round(self._elapsed(), 3), swaps=spent.swaps,
        )  # fmt: skip

    @property
    def usage(self) -> Usage:
        """Of all calls together."""
        return self._usage

    async def ask(
        self, responder: Responder, request: ChatRequest, follow: Callable[[Event], None] | None = None
    ) -> Reply:
        """One reply, within what is left of the budget. `follow` sees every event of it as it comes.

        Raises: what the responder raises; TimeoutError: the deadline came first.
        """
        if self._begun is None:
            self._begun = time.monotonic()
        request, most = self._limited(responder, request)
        reply, call = Reply(), _Call(begun=time.monotonic())
        self._reserved += most
        try:
            async with asyncio.timeout(self._limits.seconds - self._elapsed()):
                async with aclosing(responder.respond(request, self._context)) as events:
                    async for event in events:
                        self._take(event, reply, call)
                        if follow:
                            follow(event)
        finally:
            self._reserved -= most
            self._stopped_loading(call)
            reply.cost = call.cost()
            self._add(reply.cost, reply.usage)
        return reply

    def _limited(self, responder: Responder, request: ChatRequest) -> tuple[ChatRequest, int]:
        wanted = request.max_completion_tokens or request.max_tokens or self._limits.call_tokens
        most = max(1, min(wanted, self._left()))
        changes: dict[str, object] = {
            "model": responder.name, "max_completion_tokens": most, "max_tokens": None, "n": 1,
            "answers_approvals": False,  # nobody sees what is asked in here
        }  # fmt: skip
        return request.model_copy(update=changes), most

    def _take(self, event: Event, reply: Reply, call: _Call) -> None:
        if isinstance(event, Stage):
            self._stage(event, call)
            return
        self._stopped_loading(call)
        if isinstance(event, TextDelta):
            reply.text += event.text
            reply.logprobs += event.logprobs or []
            call.deltas += 1
        elif isinstance(event, ReasoningDelta):
            reply.reasoning += event.text
            call.deltas += 1
        elif isinstance(event, Usage):
            reply.usage = call.usage = event
        elif isinstance(event, Finish):
            reply.reason = event.reason
        elif isinstance(event, Sources):
            reply.sources = event
        elif isinstance(event, Support):
            reply.support = event
        elif isinstance(event, Deliberation):
            call.calls = max(1, event.cost.calls)

    def _stage(self, stage: Stage, call: _Call) -> None:
        """A swap is a model that one of the calls waits for, however many others wait for it, too."""
        if stage.name != "loading":
            self._stopped_loading(call)
        elif not call.loading:
            call.loading = stage.detail or "?"
            call.swaps += not self._loading[call.loading]
            self._loading[call.loading] += 1
        if stage.name in {"loading", "queued"}:
            self._emit(stage)

    def _stopped_loading(self, call: _Call) -> None:
        if call.loading:
            self._loading[call.loading] -= 1
            call.loading = ""

    def _add(self, cost: Cost, usage: Usage | None) -> None:
        before, so_far = self._spent, self._usage
        self._spent = Cost(
            calls=before.calls + cost.calls, prompt_tokens=before.prompt_tokens + cost.prompt_tokens,
            completion_tokens=before.completion_tokens + cost.completion_tokens, swaps=before.swaps + cost.swaps,
        )  # fmt: skip
        self._usage = Usage(
            prompt_tokens=self._spent.prompt_tokens, completion_tokens=self._spent.completion_tokens,
            cached_tokens=so_far.cached_tokens + (usage.cached_tokens if usage else 0),
            prompt_ms=_sum(so_far.prompt_ms, usage.prompt_ms if usage else None),
            generation_ms=_sum(so_far.generation_ms, usage.generation_ms if usage else None),
            context_size=usage.context_size if usage else so_far.context_size,
        )  # fmt: skip

    def _left(self) -> int:
        return self._limits.tokens - self._spent.completion_tokens - self._reserved

    def _elapsed(self) -> float:
        return time.monotonic() - self._begun if self._begun is not None else 0.0


@dataclass(kw_only=True, slots=True)
class _Call:
    begun: float
    deltas: int = 0
    calls: int = 1  # more where the responder is itself a composite
    swaps: int = 0
    loading: str = ""  # the model that it waits for
    usage: Usage | None = None

    def cost(self) -> Cost:
        """Of a call that was cut off nobody counted the tokens: a delta is about one."""
        return Cost(
            calls=self.calls, prompt_tokens=self.usage.prompt_tokens if self.usage else 0,
            completion_tokens=self.usage.completion_tokens if self.usage else self.deltas,
            seconds=round(time.monotonic() - self.begun, 3), swaps=self.swaps,
        )  # fmt: skip


def _sum(a: float | None, b: float | None) -> float | None:
    return a if b is None else (a or 0.0) + b
