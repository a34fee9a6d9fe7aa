"""The client against an engine that misbehaves. What a real engine does is tested in test_process and test_router."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import pytest

from fakes.engine import DONE, ScriptedEngine, event, scripted_engine, words
from yoriai.engines.client import EngineClient
from yoriai.engines.wire import Dialect
from yoriai.errors import ContextOverflowError, EngineBusyError, EngineError, EngineLostError, UsageError
from yoriai.types import ChatRequest, Event, Finish, ReasoningDelta, Stage, TextDelta, ToolCall, Usage


@dataclass(frozen=True)
class Silence:
    prompt_timeout_s: float = 30
    token_timeout_s: float = 30


@asynccontextmanager
async def client_of(
    engine: ScriptedEngine, silence: Silence = Silence(), dialect: Dialect = "llama.cpp"
) -> AsyncIterator[EngineClient]:
    async with httpx2.AsyncClient(base_url=engine.url, timeout=None, trust_env=False) as http:
        yield EngineClient(
            http=http, name="m", engine_model="m", dialect=dialect, context_size=4096, silence=silence
        )


def request(**fields: Any) -> ChatRequest:
    return ChatRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    )


async def reply(*parts: bytes, **engine: Any) -> list[Event]:
    async with scripted_engine(*parts, **engine) as scripted, client_of(scripted) as client:
        return [event async for event in client.chat(request())]


async def test_events_arrive_however_the_bytes_are_cut() -> None:
    stream = words("あい") + words("う", "stop") + event(choices=[], usage={"prompt_tokens": 3}) + DONE
    for size in (1, 7, len(stream)):
        parts = [stream[start : start + size] for start in range(0, len(stream), size)]
        events = await reply(*parts)
        assert events[:3] == [TextDelta(text="あい"), TextDelta(text="う"), Finish(reason="stop")]
        assert isinstance(events[3], Usage)


@pytest.mark.parametrize(
    "parts",
    [
        [words("half an ans")],
        [words("finished", "stop")],
        [words("never finished"), DONE],
        [b"data: {broken\n\n", DONE],
        [],
    ],
)
async def test_a_reply_without_its_terminal_event_is_an_error(parts: list[bytes]) -> None:
    with pytest.raises(EngineLostError):
        await reply(*parts)


async def test_a_connection_that_breaks_is_an_error() -> None:
    with pytest.raises(EngineLostError):
        await reply(words("half"), ending="close")


async def test_an_engine_that_falls_silent_is_given_up() -> None:
    silence = Silence(token_timeout_s=0.2)
    async with scripted_engine(words("half"), ending="hang") as engine, client_of(engine, silence) as client:
        with pytest.raises(EngineLostError) as lost:
            _ = [event async for event in client.chat(request())]
        assert lost.value.key == "engines.silent"
        with anyio.fail_after(5):
            await engine.client_left.wait()


async def test_the_first_token_may_take_longer_than_the_next() -> None:
    silence = Silence(prompt_timeout_s=0.2, token_timeout_s=60)
    async with (
        scripted_engine(
            event(prompt_progress={"total": 9, "cache": 0, "processed": 3}), ending="hang"
        ) as engine,
        client_of(engine, silence) as client,
    ):
        with pytest.raises(EngineLostError):
            _ = [event async for event in client.chat(request())]


async def test_leaving_closes_the_connection() -> None:
    async with scripted_engine(words("one"), ending="hang") as engine, client_of(engine) as client:
        async with aclosing(client.chat(request())) as events:
            await anext(events)
        with anyio.fail_after(5):
            await engine.client_left.wait()


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}, ContextOverflowError),
        (400, {"code": "context_length_exceeded", "message": "too long"}, ContextOverflowError),
        (500, {"message": "input (900 tokens) is too large (current batch size: 512)"}, ContextOverflowError),
        (400, {"message": "bad grammar"}, UsageError),
        (503, {"message": "Loading model"}, EngineBusyError),
        (500, {"message": "boom"}, EngineError),
    ],
)  # fmt: skip
async def test_a_refusal_keeps_its_cause(
    status: int, error: dict[str, object], expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        await reply(event(error=error).removeprefix(b"data: "), status=status)


async def test_an_error_in_the_middle_of_a_stream_is_raised() -> None:
    with pytest.raises(EngineError):
        await reply(words("half"), event(error={"message": "out of memory"}), DONE)


async def test_progress_reasoning_and_calls_are_told_apart() -> None:
    part = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}
    rest = {"index": 0, "function": {"arguments": ": 1}"}}
    events = await reply(
        event(prompt_progress={"total": 10, "cache": 2, "processed": 6}),
        event(choices=[{"index": 0, "delta": {"reasoning_content": "hm"}}]),
        event(choices=[{"index": 0, "delta": {"tool_calls": [part]}}]),
        event(choices=[{"index": 0, "delta": {"tool_calls": [rest]}, "finish_reason": "stop"}]),
        DONE,
    )
    assert events == [
        Stage(name="prompt", progress=0.5),
        ReasoningDelta(text="hm"),
        ToolCall(id="c1", name="f", arguments='{"a": 1}'),
        Finish(reason="tool_calls"),
    ]


async def test_an_endpoint_gets_only_openai_fields_and_only_what_was_asked() -> None:
    async with (
        scripted_engine(words("x", "stop"), DONE) as engine,
        client_of(engine, dialect="openai") as client,
    ):
        asked = request(top_k=5, n_discard=-1, messages=[{"role": "developer", "content": "x", "evil": 1}])
        _ = [event async for event in client.chat(asked)]
    assert engine.bodies == [
        {
            "model": "m",
            "stream": True,
            "stream_options": {"include_usage": True},
            "top_k": 5,
            "messages": [{"role": "system", "content": "x"}],
        }
    ]


async def test_an_event_without_end_is_given_up_before_memory_is() -> None:
    with pytest.raises(EngineLostError):
        await reply(*[b"data: " + b"x" * 4_000_000] * 5)
