"""Log-probabilities of a given text, which the engine's server doesn't tell: a child per model that reads it.

Owns these children: made by the first request, kept until they are idle for `engine.idle_unload_s` or their memory is
needed (the router counts them with its engines), one text of a model at a time, ended when nobody waits for a text any
more. Remote models are asked by their own endpoint. The API's `/v1/completions` calls it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from yoriai.catalog.library import Library
from yoriai.catalog.memory import memory_needed, trained
from yoriai.engines.errand import end, error_of, keep, spawn
from yoriai.engines.router import Router
from yoriai.engines.scheduler import Resident
from yoriai.errors import (
    ContextOverflowError,
    EngineLostError,
    NotFoundError,
    UnsupportedError,
    UsageError,
    YoriaiError,
)
from yoriai.models import POOLED, InstalledModel
from yoriai.settings import EngineSettings, engine_environment

Prompt = str | list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A token: its bytes, its log-probability (None: nothing stands before it), the likeliest and itself."""

    piece: bytes
    logprob: float | None
    top: Sequence[tuple[bytes, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A text that was read: its tokens, those of its greedy continuation behind them."""

    rows: Sequence[Row]
    n_prompt: int
    is_ended: bool  # by the model itself


class Echoes:
    """All children of this kind."""

    def __init__(self, settings: EngineSettings, router: Router, library: Library) -> None:
        self._settings, self._router, self._library = settings, router, library
        self._children: dict[str, _Child] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def read(self, name: str, prompts: Sequence[Prompt], *, top: int, most: int) -> list[Read]:
        """Each text with its log-probabilities, continued greedily by up to `most` tokens.

        Raises:
            NotFoundError, UnsupportedError: no such model, or it doesn't write. ContextOverflowError: a text is too
            long. UsageError: a text without tokens, or with ids that the model doesn't have. EngineBusyError,
            DoesNotFitError: no memory (now). EngineLostError, ModelFileError, PrerequisiteError.
        """
        try:
            model = await asyncio.to_thread(self._library.get, name)
        except NotFoundError:
            raise NotFoundError("engines.model_unknown", param="model", name=name) from None
        if model.kind in POOLED:
            raise UnsupportedError("engines.only_embedding", param="model", name=name)
        size = trained(model, self._settings.context_size)
        found = []
        for prompt in prompts:
            async with self._locks.setdefault(name, asyncio.Lock()):
                child = self._child(model)
                task = {"prompt": prompt, "top": top, "most": most, "size": size}
                found.append(_read(await child.ask(task)))
        return found

    async def aclose(self) -> None:
        await asyncio.gather(*(child.close() for child in list(self._children.values())))

    def _child(self, model: InstalledModel) -> _Child:
        child = self._children.get(model.name)
        if child and child.model.digest == model.digest and child.state == "ready":
            return child
        if child:
            child.drain()
        child = _Child(model, self._settings, self._router)
        self._router.host(child)
        self._children[model.name] = child
        return child


class _Child:
    """One process; a guest of the router."""

    def __init__(self, model: InstalledModel, settings: EngineSettings, router: Router) -> None:
        self.model = model
        self.name = f"echo {model.name}"
        self.state = "ready"
        self._settings, self._router = settings, router
        self._memory_bytes = memory_needed(model, settings.context_size, 1)
        self._process: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._words: deque[str] = deque(maxlen=20)
        self._is_asked = False
        self._last_used = time.monotonic()

    def resident(self, now: float) -> Resident:
        return Resident(
            name=self.name, state="ready" if self.state == "ready" else "draining", memory_bytes=self._memory_bytes,
            threads=self._router.threads_of_guest, leases=int(self._is_asked),
            idle_s=0.0 if self._is_asked else now - self._last_used,
        )  # fmt: skip

    def drain(self) -> None:
        self.state = "draining"
        if not self._is_asked and not self._ending:
            self._ending = asyncio.create_task(self.close())

    async def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        """One at a time. Whatever goes wrong but a refusal ends the process: what it says later would be another's."""
        self._is_asked = True
        is_sound = False
        try:
            process = self._process or await self._start()
            said = await self._say(process, task)
            is_sound = True
        finally:
            self._is_asked = False
            self._last_used = time.monotonic()
            if not is_sound or self.state != "ready":
                await self.close()
        if "failure" in said:
            raise self._error(said["failure"], said["detail"], task)
        return dict(said["result"])

    async def close(self) -> None:
        self.state = "draining"
        if self._process:
            await end(self._process)
        if self._hearing:
            self._hearing.cancel()
        self._router.leave(self)

    async def _start(self) -> asyncio.subprocess.Process:
        process = self._process = await spawn("echo_child", engine_environment())
        assert process.stderr
        self._hearing = asyncio.create_task(keep(process.stderr, self._words))
        context = trained(self.model, self._settings.context_size)
        parts = list(self.model.paths)
        said = await self._say(
            process, {"parts": parts, "threads": self._router.threads_of_guest, "context": context}
        )
        if "failure" in said:
            raise error_of(said["failure"], said["detail"], parts[0])
        return process

    async def _say(self, process: asyncio.subprocess.Process, task: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin and process.stdout
        line = b""
        with suppress(ConnectionError, TimeoutError):
            process.stdin.write(json.dumps(task).encode() + b"\n")
            await process.stdin.drain()
            async with asyncio.timeout(self._settings.prompt_timeout_s):
                line = await process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EngineLostError("engines.lost", name=self.model.name)
        return dict(json.loads(line))

    def _error(self, failure: str, detail: str, task: dict[str, Any]) -> YoriaiError:
        name = self.model.name
        if failure == "long":
            return ContextOverflowError(
                "engines.context_overflow", param="prompt", name=name, tokens=detail, size=task["size"]
            )
        if failure == "token":
            return UsageError("engines.token_unknown", param="prompt", name=name, most=detail)
        if failure == "empty":
            return UsageError("engines.prompt_empty", param="prompt")
        return error_of(failure, detail, self.model.paths[0])


def _read(said: dict[str, Any]) -> Read:
    rows = [
        Row(
            piece=bytes.fromhex(piece),
            logprob=logprob,
            top=[(bytes.fromhex(each), value) for each, value in top],
        )
        for piece, logprob, top in said["rows"]
    ]
    return Read(rows=rows, n_prompt=said["prompt"], is_ended=said["is_ended"])
