"""The connection: transactions in threads, SQLite's settings, migrations with a snapshot before each.

`read` and `write` run plain functions over a connection in a worker thread; nothing else touches the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from anyio import CancelScope, to_thread
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from yoriai.errors import DiskFullError, PrerequisiteError, ResourceError
from yoriai.store.tables import REVISION

__all__ = ["Connection", "Database"]  # a transaction's handle, which other rooms pass on and never open
Result = TypeVar("Result")
_BUSY_TIMEOUT_MS = 5000
_DISK_FAILURES = ("SQLITE_FULL", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_READONLY")
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
        """Result of `work` over one consistent view. Raises: ResourceError: the file is damaged."""
        return await to_thread.run_sync(self._read, work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Result of `work`; when this returns, what it wrote survives kill -9 and power loss. All or nothing.

        A thread can't be stopped: whoever is cancelled meanwhile goes on when the transaction has ended, and finds
        what it has written.

        Raises:
            DiskFullError. ResourceError: the file is damaged or may not be written.
        """
        writing = asyncio.create_task(to_thread.run_sync(self._write, work))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await _until_done(writing)
            raise

    def migrate(self, revision: str = REVISION, scripts: Path = _MIGRATIONS) -> None:
        """Bring the tables to `revision`. A database that holds data is copied to `….before-REVISION` first.

        All or nothing: a migration that fails or is killed leaves the database as it was.

        Raises:
            PrerequisiteError: the database was written by a newer Yoriai.
            ResourceError: the file is damaged or is no database.
        """
        try:
            with self._engine.connect() as connection:
                current = _revision(connection)
            if current != revision:
                self._upgrade(revision, scripts)
        except (DatabaseError, sqlite3.Error) as error:
            raise self._failure(error) from error

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
        with self._failures(), self._engine.connect() as connection, connection.begin():
            return work(connection)

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        with self._failures(), self._writing, self._engine.connect() as connection:
            connection.info["writes"] = True
            try:
                with connection.begin():
                    return work(connection)
            finally:
                connection.info["writes"] = False

    def _snapshot(self, current: str, revision: str) -> None:
        if not self._is_sqlite or not self._url.database:
            return
        copy = Path(f"{self._url.database}.before-{revision}-from-{current}")
        with closing(sqlite3.connect(self._url.database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)

    def _upgrade(self, revision: str, scripts: Path) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with self._writing, self._migrating() as connection:
            current = _revision(connection)  # again: another process may have been quicker
            if current and current not in known:
                raise PrerequisiteError("store.newer", path=self._url.database or "", revision=current)
            if current and current != revision:
                self._snapshot(current, revision)
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        """One transaction that nobody writes beside.

        SQLite changes a table by replacing it; with foreign keys on, dropping the old one would delete all that hangs
        on its rows. They are checked at the end instead.
        """
        with self._engine.connect() as connection:
            connection.info["writes"] = True
            try:
                if self._is_sqlite:
                    _set_foreign_keys(connection, "OFF")
                with connection.begin():
                    yield connection
                    if self._is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise RuntimeError("a migration left rows that point nowhere")
            finally:
                connection.info["writes"] = False
                if self._is_sqlite:
                    _set_foreign_keys(connection, "ON")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What the disk did is said as such; a mistake in a statement stays a mistake."""
        try:
            yield
        except DatabaseError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            if not name.startswith(_DISK_FAILURES):
                raise
            raise self._failure(error) from error

    def _failure(self, error: DatabaseError | sqlite3.Error) -> ResourceError:
        cause = error.orig if isinstance(error, DatabaseError) else error
        path = self._url.database or ""
        if getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL":
            return DiskFullError("store.disk_full", path=path)
        return ResourceError("store.broken", path=path, detail=str(cause))


async def _until_done(task: asyncio.Task[Any]) -> None:
    """However often whoever waits is cancelled."""
    with CancelScope(shield=True):
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # nobody is left to be told


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(revision) if revision else None


def _set_foreign_keys(connection: Connection, switch: str) -> None:
    """Outside of a transaction: inside, SQLite ignores it."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={switch}")


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
