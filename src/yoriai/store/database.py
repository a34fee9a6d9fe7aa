"""The connection: transactions in threads, SQLite's settings, migrations with a snapshot before each.

`read` and `write` run plain functions over a connection in a worker thread; nothing else touches the database.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from anyio import to_thread
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from yoriai.errors import PrerequisiteError, ResourceError
from yoriai.store.tables import REVISION

__all__ = ["Connection", "Database"]  # a transaction's handle, which other rooms pass on and never open
Result = TypeVar("Result")
_BUSY_TIMEOUT_MS = 5000
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One database, by SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine = create_engine(self._url)
        self._writing = (
            threading.Lock()
        )  # our own writers queue here and not in SQLite, which waits by polling
        if self._is_sqlite:
            _prepare_sqlite(self._engine)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Result of `work` over one consistent view."""
        return await to_thread.run_sync(self._read, work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Result of `work`; when this returns, what it wrote survives kill -9 and power loss. All or nothing."""
        return await to_thread.run_sync(self._write, work)

    def migrate(self) -> None:
        """Bring the tables to this version's. A database that holds data is copied to `….before-REVISION` first.

        Raises:
            PrerequisiteError: the database was written by a newer Yoriai.
            ResourceError: the file is damaged or is no database.
        """
        try:
            current = self._revision()
            if current == REVISION:
                return
            if current:
                self._snapshot(current)
            self._upgrade(current)
        except DatabaseError as error:
            detail = str(error.orig)
            raise ResourceError("store.broken", path=self._url.database or "", detail=detail) from error

    def close(self) -> None:
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations and their tests."""
        return self._engine

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine.connect() as connection, connection.begin():
            return work(connection)

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        with self._writing, self._engine.connect() as connection:
            connection.info["writes"] = True
            try:
                with connection.begin():
                    return work(connection)
            finally:
                connection.info["writes"] = False

    def _revision(self) -> str | None:
        with self._engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return str(revision) if revision else None

    def _snapshot(self, current: str) -> None:
        if not self._is_sqlite or not self._url.database:
            return
        copy = Path(f"{self._url.database}.before-{REVISION}-from-{current}")
        with sqlite3.connect(self._url.database) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()

    def _upgrade(self, current: str | None) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current and current not in known:
            raise PrerequisiteError("store.newer", path=self._url.database or "", revision=current)
        with self._writing, self._engine.connect() as connection:
            connection.info["writes"] = True
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            finally:
                connection.info["writes"] = False


def _prepare_sqlite(engine: Engine) -> None:
    """WAL, every commit on disk, foreign keys, and a writer takes its lock at the beginning.

    A deferred transaction that turns into a writer fails with SQLITE_BUSY whatever the timeout is: the driver's own
    BEGIN is switched off and ours says IMMEDIATE.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.info.get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
