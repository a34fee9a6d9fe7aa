"""The database keeps what it acknowledged, takes many writers, and says what is wrong with its file."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import anyio
import pytest
from sqlalchemy import Connection

from yoriai.errors import DiskFullError, ResourceError
from yoriai.i18n.catalogue import error_text
from yoriai.store.database import Database

# Writes tokens as fast as it can and says each one's id once it is acknowledged.
WRITER = """
import sys
import anyio
from datetime import UTC, datetime
from yoriai.store import tokens
from yoriai.store.database import Database
from yoriai.types import ApiToken

async def write(path, prefix, count):
    database = Database("sqlite:///" + path)
    database.migrate()
    for number in range(count):
        token = ApiToken(
            id=prefix + "-" + str(number), user_id="anna", name="t", created_at=datetime.now(UTC), last_used_at=None
        )
        await database.write(lambda connection: tokens.add(connection, token, "hash"))
        print(token.id, flush=True)

anyio.run(write, sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""


def writer(path: Path, prefix: str, count: int = 1_000_000) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), prefix, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def kept_ids(database: Database) -> set[str]:
    def work(connection: Connection) -> set[str]:
        return {row.id for row in connection.exec_driver_sql("SELECT id FROM tokens")}

    return await database.read(work)


@pytest.mark.usefixtures("people")
async def test_kill_9_loses_nothing_that_was_acknowledged(database: Database, path: Path) -> None:
    acknowledged: set[str] = set()
    for number in range(5):
        with writer(path, f"round{number}") as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(20 + 7 * number)]
            os.kill(child.pid, signal.SIGKILL)
            lines += child.stdout.readlines()
        acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
    assert len(acknowledged) >= 5 * 20
    assert acknowledged <= await kept_ids(database)
    check = await database.read(
        lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    )
    assert check == "ok"


@pytest.mark.usefixtures("people")
async def test_several_processes_write_at_once(database: Database, path: Path) -> None:
    children = [writer(path, f"process{number}", 50) for number in range(3)]
    for child in children:
        _, complaints = await anyio.to_thread.run_sync(child.communicate)
        assert (child.returncode, complaints) == (0, "")
    assert len(await kept_ids(database)) == 3 * 50


async def test_many_tasks_read_then_write_without_losing_an_update(database: Database) -> None:
    await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)"))
    await database.write(lambda connection: connection.exec_driver_sql("INSERT INTO counter VALUES (0)"))

    def count(connection: Connection) -> None:
        before = connection.exec_driver_sql("SELECT n FROM counter").scalar_one()
        connection.exec_driver_sql("UPDATE counter SET n = ?", (before + 1,))

    def read(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT n FROM counter").scalar_one())

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(database.write, count)
            group.start_soon(database.read, read)
    assert await database.read(read) == 100


async def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (n INTEGER)")
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await database.write(work)
    tables = await database.read(
        lambda connection: connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
    )
    assert "half" not in tables


async def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE things (n INTEGER)"))
    begun, written = anyio.Event(), anyio.Event()

    def count(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM things").scalar_one())

    def read_twice(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        anyio.from_thread.run_sync(begun.set)
        anyio.from_thread.run(written.wait)
        return before, count(connection)

    async def write() -> None:
        await begun.wait()
        await database.write(lambda connection: connection.exec_driver_sql("INSERT INTO things VALUES (1)"))
        written.set()

    async with anyio.create_task_group() as group:
        group.start_soon(write)
        assert await database.read(read_twice) == (0, 0)
    assert await database.read(count) == 1


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
async def test_every_connection_is_safe(pragma: str, value: object, database: Database) -> None:
    def ask(connection: Connection) -> object:
        return connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()

    assert await database.read(ask) == value
    assert await database.write(ask) == value


# ---- what the disk does -----------------------------------------------------------------------------------
def broken(path: Path) -> ResourceError:
    database = Database(f"sqlite:///{path}")
    try:
        with pytest.raises(ResourceError) as caught:
            database.migrate()
    finally:
        database.close()
    assert str(path) in error_text(caught.value, "en")
    assert str(path) in error_text(caught.value, "ja")
    return caught.value


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"These are not the tables you are looking for.\n" * 100)
    assert "not a database" in str(broken(path).values["detail"])


def test_a_database_cut_short_is_named(path: Path) -> None:
    whole = Database(f"sqlite:///{path}")
    whole.migrate()
    whole.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert "malformed" in str(broken(path).values["detail"])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    broken(tmp_path / "nowhere" / "yoriai.db")


async def test_damage_that_shows_later_is_said_as_such(tmp_path: Path, path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    database.migrate()
    page, root = await database.read(
        lambda connection: (
            connection.exec_driver_sql("PRAGMA page_size").scalar_one(),
            connection.exec_driver_sql(
                "SELECT rootpage FROM sqlite_master WHERE name = 'users'"
            ).scalar_one(),
        )
    )
    database.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\xff" * page)
    damaged = Database(f"sqlite:///{path}")
    try:
        damaged.migrate()
        with pytest.raises(ResourceError) as caught:
            await damaged.read(lambda connection: connection.exec_driver_sql("SELECT * FROM users").all())
        assert "malformed" in str(caught.value.values["detail"])
    finally:
        damaged.close()


async def test_a_full_disk_is_said_as_such_and_reading_goes_on(database: Database) -> None:
    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # stands for the disk's end
        connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(1000000) AS content")

    with pytest.raises(DiskFullError) as caught:
        await database.write(fill)
    assert error_text(caught.value, "ja")
    count = await database.read(
        lambda connection: connection.exec_driver_sql("SELECT count(*) FROM users").scalar()
    )
    assert count == 0


@pytest.mark.usefixtures("people")
async def test_whoever_is_cancelled_while_it_writes_goes_on_when_that_has_ended(database: Database) -> None:
    begun, may_end = threading.Event(), threading.Event()
    seen: list[set[str]] = []

    def work(connection: Connection) -> None:
        begun.set()
        may_end.wait(10)
        connection.exec_driver_sql(
            "INSERT INTO tokens VALUES ('t1', 'anna', 'script', 'h', '2026-04-01', NULL)"
        )

    async def writes() -> None:
        try:
            await database.write(work)
        finally:
            seen.append(await kept_ids(database))

    task = asyncio.create_task(writes())
    await anyio.to_thread.run_sync(begun.wait)
    for _ in range(2):
        task.cancel()
        await anyio.sleep(0.05)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [{"t1"}]
