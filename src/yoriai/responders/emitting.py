"""A generator of events out of work that emits them: composites run their parts in task groups, and groups can't yield.

Closing the generator cancels the work and everything that it began. `reasoner` and `council` stream with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from yoriai.types import Event

Emit = Callable[[Event], None]


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
