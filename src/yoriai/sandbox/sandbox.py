"""The service that runs strangers' code: how this machine isolates it, and how many at a time.

`bootstrap` makes one; `code`, `kernel` and `grading` run in it.
"""

from __future__ import annotations

from pathlib import Path

from yoriai.sandbox.levels import Standing
from yoriai.settings import SandboxSettings


class Sandbox:
    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self._settings, self._home = settings, home

    async def standing(self) -> Standing:
        """How this machine isolates code, tried out once. Never raises."""
        raise NotImplementedError

    async def close(self) -> None:
        """End everything that runs in it."""
