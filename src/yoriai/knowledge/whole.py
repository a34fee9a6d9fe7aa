"""Whole documents for a model: in pieces that can be cited, in parts that its context holds. Knows no model.

What is asked decides: a translation or a proofreading is made part by part and put together as it is, anything else
(a summary, a question) is noted part by part and answered from the notes. `responders.whole_documents` calls it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from yoriai.knowledge.sentences import Span, fragments, sentences
from yoriai.knowledge.split import size_of
from yoriai.records import KnownDocument
from yoriai.types import Citation

MOST_PARTS = 40  # what is further is left out, and told
PIECE = 600  # estimated tokens of a piece: a citation leads to less than a page
# As an order, not as what a question is about: "translate it", "a translation of it"; 翻訳して, 翻訳をお願いします.
_REWRITES = re.compile(
    r"(?:^|[.!?,;:\n]|\b(?:please|kindly|you|to|and|then|just))\s*"
    r"(?:translate|proof-?read|copy-?edit|correct (?:the|this|any|all|it)|rewrite|paraphrase)\b"
    r"|\b(?:full|an?|your|[Ee]nglish|[Jj]apanese) (?:translation|proof-?reading|paraphrase)\b"
    r"|訳(?:し|す|せ)|(?:翻訳|和訳|英訳|校正|校閲|推敲|添削)(?:文|版)?(?:を(?!し)(?:お願い|頼|くだ|下さ|作|出|行)"
    r"|を?し(?!た)|お願い|する|せよ|[。！!\s]*$)"
    r"|書き(?:直し|換え|替え)て|書き(?:直す|換える|替える)|誤字[^。]*(?:直し|訂正し|修正し)(?!た)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^\s*(?:what|who|whom|whose|when|where|which|why|how|does|do|did|is|are|was|were|has|have)\b"
    r"|summar|\boverview\b|要約|要点|概要|まとめ",
    re.IGNORECASE,
)
_SHORTEST_NAME = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class PageOf:
    """A page of a document that may be read."""

    document: KnownDocument
    number: int
    text: str


def rewrites(question: str) -> bool:
    """Whether the whole text in another form is wanted, and not something about it."""
    return bool(_REWRITES.search(question)) and not _ASKS.search(question)


def asked_for(documents: Sequence[KnownDocument], questions: Iterable[str]) -> list[KnownDocument]:
    """Those that the questions name, by file name or title; all of them where none is named."""
    said = " ".join(_plain(question) for question in questions)
    named = [each for each in documents if any(name in said for name in _names(each))]
    return named or list(documents)


def pieces(pages: Iterable[PageOf], most: float = PIECE) -> list[Citation]:
    """All text of the pages in order, numbered from 1, cut between sentences: nothing left out, nothing twice."""
    found: list[Citation] = []
    for page in pages:
        for start, end in _cuts(page.text, most):
            found.append(
                Citation(
                    number=len(found) + 1, document_id=page.document.id, document=page.document.name,
                    page=page.number, start=start, end=end, text=page.text[start:end],
                    collection_id=page.document.collection_id, score=1.0,
                )
            )  # fmt: skip
    return found


def parts(all_pieces: Sequence[Citation], most: float) -> list[tuple[Citation, ...]]:
    """Pieces in groups of at most `most` estimated tokens, each of one document only."""
    groups: list[list[Citation]] = []
    size = 0.0
    for piece in all_pieces:
        more = size_of(piece.text)
        if not groups or size + more > most or groups[-1][-1].document_id != piece.document_id:
            groups.append([])
            size = 0.0
        groups[-1].append(piece)
        size += more
    return [tuple(group) for group in groups]


def _cuts(text: str, most: float) -> Iterator[Span]:
    first = last = -1
    size = 0.0
    for start, end in _sentences(text, most):
        more = size_of(text[start if first < 0 else last : end])
        if first >= 0 and size + more > most:
            yield first, last
            first, size, more = start, 0.0, size_of(text[start:end])
        elif first < 0:
            first = start
        last = end
        size += more
    if first >= 0:
        yield first, last


def _sentences(text: str, most: float) -> Iterator[Span]:
    for start, end in sentences(text):
        if size_of(text[start:end]) <= most:
            yield start, end
        else:
            yield from fragments(text, start, end, max(1, int(most)))


def _names(document: KnownDocument) -> list[str]:
    path = PurePath(document.name)
    names = {_plain(each) for each in (path.name, path.stem, document.title)}
    return [name for name in names if len(name) >= _SHORTEST_NAME]


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
