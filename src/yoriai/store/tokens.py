"""Rows of API tokens: the hash of the secret, never the secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from yoriai.store.tables import tokens
from yoriai.types import ApiToken


def add(connection: Connection, token: ApiToken, secret_hash: str) -> None:
    connection.execute(
        insert(tokens).values(
            id=token.id, user_id=token.user_id, name=token.name, secret_hash=secret_hash,
            created_at=token.created_at,
        )
    )  # fmt: skip


def find(connection: Connection, token_id: str) -> tuple[ApiToken, str] | None:
    """The token and the hash of its secret."""
    row = connection.execute(select(tokens).where(tokens.c.id == token_id)).first()
    return (_token(row), row.secret_hash) if row else None


def of_user(connection: Connection, user_id: str) -> list[ApiToken]:
    mine = select(tokens).where(tokens.c.user_id == user_id).order_by(tokens.c.created_at, tokens.c.id)
    return [_token(row) for row in connection.execute(mine)]


def touch(connection: Connection, token_id: str, now: datetime) -> None:
    connection.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=now))


def remove(connection: Connection, user_id: str, token_id: str) -> bool:
    """Whether there was such a token of this user."""
    mine = (tokens.c.id == token_id) & (tokens.c.user_id == user_id)
    return connection.execute(delete(tokens).where(mine)).rowcount > 0


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
