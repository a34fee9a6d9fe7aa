"""Files that are whole or not there: copies, moves and writes that reach the disk before anybody relies on them.

Knows nothing of models. `catalog.library` and `catalog.download` call it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from yoriai.errors import DiskFullError, ModelFileError

TEMPORARY = "add-*.tmp"
RESERVE_BYTES = 256 * 2**20  # left free, so that the database can still write
_CHUNK = 4 * 2**20


def temporary(folder: Path) -> Path:
    """A name that nobody else uses; matches `TEMPORARY`."""
    return folder / f"add-{secrets.token_hex(8)}.tmp"


def check_space(folder: Path, needed_bytes: int) -> None:
    """Raises: DiskFullError: writing so much would fill the disk that `folder` is on."""
    free = shutil.disk_usage(folder).free
    if needed_bytes + RESERVE_BYTES > free:
        raise DiskFullError(
            "catalog.disk_full", path=str(folder), needed=f"{(needed_bytes + RESERVE_BYTES) / 1e9:.2f} GB",
            free=f"{free / 1e9:.2f} GB",
        )  # fmt: skip


def sha256(path: Path) -> str:
    """Of the whole file, hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def digest_of(digests: Sequence[str]) -> str:
    """One digest for a sequence of files; a single file's is its own."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def copy(source: Path, target: Path) -> str:
    """Copy to a new file, down to the disk; its sha256.

    Raises:
        ModelFileError: the source cannot be read.
        DiskFullError: the disk is full after all.
    """
    digest = hashlib.sha256()
    try:
        with source.open("rb") as reading, target.open("xb") as writing:
            while chunk := reading.read(_CHUNK):
                digest.update(chunk)
                _write_all(writing.fileno(), chunk, target)
            os.fsync(writing.fileno())
    except OSError as error:
        raise _unreadable(source, error) from error
    return digest.hexdigest()


def move(source: Path, target: Path) -> None:
    """Put a complete file in its place on the same disk; one that is there already is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        source.replace(target)
    except PermissionError:  # Windows: an engine has the one of the same content open
        if not target.is_file():
            raise
    source.unlink(missing_ok=True)  # POSIX leaves it where both names are links to one file
    sync_folder(target.parent)


def write(path: Path, content: bytes) -> None:
    """Replace a small file in one step."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Names reach the disk with their folder. Windows has no such call."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, chunk: bytes, target: Path) -> None:
    view = memoryview(chunk)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError as error:
            free = shutil.disk_usage(target.parent).free
            raise DiskFullError(
                "catalog.disk_full",
                path=str(target.parent),
                needed=f"{len(view) / 1e9:.2f} GB",
                free=f"{free / 1e9:.2f} GB",
            ) from error


def _unreadable(path: Path, error: OSError) -> ModelFileError:
    return ModelFileError("catalog.file_unreadable", path=str(path), detail=error.strerror or str(error))
