"""Brings one file over HTTP to the disk, going on where an earlier attempt ended, whoever was killed meanwhile.

Knows neither catalogue nor library, and doesn't judge the content: `catalog.download` compares the digest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import anyio
from anyio import to_thread

from yoriai.catalog import files
from yoriai.egress import Egress, HTTPError, Response
from yoriai.errors import DiskFullError, DownloadError

_TRIES = 4  # in a row that bring next to nothing
_LEAST_SHARE, _LEAST_BYTES = 0.01, 8 * 2**20  # of the file: whichever is less is worth another try
_LEAST_OF_UNKNOWN = 2**16  # the same where nobody said how large the file is
_PAUSE_S = 0.5
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
_BUSY = {408, 425, 429, 500, 502, 503, 504}

OnBytes = Callable[[int, int | None], None]  # bytes that are here, of how many


class _CutError(Exception):
    """The connection ended before the file did: it may be tried again."""


class _TooLongError(Exception):
    """More came than there should be: nothing of it is the file."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file at a source. A size that isn't known is learnt from the first answer."""

    purpose: str
    url: str
    size_bytes: int | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "-"


async def fetch(egress: Egress, remote: Remote, target: Path, on_bytes: OnBytes, timeout_s: float) -> None:
    """Bring the file to `target`, which may hold its beginning already.

    Args:
        timeout_s: longest silence.

    Raises:
        DownloadError: the source doesn't give the file, or a file of another size.
        DiskFullError: no room for it.
        EgressError: the source's host isn't allowed.
    """
    fruitless = 0
    if remote.size_bytes is not None and _size(target) > remote.size_bytes:
        await to_thread.run_sync(target.unlink)
    while not _is_whole(target, remote.size_bytes):
        before = _size(target)
        try:
            await _attempt(egress, remote, target, on_bytes, timeout_s)
            break
        except (HTTPError, _CutError) as error:
            brought = max(0, _size(target) - before)
            fruitless = 0 if brought >= _worth(remote.size_bytes) else fruitless + 1
            is_new = before == 0 and brought == 0 and not isinstance(error, _CutError)
            if is_new or fruitless >= _TRIES:  # a source that never answered: the next one, at once
                raise _given_up(remote, brought, error) from error
            await anyio.sleep(_PAUSE_S * 2**fruitless)
        except _TooLongError as error:
            await to_thread.run_sync(target.unlink)
            raise DownloadError(
                "catalog.source_too_long", source=remote.host, announced=str(error)
            ) from error
    on_bytes(_size(target), _size(target))


async def _attempt(egress: Egress, remote: Remote, target: Path, on_bytes: OnBytes, timeout_s: float) -> None:
    headers = {"accept-encoding": "identity"}
    if have := _size(target):
        headers["range"] = f"bytes={have}-"
    async with egress.stream(remote.purpose, "GET", remote.url, headers, timeout_s=timeout_s) as response:
        if response.status_code == 416 and have and not _ends_at(have, response):
            await to_thread.run_sync(target.unlink)  # not a beginning of this file
            raise _CutError("HTTP 416")
        start, total = _extent(response, have, remote)
        if start == total:
            return
        if total is not None:
            await to_thread.run_sync(files.check_space, target.parent, total - start)
        with target.open("r+b" if have else "wb", buffering=0) as file:
            file.truncate(start)
            file.seek(start)
            done = start
            # As it comes: what was gathered into larger pieces would be lost by a cut.
            async for chunk in response.aiter_raw():
                done += len(chunk)
                if total is None:  # it may have no end
                    await to_thread.run_sync(files.check_space, target.parent, len(chunk))
                if total is not None and done > total:
                    raise _TooLongError(f"{total:,}")
                await to_thread.run_sync(_write, file, chunk, target)
                on_bytes(done, total)
        if total is not None and done < total:
            raise _CutError(f"{done:,} / {total:,}")


def _worth(size_bytes: int | None) -> float:
    """Bytes that a try brings at least, unless it counts as one that brought nothing."""
    return min(_LEAST_BYTES, _LEAST_SHARE * size_bytes) if size_bytes else _LEAST_OF_UNKNOWN


def _given_up(remote: Remote, brought: int, error: Exception) -> DownloadError:
    detail = str(error) or type(error).__name__
    if brought:
        return DownloadError(
            "catalog.source_cuts", source=remote.host, tries=_TRIES, brought=f"{brought:,}", detail=detail
        )
    return DownloadError("catalog.source_silent", source=remote.host, detail=detail)


def _extent(response: Response, have: int, remote: Remote) -> tuple[int, int | None]:
    """Where the answer's body begins in the file, and how large the whole file is."""
    status = response.status_code
    if status in _BUSY:
        raise _CutError(f"HTTP {status}")
    matched = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    total = int(matched[2]) if matched and matched[2] != "*" else None
    if status == 416 and _ends_at(have, response):
        start = have
    elif status == 206 and matched and matched[1] is not None:
        start = int(matched[1])
        if start != have:
            raise DownloadError("catalog.source_refused", source=remote.host, status="206 (Range)")
    elif status == 200:  # without ranges: all of it once more
        start = 0
        length = response.headers.get("content-length", "")
        total = int(length) if length.isdigit() else None
    else:
        raise DownloadError("catalog.source_refused", source=remote.host, status=status)
    if remote.size_bytes is not None and total is not None and total != remote.size_bytes:
        raise _wrong_size(remote, remote.size_bytes, total)
    return start, total if total is not None else remote.size_bytes


def _ends_at(have: int, response: Response) -> bool:
    """Whether an answer of 416 means that nothing is missing."""
    return response.headers.get("content-range", "") == f"bytes */{have}"


def _wrong_size(remote: Remote, expected: int, actual: int) -> DownloadError:
    return DownloadError(
        "catalog.source_other_size", source=remote.host, expected=f"{expected:,}", actual=f"{actual:,}"
    )


def _write(file: BinaryIO, chunk: bytes, target: Path) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise DiskFullError(
            "catalog.write_failed", path=str(target.parent), detail=error.strerror or str(error)
        ) from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_whole(path: Path, size_bytes: int | None) -> bool:
    return size_bytes is not None and _size(path) == size_bytes
