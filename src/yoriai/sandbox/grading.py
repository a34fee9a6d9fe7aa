"""Does a program pass its tests? The program in one jail, the tests in another; only data goes between them.

A program that ends its process, prints what success looks like, or brings objects that equal everything
gains nothing: the verdict comes from the other jail, where none of its code ever is. `inside.candidate` and
`inside.checker` are the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

from yoriai.sandbox.jailed import Jailed, jailed, reading
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox
from yoriai.sandbox.starting import Order

GRADING = CodeLimits(wall_s=10, files=0, files_bytes=0)
Cause = Literal["passed", "failed", "error", "timeout", "memory", "output", "disk", "ended"]
_START_S = 60  # of both jails on a busy machine; the time of the tests begins after it
_LONGEST_VERDICT = 8192


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    is_passed: bool
    cause: Cause
    detail: str  # the assert that failed, or the exception, in one line: untrusted text
    seconds: float  # of the program and its tests, without the start


async def grade(sandbox: Sandbox, *, program: str, tests: str, limits: CodeLimits = GRADING) -> Grade:
    """Run `tests` against the functions that `program` defines.

    Args:
        program: the candidate, for HumanEval the prompt and its completion. It is run with another `__name__`
            than "__main__".
        tests: Python that calls the program's functions by name and asserts, for HumanEval
            `test + "\\ncheck(entry_point)"`, for MBPP set-up code and the list of asserts, one a line.
            Passes if it ends without an exception.

    Raises:
        PrerequisiteError: this machine can't isolate code; it says why and how to mend it.
    """
    await sandbox.require()
    async with sandbox.turn(), _pair(sandbox, program, tests, limits) as (candidate, checker, verdict):
        start = time.monotonic()
        try:
            async with asyncio.timeout(_START_S):
                await verdict.readline()
            start = time.monotonic()
            async with asyncio.timeout(limits.wall_s):
                said = _read(await verdict.readline())
        except TimeoutError:
            said = Grade(is_passed=False, cause="timeout", detail="", seconds=0)
        except ValueError:
            said = Grade(is_passed=False, cause="ended", detail="", seconds=0)
        seconds = time.monotonic() - start
    cause = said.cause if said.is_passed else candidate.killed or checker.killed or said.cause
    return Grade(is_passed=said.is_passed, cause=cause, detail=said.detail, seconds=seconds)


@asynccontextmanager
async def _pair(
    sandbox: Sandbox, program: str, tests: str, limits: CodeLimits
) -> AsyncGenerator[tuple[Jailed, Jailed, asyncio.StreamReader]]:
    there, from_there = os.pipe()
    here, from_here = os.pipe()
    told, tell = os.pipe()
    async with AsyncExitStack() as stack:
        verdict = await stack.enter_async_context(reading(told, _LONGEST_VERDICT))
        first = _jail(sandbox, "candidate", program, limits, listen=there, speak=from_here)
        second = _jail(sandbox, "checker", tests, limits, listen=here, speak=from_there, verdict=tell)
        candidate = await stack.enter_async_context(first)
        checker = await stack.enter_async_context(second)
        yield candidate, checker, verdict


@asynccontextmanager
async def _jail(
    sandbox: Sandbox, mode: str, source: str, limits: CodeLimits, **descriptors: int
) -> AsyncGenerator[Jailed]:
    with sandbox.user_id() as uid:
        order = Order(
            profile=await sandbox.require(), limits=limits, uid=uid, cpu_s=int(limits.wall_s) + 2,
            asked={"mode": mode, "source": source, **descriptors}, descriptors=tuple(descriptors.values()),
        )  # fmt: skip
        async with jailed(order) as jail:
            yield jail


def _read(line: bytes) -> Grade:
    """What the checker said; anything but a clear "passed" is none."""
    said: Any = None
    with contextlib.suppress(ValueError):
        said = json.loads(line)
    if not isinstance(said, dict) or said.get("cause") not in get_args(Cause):
        return Grade(is_passed=False, cause="ended", detail="", seconds=0)
    detail = said.get("detail")
    return Grade(
        is_passed=said["cause"] == "passed", cause=said["cause"],
        detail=detail if isinstance(detail, str) else "", seconds=0,
    )  # fmt: skip
