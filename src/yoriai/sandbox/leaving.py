"""What leaves a jail: names, sizes and kinds are checked here, whatever the inside says of them."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from yoriai.sandbox.inside import frames
from yoriai.sandbox.limits import CodeLimits

_LONGEST_NAME_BYTES = 200
_ODD = re.compile(r"[/\\\x00-\x1f\x7f]|^\.")
_TYPES = {
    "csv": "text/csv", "tsv": "text/tab-separated-values", "txt": "text/plain", "md": "text/markdown",
    "json": "application/json", "svg": "image/svg+xml", "html": "text/html", "py": "text/x-python",
}  # fmt: skip
_BINARY = {
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"), "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"), "gif": ("image/gif", b"GIF8"), "pdf": ("application/pdf", b"%PDF-"),
    "webp": ("image/webp", b"RIFF"), "zip": ("application/zip", b"PK\x03\x04"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
}  # fmt: skip
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeFile:
    """Goes in or comes out. The name is a file's name without folders, checked on the way out."""

    name: str
    content: bytes
    media_type: str = _UNKNOWN


def files_of(stream: bytes, limits: CodeLimits) -> tuple[tuple[CodeFile, ...], int]:
    """Of what a jail wrote as frames: the files taken, and how many were not."""
    pairs: list[tuple[str, bytes | None]] = []
    cut = 0
    try:
        pairs += frames.read(io.BytesIO(stream))
    except (ValueError, OverflowError):
        cut = 1
    files, dropped = checked(pairs, limits)
    return files, dropped + cut


def checked(pairs: Iterable[tuple[object, object]], limits: CodeLimits) -> tuple[tuple[CodeFile, ...], int]:
    taken: dict[str, CodeFile] = {}
    dropped, left = 0, limits.files_bytes
    for name, content in pairs:
        is_good = (
            isinstance(name, str) and isinstance(content, bytes) and is_plain(name) and name not in taken
        )
        if not is_good or len(taken) >= limits.files or len(content) > left:  # type: ignore[arg-type]
            dropped += 1
            continue
        assert isinstance(name, str) and isinstance(content, bytes)
        left -= len(content)
        taken[name] = CodeFile(name=name, content=content, media_type=media_type(name, content))
    return tuple(taken.values()), dropped


def is_plain(name: str) -> bool:
    """A file's name that means the same everywhere: no folder, no control or invisible character, not hidden."""
    return (
        bool(name.strip())
        and not _ODD.search(name)
        and len(name.encode("utf8", "replace")) <= _LONGEST_NAME_BYTES
        and all(unicodedata.category(letter)[0] != "C" for letter in name)
    )


def media_type(name: str, content: bytes) -> str:
    """By the name's ending, if the first bytes agree."""
    ending = name.rpartition(".")[2].lower()
    if ending in _BINARY:
        kind, start = _BINARY[ending]
        return kind if content.startswith(start) else _UNKNOWN
    return _TYPES.get(ending, _UNKNOWN)
