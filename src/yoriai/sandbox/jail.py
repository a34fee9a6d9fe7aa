"""Takes rights away from a child before it opens what a stranger wrote, and lets it speak. Runs in the child only.

Its file is its standard input, already open, so that it needs to open nothing but its own program. Linux: dies with
its parent, Landlock (reads the Python installation, writes nowhere), seccomp (no sockets, no programs, no looking
into other processes, no changing files); without both it refuses, unless that was allowed. Everywhere but on Windows:
limits on address space, CPU time and files. Its task comes as JSON in its first argument, what it says is JSON lines
on standard output. `process` is the other side.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, BinaryIO

from yoriai.engines.confine import confine
from yoriai.sandbox.seccomp import forbid_system_calls

_RUNTIME = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo",
            "/usr/share/fonts", "/usr/local/share/fonts", "/proc/cpuinfo", "/proc/meminfo", "/proc/self",
            "/sys/devices/system/cpu")  # fmt: skip
_ROOM_FOR_LIBRARIES = 2 * 2**30  # mapped, not used: models, shared libraries, arenas

Task = Callable[[dict[str, Any], BinaryIO], dict[str, Any]]


class RefusedError(Exception):
    """Ends the work; the first argument names the cause for the parent, the others are values for its text."""

    def __init__(self, cause: str, **values: object) -> None:
        super().__init__(cause)
        self.cause, self.values = cause, values


def run(task: Task) -> None:
    """Give up rights, do the task, say its result or why there is none."""
    specification = json.loads(sys.argv[1])
    held = enter(specification["limits"])
    say({"confinement": held})
    missing = lacking(held)
    if missing and not specification["limits"]["unjailed"]:
        say({"refused": "unjailed", "values": {"missing": ", ".join(missing)}})
        return
    say(_outcome(task, specification))


def _outcome(task: Task, specification: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": task(specification, sys.stdin.buffer)}
    except RefusedError as refused:
        return {"refused": refused.cause, "values": refused.values}
    except MemoryError:
        return {"refused": "memory", "values": {}}
    except (
        Exception
    ) as error:  # the handler of this process: whatever a library stumbles over, the file is broken
        return {"refused": "broken", "values": {"detail": _short(error)}}


def enter(limits: dict[str, Any]) -> list[str]:
    """Give up rights for good. Returns what holds, for example ["rlimits", "landlock-tcp", "seccomp"]."""
    held = _limit(limits["memory_bytes"], limits["total_s"])
    readable = [Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2]]
    held.append(confine(readable, port=None, runtime=_RUNTIME))
    return [*held, forbid_system_calls()]


def lacking(held: Collection[str], system: str = sys.platform) -> tuple[str, ...]:
    """What a child of this system lacks of a jail. Only Linux has one that can be asked for."""
    if system != "linux":
        return ()
    found = {
        "Landlock": any(name.startswith("landlock") for name in held),
        "seccomp": "seccomp" in held,
    }
    return tuple(name for name, is_there in found.items() if not is_there)


def say(line: dict[str, Any]) -> None:
    # Half a character, which is none, becomes "?": the places of all others stay.
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode("utf8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def _limit(memory_bytes: int, total_s: float) -> list[str]:
    if sys.platform == "win32":
        return []
    import resource

    seconds = int(total_s) + 1
    wanted = {
        resource.RLIMIT_AS: memory_bytes + _ROOM_FOR_LIBRARIES,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 256,
    }
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    return ["rlimits"]


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200].rstrip(". ")
