"""A sandbox of one profile for tests that are no coroutines, and what they ask of the host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from yoriai.sandbox.code import CodeFile, run_code
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.running import CodeOutcome
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import SandboxSettings

T = TypeVar("T")


def a_sandbox(isolation: str = "auto") -> Sandbox:
    """In the test's own loop, for programs that need no fonts."""
    return Sandbox(SandboxSettings.model_validate({"isolation": isolation}), Path("/nonexistent"))


class Jails:
    def __init__(self, profile: str, home: Path) -> None:
        self.profile, self._home = profile, home

    def use(self, work: Callable[[Sandbox], Awaitable[T]]) -> T:
        async def go() -> T:
            sandbox = Sandbox(SandboxSettings.model_validate({"isolation": self.profile}), self._home)
            standing = await sandbox.standing()
            if standing.profile is None:
                pytest.skip(f"this machine has no {self.profile}: {standing}")
            return await work(sandbox)

        return asyncio.run(go())

    def run(self, source: str, *, files: tuple[CodeFile, ...] = (), **limits: float) -> CodeOutcome:
        wanted = CodeLimits(**{"wall_s": 60, **limits})  # type: ignore[arg-type]
        return self.use(lambda sandbox: run_code(sandbox, source, files=files, limits=wanted))


def named(name: str) -> list[psutil.Process]:
    """Processes of this machine that call themselves so, dead ones that wait for a parent left out."""
    found = []
    for each in psutil.process_iter(["name", "status"]):
        if each.info["name"] == name and each.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(each)
    return found
