"""A responder that says what a test wrote, character by character, and remembers what it was asked."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable

from yoriai.types import ChatRequest, Context, Event, Finish, TextDelta, Usage

Script = Callable[[ChatRequest], str]


class Scripted:
    """`says`: the reply to a request. A token is four characters."""

    name = "scripted"

    def __init__(self, says: str | Script, context_size: int = 4096) -> None:
        self._says = says if callable(says) else lambda request: says
        self._context_size = context_size
        self.asked: list[ChatRequest] = []

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        for character in self._says(request):
            yield TextDelta(text=character)
        yield Finish(reason="stop")
        yield Usage(prompt_tokens=(await self.count_tokens(request))[0], completion_tokens=1)

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return sum(len(each.text()) for each in request.messages) // 4, self._context_size


class Leaning(Scripted):
    """Where it is asked for probabilities, its first token is told to be each of `likeliest` with that share."""

    def __init__(self, says: str, **likeliest: float) -> None:
        super().__init__(says)
        self._likeliest = [{"token": token, "logprob": math.log(share)} for token, share in likeliest.items()]

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        if request.logprobs:
            self.asked.append(request)
            yield TextDelta(
                text="?", logprobs=[{"token": "?", "logprob": 0, "top_logprobs": self._likeliest}]
            )
            return
        async for event in super().respond(request, context):
            yield event
