"""The service that runs strangers' code: how this machine isolates it, and how many at a time.

`bootstrap` makes one; `code`, `kernel` and `grading` run in it. `levels` finds out what it can do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Iterable, Iterator
from pathlib import Path

from yoriai.errors import PrerequisiteError, UsageError
from yoriai.sandbox import fonts
from yoriai.sandbox.leaving import CodeFile, is_plain
from yoriai.sandbox.levels import Standing, examine
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.running import Program, run_program
from yoriai.sandbox.starting import Profile
from yoriai.settings import SandboxSettings

_UIDS = 4096  # more than there are ever jails at a time


class Sandbox:
    def __init__(self, settings: SandboxSettings, home: Path) -> None:
        self.settings = settings
        self._folder = home / "sandbox"
        self._turns = asyncio.Semaphore(settings.parallel)
        self._free_uids = [settings.first_uid + slot for slot in reversed(range(_UIDS))]
        self._examining: asyncio.Task[Standing] | None = None
        self._listing: asyncio.Task[bytes] | None = None

    async def standing(self) -> Standing:
        """How this machine isolates code, tried out once. Never raises."""
        if self._examining is None or self._examining.cancelled():
            self._examining = asyncio.create_task(self._examine())
        return await asyncio.shield(self._examining)

    async def close(self) -> None:
        """Stop finding out; programs end with whoever waits for them."""
        for task in (self._examining, self._listing):
            if task and not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def require(self) -> Profile:
        """Raises: PrerequisiteError: this machine can't isolate code; it says why and how to mend it."""
        standing = await self.standing()
        if standing.profile is None:
            assert standing.reason
            raise PrerequisiteError(standing.reason, detail=standing.detail)
        return standing.profile

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """So many programs run at a time; others wait here."""
        async with self._turns:
            yield

    @contextlib.contextmanager
    def user_id(self) -> Iterator[int | None]:
        """One that no other jail has; None: we are not root and keep our own."""
        if os.geteuid() != 0:
            yield None
            return
        uid = self._free_uids.pop()
        try:
            yield uid
        finally:
            self._free_uids.append(uid)

    def work_files(self, files: Iterable[CodeFile]) -> dict[str, bytes]:
        """Raises: UsageError: a name is none."""
        for file in files:
            if not is_plain(file.name):
                raise UsageError("sandbox.odd_name", name=file.name)
        return {f"work/{file.name}": file.content for file in files}

    async def configuration(self) -> dict[str, bytes]:
        """Files by which matplotlib starts at once and writes Japanese. Takes seconds the first time."""
        if not fonts.is_installed():
            return {}
        if self._listing is None or (
            self._listing.done() and (self._listing.cancelled() or self._listing.exception())
        ):
            self._listing = asyncio.create_task(self._font_list())
        kept = await asyncio.shield(self._listing)
        return {**fonts.settings_file(), **(fonts.list_file(kept) if kept else {})}

    async def _examine(self) -> Standing:
        with self.user_id() as uid:
            return await examine(self.settings.isolation, uid)

    async def _font_list(self) -> bytes:
        """Empty: it can't be made; then every jail makes its own."""
        path = await asyncio.to_thread(fonts.kept_list, self._folder)
        if path.exists():
            return await asyncio.to_thread(path.read_bytes)
        program = Program(source=fonts.MAKE_LIST, files=fonts.settings_file(), limits=CodeLimits(wall_s=120))
        with self.user_id() as uid:
            made = await run_program(await self.require(), uid, program)
        if not made.files:
            return b""
        kept = fonts.named(made.files[0])
        await asyncio.to_thread(_write, path, kept)
        return kept


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; without it there is only more to do the next time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_bytes(content)
        new.replace(path)
