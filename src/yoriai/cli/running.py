"""The server that runs on this machine: its lock, and the note that lets the terminal find it and use it.

`run/server.json` holds address and key of the local operator; only the server's own account may read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from yoriai.errors import ConflictError


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    url: str
    key: str
    pid: int
    certificate: str = ""  # PEM file to trust, for a server with TLS


@contextmanager
def only_server(home: Path) -> Iterator[None]:
    """Hold the data folder's server lock.

    Raises:
        ConflictError: another server holds it, with its address.
    """
    from filelock import FileLock, Timeout

    folder = _folder(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        other = find(home)
        raise ConflictError("cli.already_running", url=other.url if other else "?", home=home) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def announced(home: Path, running: Running) -> Iterator[None]:
    """Leave the note while the server runs."""
    path = _folder(home) / "server.json"
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf8") as file:
        json.dump(asdict(running), file)
    part.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find(home: Path) -> Running | None:
    """The server of this data folder, if its process is alive."""
    try:
        running = Running(**json.loads((_folder(home) / "server.json").read_text("utf8")))
    except (OSError, ValueError, TypeError):
        return None
    return running if _is_alive(running.pid) else None


def _folder(home: Path) -> Path:
    return home / "run"


def _is_alive(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)
