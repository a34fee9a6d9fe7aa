"""The warm kernels of this process, one a chat: so many at most, the one that waited longest goes first."""

from __future__ import annotations

import asyncio
import contextlib
import time

from yoriai.sandbox.kernel import Kernel
from yoriai.sandbox.sandbox import Sandbox

_LOOK_EVERY_S = 30


class Kernels:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._kernels: dict[str, Kernel] = {}  # the one that was asked for last stands last
        self._used: dict[str, float] = {}
        self._looking: asyncio.Task[None] | None = None

    async def get(self, chat: str) -> Kernel:
        """The kernel of this chat, which the caller has found to be the asker's own. It is not started yet, if new."""
        kernel = self._kernels.pop(chat, None) or Kernel(self._sandbox)
        self._kernels[chat], self._used[chat] = kernel, time.monotonic()
        while len(self._kernels) > self._sandbox.settings.kernels:
            await self.forget(next(iter(self._kernels)))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._forget_idle())
        return kernel

    async def forget(self, chat: str) -> None:
        """End it; its variables are gone."""
        kernel = self._kernels.pop(chat, None)
        self._used.pop(chat, None)
        if kernel:
            await kernel.close()

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        for chat in list(self._kernels):
            await self.forget(chat)

    async def _forget_idle(self) -> None:
        idle_s = self._sandbox.settings.kernel_idle_s
        while self._kernels:
            await asyncio.sleep(min(_LOOK_EVERY_S, idle_s))
            for chat, used in list(self._used.items()):
                if time.monotonic() - used > idle_s:
                    await self.forget(chat)
