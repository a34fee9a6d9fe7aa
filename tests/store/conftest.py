"""A database as the product opens it, and what goes into it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from databases import lay_down
from yoriai.store import users
from yoriai.store.database import Database
from yoriai.types import Role, User


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "yoriai.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{lay_down(path.parent)}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
async def people(database: Database) -> None:
    """Users with the ids anna and ben."""

    def add(connection: Connection) -> None:
        for name in ("anna", "ben"):
            user = User(id=name, name=name, role=Role.MEMBER, created_at=datetime(2026, 4, 1, tzinfo=UTC))
            users.add(connection, user, name, "hash")

    await database.write(add)
