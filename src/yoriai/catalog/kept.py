"""What the library's folder holds on the disk, and what an interrupted pull has left there for the next one.

Knows how `catalog.download` names what isn't complete. Reads files: call it from a thread. The API and the page ask.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from yoriai.catalog import wheels
from yoriai.catalog.catalogue import Entry, WheelSource
from yoriai.catalog.library import Library
from yoriai.errors import ConflictError


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskUse:
    models_bytes: int  # linked files are not ours, and don't count
    partial_bytes: int
    free_bytes: int


def disk_use(library: Library) -> DiskUse:
    """Of the library's folder, and what its disk has left."""
    everything = _bytes_of(library.folder.rglob("*"))
    partial = _bytes_of(library.partial.rglob("*"))
    existing = next(path for path in (library.folder, *library.folder.parents) if path.exists())
    return DiskUse(
        models_bytes=everything - partial,
        partial_bytes=partial,
        free_bytes=shutil.disk_usage(existing).free,
    )


def kept_bytes(entry: Entry, library: Library) -> int:
    """How much of the model came before its pull was interrupted; 0: nothing, or nobody can tell."""
    return _bytes_of(_leftovers(entry, library))


def discard(entry: Entry, library: Library) -> None:
    """Delete what came: the next pull begins anew.

    Raises:
        ConflictError: it is being pulled right now.
    """
    if entry.sha256 is None or not library.partial.is_dir():
        return
    try:
        with FileLock(library.partial / f"{entry.sha256}.lock", timeout=0):
            for path in _leftovers(entry, library):
                path.unlink(missing_ok=True)
            for source in _wheels(entry):
                wheels.discard(source, library.partial / f"{entry.sha256}.joined")
    except Timeout:
        raise ConflictError("catalog.pull_running", name=entry.name) from None


def _leftovers(entry: Entry, library: Library) -> Iterator[Path]:
    if entry.sha256 is None:
        return
    for suffix in ("part", "joined"):
        yield library.partial / f"{entry.sha256}.{suffix}"
    for source in _wheels(entry):
        for wheel in source.wheels:
            yield library.partial / f"{wheel.sha256}.whl"


def _wheels(entry: Entry) -> Iterator[WheelSource]:
    return (source for source in entry.sources if isinstance(source, WheelSource))


def _bytes_of(paths: Iterator[Path]) -> int:
    total = 0
    for path in paths:
        with suppress(OSError):  # gone meanwhile, or never there
            total += path.stat().st_size if path.is_file() else 0
    return total
