"""From a file to its rows: a page at a time, and no more than anybody could search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from yoriai.errors import DocumentError
from yoriai.knowledge.document import Block, Page, ParsedDocument
from yoriai.knowledge.parsing.parse import ParseLimits
from yoriai.knowledge.reading import Reader
from yoriai.knowledge.split import split_pages
from yoriai.records import KnownDocument

pytestmark = pytest.mark.anyio
DOCUMENT = KnownDocument(
    id="d", collection_id="c", file_id=None, name="a.txt", source="", sha256="", size_bytes=1, status="queued",
    added_at=datetime(2026, 4, 1, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(f"第{n}条　甲は乙に書面を交付する。" * 20 for n in range(8)))
    return path


async def test_a_file_of_too_many_passages_says_so(path: Path) -> None:
    read = await Reader(ParseLimits()).read(path, DOCUMENT, "x")
    assert [passage.ordinal for passage in read.passages] == list(range(len(read.passages)))
    with pytest.raises(DocumentError) as refused:
        await Reader(ParseLimits(), most_passages=len(read.passages) - 1).read(path, DOCUMENT, "x")
    assert refused.value.key == "knowledge.file_passages"


def test_a_page_is_split_when_it_is_asked_for() -> None:
    taken = []

    def pages() -> Iterator[Page]:
        for number in (1, 2, 3):
            taken.append(number)
            yield Page(number=number, text="A line.", blocks=(Block(kind="paragraph", start=0, end=7),))

    split = split_pages(ParsedDocument(media_type="text/plain", title="", pages=cast(Any, pages())))
    assert [passage.page for passage in next(split)] == [1]
    assert taken == [1]
    assert [passage.ordinal for page in split for passage in page] == [1, 2]
