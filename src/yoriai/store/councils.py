"""Rows of councils. Who looks up by id says whose they may be, and sees no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from yoriai.records import Council
from yoriai.store.collections import name_key
from yoriai.store.tables import councils

_PLAIN = tuple({field.name for field in fields(Council)} - {"members"})


def add(connection: Connection, council: Council) -> None:
    connection.execute(insert(councils).values(**_row(asdict(council))))


def usable(connection: Connection, owners: Iterable[str]) -> list[Council]:
    """Theirs and what is shared, by name."""
    found = select(councils).where(_usable(owners))
    ordered = found.order_by(councils.c.name_key, councils.c.created_at, councils.c.id)
    return [_council(row) for row in connection.execute(ordered)]


def find(connection: Connection, owners: Iterable[str], council_id: str) -> Council | None:
    """Theirs or shared."""
    row = connection.execute(select(councils).where(councils.c.id == council_id, _usable(owners))).first()
    return _council(row) if row else None


def named(connection: Connection, owners: Iterable[str], name: str) -> Council | None:
    """By name: theirs before what others share, the oldest first."""
    theirs = list(owners)
    found = select(councils).where(_usable(theirs), councils.c.name_key == name_key(name))
    rows = sorted(
        connection.execute(found), key=lambda row: (row.owner_id not in theirs, row.created_at, row.id)
    )
    return _council(rows[0]) if rows else None


def change(connection: Connection, council_id: str, **values: Any) -> None:
    """Set fields, as `Council` has them."""
    connection.execute(update(councils).where(councils.c.id == council_id).values(**_row(values)))


def remove(connection: Connection, council_id: str) -> None:
    connection.execute(delete(councils).where(councils.c.id == council_id))


def _usable(owners: Iterable[str]) -> ColumnElement[bool]:
    return or_(councils.c.owner_id.in_(list(owners)), councils.c.sharing == "everyone")


def _row(values: dict[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "name" in row:
        row["name_key"] = name_key(row["name"])
    if "members" in row:
        row["members"] = list(row["members"])
    return row


def _council(row: Row[Any]) -> Council:
    return Council(**{name: getattr(row, name) for name in _PLAIN}, members=tuple(row.members))
