"""A responder whose replies are kept in a file: a run that was killed goes on, and methods share what they both ask.

A reply is kept by its request and seed; its seconds are those that it took when it was made. Prompts that the engine
has read are not read again: what `reads_anew` is for, a repetition to the letter, the file gives.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any

from yoriai.types import ChatRequest, Context, Event, Finish, Responder, Stage, TextDelta, Usage

_FIELDS = (
    "messages", "temperature", "seed", "max_tokens", "max_completion_tokens", "response_format", "stop",
)  # fmt: skip


class Kept:
    """Replies by request, in a file of one line each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text("utf8").splitlines() if path.exists() else []
        self._replies: dict[str, dict[str, Any]] = {}
        for line in lines:
            try:
                reply = json.loads(line)
            except ValueError:  # the last line of a run that was killed
                continue
            self._replies[reply["key"]] = reply

    def get(self, key: str) -> dict[str, Any] | None:
        return self._replies.get(key)

    def add(self, reply: dict[str, Any]) -> None:
        self._replies[reply["key"]] = reply
        with self._path.open("a", encoding="utf8") as file:
            file.write(json.dumps(reply, ensure_ascii=False) + "\n")


class Recorded:
    """`inner` under its own name. Waits while the file $YORIAI_QUIET exists."""

    goes_on = True

    def __init__(self, inner: Responder, kept: Kept) -> None:
        self._inner, self._kept = inner, kept
        self.seconds = 0.0  # of all replies since it was last set to 0, kept ones as they were

    @property
    def name(self) -> str:
        return self._inner.name

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        key = _key(self.name, request)
        reply = self._kept.get(key)
        if reply is None:
            wait_while_quiet()
            reply = await self._made(key, request, context)
            self._kept.add(reply)
        self.seconds += reply["seconds"]
        items = [{"token": token, "logprob": value} for token, value in reply["logprobs"]]
        if request.response_format and request.logprobs:
            items = reply["alternatives"]
        yield TextDelta(text=reply["text"], logprobs=items if request.logprobs else None)
        yield Finish(reason=reply["reason"])
        yield Usage(prompt_tokens=reply["prompt_tokens"], completion_tokens=reply["completion_tokens"])

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return await self._inner.count_tokens(request)

    async def _made(self, key: str, request: ChatRequest, context: Context) -> dict[str, Any]:
        """With probabilities, whether they are wanted now or later."""
        if not request.response_format:
            request = request.model_copy(update={"logprobs": True, "top_logprobs": 1})
        request = request.model_copy(update={"reads_anew": False})
        said, items, reason, begun = "", [], "stop", time.perf_counter()
        usage = Usage(prompt_tokens=0, completion_tokens=0)
        async for event in self._inner.respond(request, context):
            if isinstance(event, Stage) and event.name in {"loading", "queued"}:
                begun = time.perf_counter()
            elif isinstance(event, TextDelta):
                said += event.text
                items += event.logprobs or []
            elif isinstance(event, Finish):
                reason = event.reason
            elif isinstance(event, Usage):
                usage = event
        return {
            "key": key, "model": self.name, "text": said, "reason": reason,
            "logprobs": [(item["token"], round(item["logprob"], 4)) for item in items],
            "alternatives": items if request.response_format else [], "seconds": time.perf_counter() - begun,
            "prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens,
        }  # fmt: skip


def rows_of(path: Path) -> list[dict[str, Any]]:
    """What a run has kept so far, a line each."""
    return [json.loads(line) for line in path.read_text("utf8").splitlines()] if path.exists() else []


def add_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("a", encoding="utf8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def wait_while_quiet() -> None:
    while (signal := os.environ.get("YORIAI_QUIET", "")) and Path(signal).exists():
        time.sleep(5)


def _key(name: str, request: ChatRequest) -> str:
    """`max_tokens` and OpenAI's newer name for it are one."""
    fields = request.model_dump(include=set(_FIELDS), exclude_none=True, by_alias=True)
    limit = fields.pop("max_completion_tokens", None) or fields.pop("max_tokens", None)
    fields.pop("max_tokens", None)
    return hashlib.sha256(
        json.dumps([name, limit, fields], sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()
