"""What happens to a document while it is read counts, and what happens to another one of the same content."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from reading_slowly import LOCAL, RULES, Desk, desk

from yoriai.errors import DocumentError
from yoriai.knowledge.membership import forget
from yoriai.store import collections


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as slow:
        slow.reader.is_open.clear()
        yield slow


@pytest.mark.parametrize("is_kept", [False, True])
async def test_a_new_version_is_not_lost_while_the_old_one_is_read(slow: Desk, is_kept: bool) -> None:
    if is_kept:
        await slow.adding.attach(
            LOCAL, RULES, await slow.adding.keep_file(LOCAL, "a.txt", io.BytesIO(b"one"))
        )
    else:
        await slow.upload("a.txt", "one")
    await slow.reads("one")
    await slow.upload("a.txt", "two")
    slow.reader.is_open.set()
    await slow.settled()
    (document,) = await slow.documents()
    assert (document.status, await slow.text(document.id)) == ("ready", "two")


async def test_an_old_version_that_fails_leaves_the_new_one_alone(slow: Desk) -> None:
    await slow.upload("a.txt", "one")
    await slow.reads("one")
    await slow.upload("a.txt", "two")
    slow.reader.error = DocumentError("knowledge.file_empty")
    slow.reader.is_open.set()
    await slow.reads("two")
    slow.reader.error = None
    await slow.settled()
    (document,) = await slow.documents()
    assert document.file_id
    assert slow.filing.path(document.file_id).read_text() == "two"


async def test_the_first_version_again_is_the_last_word(slow: Desk) -> None:
    slow.reader.is_open.set()
    await slow.upload("a.txt", "one")
    await slow.settled()
    slow.reader.is_open.clear()
    await slow.upload("a.txt", "two")
    await slow.reads("two")
    await slow.upload("a.txt", "one")
    slow.reader.is_open.set()
    await slow.settled()
    (document,) = await slow.documents()
    assert (document.status, await slow.text(document.id)) == ("ready", "one")


async def test_what_is_removed_while_it_is_read_and_fails_stays_removed(slow: Desk, tmp_path: Path) -> None:
    path = tmp_path / "papers" / "a.txt"
    path.parent.mkdir()
    path.write_text("one")
    await slow.database.write(lambda connection: collections.watch(connection, RULES, str(path.parent)))
    await slow.adding.rescan(RULES, str(path.parent))
    await slow.reads("one")
    going = await slow.documents()
    await slow.database.write(lambda connection: forget(connection, RULES, going))
    slow.reader.error = DocumentError("knowledge.file_empty")
    slow.reader.is_open.set()
    await slow.settled()
    assert [each.status for each in await slow.documents()] == ["excluded"]


async def test_when_a_file_is_removed_another_one_of_its_content_takes_its_place(slow: Desk) -> None:
    slow.reader.is_open.set()
    kept = [await slow.adding.keep_file(LOCAL, name, io.BytesIO(b"one")) for name in ("a.txt", "b.txt")]
    for file in kept:
        await slow.adding.attach(LOCAL, RULES, file)
        await slow.settled()
    assert [each.status for each in await slow.documents()] == ["ready", "duplicate"]
    await slow.files.remove(LOCAL, kept[0].id)
    await slow.settled()
    (left,) = await slow.documents()
    assert (left.name, left.status, left.error_key) == ("b.txt", "ready", None)


async def test_a_source_that_can_not_be_had_again_keeps_what_was_read_of_it(
    slow: Desk, tmp_path: Path
) -> None:
    slow.reader.is_open.set()
    path = tmp_path / "a.txt"
    path.write_text("one")
    await slow.adding.paths(LOCAL, RULES, [path], watch=False)
    await slow.settled()
    slow.reader.is_open.clear()
    await slow.upload("b.txt", "another")
    await slow.reads("another")
    path.write_text("two and more")
    await slow.adding.paths(LOCAL, RULES, [path], watch=False)
    path.unlink()
    slow.reader.is_open.set()
    await slow.settled()
    document = next(each for each in await slow.documents() if each.name == "a.txt")
    assert (document.status, document.error_key, await slow.text(document.id)) == (
        "ready", "knowledge.file_gone", "one",
    )  # fmt: skip
    path.write_text("three")
    await slow.adding.paths(LOCAL, RULES, [path], watch=False)
    await slow.settled()
    assert await slow.text(document.id) == "three"


async def test_what_was_stopped_waits_for_a_person(slow: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "b.txt").write_text("two")
    _, job = await slow.adding.paths(LOCAL, RULES, [folder], watch=True)
    await slow.reads("one")
    await slow.work.stop(job.id)
    slow.reader.is_open.set()
    (folder / "b.txt").write_text("two and more")
    await slow.adding.rescan(RULES, str(folder))
    await slow.ingest.recover()
    await slow.upload("c.txt", "three")
    await slow.settled()
    assert [each.status for each in await slow.documents()] == ["stopped", "stopped", "ready"]
    await slow.work.resume(LOCAL, RULES)
    await slow.settled()
    assert {each.status for each in await slow.documents()} == {"ready"}
    assert slow.reader.seen[-2:] == ["one", "two and more"]


async def test_many_documents_of_one_collection_let_another_one_have_its_turn(tmp_path: Path) -> None:
    async with desk(tmp_path, turn_s=0) as slow:
        await slow.make("vs_other")
        slow.reader.is_open.clear()
        for name in ("one", "two", "three"):
            await slow.upload(f"{name}.txt", name)
        await slow.reads("one")
        await slow.upload("other.txt", "four", "vs_other")
        slow.reader.is_open.set()
        await slow.settled()
        assert slow.reader.seen == ["one", "two", "four", "three"]


async def test_what_was_stopped_is_read_when_it_is_added_again(slow: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    _, job = await slow.adding.paths(LOCAL, RULES, [tmp_path / "a.txt"], watch=False)
    await slow.reads("one")
    await slow.work.stop(job.id)
    slow.reader.is_open.set()
    await slow.adding.paths(LOCAL, RULES, [tmp_path / "a.txt"], watch=False)
    await slow.settled()
    assert [each.status for each in await slow.documents()] == ["ready"]
