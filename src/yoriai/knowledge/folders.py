"""Which files stand under a path of this machine. Looks at names and times only; `scanning` compares and keeps.

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

_GONE = (FileNotFoundError, NotADirectoryError)
_BYTES = "bytes:"  # of a path that is no UTF-8


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A file under a path that was named."""

    source: str  # the whole path, as it can be kept
    name: str  # below the path that was named
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What stands under a path now."""

    files: list[Found]  # by name
    unseen: list[str]  # files and folders that could not be looked into
    mounts: list[str]  # folders that are drives of their own


def look(path: Path) -> Listing:
    """A file is under itself. Raises: NotFoundError: there is nothing at that path."""
    path = path.expanduser().absolute()
    if not path.exists():
        raise NotFoundError("knowledge.path_missing", path=harmless_name(str(path)))
    if not path.is_dir():
        found = _found(path, path.name)
        return Listing(files=[found] if found else [], unseen=[], mounts=[])
    walk = _Walk(path)
    files = sorted(walk.files(), key=lambda each: each.name)
    return Listing(files=files, unseen=walk.unseen, mounts=walk.mounts)


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


class _Walk:
    """Through a folder and what is below it."""

    def __init__(self, root: Path) -> None:
        self._root, self._real_root = root, root.resolve()
        self.unseen: list[str] = []
        self.mounts: list[str] = []

    def files(self) -> Iterator[Found]:
        devices = {self._root: self._real_root.parent.stat().st_dev}  # of the folder above, by folder
        for at, folders, names in os.walk(self._root, onerror=self._failed):
            folders[:] = [name for name in folders if not name.startswith(".")]
            folder = Path(at)
            above = devices.pop(folder)
            device = self._device(folder, above)
            if device != above:
                self.mounts.append(source_of(folder))
            devices |= {folder / name: device for name in folders}
            for name in names:
                if not name.startswith(".") and (found := self._file(folder / name)):
                    yield found

    def _device(self, folder: Path, above: int) -> int:
        try:
            return folder.stat().st_dev
        except OSError as error:
            self._failed(error)
            return above

    def _file(self, path: Path) -> Found | None:
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(self._real_root):
                return None
            return _found(path, path.relative_to(self._root).as_posix())
        except RuntimeError:  # links in a circle
            return None
        except OSError as error:
            self._failed(error)
            return None

    def _failed(self, error: OSError) -> None:
        if not isinstance(error, _GONE) and error.filename is not None:
            self.unseen.append(source_of(Path(os.fsdecode(error.filename))))


def _found(path: Path, name: str) -> Found | None:
    """None: gone meanwhile, a link that leads nowhere, or no file. Raises: OSError: it is there, and can't be seen."""
    try:
        status = path.stat()
    except _GONE:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    modified = datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1e6, UTC)
    return Found(
        source=source_of(path), name=harmless_name(name), size_bytes=status.st_size, modified_at=modified
    )
