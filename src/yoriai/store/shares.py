"""Whom things are shared with: their column `sharing`, and the groups in rows of `shares`. For every kind of thing.

Who is in a group is looked at in the query itself: whoever leaves one, or whose group is removed, sees nothing from the
next query on. Without rows of `shares` a thing is its owner's alone, so what an older version reads is never too wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, exists, insert, or_, select, true

from yoriai.records import GroupName
from yoriai.store.tables import group_members, groups, shares

_AT_ONCE = 500  # ids in one statement


def readable(things: Table, owners: Iterable[str]) -> ColumnElement[bool]:
    """Theirs, what everyone may read, and what is shared with a group that one of them is in."""
    theirs = list(owners)
    through_group = exists().where(
        shares.c.thing_id == things.c.id,
        group_members.c.group_id == shares.c.group_id,
        group_members.c.user_id.in_(theirs),
    )
    return or_(things.c.owner_id.in_(theirs), things.c.sharing == "everyone", through_group)


def audiences(
    connection: Connection, rows: Sequence[Row[Any]], owners: Iterable[str] | None
) -> list[dict[str, Any]]:
    """`sharing` and `groups` of each row. None: of the work in the background, which knows of all groups.

    An owner knows all groups that a thing is shared with, everybody else those that they are in.
    """
    theirs = None if owners is None else list(owners)
    all_groups = _groups(connection, [row.id for row in rows if theirs is None or row.owner_id in theirs])
    some = [row.id for row in rows if theirs is not None and row.owner_id not in theirs]
    known = all_groups | _groups(connection, some, theirs)
    return [_audience(row, known.get(row.id, ())) for row in rows]


def settled(connection: Connection, thing_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as the thing's own row has them. `sharing` and `group_ids` say whom it is shared with from now on."""
    own = {name: value for name, value in values.items() if name != "group_ids"}
    if "sharing" in own:
        forget(connection, thing_id)
        wanted = values.get("group_ids", ()) if own["sharing"] == "groups" else ()
        if wanted:
            rows = [{"thing_id": thing_id, "group_id": each} for each in dict.fromkeys(wanted)]
            connection.execute(insert(shares), rows)
        own["sharing"] = "everyone" if own["sharing"] == "everyone" else "owner"
    return own


def forget(connection: Connection, thing_id: str) -> None:
    """The thing is gone."""
    connection.execute(delete(shares).where(shares.c.thing_id == thing_id))


def _audience(row: Row[Any], found: Sequence[GroupName]) -> dict[str, Any]:
    if row.sharing == "everyone":
        return {"sharing": "everyone", "groups": ()}
    return {"sharing": "groups" if found else "owner", "groups": tuple(found)}


def _groups(
    connection: Connection, thing_ids: Sequence[str], members: Sequence[str] | None = None
) -> dict[str, list[GroupName]]:
    """By thing's id, in the order of names. `members`: only groups that one of them is in."""
    found: dict[str, list[GroupName]] = {}
    is_known: ColumnElement[bool] = true()
    if members is not None:
        is_known = exists().where(
            and_(group_members.c.group_id == groups.c.id, group_members.c.user_id.in_(members))
        )
    for start in range(0, len(thing_ids), _AT_ONCE):
        wanted = (
            select(shares.c.thing_id, groups.c.id, groups.c.name)
            .select_from(shares.join(groups))
            .where(shares.c.thing_id.in_(thing_ids[start : start + _AT_ONCE]), is_known)
            .order_by(groups.c.name_key)
        )
        for thing_id, group_id, name in connection.execute(wanted):
            found.setdefault(thing_id, []).append(GroupName(id=group_id, name=name))
    return found
