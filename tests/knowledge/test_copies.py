"""What was handed in, and is gone or is not wanted any more."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import ANNA, LOCAL, Shelf, shelf

from yoriai.errors import NotFoundError
from yoriai.knowledge.parsing.parse import ParseLimits
from yoriai.knowledge.reading import Reader

pytestmark = pytest.mark.anyio


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path) as kept:
        yield kept


async def test_a_copy_that_somebody_took_away_is_told_as_gone(kept: Shelf) -> None:
    rules = await kept.knowledge.collections.create(LOCAL, "rules")
    document = await kept.upload(LOCAL, rules, "a.txt", "Ten days of leave.")
    path = await kept.knowledge.collections.copy_of(LOCAL, rules.id, document.id)
    path.unlink()
    with pytest.raises(NotFoundError) as gone:
        await kept.knowledge.collections.copy_of(LOCAL, rules.id, document.id)
    assert (gone.value.key, gone.value.values) == ("knowledge.file_gone", {"path": "a.txt"})


async def test_a_document_whose_copy_is_gone_says_so_until_it_was_added_again(kept: Shelf) -> None:
    rules = await kept.knowledge.collections.create(LOCAL, "rules")
    document = await kept.upload(LOCAL, rules, "a.txt", "Ten days of leave.")
    assert (await kept.knowledge.collections.documents(LOCAL, rules.id))[0].warnings == ()
    (await kept.knowledge.collections.copy_of(LOCAL, rules.id, document.id)).unlink()
    (listed,) = await kept.knowledge.collections.documents(LOCAL, rules.id)
    assert (listed.status, listed.warnings) == ("ready", ("knowledge.warning_copy_gone",))
    found = await kept.knowledge.search.search(LOCAL, [rules.id], "leave")
    assert [each.document for each in found.passages] == ["a.txt"]
    await kept.knowledge.collections.remove_documents(LOCAL, rules.id, [document.id])
    again = await kept.upload(LOCAL, rules, "a.txt", "Ten days of leave.")
    assert again.warnings == ()
    assert await kept.knowledge.collections.copy_of(LOCAL, rules.id, again.id)


async def test_a_file_that_somebody_took_away_is_told_as_gone(kept: Shelf) -> None:
    file = await kept.knowledge.adding.keep_file(ANNA, "a.txt", io.BytesIO(b"Ten days."))
    (await kept.knowledge.files.copy_of(ANNA, file.id)).unlink()
    with pytest.raises(NotFoundError) as gone:
        await kept.knowledge.files.copy_of(ANNA, file.id)
    assert gone.value.key == "knowledge.file_gone"


async def test_only_what_was_not_read_yet_is_taken_back(kept: Shelf) -> None:
    rules = await kept.knowledge.collections.create(LOCAL, "rules")
    files = [
        await kept.knowledge.adding.keep_file(LOCAL, name, io.BytesIO(name.encode()))
        for name in ("a.txt", "b.txt")
    ]
    await kept.knowledge.adding.attach(LOCAL, rules.id, files[0])
    await kept.settled(rules)
    await kept.jobs.aclose()  # nothing is read from now on
    await kept.knowledge.adding.attach(LOCAL, rules.id, files[1])
    assert len(await kept.documents(rules)) == 2
    await kept.knowledge.collections.remove_waiting(LOCAL, rules.id, [file.id for file in files])
    assert list(await kept.documents(rules)) == ["a.txt"]
    assert len(await kept.knowledge.files.readable(LOCAL)) == 2


async def test_the_pages_of_a_long_document_are_counted_as_they_are_read(kept: Shelf) -> None:
    seen: list[tuple[int, int]] = []

    async def show(page: int, pages: int) -> None:
        seen.append((page, pages))

    rules = await kept.knowledge.collections.create(LOCAL, "rules")
    document = await kept.upload(LOCAL, rules, "a.txt", "Ten days of leave.")
    path = await kept.knowledge.collections.copy_of(LOCAL, rules.id, document.id)
    await Reader(ParseLimits()).read(path, document, "x", show)
    assert seen == [(1, 1)]
