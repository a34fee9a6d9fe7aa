"""Runs one program from its start to its end: the outcome, whatever it does. `code` and `levels` call it."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass

from yoriai.sandbox.inside import frames
from yoriai.sandbox.jailed import Jailed, Killed, jailed
from yoriai.sandbox.leaving import CodeFile, checked, files_of
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.starting import Order, Profile

_FRAMES_BYTES = 512  # the line before each file


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeOutcome:
    stdout: str
    stderr: str
    exit_code: int | None  # None: it was ended from outside
    killed: Killed | None
    files: tuple[CodeFile, ...]
    dropped: (
        int  # files that it left and that were not taken: too many, too large, odd names, no ordinary files
    )
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    source: str
    files: dict[str, bytes]  # "work/NAME" or "matplotlib/NAME"
    limits: CodeLimits


async def run_program(profile: Profile, uid: int | None, program: Program) -> CodeOutcome:
    """Raises: OSError: the jail could not be started."""
    start, limits = time.monotonic(), program.limits
    came_back, give_back = os.pipe() if profile == "bubblewrap" else (None, None)
    order = Order(
        profile=profile, limits=limits, uid=uid, cpu_s=int(limits.wall_s) + 2, files=program.files,
        asked={"mode": "program", "source": program.source, "out": give_back},
        descriptors=() if give_back is None else (give_back,),
    )  # fmt: skip
    left = bytearray()
    async with jailed(order) as jail:
        collecting = asyncio.create_task(_collect(jail, came_back, left))
        try:
            async with asyncio.timeout(limits.wall_s):
                await jail.ended.wait()
        except TimeoutError:
            jail.end("timeout")
        finally:
            jail.end()
            await jail.wait()
            await collecting
        await jail.silent()
        files, dropped = await asyncio.to_thread(_files, jail, bytes(left), program)
    return CodeOutcome(
        stdout=jail.printed.decode("utf8", "replace"), stderr=jail.complained.decode("utf8", "replace"),
        exit_code=None if jail.killed else jail.exit_code, killed=jail.killed, files=files, dropped=dropped,
        seconds=time.monotonic() - start,
    )  # fmt: skip


async def _collect(jail: Jailed, descriptor: int | None, into: bytearray) -> None:
    if descriptor is not None:
        limits = jail.limits
        await jail.collect(descriptor, into, limits.files_bytes + (limits.files + 1) * _FRAMES_BYTES + 2**20)


def _files(jail: Jailed, stream: bytes, program: Program) -> tuple[tuple[CodeFile, ...], int]:
    folder = jail.started.folder
    if folder is None:
        return files_of(stream, program.limits)
    work = folder / "work"
    given = {name.removeprefix("work/"): content for name, content in program.files.items()}
    limits = program.limits
    names = sorted(each.name for each in work.iterdir())[: limits.files * 100]
    pairs = frames.contents(str(work), names, most=limits.files * 100, most_bytes=limits.files_bytes)
    return checked(((name, content) for name, content in pairs if given.get(name) != content), limits)
