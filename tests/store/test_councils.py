"""Rows of councils: what was kept comes back, and names mean whom they should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from yoriai.records import Council
from yoriai.store import councils as rows
from yoriai.store.database import Database

MORNING = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
COUNCIL = Council(
    id="c1", owner_id="anna", name="三人Ｔｈｒｅｅ", sharing="owner", members=("qwen", "assistant:asst_1", "qwen"),
    chair="", mode="debate", reviews=True, rounds=2, member_tokens=512, member_seconds=60.0, created_at=MORNING,
    updated_at=MORNING,
)  # fmt: skip


async def keep(database: Database, *councils: Council) -> None:
    def work(connection: Connection) -> None:
        for council in councils:
            rows.add(connection, council)

    await database.write(work)


async def test_what_was_kept_comes_back_to_its_owner_alone(database: Database) -> None:
    await keep(database, COUNCIL)
    assert await database.read(lambda connection: rows.find(connection, {"anna"}, "c1")) == COUNCIL
    assert await database.read(lambda connection: rows.usable(connection, {"anna"})) == [COUNCIL]
    assert await database.read(lambda connection: rows.find(connection, {"ben"}, "c1")) is None
    assert await database.read(lambda connection: rows.usable(connection, {"ben"})) == []
    assert await database.read(lambda connection: rows.named(connection, {"ben"}, COUNCIL.name)) is None


async def test_ones_own_name_comes_before_what_others_share(database: Database) -> None:
    shared = replace(COUNCIL, id="c0", owner_id="ben", sharing="everyone")
    older = replace(shared, id="c2", owner_id="carl", created_at=MORNING - timedelta(days=1))
    await keep(database, shared, older, COUNCIL)

    async def meant(user: str, name: str = "三人three") -> Any:
        found = await database.read(lambda connection: rows.named(connection, {user}, name))
        return found and found.id

    assert await meant("anna") == "c1"
    assert await meant("ben") == "c0"
    assert await meant("dora") == "c2"


async def test_a_changed_council_is_found_by_its_new_name(database: Database) -> None:
    await keep(database, COUNCIL)
    await database.write(
        lambda connection: rows.change(connection, "c1", name="Two", members=("a", "b"), mode="vote")
    )
    found = await database.read(lambda connection: rows.named(connection, {"anna"}, "two"))
    assert found == replace(COUNCIL, name="Two", members=("a", "b"), mode="vote")
    await database.write(lambda connection: rows.remove(connection, "c1"))
    assert await database.read(lambda connection: rows.usable(connection, {"anna"})) == []
