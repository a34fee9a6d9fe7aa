"""From a file to the rows that are kept of it: parsed in a child, split, its words found. `ingest` calls it."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from yoriai.errors import DocumentError
from yoriai.knowledge.document import Page, ParsedDocument, Passage
from yoriai.knowledge.parsing.parse import ParseLimits, Show, parse
from yoriai.knowledge.split import indexed_text, indexed_words, split_pages
from yoriai.records import KnownDocument
from yoriai.store.passages import PageRow, PassageRow

MOST_PASSAGES = 50_000  # of one document
SEPARATOR = "\n"  # between words in a row
# What `mimetypes` doesn't know, or not everywhere.
_BY_SUFFIX = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    media_type: str
    title: str
    warnings: tuple[str, ...]
    pages: list[PageRow]
    passages: list[PassageRow]


class Reader:
    """`limits`: what one file may cost; `most_passages`: what may come of it."""

    def __init__(self, limits: ParseLimits, most_passages: int = MOST_PASSAGES) -> None:
        self._limits, self._most_passages = limits, most_passages

    async def read(self, path: Path, document: KnownDocument, sha256: str, show: Show | None = None) -> Read:
        """Raises: DocumentError, with the reason that is shown beside the file."""
        media_type = document.media_type or guessed_type(document.name)
        parsed = await parse(path, media_type=media_type, limits=self._limits, name=document.name, show=show)
        return Read(
            media_type=parsed.media_type, title=_kept(parsed.title), warnings=parsed.warnings,
            pages=await to_thread.run_sync(_pages, parsed),
            passages=await self._passages(parsed, document, sha256),
        )  # fmt: skip

    async def _passages(
        self, parsed: ParsedDocument, document: KnownDocument, sha256: str
    ) -> list[PassageRow]:
        """Page by page, so that whoever cancels need not wait for the last. Raises: DocumentError: too many."""
        rows: list[PassageRow] = []
        pages = split_pages(parsed)
        while (passages := await to_thread.run_sync(next, pages, None)) is not None:
            if len(rows) + len(passages) > self._most_passages:
                raise DocumentError("knowledge.file_passages", limit=f"{self._most_passages:,}")
            rows += await to_thread.run_sync(_rows, passages, document, sha256)
        return rows


def guessed_type(name: str) -> str | None:
    """Media type by a file's name, to begin with: what is in it decides."""
    return _BY_SUFFIX.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]


def _pages(parsed: ParsedDocument) -> list[PageRow]:
    return [_page(page) for page in parsed.pages]


def _rows(passages: Sequence[Passage], document: KnownDocument, sha256: str) -> list[PassageRow]:
    return [_passage(passage, document, sha256) for passage in passages]


def _page(page: Page) -> PageRow:
    blocks = [[block.kind, block.start, block.end, block.level] for block in page.blocks]
    return PageRow(
        number=page.number, label=_kept(page.label), text=_kept(page.text), blocks=blocks, is_scanned=page.is_scanned
    )  # fmt: skip


def _passage(passage: Passage, document: KnownDocument, sha256: str) -> PassageRow:
    identity = f"{document.id}\0{sha256}\0{passage.ordinal}\0{passage.page}\0{passage.start}\0{passage.end}"
    return PassageRow(
        id=hashlib.sha256(identity.encode()).hexdigest()[:32], document_id=document.id,
        collection_id=document.collection_id, ordinal=passage.ordinal, page=passage.page, start=passage.start,
        end=passage.end, text=_kept(passage.text), tokens=SEPARATOR.join(indexed_words(passage)),
        heading_path=[_kept(heading) for heading in passage.heading_path], language=passage.language,
    )  # fmt: skip


def _kept(text: str) -> str:
    """Neither lone surrogates nor NUL, which no database keeps; one character for one, so that places stay."""
    return text.encode("utf8", "replace").decode("utf8").replace("\0", "\ufffd")


def text_to_embed(text: str, heading_path: Sequence[str]) -> str:
    """Of a passage that was kept: what its vector is made of."""
    return indexed_text(_kept_passage(text, heading_path))


def words_to_index(text: str, heading_path: Sequence[str]) -> str:
    """Of a passage that was kept: its words, as they are kept."""
    return SEPARATOR.join(indexed_words(_kept_passage(text, heading_path)))


def _kept_passage(text: str, heading_path: Sequence[str]) -> Passage:
    return Passage(
        ordinal=0, page=1, start=0, end=0, text=text, heading_path=tuple(heading_path), language="en"
    )
