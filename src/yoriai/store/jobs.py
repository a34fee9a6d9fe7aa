"""Rows of long work. `jobs` calls it; who may see a job is asked by its owner's id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from yoriai.records import Job
from yoriai.store.tables import jobs

_NAMES = tuple(field.name for field in fields(Job))
UNFINISHED = ("queued", "running")


def add(connection: Connection, job: Job) -> None:
    connection.execute(insert(jobs).values(**asdict(job)))


def find(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    return _job(row) if row else None


def waiting(connection: Connection, kind: str, subject_id: str = "") -> Job | None:
    """The oldest that nobody has begun."""
    found = select(jobs).where(jobs.c.kind == kind, jobs.c.state == "queued")
    if subject_id:
        found = found.where(jobs.c.subject_id == subject_id)
    row = connection.execute(found.order_by(jobs.c.created_at, jobs.c.id).limit(1)).first()
    return _job(row) if row else None


def unfinished(connection: Connection, subject_id: str) -> list[Job]:
    found = select(jobs).where(jobs.c.subject_id == subject_id, jobs.c.state.in_(UNFINISHED))
    return [_job(row) for row in connection.execute(found.order_by(jobs.c.created_at, jobs.c.id))]


def failed(connection: Connection, subject_id: str) -> list[Job]:
    """The newest of each kind, where that one failed."""
    found = select(jobs).where(jobs.c.subject_id == subject_id)
    newest = {row.kind: _job(row) for row in connection.execute(found.order_by(jobs.c.created_at, jobs.c.id))}
    return [job for job in newest.values() if job.state == "failed"]


def change(connection: Connection, job_id: str, states: Iterable[str], **values: Any) -> bool:
    """Set columns of a job that is in one of `states`; whether it was."""
    mine = (jobs.c.id == job_id) & jobs.c.state.in_(list(states))
    return connection.execute(update(jobs).where(mine).values(**values)).rowcount > 0


def requeue(connection: Connection, now: datetime) -> int:
    """Whatever was being done when its process ended waits again. How many there were.

    Of several that would do the same, the oldest stays.
    """
    left = update(jobs).where(jobs.c.state == "running").values(state="queued", updated_at=now)
    count = connection.execute(left).rowcount
    seen: set[tuple[str, str]] = set()
    waiting = select(jobs.c.id, jobs.c.kind, jobs.c.subject_id).where(jobs.c.state == "queued")
    for row in connection.execute(waiting.order_by(jobs.c.created_at, jobs.c.id)).all():
        if (row.kind, row.subject_id) in seen:
            change(connection, row.id, ["queued"], state="cancelled", updated_at=now)
        seen.add((row.kind, row.subject_id))
    return count


def _job(row: Row[Any]) -> Job:
    return Job(**{name: getattr(row, name) for name in _NAMES})
