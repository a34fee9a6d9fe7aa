"""Members of a council that say, fail or dawdle as a test wrote, and remember what they were asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable

from yoriai.errors import YoriaiError
from yoriai.types import ChatRequest, Context, Event, Finish, ReasoningDelta, Stage, TextDelta, Usage

Says = str | Callable[[ChatRequest], str]
CONTEXT_SIZE = 4096


class Member:
    """`says`: its reply, or a function of the request. `thinks`: before it. `waits_s`: before its first word.

    `pauses_s`: after each line."""

    def __init__(
        self, name: str, says: Says = "", *, thinks: str = "", waits_s: float = 0, fails: YoriaiError | None = None,
        loads_s: float = 0, breaks: bool = False, pauses_s: float = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self._says = says if callable(says) else lambda request: says
        self._thinks, self._waits_s, self._fails, self._breaks = thinks, waits_s, fails, breaks
        self._loads_s, self._pauses_s = loads_s, pauses_s
        self.asked: list[ChatRequest] = []
        self.running = 0

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        self.running += 1
        try:
            if self._loads_s:
                yield Stage(name="loading", detail=self.name)
                await asyncio.sleep(self._loads_s)
            if self._waits_s:
                await asyncio.sleep(self._waits_s)
            if self._fails and not self._breaks:
                raise self._fails
            if self._thinks:
                yield ReasoningDelta(text=self._thinks)
            said = self._says(request)
            for word in said.splitlines(keepends=True):
                yield TextDelta(text=word)
                await asyncio.sleep(self._pauses_s)
                if self._fails:
                    raise self._fails
            yield Finish(reason="stop")
            yield Usage(prompt_tokens=10, completion_tokens=len(said.split()), context_size=CONTEXT_SIZE)
        finally:
            self.running -= 1

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return sum(len(each.text()) for each in request.messages) // 4, CONTEXT_SIZE


def is_claims(request: ChatRequest) -> bool:
    """Whether it is asked for the table of claims."""
    return _format_name(request) == "claims"


def is_review(request: ChatRequest) -> bool:
    return _format_name(request) == "review"


def prompt(request: ChatRequest) -> str:
    return request.messages[-1].text()


def claims(*rows: dict[str, str], reason: str = "") -> str:
    return json.dumps({"claims": list(rows), "reason": reason})


def _format_name(request: ChatRequest) -> str:
    schema = request.response_format.json_schema if request.response_format else None
    return schema.name if schema else ""
