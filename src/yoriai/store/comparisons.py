"""Rows of comparisons. Everything takes the user and sees only theirs; their conversations go with them."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from yoriai.records import Comparison
from yoriai.store.tables import comparisons, conversations

_FIELDS = tuple(field.name for field in fields(Comparison))


def add(connection: Connection, comparison: Comparison) -> None:
    connection.execute(insert(comparisons).values(**asdict(comparison)))


def of_user(connection: Connection, user_id: str, kind: str, most: int) -> list[Comparison]:
    """The newest, newest first."""
    found = select(comparisons).where(comparisons.c.user_id == user_id, comparisons.c.kind == kind)
    ordered = found.order_by(comparisons.c.updated_at.desc(), comparisons.c.id).limit(most)
    return [_comparison(row) for row in connection.execute(ordered)]


def find(connection: Connection, user_id: str, comparison_id: str) -> Comparison | None:
    row = connection.execute(select(comparisons).where(_mine(user_id, comparison_id))).first()
    return _comparison(row) if row else None


def change(connection: Connection, user_id: str, comparison_id: str, **values: Any) -> None:
    """Set columns."""
    connection.execute(update(comparisons).where(_mine(user_id, comparison_id)).values(**values))


def reveal(connection: Connection, user_id: str, comparison_id: str, **values: Any) -> None:
    """From now on its user may see who answers. `values`: what was voted."""
    change(connection, user_id, comparison_id, **values)
    connection.execute(update(conversations).where(_its(user_id, comparison_id)).values(is_masked=False))


def remove(connection: Connection, user_id: str, comparison_id: str) -> None:
    """With its conversations and their messages."""
    connection.execute(delete(conversations).where(_its(user_id, comparison_id)))
    connection.execute(delete(comparisons).where(_mine(user_id, comparison_id)))


def _mine(user_id: str, comparison_id: str) -> ColumnElement[bool]:
    return (comparisons.c.id == comparison_id) & (comparisons.c.user_id == user_id)


def _its(user_id: str, comparison_id: str) -> ColumnElement[bool]:
    return (conversations.c.comparison_id == comparison_id) & (conversations.c.user_id == user_id)


def _comparison(row: Row[Any]) -> Comparison:
    return Comparison(**{name: getattr(row, name) for name in _FIELDS})
