"""Limits that the parent holds: time, memory, output; and the end of a child whose caller has left."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

import yoriai
from kernel_without import DENY
from yoriai.sandbox.limits import MIB, Limits
from yoriai.sandbox.process import EndedError, lines

pytestmark = pytest.mark.anyio
Children = Callable[[], list[psutil.Process]]
LIMITS = Limits(step_s=20, total_s=30)
_TASKS = f"""{DENY}
import json, sys, time
from yoriai.sandbox.jail import RefusedError, run, say

what = json.loads(sys.argv[1])["what"]
if what.startswith("read without "):
    deny(what.removeprefix("read without "))

def task(specification, file):
    what = specification["what"]
    if what == "memory":
        held = [bytearray(b"x" * 2**20) for _ in range(600)]
    elif what == "sleep":
        time.sleep(60)
    elif what == "spin":
        while True:
            pass
    elif what == "talk":
        while True:
            say({{"words": "x" * 10_000}})
    elif what == "one line":
        say({{"words": "x" * 3_000_000}})
    elif what == "write":
        open("/tmp/yoriai-was-here", "w")
    elif what == "crash":
        import ctypes
        ctypes.string_at(0)
    elif what == "refuse":
        raise RefusedError("bomb", size="9")
    elif what == "lie":
        print("no JSON", flush=True)
    return {{"read": file.read().decode()}}

run(task)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a module lies that only the child sees."""
    own = Path(yoriai.__path__[0]).parent
    (tmp_path / "tasks_of_a_test.py").write_text(f"import sys\nsys.path.append({str(own)!r})\n{_TASKS}")
    return tmp_path


async def outcome(folder: Path, what: str, limits: Limits = LIMITS) -> Any:
    with tempfile.TemporaryFile() as file:
        file.write(b"the file")
        file.seek(0)
        async with aclosing(lines("tasks_of_a_test", {"what": what}, file, limits, folder=folder)) as saying:
            return [line async for line in saying][-1]


async def test_a_child_reads_its_file_and_answers(folder: Path) -> None:
    assert (await outcome(folder, "read"))["result"] == {"read": "the file"}


@pytest.mark.parametrize(
    ("what", "cause", "limits"),
    [
        ("memory", "memory", replace(LIMITS, memory_bytes=200 * MIB)),
        ("sleep", "time", replace(LIMITS, step_s=1)),
        ("spin", "time", replace(LIMITS, step_s=1)),
        ("talk", "output", replace(LIMITS, output_bytes=MIB)),
        ("one line", "output", replace(LIMITS, output_bytes=MIB)),
        ("crash", "crash", LIMITS),
        ("refuse", "bomb", LIMITS),
        ("lie", "crash", LIMITS),
    ],
)
async def test_a_child_that_goes_too_far_is_ended(
    folder: Path, what: str, cause: str, limits: Limits, children: Children
) -> None:
    start = time.monotonic()
    with pytest.raises(EndedError) as caught:
        await outcome(folder, what, limits)
    assert caught.value.cause == cause
    assert time.monotonic() - start < 10
    assert not children()


async def test_a_slow_total_ends_even_when_each_step_is_quick(folder: Path) -> None:
    with pytest.raises(EndedError) as caught:
        await outcome(folder, "talk", replace(LIMITS, total_s=0.5, output_bytes=10**12))
    assert caught.value.cause == "time"


async def test_who_stops_waiting_ends_the_child(folder: Path, children: Children) -> None:
    waiting = asyncio.create_task(outcome(folder, "sleep"))
    while not children():
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not children()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a jail that can be demanded")
@pytest.mark.parametrize(("without", "missing"), [("landlock", "Landlock"), ("seccomp", "seccomp")])
async def test_a_child_that_cannot_be_jailed_opens_nothing_unless_that_was_allowed(
    folder: Path, without: str, missing: str
) -> None:
    with pytest.raises(EndedError) as caught:
        await outcome(folder, f"read without {without}")
    assert caught.value.cause == "unjailed"
    assert caught.value.values == {"missing": missing}
    allowed = await outcome(folder, f"read without {without}", replace(LIMITS, unjailed=True))
    assert allowed["result"] == {"read": "the file"}
