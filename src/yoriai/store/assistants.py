"""Rows of assistants. Who looks up by id says whose they may be, and sees no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from yoriai.records import Assistant
from yoriai.store.collections import name_key
from yoriai.store.tables import assistants
from yoriai.types import Sampling

_PLAIN = tuple({field.name for field in fields(Assistant)} - {"sampling", "collection_ids", "tools"})


def add(connection: Connection, assistant: Assistant) -> None:
    connection.execute(
        insert(assistants).values(**_row(asdict(assistant) | {"sampling": assistant.sampling}))
    )


def usable(connection: Connection, owners: Iterable[str]) -> list[Assistant]:
    """Theirs and what is shared, by name."""
    found = select(assistants).where(_usable(owners))
    ordered = found.order_by(assistants.c.name_key, assistants.c.created_at, assistants.c.id)
    return [_assistant(row) for row in connection.execute(ordered)]


def find(connection: Connection, owners: Iterable[str], assistant_id: str) -> Assistant | None:
    """Theirs or shared."""
    row = connection.execute(
        select(assistants).where(assistants.c.id == assistant_id, _usable(owners))
    ).first()
    return _assistant(row) if row else None


def named(connection: Connection, owners: Iterable[str], name: str) -> Assistant | None:
    """By name: theirs before what others share, the oldest first."""
    theirs = list(owners)
    found = select(assistants).where(_usable(theirs), assistants.c.name_key == name_key(name))
    rows = sorted(
        connection.execute(found), key=lambda row: (row.owner_id not in theirs, row.created_at, row.id)
    )
    return _assistant(rows[0]) if rows else None


def change(connection: Connection, assistant_id: str, **values: Any) -> None:
    """Set fields, as `Assistant` has them."""
    connection.execute(update(assistants).where(assistants.c.id == assistant_id).values(**_row(values)))


def remove(connection: Connection, assistant_id: str) -> None:
    connection.execute(delete(assistants).where(assistants.c.id == assistant_id))


def _usable(owners: Iterable[str]) -> ColumnElement[bool]:
    return or_(assistants.c.owner_id.in_(list(owners)), assistants.c.sharing == "everyone")


def _row(values: dict[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "name" in row:
        row["name_key"] = name_key(row["name"])
    if "sampling" in row:
        row["sampling"] = row["sampling"].model_dump(exclude_none=True)
    for name in {"collection_ids", "tools"} & row.keys():
        row[name] = list(row[name])
    return row


def _assistant(row: Row[Any]) -> Assistant:
    return Assistant(
        **{name: getattr(row, name) for name in _PLAIN}, sampling=Sampling.model_validate(row.sampling),
        collection_ids=tuple(row.collection_ids), tools=tuple(row.tools or ()),
    )  # fmt: skip
