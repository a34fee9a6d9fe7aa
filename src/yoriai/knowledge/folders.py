"""Which files stand under a path of this machine. Looks at names and times only; `collections` compares and keeps.

Hidden files and folders are left out, links to folders are not followed, and a link to a file counts only where it
stays inside the folder that was named.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from yoriai.errors import NotFoundError
from yoriai.knowledge.filing import harmless_name

_BYTES = "bytes:"  # of a path that is no UTF-8


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A file under a path that was named."""

    source: str  # the whole path, as it can be kept
    name: str  # below the path that was named
    size_bytes: int
    modified_at: datetime


def files_under(path: Path) -> list[Found]:
    """By name; a file is under itself. Raises: NotFoundError: there is nothing at that path."""
    path = path.expanduser().absolute()
    if not path.exists():
        raise NotFoundError("knowledge.path_missing", path=harmless_name(str(path)))
    if not path.is_dir():
        found = _found(path, path.name)
        return [found] if found else []
    return sorted(_walk(path, path.resolve()), key=lambda each: each.name)


def source_of(path: Path) -> str:
    """A path as text that leads back to it, whatever bytes it has."""
    try:
        str(path).encode("utf8")
    except UnicodeEncodeError:
        return _BYTES + os.fsencode(path).hex()
    return str(path)


def path_of(source: str) -> Path:
    """What `source_of` was given."""
    if source.startswith(_BYTES):
        return Path(os.fsdecode(bytes.fromhex(source.removeprefix(_BYTES))))
    return Path(source)


def is_under(source: str, folder: str) -> bool:
    return path_of(source).is_relative_to(path_of(folder))


def _walk(root: Path, real_root: Path) -> Iterator[Found]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if name.startswith(".") or (path.is_symlink() and not path.resolve().is_relative_to(real_root)):
                continue
            if found := _found(path, path.relative_to(root).as_posix()):
                yield found


def _found(path: Path, name: str) -> Found | None:
    try:
        status = path.stat()
    except OSError:  # gone meanwhile, or a link that leads nowhere
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    modified = datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1e6, UTC)
    return Found(
        source=source_of(path), name=harmless_name(name), size_bytes=status.st_size, modified_at=modified
    )
