"""A generator of events out of work that emits them: composites run their parts in task groups, and groups can't yield.

Closing the generator cancels the work and everything that it began. `reasoner` and `council` stream with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from yoriai.deliberation import Deliberation
from yoriai.types import Event

Emit = Callable[[Event], None]
_APART_S = 0.2  # between two snapshots that nobody waits for


async def emitted(work: Callable[[Emit], Awaitable[None]]) -> AsyncGenerator[Event, None]:
    """What `work` emits, in order. Raises: what it raises, after its last event."""
    queue: asyncio.Queue[Event | None] = asyncio.Queue()

    async def run() -> None:
        try:
            await work(queue.put_nowait)
        finally:
            queue.put_nowait(None)

    task = asyncio.create_task(run())
    try:
        while (event := await queue.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])


class Snapshots:
    """The newest deliberation, at most five a second; of a burst the last one always comes."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._newest: Deliberation | None = None
        self._told = 0.0
        self._due: asyncio.TimerHandle | None = None  # of one that comes later

    def tell(self, newest: Deliberation, *, is_urgent: bool) -> None:
        """`is_urgent`: now, before what follows."""
        self._newest = newest
        wait_s = 0.0 if is_urgent else self._told + _APART_S - time.monotonic()
        if wait_s <= 0:
            self._show()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(wait_s, self._show)

    def _show(self) -> None:
        if self._due:
            self._due.cancel()
        self._due, self._told = None, time.monotonic()
        if self._newest:
            self._emit(self._newest)
