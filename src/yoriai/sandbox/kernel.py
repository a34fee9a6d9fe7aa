"""A warm Python for one chat: cells share variables; what each shows comes back as text, table, pictures, files."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Self

from yoriai.sandbox.cells import CellOutcome, read_cell
from yoriai.sandbox.jailed import Jailed, Killed, jailed, reading
from yoriai.sandbox.leaving import CodeFile
from yoriai.sandbox.limits import MIB, CodeLimits
from yoriai.sandbox.sandbox import Sandbox
from yoriai.sandbox.starting import Order

_START_S = 90  # its libraries, on a busy machine
_LONGEST_REPLY = 128 * MIB
_STRANDED = 4096  # what may reach its own standard output before it is set up


class Kernel:
    """`async with Kernel(sandbox) as kernel`, or `start` and `close`. Cells run one after another."""

    def __init__(self, sandbox: Sandbox, *, limits: CodeLimits | None = None) -> None:
        self._sandbox, self._limits = sandbox, limits or CodeLimits()
        self._at_work = asyncio.Lock()
        self._life: AsyncExitStack | None = None
        self._jail: Jailed | None = None
        self._replies: asyncio.StreamReader | None = None
        self._requests = -1
        self._is_ready = False
        self._files: dict[str, CodeFile] = {}
        self._waiting: dict[str, CodeFile] = {}

    async def __aenter__(self) -> Self:
        """Raises: PrerequisiteError: this machine can't isolate code; it says why and how to mend it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def is_alive(self) -> bool:
        return self._jail is not None and not self._jail.ended.is_set()

    async def start(self) -> None:
        """Begin to load the libraries; the first cell waits for them. Raises: PrerequisiteError."""
        async with self._at_work:
            if not self.is_alive:
                await self._begin()

    async def close(self) -> None:
        async with self._at_work:
            await self._end()

    async def put(self, files: Sequence[CodeFile]) -> None:
        """Files of the next cell's working folder; a new kernel gets them again. Raises: UsageError: a name is none."""
        self._sandbox.work_files(files)
        for file in files:
            self._files[file.name] = self._waiting[file.name] = file

    async def run_cell(self, source: str) -> CellOutcome:
        """Raises: PrerequisiteError."""
        async with self._at_work, self._sandbox.turn():
            is_fresh = not self.is_alive
            if is_fresh:
                await self._begin()
            is_fresh = await self._ready() or is_fresh
            start = time.monotonic()
            said = await self._ask(source)
            outcome = read_cell(said, self._limits, is_fresh=is_fresh, seconds=time.monotonic() - start)
            if said is not None:
                return outcome
            jail = self._jail
            await self._end()
            assert jail
            error = None if jail.killed else f"SystemExit: the process ended (exit code {jail.exit_code})"
            return replace(outcome, killed=jail.killed, error=error)

    async def _begin(self) -> None:
        await self._end()
        profile, files = await self._sandbox.require(), await self._sandbox.configuration()
        self._waiting = dict(self._files)
        listen, self._requests = os.pipe()
        told, speak = os.pipe()
        self._life = life = AsyncExitStack()
        life.callback(os.close, self._requests)
        self._replies = await life.enter_async_context(reading(told, _LONGEST_REPLY))
        uid = life.enter_context(self._sandbox.user_id())
        order = Order(
            profile=profile, limits=replace(self._limits, output_bytes=_STRANDED), uid=uid, files=files,
            asked={"mode": "kernel", "listen": listen, "speak": speak}, descriptors=(listen, speak),
        )  # fmt: skip
        self._jail = await life.enter_async_context(jailed(order))
        self._is_ready = False

    async def _end(self) -> None:
        life, self._life, self._jail, self._replies = self._life, None, None, None
        if life:
            await life.aclose()

    async def _ready(self) -> bool:
        """Whether this was the first time that it is."""
        if self._is_ready:
            return False
        await self._reply(_START_S)
        self._is_ready = True
        return True

    async def _ask(self, source: str) -> dict[str, Any] | None:
        request = {
            "cell": source, "output_bytes": self._limits.output_bytes,
            "files": {name: base64.b64encode(file.content).decode() for name, file in self._waiting.items()},
        }  # fmt: skip
        self._waiting = {}
        sending = asyncio.create_task(
            asyncio.to_thread(_send, self._requests, json.dumps(request).encode() + b"\n")
        )
        try:
            return await self._reply(self._limits.wall_s)
        finally:
            if not sending.done() and self._jail:
                self._jail.end()  # it doesn't read: writing ends when it is gone
            await asyncio.shield(sending)

    async def _reply(self, wait_s: float) -> dict[str, Any] | None:
        """None: there is none, and the kernel is done for."""
        assert self._replies and self._jail
        try:
            async with asyncio.timeout(wait_s):
                line = await self._replies.readline()
            said = json.loads(line) if line else None
        except (TimeoutError, ValueError) as problem:
            cause: Killed = "timeout" if isinstance(problem, TimeoutError) else "output"
            self._jail.end(cause)
            said = None
        except asyncio.CancelledError:
            self._jail.end()
            raise
        if isinstance(said, dict):
            return said
        await self._jail.wait()
        return None


def _send(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:  # it has ended, which its reply will tell
        return
