"""Measurements are kept exactly, and a database of the version before gains their table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from measuring import measurement
from yoriai.store import measurements
from yoriai.store.database import Database
from yoriai.store.tables import REVISION


async def test_what_was_measured_is_read_as_it_was(database: Database) -> None:
    whole = measurement(1)
    bare = measurement(
        2, prompt_tokens_per_s=None, generation_tokens_per_s=None, first_token_s=None, memory_bytes=None,
        foreseen_prompt_tokens_per_s=None, foreseen_generation_tokens_per_s=None, digest="", is_imported=True,
        model="花子のモデル",
    )  # fmt: skip
    for each in (bare, whole):
        await database.write(lambda connection, each=each: measurements.add(connection, each))  # type: ignore[misc]
    assert await database.read(measurements.everything) == [whole, bare]


async def test_that_the_machine_was_busy_is_kept_with_and_without_a_first_token(database: Database) -> None:
    busy = [measurement(1, was_busy=True), measurement(2, was_busy=True, first_token_s=None)]
    await database.write(lambda connection: measurements.add_unknown(connection, busy))
    assert await database.read(measurements.everything) == busy


async def test_what_is_forgotten_is_gone(database: Database) -> None:
    one, two = measurement(1), measurement(2)
    await database.write(lambda connection: measurements.add_unknown(connection, [one, two]))
    gone = {one.id, "f" * 32}
    assert await database.write(lambda connection: measurements.forget(connection, gone)) == 1
    assert await database.read(measurements.everything) == [two]


async def test_what_is_known_is_not_taken_twice(database: Database) -> None:
    first, second = measurement(1), measurement(2)
    counts = [
        await database.write(lambda connection, found=found: measurements.add_unknown(connection, found))  # type: ignore[misc]
        for found in ([first], [first, second, second], [second])
    ]
    assert counts == [1, 1, 0]
    assert await database.read(measurements.everything) == [first, second]


async def test_a_database_of_the_version_before_keeps_its_data_and_gains_the_table(path: Path) -> None:
    old = Database(f"sqlite:///{path}")
    old.migrate("0001")
    old.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO users VALUES ('anna', '花子', '花子', 'member', 'h', 1, '2026-04-01')"
        )
        connection.commit()
    new = Database(f"sqlite:///{path}")
    new.migrate()
    await new.write(lambda connection: measurements.add(connection, measurement()))
    assert await new.read(measurements.everything) == [measurement()]
    assert (
        await new.read(lambda connection: connection.exec_driver_sql("SELECT name FROM users").scalar())
        == "花子"
    )
    new.close()
    assert path.with_name(f"{path.name}.before-{REVISION}-from-0001").is_file()
