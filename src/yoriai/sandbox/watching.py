"""What a jail takes, as seen from outside: memory of all its processes, room in its folder. Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_MOST_ENTRIES = 10_000


def memory_bytes(pid: int) -> int:
    """Resident memory of a process and all below it. Pages that they share count for each."""
    return sum(_resident(each) for each in tree(pid))


def shared_out_bytes(pid: int) -> int:
    """The same with shared pages counted once; slower. Where the system doesn't tell, resident memory."""
    return sum(_proportional(each) for each in tree(pid))


def tree(pid: int) -> Iterator[int]:
    """The process and all below it. A child is found under the thread that started it, so every thread is asked."""
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        yield each
        try:
            for task in os.listdir(f"/proc/{each}/task"):  # noqa: PTH208
                waiting += map(int, _text(f"/proc/{each}/task/{task}/children").split())
        except OSError:
            continue


def folder_bytes(folder: Path) -> int:
    """Of all files below it; as if it were very large where there are very many."""
    total = 0
    waiting, entries = [str(folder)], 0
    while waiting:
        try:
            for entry in os.scandir(waiting.pop()):
                entries += 1
                total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        except OSError:
            continue
        if entries > _MOST_ENTRIES:
            return 2**62
    return total


def _resident(pid: int) -> int:
    fields = _text(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def _proportional(pid: int) -> int:
    for line in _text(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return _resident(pid)


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - asked many times a second
            return file.read()
    except OSError:
        return ""
