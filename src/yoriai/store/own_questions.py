"""Rows of sets of questions and of their questions, by version. Who looks up says whose they may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from yoriai.records import OwnQuestion, QuestionSet, Turn
from yoriai.store.collections import name_key
from yoriai.store.tables import own_questions, question_sets

_SET = tuple(field.name for field in fields(QuestionSet))
_QUESTION = tuple(field.name for field in fields(OwnQuestion) if field.name != "messages")


def add_set(connection: Connection, found: QuestionSet) -> None:
    connection.execute(insert(question_sets).values(**asdict(found), name_key=name_key(found.name)))


def sets(connection: Connection, owners: Iterable[str]) -> list[QuestionSet]:
    """Theirs, by name."""
    found = select(question_sets).where(question_sets.c.owner_id.in_(list(owners)))
    ordered = found.order_by(question_sets.c.name_key, question_sets.c.id)
    return [_set(row) for row in connection.execute(ordered)]


def find_set(connection: Connection, owners: Iterable[str], name_or_id: str) -> QuestionSet | None:
    """By id or by name; of several owners' sets of one name the oldest."""
    is_it = (question_sets.c.id == name_or_id) | (question_sets.c.name_key == name_key(name_or_id))
    found = select(question_sets).where(question_sets.c.owner_id.in_(list(owners)), is_it)
    row = connection.execute(found.order_by(question_sets.c.created_at)).first()
    return _set(row) if row else None


def remove_set(connection: Connection, set_id: str) -> None:
    connection.execute(delete(question_sets).where(question_sets.c.id == set_id))


def next_version(connection: Connection, set_id: str, now: datetime) -> int:
    """Of a set that is about to change."""
    mine = question_sets.c.id == set_id
    connection.execute(
        update(question_sets).where(mine).values(version=question_sets.c.version + 1, updated_at=now)
    )
    return int(connection.scalar(select(question_sets.c.version).where(mine)) or 1)


def add(connection: Connection, question: OwnQuestion) -> None:
    connection.execute(insert(own_questions).values(**asdict(question)))


def end(connection: Connection, set_id: str, question_id: str, version: int) -> bool:
    """From `version` on it no longer stands; whether it did."""
    mine = (
        (own_questions.c.id == question_id)
        & (own_questions.c.set_id == set_id)
        & own_questions.c.until_version.is_(None)
    )
    return connection.execute(update(own_questions).where(mine).values(until_version=version)).rowcount > 0


def standing(connection: Connection, set_id: str) -> list[OwnQuestion]:
    """Those of the newest version, the oldest first."""
    found = select(own_questions).where(
        own_questions.c.set_id == set_id, own_questions.c.until_version.is_(None)
    )
    ordered = found.order_by(own_questions.c.created_at, own_questions.c.id)
    return [_question(row) for row in connection.execute(ordered)]


def counts(connection: Connection, set_ids: Iterable[str]) -> dict[str, int]:
    found = select(own_questions.c.set_id, func.count()).where(
        own_questions.c.set_id.in_(list(set_ids)), own_questions.c.until_version.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(found.group_by(own_questions.c.set_id))}


def _set(row: Row[Any]) -> QuestionSet:
    return QuestionSet(**{name: getattr(row, name) for name in _SET})


def _question(row: Row[Any]) -> OwnQuestion:
    named = row._mapping
    turns = tuple(Turn(**each) for each in named["messages"])
    return OwnQuestion(**{name: named[name] for name in _QUESTION}, messages=turns)
