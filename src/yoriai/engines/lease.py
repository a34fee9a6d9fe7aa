"""One caller's hold on a model, and what it is told while it waits. Owns no engine; the router grants and refuses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType

from yoriai.engines.client import EngineClient
from yoriai.engines.loaded import Engine
from yoriai.errors import YoriaiError
from yoriai.types import Stage


class Lease:
    """`async with router.lease(name) as lease: await lease.ready()`."""

    def __init__(
        self,
        name: str,
        *,
        parallel: int,
        enter: Callable[[Lease], Awaitable[None]],
        leave: Callable[[Lease], None],
    ) -> None:
        self.name = name
        self.since = time.monotonic()
        self.engine: Engine | None = None  # that is held; None: none yet, or a remote one
        self._stage = Stage(name="queued", detail=name)
        self._parallel = parallel
        self._enter, self._leave = enter, leave
        self._client: EngineClient | None = None
        self._error: YoriaiError | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Lease:
        await self._enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(self)

    @property
    def client(self) -> EngineClient:
        """The engine, once the lease is ready."""
        assert self._client, "the lease isn't ready yet"
        return self._client

    async def ready(self) -> EngineClient:
        """Wait until the model is loaded. Raises as `progress`."""
        async for _ in self.progress():
            pass
        return self.client

    async def progress(self) -> AsyncIterator[Stage]:
        """Each stage of the wait; ends when `client` may be used.

        Raises:
            DoesNotFitError, EngineStartError, ModelFileError, EngineBusyError: the model can't be loaded (now).
        """
        told: Stage | None = None
        while self._client is None:
            if self._error:
                raise self._error
            if self._stage != told:
                told = self._stage
                yield told
            await self._news.wait()
            self._news.clear()
        if self.engine and self.engine.leases > self._parallel:
            yield Stage(name="queued", detail=self.name)

    # ---- what the router says -----------------------------------------------------------------------------
    def tell(self, stage: Stage) -> None:
        if stage != self._stage:
            self._stage = stage
            self._news.set()

    def grant(self, client: EngineClient, engine: Engine | None = None) -> None:
        self._client, self.engine = client, engine
        self._news.set()

    def refuse(self, error: YoriaiError) -> None:
        self._error = error
        self._news.set()
