"""Two users, one server: what is another's is neither listed nor found nor read; what is shared is read and no more."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import ANNA, BEN, LOCAL, Shelf, shelf

from yoriai.errors import NotFoundError, UsageError
from yoriai.knowledge.search import Filters
from yoriai.records import Collection, KnownDocument
from yoriai.types import Role, User

SECRET = "The merger with Yamada is announced on Friday."


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path) as kept:
        yield kept


@pytest.fixture
async def secrets(kept: Shelf) -> Collection:
    """Anna's, with one document."""
    collection = await kept.knowledge.collections.create(ANNA, "secrets")
    await kept.upload(ANNA, collection, "merger.txt", SECRET)
    return collection


@pytest.fixture
async def merger(kept: Shelf, secrets: Collection) -> KnownDocument:
    return (await kept.documents(secrets, ANNA))["merger.txt"]


Deed = Callable[[Shelf, User, str, str], Awaitable[object]]
READING: dict[str, Deed] = {
    "get": lambda kept, user, c, d: kept.knowledge.collections.get(user, c),
    "named": lambda kept, user, c, d: kept.knowledge.collections.named(user, "secrets"),
    "named by id": lambda kept, user, c, d: kept.knowledge.collections.named(user, c),
    "status": lambda kept, user, c, d: kept.knowledge.collections.status(user, c),
    "documents": lambda kept, user, c, d: kept.knowledge.collections.documents(user, c),
    "document": lambda kept, user, c, d: kept.knowledge.collections.document(user, c, d),
    "pages": lambda kept, user, c, d: kept.knowledge.collections.pages(user, c, d),
    "page": lambda kept, user, c, d: kept.knowledge.collections.page(user, c, d, 1),
    "passages": lambda kept, user, c, d: kept.knowledge.collections.passages(user, c, d),
    "copy": lambda kept, user, c, d: kept.knowledge.collections.copy_of(user, c, d),
    "search": lambda kept, user, c, d: kept.knowledge.search.search(user, [c], "merger"),
}
CHANGING: dict[str, Deed] = {
    "rename": lambda kept, user, c, d: kept.knowledge.collections.change(user, c, name="mine"),
    "share": lambda kept, user, c, d: kept.knowledge.collections.change(user, c, sharing="everyone"),
    "upload": lambda kept, user, c, d: kept.knowledge.adding.upload(user, c, "x.txt", io.BytesIO(b"x")),
    "text": lambda kept, user, c, d: kept.knowledge.adding.text(user, c, "x", "x"),
    "unwatch": lambda kept, user, c, d: kept.knowledge.adding.unwatch(user, c, "/x"),
    "tag": lambda kept, user, c, d: kept.knowledge.collections.tag(user, c, d, ["mine"]),
    "remove document": lambda kept, user, c, d: kept.knowledge.collections.remove_documents(user, c, [d]),
    "remove": lambda kept, user, c, d: kept.knowledge.collections.remove(user, c),
}
OTHERS = [BEN, User(id="root", name="root", role=Role.ADMINISTRATOR), LOCAL]


async def test_another_users_collection_does_not_exist(
    kept: Shelf, secrets: Collection, merger: KnownDocument
) -> None:
    for name, deed in (READING | CHANGING).items():
        for other in OTHERS:
            with pytest.raises(NotFoundError):
                pytest.fail(f"{other.name} may {name}: {await deed(kept, other, secrets.id, merger.id)}")
    assert await kept.texts(secrets, "merger", ANNA) == [SECRET]
    assert (await kept.knowledge.collections.get(ANNA, secrets.id)).name == "secrets"


async def test_what_is_shared_is_everyones_to_read_and_its_owners_alone_to_change(
    kept: Shelf, secrets: Collection, merger: KnownDocument
) -> None:
    await kept.knowledge.collections.change(ANNA, secrets.id, sharing="everyone")
    for deed in READING.values():
        await deed(kept, BEN, secrets.id, merger.id)
    for name, deed in CHANGING.items():
        with pytest.raises(NotFoundError):
            pytest.fail(f"ben may {name}: {await deed(kept, BEN, secrets.id, merger.id)}")
    assert set(await kept.documents(secrets, ANNA)) == {"merger.txt"}


async def test_nothing_of_another_is_found_beside_ones_own(kept: Shelf, secrets: Collection) -> None:
    own = await kept.knowledge.collections.create(BEN, "own")
    await kept.upload(BEN, own, "note.txt", "A merger of two files.")
    with pytest.raises(NotFoundError):
        await kept.knowledge.search.search(BEN, [own.id, secrets.id], "merger")
    assert await kept.texts(own, "merger", BEN) == ["A merger of two files."]
    assert [each.id for each in await kept.knowledge.collections.readable(BEN)] == [own.id]


async def test_a_document_is_reached_through_its_own_collection_only(
    kept: Shelf, secrets: Collection, merger: KnownDocument
) -> None:
    own = await kept.knowledge.collections.create(BEN, "own")
    for id_ in (merger.id, merger.file_id):
        assert id_ is not None
        with pytest.raises(NotFoundError):
            await kept.knowledge.collections.document(BEN, own.id, id_)
        with pytest.raises(NotFoundError):
            await kept.knowledge.files.get(BEN, id_)
    found = await kept.knowledge.search.search(
        BEN, [own.id], "merger", filters=Filters(documents=(merger.id,))
    )
    assert found.passages == []


async def test_where_a_shared_document_lies_is_not_told(kept: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SECRET)
    rules = await kept.knowledge.collections.create(LOCAL, "rules", "everyone")
    (own,) = (await kept.add(rules, tmp_path / "a.txt")).values()
    (shared,) = (await kept.documents(rules, BEN)).values()
    assert own.source == str(tmp_path / "a.txt")
    assert shared == replace(own, source="")


async def test_words_are_found_in_any_spelling(kept: Shelf) -> None:
    rules = await kept.knowledge.collections.create(ANNA, "rules")
    await kept.upload(ANNA, rules, "a.txt", "ﾃﾞｰﾀﾍﾞｰｽのバックアップを毎日取り扱う。")
    for query in ("データベース", "ﾃﾞｰﾀﾍﾞｰｽ", "バックアップ", "取扱う"):
        assert await kept.texts(rules, query, ANNA), query


async def test_filters_by_document_tag_and_date(kept: Shelf) -> None:
    rules = await kept.knowledge.collections.create(ANNA, "rules")
    first = await kept.upload(ANNA, rules, "a.txt", "Leave is paid, says the first.")
    await kept.upload(ANNA, rules, "b.txt", "Leave is paid, says the second.")
    await kept.knowledge.collections.tag(ANNA, rules.id, first.id, ["old"])
    now = datetime.now(UTC)
    for filters, names in (
        (Filters(), {"a.txt", "b.txt"}),
        (Filters(tags=("old",)), {"a.txt"}),
        (Filters(tags=("old", "new")), set()),
        (Filters(documents=(first.id,)), {"a.txt"}),
        (Filters(since=now + timedelta(hours=1)), set()),
        (Filters(until=now + timedelta(hours=1)), {"a.txt", "b.txt"}),
    ):
        found = await kept.knowledge.search.search(ANNA, [rules.id], "leave", filters=filters)
        assert {hit.document for hit in found.passages} == names, filters


async def test_another_process_writes_and_this_one_sees_it(kept: Shelf, secrets: Collection) -> None:
    assert await kept.texts(secrets, "merger", ANNA)
    async with shelf(kept.home) as other:
        await other.knowledge.adding.upload(ANNA, secrets.id, "more.txt", io.BytesIO(b"Another merger."))
        await kept.settled(secrets)
    assert len(await kept.texts(secrets, "merger", ANNA)) == 2


async def test_a_query_that_asks_nothing_is_refused_and_any_other_is_answered(
    kept: Shelf, secrets: Collection
) -> None:
    for query in ("", " \n", "x" * 10_001):
        with pytest.raises(UsageError):
            await kept.search(secrets, query, ANNA)
    for query in ("🙂", "\0", "AND OR NOT ( * \" '", "\ud800", "、。"):
        await kept.search(secrets, query, ANNA)
