"""Looks at a ZIP archive's list of contents before anything is unpacked. Nothing is ever unpacked to disk.

Readers of docx, xlsx, pptx and epub take their parts through here, each bounded.
"""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from yoriai.sandbox.jail import RefusedError

MOST_ENTRIES = 20_000
MOST_BYTES = 600 * 2**20  # all contents unpacked
MOST_PART_BYTES = 120 * 2**20  # one part; its tree takes about eight times that in memory
# Sheets of real workbooks shrink to a fortieth; the bomb that took 3 GB to a three-hundredth.
MOST_RATIO, FROM_BYTES = 150, 20 * 2**20
_UNSAFE_NAME = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\x00")


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """The archive, looked through.

    Raises:
        RefusedError: a bomb, names that lead out of the archive, encrypted, broken.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RefusedError("broken", detail=str(error)[:200]) from None
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or total > MOST_BYTES or any(map(_is_bomb, entries)):
        raise RefusedError("bomb", size=f"{total / 2**20:.0f} MiB", entries=len(entries))
    for entry in entries:
        if _UNSAFE_NAME.search(entry.orig_filename) or _UNSAFE_NAME.search(entry.filename):
            raise RefusedError("unsafe_names")
        if entry.flag_bits & 1:
            raise RefusedError("encrypted")
    return archive


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """The content of one entry; empty when there is none."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return b""
    if entry.file_size > MOST_PART_BYTES:
        raise RefusedError("bomb", size=f"{entry.file_size / 2**20:.0f} MiB", entries=1)
    try:
        return archive.read(entry)  # never more than it declares: zipfile stops there
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise RefusedError("broken", detail=str(error)[:200]) from None


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > FROM_BYTES and entry.file_size > MOST_RATIO * max(1, entry.compress_size)
