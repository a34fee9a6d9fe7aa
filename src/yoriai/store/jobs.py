"""Rows of long work. `jobs` calls it; who may see a job is asked by its owner's id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, select, update

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


def others_wait(connection: Connection, kind: str, subject_id: str) -> bool:
    """Whether one of this kind waits that works on something else."""
    found = select(jobs.c.id).where(
        jobs.c.kind == kind, jobs.c.state == "queued", jobs.c.subject_id != subject_id
    )
    return connection.scalar(found.limit(1)) is not None


def unfinished(connection: Connection, subject_id: str) -> list[Job]:
    found = select(jobs).where(jobs.c.subject_id == subject_id, jobs.c.state.in_(UNFINISHED))
    return [_job(row) for row in connection.execute(found.order_by(jobs.c.created_at, jobs.c.id))]


def last_ended(connection: Connection, kind: str, state: str) -> list[Job]:
    """The last of their kind for what they worked on, where it ended so."""
    later = jobs.alias()
    is_followed = exists().where(
        later.c.subject_id == jobs.c.subject_id, later.c.kind == kind, later.c.updated_at > jobs.c.updated_at
    )
    found = select(jobs).where(jobs.c.kind == kind, jobs.c.state == state, ~is_followed)
    return [_job(row) for row in connection.execute(found)]


def unfinished_of(connection: Connection, subject_ids: Sequence[str]) -> dict[str, list[Job]]:
    """By what they work on, the oldest first."""
    found = select(jobs).where(jobs.c.subject_id.in_(subject_ids), jobs.c.state.in_(UNFINISHED))
    return _by_subject(connection.execute(found.order_by(jobs.c.created_at, jobs.c.id)))


def failed_of(connection: Connection, subject_ids: Sequence[str]) -> dict[str, list[Job]]:
    """The newest of each kind, where that one failed, by what they worked on."""
    newest_first = func.row_number().over(
        partition_by=(jobs.c.subject_id, jobs.c.kind), order_by=(jobs.c.created_at.desc(), jobs.c.id.desc())
    )
    place = (
        select(jobs.c.id, newest_first.label("place")).where(jobs.c.subject_id.in_(subject_ids)).subquery()
    )
    found = (
        select(jobs).join(place, jobs.c.id == place.c.id).where(place.c.place == 1, jobs.c.state == "failed")
    )
    return _by_subject(connection.execute(found.order_by(jobs.c.created_at, jobs.c.id)))


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


def _by_subject(found: Iterable[Row[Any]]) -> dict[str, list[Job]]:
    by_subject: dict[str, list[Job]] = {}
    for row in found:
        by_subject.setdefault(row.subject_id, []).append(_job(row))
    return by_subject


def _job(row: Row[Any]) -> Job:
    return Job(**{name: getattr(row, name) for name in _NAMES})
