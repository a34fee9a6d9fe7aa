"""One running jail: its streams, its limits that only an onlooker can hold, its end. `Sandbox.jail` makes them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

from yoriai.sandbox import starting, watching
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.starting import Order, Started

Killed = Literal["timeout", "memory", "output", "disk"]
_LOOK_EVERY_S, _LOOK_AT_FOLDER_EVERY = 0.02, 3
_GRACE_S = 2


class Jailed:
    """Ended by `end`, or by itself; `ended` is set either way. `killed` says why it was ended, if for a limit."""

    def __init__(self, started: Started, limits: CodeLimits) -> None:
        self.started, self.limits = started, limits
        self.ended = asyncio.Event()
        self.killed: Killed | None = None
        self.printed = bytearray()
        self.complained = bytearray()
        self.reading: list[asyncio.Task[None]] = []
        self._first: int | None = None  # descriptor of the first process inside
        self._ours = os.pidfd_open(started.process.pid)
        asyncio.get_running_loop().add_reader(self._ours, self._gone)

    @property
    def exit_code(self) -> int | None:
        return self.started.process.returncode

    def end(self, cause: Killed | None = None) -> None:
        """Kill all of it. Its first process goes first, so that bubblewrap is still there to bury it."""
        self.killed = self.killed or (cause if not self.ended.is_set() else None)
        first = self._first_inside()
        try:
            if first is not None:
                signal.pidfd_send_signal(first, signal.SIGKILL)
            else:
                self.started.process.kill()
        except ProcessLookupError:
            return

    async def wait(self) -> None:
        """Until it has ended, after `end` by force."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await self.ended.wait()
        if not self.ended.is_set():
            self.started.process.kill()
            await self.ended.wait()

    async def silent(self) -> None:
        """Until all that it printed has been read; ended it must be."""
        await asyncio.wait(self.reading)

    async def watch(self) -> None:
        """End it when it takes more memory or room than it may."""
        looks = 0
        while not self.ended.is_set():
            if self._takes_too_much_memory():
                self.end("memory")
            looks += 1
            if self.started.folder and looks % _LOOK_AT_FOLDER_EVERY == 0:
                room = self.limits.work_bytes + self.limits.temporary_bytes
                if watching.folder_bytes(self.started.folder) > room:
                    self.end("disk")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), _LOOK_EVERY_S)

    async def collect(self, descriptor: int, into: bytearray, most_bytes: int) -> None:
        """Everything that is written there; end it when that is too much. Closes the descriptor."""
        async with reading(descriptor) as stream:
            while chunk := await stream.read(65536):
                into += chunk[: most_bytes - len(into)]
                if len(into) >= most_bytes:
                    self.end("output")

    def close(self) -> None:
        for each in (self._ours, self._first, self.started.info):
            if each is not None:
                os.close(each)
        starting.discard(self.started.folder)

    def _takes_too_much_memory(self) -> bool:
        pid, most = self.started.process.pid, self.limits.memory_bytes
        return watching.memory_bytes(pid) > most and watching.shared_out_bytes(pid) > most

    def _gone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        self.started.process.wait()
        self.ended.set()

    def _first_inside(self) -> int | None:
        if self._first is None and self.started.info is not None:
            os.set_blocking(self.started.info, False)
            with contextlib.suppress(OSError, ValueError, KeyError):
                self._first = os.pidfd_open(json.loads(os.read(self.started.info, 4096))["child-pid"])
        return self._first


@asynccontextmanager
async def jailed(order: Order) -> AsyncGenerator[Jailed]:
    """Start it; whoever leaves ends it. `order.descriptors` are closed on our side once it runs.

    Raises:
        OSError: it could not be started.
    """
    (out, into_out), (errors, into_errors) = os.pipe(), os.pipe()
    try:
        jail = Jailed(await _started(order, into_out, into_errors), order.limits)
    except BaseException:
        os.close(out)
        os.close(errors)
        raise
    finally:
        for each in (into_out, into_errors, *order.descriptors):
            os.close(each)
    most = order.limits.output_bytes
    jail.reading += [
        asyncio.create_task(jail.collect(out, jail.printed, most)),
        asyncio.create_task(jail.collect(errors, jail.complained, most)),
    ]
    watching_it = asyncio.create_task(jail.watch())
    try:
        yield jail
    finally:
        jail.end()
        await asyncio.shield(_finished(jail, watching_it))


async def _finished(jail: Jailed, watching_it: asyncio.Task[None]) -> None:
    await jail.wait()
    await jail.silent()
    await watching_it
    jail.close()


async def _started(order: Order, out: int, errors: int) -> Started:
    starts = starting.thread().submit(starting.start, order, out, errors)
    try:
        return await asyncio.shield(asyncio.wrap_future(starts))
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            starts.result().process.kill()
        raise


@asynccontextmanager
async def reading(descriptor: int, limit: int = 65536) -> AsyncGenerator[asyncio.StreamReader]:
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader(limit)
    file = os.fdopen(descriptor, "rb", 0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), file)
    try:
        yield stream
    finally:
        transport.close()
