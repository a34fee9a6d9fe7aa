"""Rows of users. `name_key` is how two names are found to be the same; the caller makes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from yoriai.store import groups
from yoriai.store.tables import users
from yoriai.types import Role, User


def add(connection: Connection, user: User, name_key: str, password_hash: str) -> None:
    """Raises: sqlalchemy's IntegrityError is the caller's to avoid: look the name up in the same transaction."""
    connection.execute(
        insert(users).values(
            id=user.id, name=user.name, name_key=name_key, role=user.role.value, password_hash=password_hash,
            active=user.active, created_at=user.created_at,
        )
    )  # fmt: skip


def everyone(connection: Connection) -> list[User]:
    memberships = groups.ids_by_user(connection)
    found = connection.execute(select(users).order_by(users.c.created_at, users.c.id))
    return [_user(row, memberships.get(row.id, ())) for row in found]


def by_id(connection: Connection, user_id: str) -> User | None:
    row = connection.execute(select(users).where(users.c.id == user_id)).first()
    return _user(row, groups.ids_of_user(connection, user_id)) if row else None


def by_name(connection: Connection, name_key: str) -> tuple[User, str] | None:
    """The user and their password hash."""
    row = connection.execute(select(users).where(users.c.name_key == name_key)).first()
    return (_user(row, groups.ids_of_user(connection, row.id)), row.password_hash) if row else None


def active_administrators(connection: Connection) -> int:
    administrators = (users.c.role == Role.ADMINISTRATOR.value) & users.c.active
    return connection.scalar(select(func.count()).select_from(users).where(administrators)) or 0


def change(connection: Connection, user_id: str, **values: object) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(**values))


def _user(row: Row[Any], group_ids: Sequence[str]) -> User:
    return User(
        id=row.id, name=row.name, role=Role(row.role), active=row.active, created_at=row.created_at,
        group_ids=tuple(group_ids),
    )  # fmt: skip
