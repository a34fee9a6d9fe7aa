"""Jobs end, fail, are cancelled and go on after whatever ended their process; one process at a time runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from databases import lay_down
from yoriai.errors import DiskFullError, NotFoundError, UsageError
from yoriai.jobs.jobs import Handler, Jobs
from yoriai.jobs.progress import Progress
from yoriai.records import Job, JobState
from yoriai.store import jobs as rows
from yoriai.store.database import Database

# Runs jobs until it is killed; each job counts to 100 and says so.
WORKER = """
import sys
import anyio
from pathlib import Path
from yoriai.jobs.jobs import Jobs
from yoriai.store.database import Database

async def main(home):
    jobs = Jobs(Database(f"sqlite:///{home}/yoriai.db"), Path(home, "jobs.lock"))
    async def count(progress):
        for number in range(100):
            print(number, flush=True)
            await progress.show(number, 100)
            await anyio.sleep(0.01)
    jobs.handle("count", count)
    jobs.start()
    await anyio.sleep_forever()

anyio.run(main, sys.argv[1])
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{lay_down(tmp_path)}")
    database.migrate()
    yield database
    database.close()


class FullDisk(Database):
    """Writes nothing while it is full."""

    is_full = False

    async def write(self, work: Callable[[Any], Any]) -> Any:
        if self.is_full:
            raise DiskFullError("store.disk_full", path="here")
        return await super().write(work)


@asynccontextmanager
async def running(database: Database, home: Path, handler: Handler) -> AsyncIterator[Jobs]:
    jobs = Jobs(database, home / "jobs.lock")
    jobs.handle("count", handler)
    jobs.start()
    try:
        yield jobs
    finally:
        await jobs.aclose()


async def ended(jobs: Jobs, job: Job, *states: JobState) -> Job:
    with anyio.fail_after(10):
        while (now := await jobs.get(job.id)).state not in (states or ("done", "failed", "cancelled")):
            await anyio.sleep(0.02)
    return now


async def test_a_job_is_done_and_says_how_far_it_is(database: Database, tmp_path: Path) -> None:
    async def handler(progress: Progress) -> None:
        await progress.show(1, 2, "half")
        await anyio.sleep(0.5)
        await progress.show(2, 2)

    async with running(database, tmp_path, handler) as jobs:
        job = await jobs.submit("anna", "count", "c1")
        with anyio.fail_after(5):
            while (await jobs.get(job.id)).detail != "half":
                await anyio.sleep(0.02)
        assert (await jobs.get(job.id)).done == 1
        done = await ended(jobs, job)
    assert (done.state, done.done, done.total) == ("done", 2, 2)


async def test_what_waits_already_is_not_submitted_twice(database: Database, tmp_path: Path) -> None:
    jobs = Jobs(database, tmp_path / "jobs.lock")
    first = await jobs.submit("anna", "count", "c1")
    assert (await jobs.submit("anna", "count", "c1")).id == first.id
    assert (await jobs.submit("anna", "count", "c2")).id != first.id


async def test_an_error_is_kept_and_the_next_job_runs(database: Database, tmp_path: Path) -> None:
    async def handler(progress: Progress) -> None:
        if progress.job.subject_id == "bad":
            raise UsageError("knowledge.bad_name", longest=200)
        if progress.job.subject_id == "bug":
            raise ZeroDivisionError

    async with running(database, tmp_path, handler) as jobs:
        submitted = [await jobs.submit("anna", "count", subject) for subject in ("bad", "bug", "good")]
        bad, bug, good = [await ended(jobs, job) for job in submitted]
    assert (bad.state, bad.error_key, bad.error_values) == ("failed", "knowledge.bad_name", {"longest": 200})
    assert (bug.state, bug.error_key) == ("failed", "jobs.bug")
    assert good.state == "done"
    failed = await database.read(lambda connection: rows.failed_of(connection, ["bad", "good"]))
    assert [job.id for job in failed.pop("bad")] == [bad.id]
    assert failed == {}


async def test_a_cancelled_job_stops_at_once_and_stays_cancelled(database: Database, tmp_path: Path) -> None:
    begun = anyio.Event()

    async def handler(progress: Progress) -> None:
        begun.set()
        await anyio.sleep_forever()

    async with running(database, tmp_path, handler) as jobs:
        job = await jobs.submit("anna", "count", "c1")
        await begun.wait()
        await jobs.cancel(job.id)
        assert (await jobs.get(job.id)).state == "cancelled"
        again = await jobs.submit("anna", "count", "c1")
        await ended(jobs, again, "running")
        assert (await jobs.get(job.id)).state == "cancelled"


async def test_another_process_may_cancel(database: Database, tmp_path: Path) -> None:
    async def handler(progress: Progress) -> None:
        for number in range(1000):
            await progress.show(number, 1000)
            await anyio.sleep(0.05)

    async with running(database, tmp_path, handler) as jobs:
        job = await jobs.submit("anna", "count", "c1")
        await ended(jobs, job, "running")
        await Jobs(database, tmp_path / "jobs.lock").cancel(job.id)
        after = await jobs.submit("anna", "count", "c2")
        await ended(jobs, after, "running")  # the first one has given way
        assert (await jobs.get(job.id)).state == "cancelled"


async def test_the_end_of_the_process_in_good_order_lets_a_job_wait(
    database: Database, tmp_path: Path
) -> None:
    async def handler(progress: Progress) -> None:
        await anyio.sleep_forever()

    async with running(database, tmp_path, handler) as jobs:
        job = await jobs.submit("anna", "count", "c1")
        await ended(jobs, job, "running")
        again = await jobs.submit("anna", "count", "c1")
    assert (await jobs.get(job.id)).state == "queued"
    assert (await jobs.get(again.id)).state == "cancelled"  # one is enough


async def test_after_kill_9_a_job_is_begun_anew(database: Database, tmp_path: Path) -> None:
    jobs = Jobs(database, tmp_path / "jobs.lock")
    job = await jobs.submit("anna", "count", "c1")
    for _ in range(2):
        with subprocess.Popen(  # noqa: ASYNC220 — it is started, not waited for
            [sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as worker:
            assert worker.stdout is not None
            for _ in range(5):
                await anyio.to_thread.run_sync(worker.stdout.readline)
            assert await anyio.to_thread.run_sync(jobs.is_run)
            os.kill(worker.pid, signal.SIGKILL)
        assert (await jobs.get(job.id)).state == "running"  # nobody was left to say otherwise
        assert not await anyio.to_thread.run_sync(jobs.is_run)

    async def handler(progress: Progress) -> None:
        await progress.show(3, 3)

    async with running(database, tmp_path, handler) as here:
        assert (await ended(here, job)).state == "done"


async def test_only_one_process_runs_jobs_and_the_next_takes_over(database: Database, tmp_path: Path) -> None:
    by: list[str] = []

    def handler(name: str) -> Handler:
        async def handle(progress: Progress) -> None:
            by.append(name)

        return handle

    async with (
        running(database, tmp_path, handler("second")) as second,
        running(database, tmp_path, handler("third")) as third,
    ):
        for subject in ("c1", "c2"):
            await ended(third, await third.submit("anna", "count", subject))
        first_runner = by[0]
        assert by == [first_runner] * 2
        await (second if first_runner == "second" else third).aclose()
        left = third if first_runner == "second" else second
        await ended(left, await left.submit("anna", "count", "c3"))
    assert by[2] != first_runner


async def test_a_job_that_is_not_there_is_said_so(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        await Jobs(database, tmp_path / "jobs.lock").get("job_x")


async def test_a_full_disk_keeps_jobs_waiting_and_no_longer(database: Database, tmp_path: Path) -> None:
    full = FullDisk(f"sqlite:///{tmp_path / 'yoriai.db'}")
    begun = anyio.Event()

    async def handler(progress: Progress) -> None:
        begun.set()
        if progress.job.subject_id == "c1":
            full.is_full = True
            await progress.show(1, 1)

    async with running(full, tmp_path, handler) as jobs:
        first = await jobs.submit("anna", "count", "c1")
        await begun.wait()
        await anyio.sleep(0.1)
        full.is_full = False
        second = await jobs.submit("anna", "count", "c2")
        failed, done = await ended(jobs, first), await ended(jobs, second)
    full.close()
    assert (failed.state, failed.error_key, done.state) == ("failed", "store.disk_full", "done")


async def test_what_is_to_be_done_first_and_fails_stops_no_job(database: Database, tmp_path: Path) -> None:
    async def fails() -> None:
        raise FileNotFoundError

    async def handler(progress: Progress) -> None: ...

    jobs = Jobs(database, tmp_path / "jobs.lock")
    jobs.handle("count", handler)
    jobs.first(fails)
    jobs.start()
    assert (await ended(jobs, await jobs.submit("anna", "count", "c1"))).state == "done"
    await jobs.aclose()
    assert not await anyio.to_thread.run_sync(jobs.is_run)
