"""Reads the header of a GGUF file where it lies, by HTTP ranges: megabytes of it instead of the whole file.

Owns the transfer and its bounds; `catalog.gguf` distrusts the content. Lists whose elements have a fixed size are
jumped over. A server without ranges is read from the beginning, and left as soon as the header is whole. `catalog`'s
plans and the CLI call it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

import anyio
from anyio import from_thread, to_thread

from yoriai.catalog import hub
from yoriai.catalog.catalogue import Entry, HubSource, UrlSource
from yoriai.catalog.fetch import Remote
from yoriai.catalog.gguf import Header, read_from
from yoriai.egress import Egress, HTTPError, Response
from yoriai.errors import DownloadError, NotFoundError
from yoriai.settings import DownloadSettings

_MOST_BYTES = 64 * 2**20  # of a header; the largest known are below 20 MB
_LEAST_CHUNK, _MOST_CHUNK = 64 * 2**10, 2 * 2**20
_CHUNKS_PER_FILE = 500  # the second request brings so small a part of the file, within these bounds
_GROWTH = 4  # each further one brings so many times as much …
_SHARE = 0.018  # … while all of them together stay below this share of the file, if the header does
_BEYOND_SHARE = 1 / 32  # of what was read: pieces of a header that is larger than that
_MOST_FILES = 64
_DEADLINE_S = 300.0
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

Pieces = Callable[[int], int]  # how many bytes were read -> how many to ask for next
Get = Callable[[int, int], Coroutine[Any, Any, bytes]]  # offset and number of bytes -> exactly these


@dataclass(kw_only=True, slots=True)
class Transferred:
    """What the reading took."""

    bytes: int = 0
    requests: int = 0


async def read_headers(
    egress: Egress, settings: DownloadSettings, entry: Entry, told: Transferred | None = None
) -> list[Header]:
    """The headers of the files of a model that the catalogue knows, from its first source on the net.

    Raises:
        NotFoundError: it has no such source.
        DownloadError: the source doesn't give it.
        ModelFileError: what it gives is no whole, consistent header.
        EgressError: the source's host isn't allowed.
    """
    for source in entry.sources:
        if isinstance(source, HubSource):
            urls = [hub.address(settings, source, name) for name in hub.names(source)[:_MOST_FILES]]
            remotes = [Remote(purpose=hub.PURPOSE, url=url) for url in urls]
        elif isinstance(source, UrlSource):
            remotes = [Remote(purpose="url", url=source.url)]
        else:
            continue
        return [await read_header(egress, remote, settings.timeout_s, told) for remote in remotes]
    raise NotFoundError("catalog.no_remote", name=entry.name)


async def read_header(
    egress: Egress, remote: Remote, timeout_s: float, told: Transferred | None = None
) -> Header:
    """The header of one file. Raises: as `read_headers`."""
    told = told or Transferred()
    try:
        with anyio.fail_after(_DEADLINE_S):
            async with _asked(egress, remote, 0, _LEAST_CHUNK, timeout_s) as first:
                told.requests += 1
                total = _total(first, remote)
                if first.status_code == 200:
                    stream = _from_stream(first, remote, told)
                    return await _parsed(remote, _Remote(total, stream, lambda _: _LEAST_CHUNK))
                beginning = await _body(first, remote, min(_LEAST_CHUNK, total), told)
            get = _by_ranges(egress, remote, total, timeout_s, told)
            return await _parsed(remote, _Remote(total, get, _pieces(total), beginning))
    except (HTTPError, TimeoutError) as error:
        raise _not_read(remote, str(error) or type(error).__name__) from error


def _asked(
    egress: Egress, remote: Remote, start: int, count: int, timeout_s: float
) -> AbstractAsyncContextManager[Response]:
    headers = {"accept-encoding": "identity", "range": f"bytes={start}-{start + count - 1}"}
    return egress.stream(remote.purpose, "GET", remote.url, headers, timeout_s=timeout_s)


async def _parsed(remote: Remote, file: _Remote) -> Header:
    """The parser runs in a thread and asks back for what it lacks."""
    name = remote.url.rpartition("/")[2].partition("?")[0][:200]
    reader = cast(BinaryIO, file)
    header = await to_thread.run_sync(lambda: read_from(reader, name, _MOST_BYTES, _LEAST_CHUNK))
    return replace(
        header, file_bytes=min(header.file_bytes, header.needed_bytes)
    )  # a server may say anything


class _Remote:
    """A file that is fetched where it is read: as much of `BinaryIO` as the parser uses."""

    def __init__(self, total: int, get: Get, pieces: Pieces, beginning: bytes = b"") -> None:
        self._total, self._get, self._pieces = total, get, pieces
        self._data, self._start = beginning, 0
        self._at = 0
        self._read_bytes = len(beginning)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = min(offset + (self._total if whence == 2 else 0), self._total)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int) -> bytes:
        parts = []
        count = min(count, self._total - self._at)
        while count > 0:
            if not self._start <= self._at < self._start + len(self._data):
                wanted = min(self._pieces(self._read_bytes), self._total - self._at)
                self._data, self._start = from_thread.run(self._get, self._at, wanted), self._at
                self._read_bytes += wanted
            inside = self._at - self._start
            parts.append(self._data[inside : inside + count])
            self._at += len(parts[-1])
            count -= len(parts[-1])
        return b"".join(parts)


def _by_ranges(egress: Egress, remote: Remote, total: int, timeout_s: float, told: Transferred) -> Get:
    async def get(start: int, count: int) -> bytes:
        async with _asked(egress, remote, start, count, timeout_s) as response:
            told.requests += 1
            if _total(response, remote, start) != total or response.status_code != 206:
                raise _odd(remote, response, start)
            return await _body(response, remote, count, told)

    return get


def _from_stream(response: Response, remote: Remote, told: Transferred) -> Get:
    """Forwards only, which is all that the parser does."""
    chunks = response.aiter_raw()
    kept = bytearray()
    offset = 0  # of what is kept

    async def get(start: int, count: int) -> bytes:
        nonlocal offset
        while offset + len(kept) < start + count:
            chunk = await anext(chunks, None)
            if chunk is None:
                raise _not_read(remote, f"{offset + len(kept):,} / {start + count:,}")
            told.bytes += len(chunk)
            if told.bytes > _MOST_BYTES:
                raise _odd(remote, response, start)
            kept.extend(chunk)
            drop = min(len(kept), max(0, start - offset))
            del kept[:drop]
            offset += drop
        drop = start - offset
        del kept[:drop]
        offset += drop
        return bytes(kept[:count])

    return get


async def _body(response: Response, remote: Remote, count: int, told: Transferred) -> bytes:
    """Exactly so many bytes, and no more whatever the server sends."""
    data = bytearray()
    parts: AsyncIterator[bytes] = response.aiter_raw()
    async for part in parts:
        data += part
        told.bytes += len(part)
        if len(data) >= count:
            break
    if len(data) < count:
        raise _not_read(remote, f"{len(data):,} / {count:,}")
    return bytes(data[:count])


def _total(response: Response, remote: Remote, start: int = 0) -> int:
    """How large the whole file is, from an answer whose body begins at `start`."""
    status = response.status_code
    encoding = response.headers.get("content-encoding", "identity")
    matched = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    length = response.headers.get("content-length", "")
    if encoding == "identity":
        if status == 206 and matched and int(matched[1]) == start:
            return int(matched[3])
        if status == 200 and length.isdigit():
            return int(length)
    if status in {200, 206}:
        raise _odd(remote, response, start)
    raise DownloadError("catalog.source_refused", source=remote.host, status=status)


def _pieces(total: int) -> Pieces:
    """Ever larger pieces for few requests, then ever smaller ones where the file is small."""
    grown = min(max(total // _CHUNKS_PER_FILE, _GROWTH * _LEAST_CHUNK), _MOST_CHUNK)

    def piece(read_bytes: int) -> int:
        nonlocal grown
        size = min(grown, int(total * _SHARE - read_bytes) // 2)
        grown = min(grown * _GROWTH, _MOST_CHUNK)
        return max(size, int(read_bytes * _BEYOND_SHARE), _LEAST_CHUNK)

    return piece


def _odd(remote: Remote, response: Response, start: int) -> DownloadError:
    """Its answer isn't the part that was asked for."""
    said = {name: response.headers.get(name, "–") for name in ("content-range", "content-encoding")}
    detail = ", ".join([f"HTTP {response.status_code}", *(f"{name}: {said[name]}" for name in said)])
    return DownloadError("catalog.header_odd", source=remote.host, start=f"{start:,}", detail=detail)


def _not_read(remote: Remote, detail: str) -> DownloadError:
    return DownloadError("catalog.header_not_read", source=remote.host, detail=detail)
