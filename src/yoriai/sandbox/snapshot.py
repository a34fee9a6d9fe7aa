"""A private copy of a file, so that nobody changes it while it is read. `knowledge.parsing` asks for one."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import IO

from yoriai.errors import DocumentError, NotFoundError

_AT_ONCE = 2**20


def snapshot(path: Path, *, most_bytes: int) -> IO[bytes]:
    """A nameless copy, at its beginning. Blocks for the time of the copy.

    Raises:
        NotFoundError: there is no such file. DocumentError: too large, no ordinary file, or it changed meanwhile.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for a writer
            raise DocumentError("knowledge.file_not_regular")
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFoundError("knowledge.file_gone", path=path.name) from None
    except OSError as error:
        raise DocumentError("knowledge.file_unreadable", detail=error.strerror or str(error)) from None
    with file:
        before = os.fstat(file.fileno())
        if before.st_size > most_bytes:
            raise DocumentError("knowledge.file_too_large", size=_mib(before.st_size), limit=_mib(most_bytes))
        copy = _copied(file, most_bytes)
    after = path.stat() if path.exists() else None
    if after is None or _state(after) != _state(before) or copy.tell() != before.st_size:
        copy.close()
        raise DocumentError("knowledge.file_changed")
    copy.seek(0)
    return copy


def _copied(file: IO[bytes], most_bytes: int) -> IO[bytes]:
    copy = tempfile.TemporaryFile(prefix="yoriai-")  # noqa: SIM115 - handed on
    left = most_bytes + 1
    while left > 0 and (chunk := file.read(min(_AT_ONCE, left))):
        copy.write(chunk)
        left -= len(chunk)
    copy.flush()
    return copy


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
