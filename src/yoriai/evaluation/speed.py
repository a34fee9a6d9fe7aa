"""How fast a responder answers: rounds of simultaneous requests, timed. Takes any responder, knows no engine.

`evaluation.bench` opens what is measured and keeps the result.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from yoriai.evaluation.prompts import passage, request, sentences_for
from yoriai.types import ChatRequest, Context, Embeddings, Finish, ReasoningDelta, Responder, TextDelta, Usage

Result = TypeVar("Result")
Embed = Callable[[list[str]], Awaitable[Embeddings]]

_FEWEST_TOKENS = 8  # of a reply from which a rate is taken
_WARM_UP_TOKENS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What is asked of the responder."""

    users: int
    prompt_tokens: int  # of each request, at most
    tokens: int  # of each reply, at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """All users once, at the same time. Rates are of all together."""

    prompt_tokens: int  # of one request
    generated_tokens: int  # of one request
    prompt_tokens_per_s: float | None
    generation_tokens_per_s: float | None
    first_token_s: float  # median of the users


@dataclass(kw_only=True, slots=True)
class _Reply:
    started: float
    pieces: list[float] = field(default_factory=list)  # when each came
    ended: float = 0.0
    usage: Usage | None = None

    @property
    def tokens(self) -> int:
        return self.usage.completion_tokens if self.usage else len(self.pieces)


async def rounds(
    responder: Responder, load: Load, context: Context, first: int = 0
) -> AsyncGenerator[Round, None]:
    """Endless rounds, after one short request that brings everything into memory.

    Args:
        first: number of the first round; another makes other prompts.
    """
    sentences = await sentences_for(responder.name, load.prompt_tokens, responder.count_tokens)
    await _ask(responder, request(responder.name, f"{first}-0", 0, _WARM_UP_TOKENS), context)
    number = first
    while True:
        number += 1
        requests = [
            request(responder.name, f"{number}-{user + 1}", sentences, load.tokens)
            for user in range(load.users)
        ]
        replies = await _at_once([_ask(responder, each, context) for each in requests])
        yield _round(replies)


async def embedding_rounds(embed: Embed, load: Load, first: int = 0) -> AsyncGenerator[Round, None]:
    """Endless rounds in which each user has one passage turned into an embedding."""
    await embed([passage(f"{first}-0", 1)])
    number = first
    while True:
        number += 1
        start = time.perf_counter()
        texts = [passage(f"{number}-{user + 1}", load.prompt_tokens) for user in range(load.users)]
        read = sum(await _at_once([_embedded(embed, text) for text in texts]))
        seconds = time.perf_counter() - start
        yield Round(
            prompt_tokens=read // load.users,
            generated_tokens=0,
            prompt_tokens_per_s=read / seconds,
            generation_tokens_per_s=None,
            first_token_s=seconds,
        )


async def _embedded(embed: Embed, text: str) -> int:
    return (await embed([text])).prompt_tokens


async def _at_once(asked: list[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Results in order. Raises: the first failure, after the others were stopped."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in asked]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def _ask(responder: Responder, request: ChatRequest, context: Context) -> _Reply:
    reply = _Reply(started=time.perf_counter())
    async with aclosing(responder.respond(request, context)) as events:
        async for event in events:
            if isinstance(event, TextDelta | ReasoningDelta):
                reply.pieces.append(time.perf_counter())
            elif isinstance(event, Finish):
                reply.ended = time.perf_counter()
            elif isinstance(event, Usage):
                reply.usage = event
    return reply


def _round(replies: list[_Reply]) -> Round:
    firsts = sorted((reply.pieces or [reply.ended])[0] - reply.started for reply in replies)
    usages = [reply.usage for reply in replies if reply.usage]
    return Round(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages) // max(1, len(usages)),
        generated_tokens=sum(reply.tokens for reply in replies) // len(replies),
        prompt_tokens_per_s=_prompt_rate(replies, firsts[-1]),
        generation_tokens_per_s=_generation_rate(replies),
        first_token_s=firsts[len(firsts) // 2],
    )


def _prompt_rate(replies: list[_Reply], last_first_s: float) -> float | None:
    """Prompt tokens that were read (not remembered) over the time until everybody had a first token.

    For one user the engine's own clock, where it has one: it leaves out the way there.
    """
    read = sum(reply.usage.prompt_tokens - reply.usage.cached_tokens for reply in replies if reply.usage)
    alone = replies[0].usage if len(replies) == 1 else None
    seconds = alone.prompt_ms / 1000 if alone and alone.prompt_ms else last_first_s
    return read / seconds if read > 0 and seconds > 0 else None


def _generation_rate(replies: list[_Reply]) -> float | None:
    """Tokens per second while all of them are being written; None where the replies are too short for that."""
    if any(reply.tokens < _FEWEST_TOKENS or len(reply.pieces) < 2 for reply in replies):
        return None
    alone = replies[0].usage if len(replies) == 1 else None
    if alone and alone.generation_ms:  # which begins when the first token is there
        return 1000 * (alone.completion_tokens - 1) / alone.generation_ms
    begin, end = max(reply.pieces[0] for reply in replies), min(reply.pieces[-1] for reply in replies)
    if sum(begin < moment <= end for reply in replies for moment in reply.pieces) < _FEWEST_TOKENS:
        # The first was done before the last began: over the whole time, then.
        begin, end = min(reply.pieces[0] for reply in replies), max(reply.pieces[-1] for reply in replies)
    # A piece is a token, or several where a character needs them.
    written = sum(
        sum(begin < moment <= end for moment in reply.pieces) * reply.tokens / len(reply.pieces)
        for reply in replies
    )
    return written / (end - begin) if end > begin else None
