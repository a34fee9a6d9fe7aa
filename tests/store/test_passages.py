"""Rows of passages: who lacks a vector is found without looking through those that have one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from yoriai.records import Collection, KnownDocument
from yoriai.store import collections, documents, passages
from yoriai.store.database import Connection, Database
from yoriai.store.passages import PageRow, PassageRow

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 4, 1, tzinfo=UTC)
COUNT, MODEL = 3000, "e5"


def passage(number: int) -> PassageRow:
    return PassageRow(
        id=f"p{number:05}", document_id="d", collection_id="c", ordinal=number, page=1, start=0, end=1,
        text=f"t{number}", tokens="", heading_path=[], language="en",
    )  # fmt: skip


def fill(connection: Connection) -> None:
    """One document; all but the last passages have their vector."""
    collections.add(
        connection,
        Collection(
            id="c", owner_id="local", name="c", sharing="owner", embedding_model="", revision=0, vector_revision=0,
            created_at=NOW, updated_at=NOW,
        ),
    )  # fmt: skip
    document = KnownDocument(
        id="d", collection_id="c", file_id=None, name="d", source="", sha256="", size_bytes=1, status="ready",
        added_at=NOW,
    )  # fmt: skip
    documents.add(connection, document)
    page = PageRow(number=1, label="", text="x" * 50, blocks=[], is_scanned=False)
    passages.replace(connection, "d", [page], [passage(number) for number in range(COUNT)])
    passages.add_vectors(connection, MODEL, [(f"p{number:05}", b"v") for number in range(COUNT - 10)])


def steps(connection: Connection, work: Callable[[], object]) -> int:
    """About how many instructions SQLite carries out for it."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(step, 10)
    work()
    driver.set_progress_handler(None, 0)
    return taken


async def test_what_has_its_vector_is_not_looked_through_again(database: Database) -> None:
    await database.write(fill)

    def work(connection: Connection) -> None:
        first = passages.without_vector(connection, "c", MODEL, 4)
        assert [each.id for each in first] == [f"p{COUNT - n:05}" for n in (10, 9, 8, 7)]
        rest = passages.without_vector(connection, "c", MODEL, 100, first[-1].place)
        assert [each.text for each in rest] == [f"t{COUNT - n}" for n in range(6, 0, -1)]
        all_of_it = steps(connection, lambda: passages.without_vector(connection, "c", MODEL, 4))
        place = first[-1].place
        rest_of_it = steps(connection, lambda: passages.without_vector(connection, "c", MODEL, 4, place))
        assert rest_of_it * 10 < all_of_it
        assert passages.lacks_vector(connection, "d", MODEL)
        assert not passages.lacks_vector(connection, "another", MODEL)

    await database.read(work)


async def test_the_beginning_of_a_document_is_read_and_the_rest_counted(database: Database) -> None:
    def write(connection: Connection) -> None:
        fill(connection)
        three = [
            PageRow(number=n, label="", text=f"第{n}頁" * 10, blocks=[], is_scanned=False) for n in (1, 2, 3)
        ]
        passages.replace(connection, "d", three, [])

    await database.write(write)
    read, characters = await database.read(lambda connection: passages.beginning(connection, "d", 40))
    assert read == [(1, "第1頁" * 10), (2, "第2頁" * 3 + "第")]
    assert characters == 90
