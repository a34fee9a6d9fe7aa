"""Speaks to one engine over HTTP and gives back events. A reply without its terminal event is an error.

Used through a lease from the router. Knows neither processes nor conversations.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
import orjson

from yoriai.engines.wire import (
    Dialect,
    chat_body,
    completion_body,
    echo_body,
    messages_body,
    rerank_body,
    scores_of,
)
from yoriai.errors import ContextOverflowError, EngineBusyError, EngineError, EngineLostError, UsageError
from yoriai.types import (
    ChatRequest,
    CompletionRequest,
    Embeddings,
    Event,
    Finish,
    FinishReason,
    ReasoningDelta,
    Stage,
    TextDelta,
    ToolCall,
    Usage,
)

_LARGEST_EVENT_BYTES = 16_000_000  # an engine that sends more without an end of event has gone wrong
# llama.cpp gives this refusal no type and no numbers of their own
_TOO_LONG_TO_EMBED = re.compile(r"input \((\d+) tokens\) is too large .*batch size: (\d+)")
_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class _AbsentError(EngineError):
    """The endpoint knows no such path, or no such model."""


class Silence(Protocol):
    """How long an engine may say nothing."""

    @property
    def prompt_timeout_s(self) -> float:
        """Until the first token."""
        ...

    @property
    def token_timeout_s(self) -> float:
        """Between two tokens."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineClient:
    """One model on one engine. `context_size`: tokens of one request, 0 where the engine doesn't say."""

    http: httpx2.AsyncClient
    name: str
    engine_model: str
    dialect: Dialect
    context_size: int
    silence: Silence

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Stream a reply.

        Raises:
            ContextOverflowError: the prompt alone is longer than the context.
            UsageError: the engine refuses the request, with its reason.
            EngineLostError: the stream broke off, or was silent for too long.
        """
        body = chat_body(request, self.engine_model, self.dialect)
        async with aclosing(self._reply("/v1/chat/completions", body, request.n)) as events:
            async for event in events:
                yield event

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Event, None]:
        """Stream the continuation of a text. Raises as `chat`."""
        body = completion_body(request, self.engine_model, self.dialect)
        async with aclosing(self._reply("/v1/completions", body, request.n)) as events:
            async for event in events:
                yield event

    async def read(self, request: CompletionRequest) -> dict[str, Any]:
        """A text with the log-probabilities of its tokens, in the endpoint's own words. Raises as `chat`."""
        return dict(await self._post("/v1/completions", echo_body(request, self.engine_model)))

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """One vector per text, in order. Raises as `chat`."""
        answer = await self._post("/v1/embeddings", {"model": self.engine_model, "input": list(texts)})
        rows = sorted(answer["data"], key=lambda row: row["index"])
        return Embeddings(
            vectors=[row["embedding"] for row in rows],
            prompt_tokens=(answer.get("usage") or {}).get("prompt_tokens", 0),
        )

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, 0..1, in order. Raises as `chat`; EngineError: no such answer."""
        try:
            answer = await self._post("/v1/rerank", rerank_body(self.engine_model, query, texts))
        except _AbsentError:  # Text Embeddings Inference has it elsewhere
            answer = await self._post("/rerank", {"query": query, "texts": list(texts), "truncate": True})
        scores = scores_of(answer, len(texts))
        if scores is None:
            raise EngineError("engines.no_scores", name=self.name)
        return scores

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        """Tokens of the request's prompt and of the context; (0, 0) where the engine can't say."""
        if self.dialect != "llama.cpp":
            return 0, 0
        prompt = await self._post("/apply-template", {"messages": messages_body(request.messages)})
        counted = await self._post(
            "/tokenize", {"content": prompt["prompt"], "add_special": True, "parse_special": True}
        )
        return len(counted["tokens"]), self.context_size

    async def _reply(self, path: str, body: dict[str, Any], choices: int) -> AsyncGenerator[Event, None]:
        reading = _Reading(context_size=self.context_size)
        async with self._sent(path, body) as response:
            limit_s = self.silence.prompt_timeout_s
            chunks = _events(response)
            async with aclosing(chunks):
                while (data := await self._next(chunks, limit_s)) is not None:
                    if data == b"[DONE]":
                        reading.done = True
                        break
                    for event in self._read(reading, data):
                        if not isinstance(event, Stage):
                            limit_s = self.silence.token_timeout_s
                        yield event
        if not reading.done or len(reading.finished) < choices:
            raise EngineLostError("engines.lost", name=self.name)
        if reading.usage:
            yield reading.usage

    def _read(self, reading: _Reading, data: bytes) -> list[Event]:
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise EngineLostError("engines.lost", name=self.name) from None
        if "error" in chunk:
            raise self._refusal(500, chunk)
        return reading.read(chunk)

    async def _next(self, chunks: AsyncIterator[bytes], limit_s: float) -> bytes | None:
        try:
            async with asyncio.timeout(limit_s):
                return await anext(chunks, None)
        except TimeoutError:
            raise EngineLostError("engines.silent", name=self.name, seconds=round(limit_s)) from None
        except httpx2.HTTPError:
            raise EngineLostError("engines.lost", name=self.name) from None

    @asynccontextmanager
    async def _sent(self, path: str, body: dict[str, Any]) -> AsyncIterator[httpx2.Response]:
        """Send, wait for the head of the answer, refuse what isn't a success."""
        request = self.http.build_request(
            "POST", path, content=orjson.dumps(body), headers={"content-type": "application/json"}
        )
        try:
            async with asyncio.timeout(self.silence.prompt_timeout_s):
                response = await self.http.send(request, stream=True)
        except (httpx2.HTTPError, TimeoutError):
            raise EngineLostError("engines.lost", name=self.name) from None
        try:
            if response.status_code != 200:
                raise self._refusal(response.status_code, await _error_body(response))
            yield response
        finally:
            await response.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._sent(path, body) as response:
            try:
                async with asyncio.timeout(self.silence.prompt_timeout_s):
                    answer = orjson.loads(await response.aread())
            except (httpx2.HTTPError, TimeoutError, orjson.JSONDecodeError):
                raise EngineLostError("engines.lost", name=self.name) from None
        return answer

    def _refusal(self, status: int, answer: dict[str, Any]) -> EngineError | UsageError:
        error = answer.get("error")
        error = error if isinstance(error, dict) else {"message": str(error or "")}
        detail = " ".join(str(error.get("message") or status).split())[:500]
        if too_long := _TOO_LONG_TO_EMBED.search(detail):
            return ContextOverflowError(
                "engines.context_overflow",
                param="input",
                name=self.name,
                tokens=too_long[1],
                size=too_long[2],
            )
        if error.get("type") == "exceed_context_size_error" or error.get("code") == "context_length_exceeded":
            tokens, size = error.get("n_prompt_tokens"), error.get("n_ctx")
            if tokens and size:
                return ContextOverflowError(
                    "engines.context_overflow", param="messages", name=self.name, tokens=tokens, size=size
                )
            return ContextOverflowError(
                "engines.context_overflow_remote", param="messages", name=self.name, detail=detail
            )
        if status in {400, 413, 422}:
            return UsageError("engines.refused", name=self.name, detail=detail)
        if status in {429, 503}:
            return EngineBusyError("engines.busy", name=self.name, detail=detail)
        failure = _AbsentError if status == 404 else EngineError
        return failure("engines.failed", name=self.name, detail=detail)


@dataclass(kw_only=True, slots=True)
class _Reading:
    """Turns the chunks of one reply into events; remembers what must have come by its end."""

    context_size: int
    done: bool = False
    finished: set[int] = field(default_factory=set)
    usage: Usage | None = None
    _calls: dict[tuple[int, int], dict[str, str]] = field(default_factory=dict)

    def read(self, chunk: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if progress := chunk.get("prompt_progress"):
            total = progress["total"] - progress["cache"]
            read = progress["processed"] - progress["cache"]
            events.append(Stage(name="prompt", progress=read / total if total > 0 else 1.0))
        for choice in chunk.get("choices") or ():
            events += self._choice(choice)
        if usage := chunk.get("usage"):
            self._count(usage, chunk.get("timings"))
        return events

    def _choice(self, choice: dict[str, Any]) -> list[Event]:
        index = choice.get("index") or 0
        delta = choice.get("delta") or choice
        events: list[Event] = []
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            events.append(ReasoningDelta(text=reasoning, index=index))
        if text := delta.get("content") or delta.get("text"):
            logprobs = (choice.get("logprobs") or {}).get("content")
            events.append(TextDelta(text=text, index=index, logprobs=logprobs))
        for part in delta.get("tool_calls") or ():
            self._gather(index, part)
        if reason := choice.get("finish_reason"):
            calls = self._finished_calls(index)
            self.finished.add(index)
            events += [
                *calls,
                Finish(reason="tool_calls" if calls else _REASONS.get(reason, "stop"), index=index),
            ]
        return events

    def _gather(self, index: int, part: dict[str, Any]) -> None:
        key = (index, part.get("index") or 0)
        call = self._calls.setdefault(key, {"id": "", "name": "", "arguments": ""})
        call["id"] = part.get("id") or call["id"]
        function = part.get("function") or {}
        call["name"] += function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""

    def _finished_calls(self, index: int) -> list[Event]:
        mine = [self._calls[key] for key in sorted(self._calls) if key[0] == index]
        return [
            ToolCall(id=call["id"], name=call["name"], arguments=call["arguments"] or "{}", index=index)
            for call in mine
        ]

    def _count(self, usage: dict[str, Any], timings: dict[str, Any] | None) -> None:
        """llama.cpp counts each of several choices by itself; others send the sum."""
        before = self.usage if timings else None
        timings = timings or {}
        details = usage.get("prompt_tokens_details") or {}
        generation_ms = timings.get("predicted_ms")
        self.usage = Usage(
            prompt_tokens=usage.get("prompt_tokens") or 0,
            completion_tokens=(usage.get("completion_tokens") or 0)
            + (before.completion_tokens if before else 0),
            cached_tokens=timings.get("cache_n") or details.get("cached_tokens") or 0,
            prompt_ms=timings.get("prompt_ms"),
            generation_ms=max(generation_ms or 0, before.generation_ms or 0) if before else generation_ms,
            context_size=self.context_size or None,
        )


async def _events(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    """The `data:` of each server-sent event. Source: WHATWG HTML, "Server-sent events"; one data line each."""
    buffer = b""
    async for part in response.aiter_bytes():
        buffer += part
        if len(buffer) > _LARGEST_EVENT_BYTES:
            raise httpx2.RemoteProtocolError("an event without an end")
        if b"\r" in buffer:
            buffer = buffer.replace(b"\r\n", b"\n")
        *events, buffer = buffer.split(b"\n\n")
        for event in events:
            for line in event.split(b"\n"):
                if line.startswith(b"data:"):
                    yield line[5:].strip()


async def _error_body(response: httpx2.Response) -> dict[str, Any]:
    try:
        answer = orjson.loads(await response.aread())
    except (httpx2.HTTPError, orjson.JSONDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}
