"""OpenAI's wire shapes of an answer, from a responder's events: whole, or chunk by chunk.

Written by hand and not by models: of each chunk only the delta is encoded, the rest is ready before the
stream begins. Knows neither HTTP nor engines. Source: platform.openai.com/docs/api-reference/chat/streaming.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson

from yoriai import __version__
from yoriai.api.encoding import json_text
from yoriai.api.grounds import Grounds, stage_shape, use_shape
from yoriai.deliberation import Deliberation
from yoriai.tool_use import ToolUse
from yoriai.types import Event, Finish, ReasoningDelta, Sources, Stage, Support, TextDelta, ToolCall, Usage

FINGERPRINT = f"yoriai-{__version__}"
DONE = b"data: [DONE]\n\n"


def usage_shape(usage: Usage) -> dict[str, Any]:
    """OpenAI's `usage`, and the engine's own times beside it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "prompt_ms": usage.prompt_ms,
        "generation_ms": usage.generation_ms,
        "context_size": usage.context_size,
    }


class ChatChunks:
    """Encodes one streamed chat answer."""

    def __init__(self, model: str, include_usage: bool) -> None:
        head = {
            "id": new_id("chatcmpl"),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": FINGERPRINT,
        }
        self._head = b"data: " + orjson.dumps(head)[:-1]
        self._start = self._head + b',"choices":[{"index":'
        self._tail = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self._include_usage = include_usage
        self._begun: set[int] = set()
        self._calls: dict[int, int] = {}
        self._grounds = Grounds()
        self._texts: dict[int, str] = {}

    def encode(self, item: Event) -> bytes:  # noqa: PLR0911 — one per kind of event
        if isinstance(item, TextDelta):
            if self._grounds.sources:
                self._texts[item.index] = self._texts.get(item.index, "") + item.text
            logprobs = orjson.dumps({"content": item.logprobs, "refusal": None}) if item.logprobs else b"null"
            return self._delta(item.index, b'{"content":' + json_text(item.text) + b"}", logprobs)
        if isinstance(item, ReasoningDelta):
            return self._delta(item.index, b'{"reasoning_content":' + json_text(item.text) + b"}")
        if isinstance(item, ToolCall):
            return self._delta(item.index, self._call(item))
        if isinstance(item, Finish):
            delta = orjson.dumps(self._grounds.shape(self._texts.get(item.index, "")) or {})
            return self._delta(item.index, delta, reason=b'"' + item.reason.encode() + b'"')
        if isinstance(item, Sources | Support | Deliberation | ToolUse):
            self._grounds.take(item)
            return self._delta(0, json_text(use_shape(item))) if isinstance(item, ToolUse) else b""
        if isinstance(item, Stage) and (told := stage_shape(item)):
            return self._delta(0, json_text(told))
        if isinstance(item, Usage) and self._include_usage:
            return self._head + b',"choices":[],"usage":' + orjson.dumps(usage_shape(item)) + b"}\n\n"
        return b""

    def end(self) -> bytes:
        return DONE

    def _delta(self, index: int, delta: bytes, logprobs: bytes = b"null", reason: bytes = b"null") -> bytes:
        chunk = b"".join(
            (
                self._start,
                b"%d" % index,
                b',"delta":',
                delta,
                b',"logprobs":',
                logprobs,
                b',"finish_reason":',
                reason,
                b"}]",
                self._tail,
            )
        )
        if index in self._begun:
            return chunk
        self._begun.add(index)
        return self._delta(index, b'{"role":"assistant","content":""}') + chunk

    def _call(self, call: ToolCall) -> bytes:
        number = self._calls.get(call.index, 0)
        self._calls[call.index] = number + 1
        return orjson.dumps({"tool_calls": [{"index": number, **call_shape(call)}]})


class TextChunks:
    """Encodes one streamed (legacy) completion. `echo` is sent before each choice's first words."""

    def __init__(self, model: str, include_usage: bool, echo: str) -> None:
        self._head = {
            "id": new_id("cmpl"),
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": FINGERPRINT,
        }
        self._include_usage = include_usage
        self._echo = echo
        self._begun: set[int] = set()
        self._offsets: dict[int, int] = {}

    def encode(self, item: Event) -> bytes:
        if isinstance(item, TextDelta):
            offset = self._offsets.get(item.index, 0)
            self._offsets[item.index] = offset + len(item.text)
            logprobs = legacy_logprobs(item.logprobs, offset) if item.logprobs else None
            return self._chunk(item.index, item.text, logprobs, None)
        if isinstance(item, Finish):
            return self._chunk(item.index, "", None, item.reason)
        if isinstance(item, Usage) and self._include_usage:
            return (
                b"data: " + orjson.dumps({**self._head, "choices": [], "usage": usage_shape(item)}) + b"\n\n"
            )
        return b""

    def end(self) -> bytes:
        return DONE

    def _chunk(self, index: int, text: str, logprobs: dict[str, Any] | None, reason: str | None) -> bytes:
        if index not in self._begun:
            self._begun.add(index)
            text = self._echo + text
        choice = {
            "index": index,
            "text": orjson.Fragment(json_text(text)),
            "logprobs": logprobs,
            "finish_reason": reason,
        }
        return b"data: " + orjson.dumps({**self._head, "choices": [choice]}) + b"\n\n"


class Answer:
    """Gathers the events of one answer that is sent whole."""

    def __init__(self) -> None:
        self.usage = Usage(prompt_tokens=0, completion_tokens=0)
        self._choices: dict[int, _Choice] = {}
        self._grounds = Grounds()

    async def gather(self, events: AsyncIterator[Event]) -> Answer:
        async for event in events:
            if isinstance(event, Usage):
                self.usage = event
            elif isinstance(event, Sources | Support | Deliberation | ToolUse):
                self._grounds.take(event)
            elif isinstance(event, TextDelta | ReasoningDelta | ToolCall | Finish):
                self._choices.setdefault(event.index, _Choice()).take(event)
        return self

    def text(self) -> str:
        """Of the first choice."""
        return self._choices[0].text() if 0 in self._choices else ""

    def chat_shape(self, model: str) -> dict[str, Any]:
        choices = [choice.chat_shape(index, self._grounds) for index, choice in sorted(self._choices.items())]
        return {
            **self._head("chatcmpl", "chat.completion", model),
            "choices": choices,
            "usage": usage_shape(self.usage),
        }

    def text_shape(self, model: str, echo: str) -> dict[str, Any]:
        choices = [choice.text_shape(index, echo) for index, choice in sorted(self._choices.items())]
        return {
            **self._head("cmpl", "text_completion", model),
            "choices": choices,
            "usage": usage_shape(self.usage),
        }

    @staticmethod
    def _head(prefix: str, kind: str, model: str) -> dict[str, Any]:
        return {
            "id": new_id(prefix),
            "object": kind,
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": FINGERPRINT,
        }


class _Choice:
    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCall] = []
        self._logprobs: list[dict[str, Any]] = []
        self._reason = "stop"

    def take(self, event: TextDelta | ReasoningDelta | ToolCall | Finish) -> None:
        if isinstance(event, TextDelta):
            self._text.append(event.text)
            self._logprobs += event.logprobs or []
        elif isinstance(event, ReasoningDelta):
            self._reasoning.append(event.text)
        elif isinstance(event, ToolCall):
            self._calls.append(event)
        else:
            self._reason = event.reason

    def text(self) -> str:
        return "".join(self._text)

    def chat_shape(self, index: int, grounds: Grounds) -> dict[str, Any]:
        text = "".join(self._text)
        content = orjson.Fragment(json_text(text))
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
        message |= grounds.shape(text) or {}
        if self._reasoning:
            message["reasoning_content"] = orjson.Fragment(json_text("".join(self._reasoning)))
        if self._calls:
            message["tool_calls"] = [call_shape(call) for call in self._calls]
            message["content"] = content if self._text else None
        logprobs = {"content": self._logprobs, "refusal": None} if self._logprobs else None
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": self._reason}

    def text_shape(self, index: int, echo: str) -> dict[str, Any]:
        logprobs = legacy_logprobs(self._logprobs, 0) if self._logprobs else None
        text = orjson.Fragment(json_text(echo + "".join(self._text)))
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": self._reason}


def call_shape(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def legacy_logprobs(tokens: list[dict[str, Any]], offset: int) -> dict[str, Any]:
    """`/v1/completions`' log-probabilities, from chat's. `offset`: characters of the answer before them."""
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token["token"])
    return {
        "tokens": [token["token"] for token in tokens],
        "token_logprobs": [token["logprob"] for token in tokens],
        "top_logprobs": [
            {top["token"]: top["logprob"] for top in token.get("top_logprobs") or []} for token in tokens
        ],
        "text_offset": offsets,
    }


def new_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(12)}"
