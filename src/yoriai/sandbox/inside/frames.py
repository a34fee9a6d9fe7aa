"""Files as a stream: a line with size and name (hexadecimal), then the bytes. Unlike tar there are no links or paths.

Both sides use it: the host to send, the jail to receive and to give back; `sandbox.leaving` checks what comes back.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

_LONGEST_HEADER = 2048


def write(stream: BinaryIO, name: str, content: bytes) -> None:
    stream.write(header(name, len(content)) + content)


def header(name: str, size: int) -> bytes:
    return f"{size} {name.encode('utf8', 'surrogatepass').hex()}\n".encode()


def read(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Raises: ValueError: it is none of ours, or cut off."""
    while line := stream.readline(_LONGEST_HEADER):
        size, name = line.decode("ascii").split(" ")
        content = stream.read(int(size))
        if len(content) != int(size):
            raise ValueError("cut off")
        yield bytes.fromhex(name).decode("utf8", "replace"), content


def state(folder: str) -> dict[str, tuple[int, int, int]]:
    """Of every ordinary file: what tells whether it was changed."""
    found = {}
    for entry in os.scandir(folder):
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def changed(folder: str, before: dict[str, tuple[int, int, int]]) -> list[str]:
    return sorted(name for name, each in state(folder).items() if before.get(name) != each)


def contents(
    folder: str, names: Iterable[str], *, most: int, most_bytes: int
) -> Iterator[tuple[str, bytes | None]]:
    """Ordinary files alone, never through a link, never waiting for a pipe; None for what is too much."""
    for place_, name in enumerate(names):
        content = _content(os.path.join(folder, name), most_bytes) if place_ < most else None
        most_bytes -= len(content or b"")
        yield name, content


def _content(path: str, most_bytes: int) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as file:
        content = file.read(most_bytes + 1)
    return content if len(content) <= most_bytes else None
