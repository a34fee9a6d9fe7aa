"""The Jobs service: one process per data folder runs what was submitted, whoever submitted it.

Owns the rows' states and the lock that says which process runs. A job ends as `done`, `failed` or `cancelled`; one
whose process ended, however hard, waits again and is begun anew, so a handler goes on from what it finds. Jobs of one
kind run one after the other, kinds run beside each other. `knowledge` gives it its work.

    queued → running → done | failed | cancelled
       ↑________|  the process ended
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from yoriai.errors import NotFoundError, YoriaiError
from yoriai.jobs.progress import Cancelled, Progress
from yoriai.records import Job, JobState
from yoriai.store import jobs as rows
from yoriai.store.database import Connection, Database

Result = TypeVar("Result")
_log = logging.getLogger("yoriai.jobs")
_POLL_S = 0.5  # how soon what another process submitted or cancelled is noticed
_AGAIN_S, _AGAIN_AT_MOST_S = 0.5, 30.0  # until what the database refused is tried again


Handler = Callable[[Progress], Awaitable[None]]


class Jobs:
    """`lock`: the file whose holder runs the jobs of this data folder. `turn_s`: after which a long one gives way."""

    def __init__(self, database: Database, lock: Path, turn_s: float = 30.0) -> None:
        self._database, self._turn_s = database, turn_s
        self._lock = FileLock(lock, timeout=0)
        self._handlers: dict[str, Handler] = {}
        self._first: list[Callable[[], Awaitable[None]]] = []
        self._news = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._runner: asyncio.Task[None] | None = None

    def handle(self, kind: str, handler: Handler) -> None:
        """What does the jobs of a kind. It may be begun again after a crash."""
        self._handlers[kind] = handler

    def first(self, work: Callable[[], Awaitable[None]]) -> None:
        """`work` is done once, when this process has become the one that runs jobs."""
        self._first.append(work)

    def start(self) -> None:
        """Run jobs in this process as soon as no other one does."""
        self._runner = self._runner or asyncio.create_task(self._run())

    def is_run(self) -> bool:
        """Whether any process runs jobs now."""
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire()
        except Timeout:
            return True
        self._lock.release()
        return False

    async def aclose(self) -> None:
        """What runs waits for the next start."""
        if self._runner:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self._lock.release()

    # ---- for those who want something done ---------------------------------------------------------------------
    async def submit(self, owner_id: str, kind: str, subject_id: str) -> Job:
        """A job that waits already does for this one, too."""
        now = _now()
        job = Job(
            id=f"job_{secrets.token_hex(12)}", kind=kind, owner_id=owner_id, subject_id=subject_id, state="queued",
            created_at=now, updated_at=now,
        )  # fmt: skip

        def work(connection: Connection) -> Job:
            waiting = rows.waiting(connection, kind, subject_id)
            if waiting is None:
                rows.add(connection, job)
            return waiting or job

        submitted = await self._database.write(work)
        self._news.set()
        return submitted

    async def get(self, job_id: str) -> Job:
        """Raises: NotFoundError."""
        job = await self._database.read(lambda connection: rows.find(connection, job_id))
        if job is None:
            raise NotFoundError("access.not_found")
        return job

    async def unfinished(self, subject_id: str) -> list[Job]:
        return await self._database.read(lambda connection: rows.unfinished(connection, subject_id))

    async def last_ended(self, kind: str, state: JobState) -> list[Job]:
        """The last of their kind for what they worked on, where it ended so and nothing waits."""
        return await self._database.read(lambda connection: rows.last_ended(connection, kind, state))

    async def cancel(self, job_id: str) -> bool:
        """What it has done so far stays. A job that has ended stays as it is: False."""
        ended = {"state": "cancelled", "updated_at": _now()}
        is_cancelled = await self._database.write(lambda c: rows.change(c, job_id, rows.UNFINISHED, **ended))
        task = self._running.get(job_id)
        if is_cancelled and task:
            task.cancel()
        return is_cancelled

    # ---- the runner --------------------------------------------------------------------------------------------
    async def _run(self) -> None:
        while not self._is_ours():  # noqa: ASYNC110 — another process gives the lock back, and tells nobody
            await asyncio.sleep(_POLL_S)
        try:
            await _at_last(self._requeue)
            for work in self._first:
                await _logged(work)
            async with asyncio.TaskGroup() as lanes:
                for kind in self._handlers:
                    lanes.create_task(self._lane(kind))
        finally:
            await _logged(self._requeue)
            self._lock.release()

    async def _requeue(self) -> None:
        await self._database.write(lambda connection: rows.requeue(connection, _now()))

    def _is_ours(self) -> bool:
        with contextlib.suppress(Timeout):
            self._lock.acquire()
            return True
        return False

    async def _lane(self, kind: str) -> None:
        while True:
            self._news.clear()
            job = await _at_last(lambda: self._next(kind))
            if job is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), _POLL_S)
            else:
                await self._do(job)

    async def _next(self, kind: str) -> Job | None:
        if not await self._database.read(lambda connection: rows.waiting(connection, kind)):
            return None
        return await self._database.write(lambda connection: _begin(connection, kind))

    async def _do(self, job: Job) -> None:
        task = asyncio.create_task(self._work(job))
        self._running[job.id] = task
        try:
            await task
        except asyncio.CancelledError:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            current = asyncio.current_task()
            if current and current.cancelling():
                raise
        finally:
            del self._running[job.id]

    async def _work(self, job: Job) -> None:
        try:
            await self._handlers[job.kind](Progress(self._database, job, self._turn_s))
            await self._end(job, state="done")
        except Cancelled:
            return
        except YoriaiError as error:
            await self._end(job, state="failed", error_key=error.key, error_values=error.plain_values())
        except Exception:
            _log.exception("a job failed kind=%s id=%s", job.kind, job.id)
            await self._end(job, state="failed", error_key="jobs.bug", error_values={})

    async def _end(self, job: Job, **values: object) -> None:
        ended = {"detail": "", "updated_at": _now(), **values}
        await _at_last(lambda: self._database.write(lambda c: rows.change(c, job.id, ["running"], **ended)))


async def _at_last(work: Callable[[], Awaitable[Result]]) -> Result:
    """Result of `work`, however long a full disk or a busy database keeps it waiting."""
    wait_s = _AGAIN_S
    while True:
        try:
            return await work()
        except Exception:
            _log.exception("jobs wait for the database")
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, _AGAIN_AT_MOST_S)


async def _logged(work: Callable[[], Awaitable[None]]) -> None:
    """Do what the jobs don't depend on."""
    try:
        await work()
    except Exception:
        _log.exception("not done before or after the jobs")


def _begin(connection: Connection, kind: str) -> Job | None:
    job = rows.waiting(connection, kind)
    if job:
        rows.change(connection, job.id, ["queued"], state="running", updated_at=_now())
    return job


def _now() -> datetime:
    return datetime.now(UTC)
