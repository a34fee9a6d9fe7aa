"""Runs a module in a jailed child process and gives on what it says, line by line.

Owns start, limits that only an onlooker can hold (wall clock, resident memory, output), and the end: a caller that
leaves kills the child. Knows nothing of documents. `knowledge.parsing.parse` calls it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import psutil

from yoriai.sandbox.limits import Limits

# Isolated, a child finds the installed Yoriai; one that runs from its sources is to run its own.
_ROOT = Path(__file__).parents[2]
_START = (
    "import runpy, sys; root = sys.argv.pop(2); root in sys.path or sys.path.insert(0, root); "
    "runpy.run_module(sys.argv.pop(2), run_name='__main__')"
)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOOK_EVERY_S = 0.02
_SIGNAL_CPU, _SIGNAL_SIZE = -24, -25  # SIGXCPU, SIGXFSZ


class EndedError(Exception):
    """The child ended before its result: `cause` is "memory", "time", "output", "crash" or what it refused with."""

    def __init__(self, cause: str, **values: object) -> None:
        super().__init__(cause)
        self.cause, self.values = cause, values


async def lines(
    module: str, task: dict[str, Any], file: IO[bytes], limits: Limits, *, folder: Path = _ROOT
) -> AsyncGenerator[dict[str, Any]]:
    """What the child says, the last one being {"result": …}. Close it (`aclosing`) to end the child at once.

    Args:
        module: runs `jail.run` when it is the main module.
        file: becomes the child's standard input.
        folder: where the module is found, beside what is installed.

    Raises:
        EndedError.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _START, json.dumps({**task, "limits": asdict(limits)}), str(folder), module,
        stdin=file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=_ONE_THREAD, limit=limits.output_bytes,
    )  # fmt: skip
    causes: list[str] = []
    watching = asyncio.create_task(_watch(process, limits.memory_bytes, causes))
    try:
        async for line in _said(process, limits):
            if "refused" in line:
                raise _refusal(line)
            yield line
            if "result" in line:
                return
        await process.wait()
        raise EndedError(causes[0] if causes else _cause(process.returncode))
    finally:
        watching.cancel()
        await _end(process)


async def _said(process: asyncio.subprocess.Process, limits: Limits) -> AsyncGenerator[dict[str, Any]]:
    assert process.stdout
    clock = asyncio.get_running_loop().time
    left, deadline = limits.output_bytes, clock() + limits.total_s
    while True:
        try:
            async with asyncio.timeout_at(min(deadline, clock() + limits.step_s)):
                line = await process.stdout.readline()
        except TimeoutError:
            raise EndedError("time") from None
        except ValueError:  # one line is longer than everything may be
            raise EndedError("output") from None
        left -= len(line)
        if left < 0:
            raise EndedError("output")
        if not line:
            return
        yield _read(line)


def _read(line: bytes) -> dict[str, Any]:
    """One line of a child that may have fallen into strange hands."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise EndedError("crash")
    return said


def _refusal(line: dict[str, Any]) -> EndedError:
    cause, values = line["refused"], line.get("values")
    if not isinstance(cause, str) or not isinstance(values, dict):
        return EndedError("crash")
    ended = EndedError(cause)
    ended.values = {name: value for name, value in values.items() if isinstance(value, int | float | str)}
    return ended


def _cause(code: int | None) -> str:
    return {_SIGNAL_CPU: "time", _SIGNAL_SIZE: "output"}.get(code or 0, "crash")


async def _watch(process: asyncio.subprocess.Process, most_bytes: int, causes: list[str]) -> None:
    """Kill the child when it holds more memory than it may: a limit on address space is far above that."""
    with contextlib.suppress(psutil.Error):
        seen = psutil.Process(process.pid)
        while process.returncode is None:
            if seen.memory_info().rss > most_bytes:
                causes.append("memory")
                process.kill()
                return
            await asyncio.sleep(_LOOK_EVERY_S)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
