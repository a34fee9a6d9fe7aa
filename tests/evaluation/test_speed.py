"""Rounds over a responder that keeps a known pace: what is counted, what is left out, what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from yoriai.evaluation.speed import Load, Round, embedding_rounds, rounds
from yoriai.types import (
    ChatRequest,
    Context,
    Embeddings,
    Event,
    Finish,
    ReasoningDelta,
    Role,
    Stage,
    TextDelta,
    Usage,
    User,
)

ASKED_BY = Context(user=User(id="u", name="u", role=Role.MEMBER))


@dataclass(kw_only=True)
class Paced:
    """Answers with `tokens` tokens, `pace_s` apart, `read_s` after it was asked; words are its tokens."""

    name: str = "paced"
    tokens: int = 40
    pace_s: float = 0.002
    read_s: float = 0.05
    cached: int = 0
    tells_time: bool = False
    counts: bool = True
    reasons: bool = False
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        self.asked.append(request.messages[0].text())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        yield Stage(name="prompt", progress=0.0)
        await asyncio.sleep(self.read_s)
        count = min(self.tokens, request.max_tokens or self.tokens)
        for _ in range(count):
            yield ReasoningDelta(text="x") if self.reasons else TextDelta(text="x")
            await asyncio.sleep(self.pace_s)
        self.at_once -= 1
        yield Finish(reason="length")
        yield Usage(
            prompt_tokens=len(self.asked[-1].split()), completion_tokens=count, cached_tokens=self.cached,
            prompt_ms=100.0 if self.tells_time else None, generation_ms=500.0 if self.tells_time else None,
        )  # fmt: skip

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return (len(request.messages[0].text().split()), 4096) if self.counts else (0, 0)


async def first_of(responder: Paced, load: Load) -> Round:
    async with aclosing(rounds(responder, load, ASKED_BY)) as endless:
        return await anext(endless)


async def test_the_engines_own_clock_is_believed_where_one_asks() -> None:
    found = await first_of(Paced(tells_time=True), Load(users=1, prompt_tokens=500, tokens=40))
    assert found.generation_tokens_per_s == 78  # 39 after the first, in 500 ms
    assert found.prompt_tokens_per_s == found.prompt_tokens / 0.1


async def test_without_one_the_time_between_tokens_counts() -> None:
    responder = Paced(pace_s=0.01)
    found = await first_of(responder, Load(users=1, prompt_tokens=500, tokens=40))
    assert found.generation_tokens_per_s
    assert 20 < found.generation_tokens_per_s <= 101  # at best a token every 10 ms; a busy machine is slower
    assert found.first_token_s >= responder.read_s


async def test_prompts_are_as_long_as_wanted_and_not_longer() -> None:
    found = await first_of(Paced(), Load(users=1, prompt_tokens=500, tokens=8))
    assert 470 < found.prompt_tokens <= 500


async def test_where_nobody_can_count_they_are_about_as_long() -> None:
    found = await first_of(Paced(counts=False), Load(users=1, prompt_tokens=500, tokens=8))
    assert 300 < found.prompt_tokens < 700


async def test_tokens_that_were_remembered_were_not_read() -> None:
    found = await first_of(Paced(tells_time=True, cached=100), Load(users=1, prompt_tokens=500, tokens=8))
    assert found.prompt_tokens_per_s == (found.prompt_tokens - 100) / 0.1


async def test_no_two_prompts_begin_alike() -> None:
    responder = Paced()
    async with aclosing(
        rounds(responder, Load(users=3, prompt_tokens=100, tokens=8), ASKED_BY, first=7)
    ) as endless:
        await anext(endless)
        await anext(endless)
    beginnings = [text.split("\n")[0] for text in responder.asked]
    assert len(set(beginnings)) == len(beginnings) == 7  # one to warm up, three and three


async def test_users_ask_at_the_same_time_and_count_together() -> None:
    responder = Paced(pace_s=0.01)
    found = await first_of(responder, Load(users=8, prompt_tokens=100, tokens=40))
    assert responder.most_at_once == 8
    assert found.generated_tokens == 40  # of each
    assert found.generation_tokens_per_s
    assert found.generation_tokens_per_s > 110  # more than one alone could ever get


async def test_thinking_is_writing() -> None:
    found = await first_of(Paced(reasons=True), Load(users=1, prompt_tokens=100, tokens=40))
    assert found.generation_tokens_per_s


@pytest.mark.parametrize("users", [1, 2])
async def test_a_reply_of_a_few_words_has_no_rate(users: int) -> None:
    found = await first_of(Paced(tokens=5), Load(users=users, prompt_tokens=100, tokens=40))
    assert found.generation_tokens_per_s is None
    assert found.prompt_tokens_per_s


async def test_a_failure_of_one_ends_the_round() -> None:
    class Failing(Paced):
        async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
            if "-2" in request.messages[0].text().split("\n")[0]:
                raise RuntimeError("on purpose")
            async for event in super().respond(request, context):
                yield event

    with pytest.raises(RuntimeError, match="on purpose"):
        await first_of(Failing(), Load(users=2, prompt_tokens=100, tokens=8))


async def test_embeddings_are_counted_in_tokens_of_their_passages() -> None:
    texts: list[str] = []

    async def embed(asked: list[str]) -> Embeddings:
        texts.extend(asked)
        await asyncio.sleep(0.02)
        return Embeddings(vectors=[[0.0]], prompt_tokens=len(asked[0].split()))

    async with aclosing(embedding_rounds(embed, Load(users=2, prompt_tokens=300, tokens=0))) as endless:
        found = await anext(endless)
    assert found.generation_tokens_per_s is None
    assert 100 < found.prompt_tokens <= 300
    assert found.prompt_tokens_per_s
    assert found.prompt_tokens_per_s <= 2 * found.prompt_tokens / 0.02
    assert len(set(texts)) == 3
