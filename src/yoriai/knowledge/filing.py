"""The copies of files in the data folder, each named by an id that was made here: no name from elsewhere is a path.

A copy is whole before its row is written, and goes after its row is gone. One that is still being read stands apart,
in `incoming`; what a crash leaves there, or without a row, is swept away at the next start. Everything here waits for
the disk: it runs in threads.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import tempfile
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from yoriai.errors import DocumentError
from yoriai.sandbox.snapshot import part_of, snapshot, writing_in

_AT_ONCE = 2**20
_ID = re.compile(r"file-[0-9a-f]{24}")
_SWEEP_AFTER_S = 60  # another process may be between a copy and its row
LONGEST_NAME = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A copy that has no row yet."""

    id: str
    sha256: str
    size_bytes: int


class Filing:
    """The folder of copies."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._since = time.time()

    def path(self, file_id: str) -> Path:
        """Raises: ValueError: not an id of ours."""
        if not _ID.fullmatch(file_id):
            raise ValueError(file_id)
        return self._folder / file_id

    def has(self, file_id: str | None) -> bool:
        """Whether a copy is there."""
        return file_id is not None and self.path(file_id).is_file()

    def incoming(self, file_id: str) -> Path:
        """Where a copy is until `settle`. Raises: ValueError."""
        return self._folder / "incoming" / self.path(file_id).name

    def _incoming(self) -> Path:
        folder = self._folder / "incoming"
        with writing_in(self._folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def settle(self, file_id: str) -> None:
        """Its row is about to be written. Raises: FileNotFoundError."""
        self.incoming(file_id).replace(self.path(file_id))
        _sync(self._folder)

    def take_path(self, source: Path) -> Taken:
        """Copy a file of this machine to `incoming`.

        Raises:
            NotFoundError, DocumentError: gone, too large, no ordinary file, or changed meanwhile. DiskFullError.
        """
        with snapshot(source, most_bytes=self._most_bytes, folder=self._incoming()) as copy:
            return self.take(copy)

    def scratch(self) -> IO[bytes]:
        """A nameless file where copies are. Raises: DiskFullError."""
        with writing_in(self._folder):
            return tempfile.TemporaryFile(prefix="yoriai-", dir=self._incoming())

    def write(self, scratch: IO[bytes], part: bytes) -> None:
        """Raises: DiskFullError."""
        with writing_in(self._folder):
            scratch.write(part)

    def take(self, content: IO[bytes]) -> Taken:
        """Copy what can be read to `incoming`. Raises: DocumentError: too large, or not to be read. DiskFullError."""
        file_id = f"file-{secrets.token_hex(12)}"
        path = self._incoming() / file_id
        is_whole = False
        try:
            with writing_in(self._folder):
                digest, size = self._write(content, path)
            is_whole = True
        finally:
            if not is_whole:
                path.unlink(missing_ok=True)
        return Taken(id=file_id, sha256=digest, size_bytes=size)

    def remove(self, file_ids: Iterable[str]) -> None:
        for file_id in file_ids:
            self.incoming(file_id).unlink(missing_ok=True)
            self.path(file_id).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Remove what has no row, of the processes before this one. Called before anything is read in."""
        for path in self._incoming().iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                if path.stat().st_mtime < self._since:
                    path.unlink()
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                is_old = path.is_file() and time.time() - path.stat().st_mtime > _SWEEP_AFTER_S
                if is_old and path.name not in known:
                    path.unlink()

    def _write(self, content: IO[bytes], path: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while chunk := part_of(content, _AT_ONCE):
                size += len(chunk)
                if size > self._most_bytes:
                    limit = f"{self._most_bytes / 2**20:.1f} MiB"
                    raise DocumentError("knowledge.file_too_large", size=f"> {limit}", limit=limit)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest(), size


def _sync(folder: Path) -> None:
    """Let a name outlive a power failure, where folders can be asked for that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def harmless_name(name: str) -> str:
    """A name from elsewhere as text to show: one line, no folders above it, nothing that moves a cursor."""
    text = name.encode("utf8", "surrogateescape").decode("utf8", "replace")
    parts = [part for part in re.split(r"[/\\]+", text) if part not in {"", ".", ".."}]
    shown = "/".join("".join(c if _is_shown(c) else "�" for c in part) for part in parts)
    return shown[-LONGEST_NAME:] or "-"


def _is_shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"
