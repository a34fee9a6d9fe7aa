"""Rows of assistants. Who looks up by id says whose they may be, and sees no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from yoriai.records import Assistant
from yoriai.store import shares
from yoriai.store.collections import name_key
from yoriai.store.tables import assistants
from yoriai.types import Sampling

_PLAIN = tuple(
    {field.name for field in fields(Assistant)} - {"sampling", "collection_ids", "tools", "sharing", "groups"}
)
_KEPT = (*_PLAIN, "sampling", "collection_ids", "tools", "sharing")


def add(connection: Connection, assistant: Assistant) -> None:
    values = {name: getattr(assistant, name) for name in _KEPT}
    group_ids = [group.id for group in assistant.groups]
    own = shares.settled(connection, assistant.id, values | {"group_ids": group_ids})
    connection.execute(insert(assistants).values(**_row(own)))


def usable(connection: Connection, owners: Iterable[str]) -> list[Assistant]:
    """Theirs and what is shared with them, by name."""
    theirs = list(owners)
    found = select(assistants).where(shares.readable(assistants, theirs))
    ordered = found.order_by(assistants.c.name_key, assistants.c.created_at, assistants.c.id)
    return _assistants(connection, connection.execute(ordered), theirs)


def find(connection: Connection, owners: Iterable[str], assistant_id: str) -> Assistant | None:
    """Theirs or shared with them."""
    theirs = list(owners)
    mine = (assistants.c.id == assistant_id) & shares.readable(assistants, theirs)
    return next(
        iter(_assistants(connection, connection.execute(select(assistants).where(mine)), theirs)), None
    )


def named(connection: Connection, owners: Iterable[str], name: str) -> Assistant | None:
    """By name: theirs before what others share, the oldest first."""
    theirs = list(owners)
    mine = shares.readable(assistants, theirs) & (assistants.c.name_key == name_key(name))
    found = _assistants(connection, connection.execute(select(assistants).where(mine)), theirs)
    found.sort(key=lambda each: (each.owner_id not in theirs, each.created_at, each.id))
    return found[0] if found else None


def change(connection: Connection, assistant_id: str, **values: Any) -> None:
    """Set fields, as `Assistant` has them; `sharing` together with `group_ids`."""
    own = shares.settled(connection, assistant_id, values)
    connection.execute(update(assistants).where(assistants.c.id == assistant_id).values(**_row(own)))


def remove(connection: Connection, assistant_id: str) -> None:
    shares.forget(connection, assistant_id)
    connection.execute(delete(assistants).where(assistants.c.id == assistant_id))


def _row(values: dict[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "name" in row:
        row["name_key"] = name_key(row["name"])
    if "sampling" in row:
        row["sampling"] = row["sampling"].model_dump(exclude_none=True)
    for name in {"collection_ids", "tools"} & row.keys():
        row[name] = list(row[name])
    return row


def _assistants(connection: Connection, rows: Iterable[Row[Any]], owners: Sequence[str]) -> list[Assistant]:
    """As `owners` may know them."""
    listed = list(rows)
    return [
        Assistant(
            **{name: getattr(row, name) for name in _PLAIN}, **audience,
            sampling=Sampling.model_validate(row.sampling), collection_ids=tuple(row.collection_ids),
            tools=tuple(row.tools or ()),
        )
        for row, audience in zip(listed, shares.audiences(connection, listed, owners), strict=True)
    ]  # fmt: skip
