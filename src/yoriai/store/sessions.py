"""Rows of sessions. The id is the hash of a secret that only the browser has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from yoriai.store.tables import sessions


def add(connection: Connection, session_id: str, user_id: str, now: datetime) -> None:
    connection.execute(insert(sessions).values(id=session_id, user_id=user_id, created_at=now, used_at=now))


def find(connection: Connection, session_id: str) -> tuple[str, datetime, datetime] | None:
    """User, begin and last use."""
    row = connection.execute(select(sessions).where(sessions.c.id == session_id)).first()
    return (row.user_id, row.created_at, row.used_at) if row else None


def touch(connection: Connection, session_id: str, now: datetime) -> None:
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(used_at=now))


def remove(connection: Connection, session_id: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def remove_of(connection: Connection, user_id: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


def remove_expired(connection: Connection, begun_before: datetime, used_before: datetime) -> None:
    old = (sessions.c.created_at < begun_before) | (sessions.c.used_at < used_before)
    connection.execute(delete(sessions).where(old))
