"""Rows of councils. Who looks up by id says whose they may be, and sees no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from yoriai.records import Council
from yoriai.store import shares
from yoriai.store.collections import name_key
from yoriai.store.tables import councils

_PLAIN = tuple({field.name for field in fields(Council)} - {"members", "sharing", "groups"})
_KEPT = (*_PLAIN, "members", "sharing")


def add(connection: Connection, council: Council) -> None:
    values = {name: getattr(council, name) for name in _KEPT}
    group_ids = [group.id for group in council.groups]
    own = shares.settled(connection, council.id, values | {"group_ids": group_ids})
    connection.execute(insert(councils).values(**_row(own)))


def usable(connection: Connection, owners: Iterable[str]) -> list[Council]:
    """Theirs and what is shared with them, by name."""
    theirs = list(owners)
    found = select(councils).where(shares.readable(councils, theirs))
    ordered = found.order_by(councils.c.name_key, councils.c.created_at, councils.c.id)
    return _councils(connection, connection.execute(ordered), theirs)


def find(connection: Connection, owners: Iterable[str], council_id: str) -> Council | None:
    """Theirs or shared with them."""
    theirs = list(owners)
    mine = (councils.c.id == council_id) & shares.readable(councils, theirs)
    return next(iter(_councils(connection, connection.execute(select(councils).where(mine)), theirs)), None)


def named(connection: Connection, owners: Iterable[str], name: str) -> Council | None:
    """By name: theirs before what others share, the oldest first."""
    theirs = list(owners)
    mine = shares.readable(councils, theirs) & (councils.c.name_key == name_key(name))
    found = _councils(connection, connection.execute(select(councils).where(mine)), theirs)
    found.sort(key=lambda each: (each.owner_id not in theirs, each.created_at, each.id))
    return found[0] if found else None


def change(connection: Connection, council_id: str, **values: Any) -> None:
    """Set fields, as `Council` has them; `sharing` together with `group_ids`."""
    own = shares.settled(connection, council_id, values)
    connection.execute(update(councils).where(councils.c.id == council_id).values(**_row(own)))


def remove(connection: Connection, council_id: str) -> None:
    shares.forget(connection, council_id)
    connection.execute(delete(councils).where(councils.c.id == council_id))


def _row(values: dict[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "name" in row:
        row["name_key"] = name_key(row["name"])
    if "members" in row:
        row["members"] = list(row["members"])
    return row


def _councils(connection: Connection, rows: Iterable[Row[Any]], owners: Sequence[str]) -> list[Council]:
    """As `owners` may know them."""
    listed = list(rows)
    return [
        Council(
            **{name: getattr(row, name) for name in _PLAIN}, **audience,
            members=tuple(row.members),
        )
        for row, audience in zip(listed, shares.audiences(connection, listed, owners), strict=True)
    ]  # fmt: skip
