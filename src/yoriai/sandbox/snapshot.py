"""A private copy of a file, so that nobody changes it while it is read. `knowledge` asks for one."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from yoriai.errors import DiskFullError, DocumentError, NotFoundError, ResourceError

_AT_ONCE = 2**20


def snapshot(path: Path, *, most_bytes: int, folder: Path) -> IO[bytes]:
    """A nameless copy in `folder`, at its beginning. Blocks for the time of the copy.

    Raises:
        NotFoundError: there is no such file. DocumentError: too large, no ordinary file, not to be read, or it changed
            meanwhile. DiskFullError: no room for the copy.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for a writer
            raise DocumentError("knowledge.file_not_regular")
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFoundError("knowledge.file_gone", path=path.name) from None
    except OSError as error:
        raise _unreadable(error) from None
    with file:
        before = os.fstat(file.fileno())
        if before.st_size > most_bytes:
            raise DocumentError("knowledge.file_too_large", size=_mib(before.st_size), limit=_mib(most_bytes))
        copy = _copied(file, most_bytes, folder)
    after = path.stat() if path.exists() else None
    if after is None or _state(after) != _state(before) or copy.tell() != before.st_size:
        copy.close()
        raise DocumentError("knowledge.file_changed")
    copy.seek(0)
    return copy


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """What the disk does is said as such. Raises: DiskFullError. ResourceError: it can't be written to."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError("store.disk_full", path=str(folder)) from error
        raise ResourceError(
            "store.unwritable", path=str(folder), detail=error.strerror or str(error)
        ) from error


def part_of(file: IO[bytes], most_bytes: int) -> bytes:
    """The next bytes. Raises: DocumentError: they can't be read."""
    try:
        return file.read(most_bytes)
    except OSError as error:
        raise _unreadable(error) from None


def _copied(file: IO[bytes], most_bytes: int, folder: Path) -> IO[bytes]:
    with writing_in(folder):
        copy = tempfile.TemporaryFile(prefix="yoriai-", dir=folder)  # noqa: SIM115 - handed on
        try:
            left = most_bytes + 1
            while left > 0 and (chunk := part_of(file, min(_AT_ONCE, left))):
                copy.write(chunk)
                left -= len(chunk)
            copy.flush()
        except BaseException:
            copy.close()
            raise
    return copy


def _unreadable(error: OSError) -> DocumentError:
    return DocumentError("knowledge.file_unreadable", detail=error.strerror or str(error))


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
