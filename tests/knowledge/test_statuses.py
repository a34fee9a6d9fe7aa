"""How far collections are: asked for again and again, for many at once, without counting what has not changed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parent))
from shelving import ANNA, BEN, LOCAL, Shelf, shelf

from yoriai.records import Job
from yoriai.store import jobs as job_rows

pytestmark = pytest.mark.anyio


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path) as kept:
        yield kept


@contextmanager
def statements(kept: Shelf) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(kept.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(kept.database.engine, "before_cursor_execute", note)


async def test_vectors_are_counted_again_only_where_something_changed(kept: Shelf) -> None:
    rules = await kept.knowledge.collections.create(LOCAL, "rules")
    await kept.upload(LOCAL, rules, "a.txt", "Ten days of leave.")
    first = await kept.knowledge.collections.status(LOCAL, rules.id)
    with statements(kept) as asked:
        again = await kept.knowledge.collections.status(LOCAL, rules.id)
        assert not any("vectors JOIN" in each for each in asked)
        assert again == first
        await kept.upload(LOCAL, rules, "b.txt", "Three days of leave.")
        await kept.knowledge.collections.status(LOCAL, rules.id)
        assert any("vectors JOIN" in each for each in asked)


async def test_many_collections_cost_no_more_questions_than_one(kept: Shelf) -> None:
    listed = [await kept.knowledge.collections.create(LOCAL, f"c{number}") for number in range(5)]
    await kept.upload(LOCAL, listed[3], "a.txt", "Ten days of leave.")
    with statements(kept) as one:
        (single,) = await kept.knowledge.collections.statuses(LOCAL, listed[3:4])
    with statements(kept) as many:
        statuses = await kept.knowledge.collections.statuses(LOCAL, listed)
    assert len(many) <= len(one) + 1
    assert statuses[3] == single
    assert [each.collection.name for each in statuses] == [f"c{number}" for number in range(5)]
    assert [each.passages for each in statuses] == [0, 0, 0, 1, 0]
    assert statuses[3].documents == {"ready": 1}


async def test_each_collection_has_its_own_jobs(kept: Shelf) -> None:
    own = await kept.knowledge.collections.create(ANNA, "own")
    shared = await kept.knowledge.collections.create(ANNA, "shared", "everyone")
    now = datetime.now(UTC)

    def fill(connection: Any) -> None:
        for number, (subject, kind, state) in enumerate(
            [
                (own.id, "x", "failed"),
                (own.id, "x", "queued"),
                (shared.id, "x", "done"),
                (shared.id, "y", "failed"),
            ]
        ):
            job = Job(
                id=f"j{number}", kind=kind, owner_id="anna", subject_id=subject, state=state, created_at=now,
                updated_at=now,
            )  # fmt: skip
            job_rows.add(connection, job)

    await kept.database.write(fill)
    (mine, ours) = await kept.knowledge.collections.statuses(ANNA, [own, shared])
    assert ([job.id for job in mine.jobs], [job.id for job in mine.failed_jobs]) == (["j1"], [])
    assert ([job.id for job in ours.jobs], [job.id for job in ours.failed_jobs]) == ([], ["j3"])
    (seen,) = await kept.knowledge.collections.statuses(BEN, [shared])
    assert seen.folders == []
