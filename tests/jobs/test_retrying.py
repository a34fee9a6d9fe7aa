"""What failed is tried again, later and later, until it is done or somebody stops it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from databases import lay_down
from yoriai.errors import EngineLostError
from yoriai.jobs.jobs import Jobs
from yoriai.jobs.progress import Progress
from yoriai.jobs.retrying import Retrying
from yoriai.records import JobState
from yoriai.store.database import Database


class Work:
    """A handler that fails until it is told not to, or to take for ever."""

    def __init__(self) -> None:
        self.done, self.fails, self.is_slow = 0, True, False

    async def do(self, progress: Progress) -> None:
        self.done += 1
        if self.is_slow:
            await anyio.sleep_forever()
        if self.fails:
            raise EngineLostError("engines.lost", name="e5")


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def jobs(tmp_path: Path, work: Work) -> AsyncIterator[Jobs]:
    database = Database(f"sqlite:///{lay_down(tmp_path)}")
    database.migrate()
    jobs = Jobs(database, tmp_path / "jobs.lock")
    jobs.handle("embed", work.do)
    jobs.start()
    yield jobs
    await jobs.aclose()
    database.close()


async def ended(jobs: Jobs, state: JobState) -> None:
    with anyio.fail_after(10):
        while await jobs.unfinished("c1") or not await jobs.last_ended("embed", state):
            await anyio.sleep(0.02)


async def test_each_try_waits_longer_until_it_is_done(jobs: Jobs, work: Work) -> None:
    retrying, now = Retrying(jobs, ["embed"]), datetime.now(UTC)
    await jobs.submit("anna", "embed", "c1")
    await ended(jobs, "failed")
    await retrying.look(now + timedelta(seconds=30))
    assert not await jobs.unfinished("c1")
    await retrying.look(now + timedelta(seconds=90))
    await ended(jobs, "failed")
    await retrying.look(now + timedelta(seconds=90))
    assert work.done == 2
    work.fails = False
    await retrying.look(now + timedelta(seconds=150))
    await ended(jobs, "done")
    await retrying.look(now + timedelta(days=2))
    assert (work.done, await jobs.unfinished("c1")) == (3, [])


async def test_what_somebody_stopped_is_not_tried_again(jobs: Jobs, work: Work) -> None:
    await jobs.submit("anna", "embed", "c1")
    await ended(jobs, "failed")
    work.is_slow = True
    await jobs.cancel((await jobs.submit("anna", "embed", "c1")).id)
    await ended(jobs, "cancelled")
    await Retrying(jobs, ["embed"]).look(datetime.now(UTC) + timedelta(days=2))
    assert await jobs.unfinished("c1") == []
