"""Rows of groups and of who is in them. The caller has found out who may look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, true, update

from yoriai.records import Group, GroupName, Member
from yoriai.store.tables import group_members, groups, users


def add(connection: Connection, group: Group, name_key: str) -> None:
    values = {"id": group.id, "name": group.name, "created_at": group.created_at}
    connection.execute(insert(groups).values(**values, name_key=name_key))


def everything(connection: Connection) -> list[Group]:
    """By name."""
    return _found(connection, true())


def of_user(connection: Connection, user_id: str) -> list[Group]:
    """Those that the account is in, by name."""
    return _found(connection, groups.c.id.in_(_ids_of(user_id)))


def ids_of_user(connection: Connection, user_id: str) -> tuple[str, ...]:
    return tuple(connection.scalars(_ids_of(user_id)))


def ids_by_user(connection: Connection) -> dict[str, list[str]]:
    """Of all accounts that are in one."""
    found: dict[str, list[str]] = {}
    ordered = select(group_members).order_by(group_members.c.user_id, group_members.c.group_id)
    for row in connection.execute(ordered):
        found.setdefault(row.user_id, []).append(row.group_id)
    return found


def by_id(connection: Connection, group_id: str) -> Group | None:
    return next(iter(_found(connection, groups.c.id == group_id)), None)


def by_name(connection: Connection, name_key: str) -> Group | None:
    return next(iter(_found(connection, groups.c.name_key == name_key)), None)


def names(connection: Connection, group_ids: Iterable[str]) -> list[GroupName]:
    """Of those that are there, by name."""
    found = select(groups).where(groups.c.id.in_(list(group_ids))).order_by(groups.c.name_key)
    return [GroupName(id=row.id, name=row.name) for row in connection.execute(found)]


def rename(connection: Connection, group_id: str, name: str, name_key: str) -> None:
    connection.execute(update(groups).where(groups.c.id == group_id).values(name=name, name_key=name_key))


def remove(connection: Connection, group_id: str) -> None:
    """With its memberships, and with all that was shared with it by it."""
    connection.execute(delete(groups).where(groups.c.id == group_id))


def add_member(connection: Connection, group_id: str, user_id: str, now: datetime) -> None:
    """Nothing happens if they are in it already."""
    if connection.execute(select(group_members.c.user_id).where(_is_member(group_id, user_id))).first():
        return
    connection.execute(insert(group_members).values(group_id=group_id, user_id=user_id, added_at=now))


def remove_member(connection: Connection, group_id: str, user_id: str) -> bool:
    """Whether they were in it."""
    return connection.execute(delete(group_members).where(_is_member(group_id, user_id))).rowcount > 0


def _is_member(group_id: str, user_id: str) -> ColumnElement[bool]:
    return (group_members.c.group_id == group_id) & (group_members.c.user_id == user_id)


def _ids_of(user_id: str) -> Any:
    mine = select(group_members.c.group_id).where(group_members.c.user_id == user_id)
    return mine.order_by(group_members.c.group_id)


def _found(connection: Connection, wanted: ColumnElement[bool]) -> list[Group]:
    rows = list(connection.execute(select(groups).where(wanted).order_by(groups.c.name_key)))
    members = _members(connection, wanted) if rows else {}
    return [
        Group(id=row.id, name=row.name, created_at=row.created_at, members=tuple(members.get(row.id, ())))
        for row in rows
    ]


def _members(connection: Connection, wanted: ColumnElement[bool]) -> dict[str, list[Member]]:
    """By group's id."""
    found: dict[str, list[Member]] = {}
    listed = (
        select(group_members.c.group_id, users.c.id, users.c.name, users.c.active)
        .select_from(groups.join(group_members).join(users))
        .where(wanted)
        .order_by(users.c.name_key)
    )
    for row in connection.execute(listed):
        found.setdefault(row.group_id, []).append(Member(id=row.id, name=row.name, active=row.active))
    return found
