"""From a parsed document to its passages: along its structure, each small enough to embed whole.

A heading begins a passage; paragraphs are put together under it until there are enough of them, and cut between
sentences where one is too long; a table stays whole, or is cut between rows with its header in `heading_path`.
Knows no store and no model; `reading.py` calls it. `indexed_text` is what of a passage is embedded, `indexed_words`
what lexical search compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from yoriai.knowledge.document import Block, BlockKind, Page, ParsedDocument, Passage
from yoriai.knowledge.headings import between, heading_name
from yoriai.knowledge.sentences import Span, fragments, sentences, trimmed
from yoriai.knowledge.tokens import tokens
from yoriai.types import Language

# Sizes are estimates of an embedding model's tokens, on the safe side: E5 reads 512 with the headings above.
TARGET, MOST, LEAST = 280, 380, 60
_MOST_OF_HEADINGS = 100
_LETTER, _DIGIT, _SIGN, _SPACE, _WIDE = 0.3, 0.6, 1.1, 0.05, 0.85
_LETTERS, _DIGITS, _SPACES = re.compile(r"[A-Za-z]"), re.compile(r"[0-9]"), re.compile(r"\s")
_SIGNS = re.compile(r"[!-/:-@\[-`{-~・…‥]")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f]")
_RULE = re.compile(r"\|?[\s:|-]+\|?\s*")  # the line below a table's header


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    size: float
    kind: BlockKind
    header: str = ""  # of the table that it is a part of, where it doesn't begin with it


@dataclass(slots=True)
class _Open:
    """The passages of one page as they grow."""

    page: Page
    path: tuple[str, ...]
    pieces: list[_Piece] = field(default_factory=list)
    done: list[tuple[tuple[str, ...], list[_Piece]]] = field(default_factory=list)

    def size(self) -> float:
        return sum(piece.size for piece in self.pieces)

    def close(self) -> None:
        if self.pieces:
            header = self.pieces[0].header
            self.done.append(((*self.path, header) if header else self.path, self.pieces))
            self.pieces = []


def split(document: ParsedDocument) -> list[Passage]:
    """Every visible character of every page is in exactly one passage, in the order of the document."""
    return [passage for passages in split_pages(document) for passage in passages]


def split_pages(document: ParsedDocument) -> Iterator[list[Passage]]:
    """What `split` gives, page by page, each split when it is asked for."""
    count = 0
    headings: list[tuple[int, str]] = []
    label = ""
    for page in document.pages:
        if page.label and page.label != label:
            headings.clear()  # another sheet or chapter
            label = page.label
        above = tuple(dict.fromkeys(name for name in (document.title, page.label) if name))
        parts = enumerate(_page(page, above, headings), count)
        passages = [_passage(ordinal, page, path, pieces) for ordinal, (path, pieces) in parts]
        count += len(passages)
        yield passages


def indexed_text(passage: Passage) -> str:
    """What is embedded: the headings that the passage doesn't have itself, then its text."""
    lines = {" ".join(line.split()) for line in passage.text.splitlines()}
    above = [_shortened(heading) for heading in passage.heading_path if heading not in lines]
    return "\n".join([*above, passage.text])


def indexed_words(passage: Passage) -> list[str]:
    """Those of `indexed_text` and once more those of its headings, which say what it is about."""
    words = [word for heading in passage.heading_path for word in tokens(_shortened(heading))]
    return words + tokens(indexed_text(passage))


def language_of(text: str) -> Language:
    """By script: a tenth of the letters are Japanese."""
    letters = sum(character.isalpha() for character in text)
    return "ja" if letters and len(_JAPANESE.findall(text)) >= 0.1 * letters else "en"


def size_of(text: str) -> float:
    """About how many tokens an embedding model sees in it."""
    kinds = ((_LETTERS, _LETTER), (_DIGITS, _DIGIT), (_SIGNS, _SIGN), (_SPACES, _SPACE))
    counts = [(len(pattern.findall(text)), weight) for pattern, weight in kinds]
    wide = len(text) - sum(count for count, _ in counts)
    return sum(count * weight for count, weight in counts) + wide * _WIDE


def _page(
    page: Page, above: tuple[str, ...], headings: list[tuple[int, str]]
) -> Iterable[tuple[tuple[str, ...], list[_Piece]]]:
    current = _Open(page=page, path=_path(above, headings))
    for block in _blocks(page):
        if block.kind == "heading":
            if any(piece.kind != "heading" for piece in current.pieces):
                current.close()
            _enter(headings, block.level, heading_name(page.text[block.start : block.end]))
            current.path = _path(above, headings)
        room = _room(current.path)
        _put(current, list(_pieces(page.text, block, room)), min(TARGET, room))
    current.close()
    return _joined(current.done)


def _room(path: Sequence[str]) -> float:
    return MOST - min(_MOST_OF_HEADINGS, sum(size_of(_shortened(heading)) for heading in path))


def _put(current: _Open, pieces: Sequence[_Piece], target: float) -> None:
    for piece in pieces:
        only_headings = all(each.kind == "heading" for each in current.pieces)
        is_full = current.size() + piece.size > target and not (
            only_headings and current.size() + piece.size <= MOST
        )
        if current.pieces and (is_full or piece.header):
            current.close()
        current.pieces.append(piece)
    if any(piece.header for piece in pieces):
        current.close()


def _pieces(text: str, block: Block, room: float) -> Iterator[_Piece]:
    """The block whole, or what it is cut into when it is too large."""
    size = size_of(text[block.start : block.end])
    if size <= (room if block.kind in {"table", "heading"} else min(TARGET, room)):
        yield _Piece(block.start, block.end, size, block.kind)
    elif block.kind == "table":
        yield from _rows(text, block, room)
    else:
        spans = (
            _lines(text, block.start, block.end)
            if block.kind in {"list", "code"}
            else sentences(text, block.start, block.end)
        )
        for start, end in spans:
            yield from _small(text, (start, end), block.kind, room)


def _small(text: str, span: Span, kind: BlockKind, room: float, header: str = "") -> Iterator[_Piece]:
    size = size_of(text[slice(*span)])
    if size <= room:
        yield _Piece(*span, size, kind, header)
        return
    for start, end in fragments(text, *span, int(room / _SIGN)):  # no character counts more than a sign
        yield _Piece(start, end, size_of(text[start:end]), kind, header)


def _rows(text: str, block: Block, room: float) -> Iterator[_Piece]:
    """Groups of a table's rows; all but the first bear its header."""
    lines = _lines(text, block.start, block.end)
    head = _shortened(text[slice(*lines[0])])
    left = max(LEAST, room - min(_MOST_OF_HEADINGS, size_of(head)))
    header = ""
    first, last, size = *lines[0], size_of(text[slice(*lines[0])])
    for start, end in lines[1:]:
        more = size_of(text[last:end])
        is_rule = start == lines[1][0] and _RULE.fullmatch(text[start:end])
        if size + more > left and not is_rule:
            yield from _small(text, (first, last), "table", left, header)
            header, first, size = head, start, 0
        last, size = end, size + more
    yield from _small(text, (first, last), "table", left, header)


def _lines(text: str, start: int, end: int) -> list[Span]:
    spans, at = [], start
    for line in text[start:end].splitlines(keepends=True):
        if span := trimmed(text, at, at + len(line)):
            spans.append(span)
        at += len(line)
    return spans


def _blocks(page: Page) -> Iterator[Block]:
    """The page's blocks in order; what stands between them, but a heading's marks, are paragraphs. Nothing twice."""
    at, before = 0, None
    for block in [*sorted(page.blocks, key=lambda block: (block.start, block.end)), None]:
        until = min(block.start, len(page.text)) if block else len(page.text)
        if until > at and (span := trimmed(page.text, *between(page.text, (at, until), before, block))):
            yield Block(kind="paragraph", start=span[0], end=span[1])
        before = block
        if block and (span := trimmed(page.text, max(at, block.start), min(block.end, len(page.text)))):
            yield Block(kind=block.kind, start=span[0], end=span[1], level=block.level)
            at = span[1]
        at = max(at, until)


def _enter(headings: list[tuple[int, str]], level: int, name: str) -> None:
    while headings and headings[-1][0] >= level:
        headings.pop()
    headings.append((level, name))


def _path(above: tuple[str, ...], headings: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*above, *(name for _, name in headings)]))


def _joined(
    done: list[tuple[tuple[str, ...], list[_Piece]]],
) -> list[tuple[tuple[str, ...], list[_Piece]]]:
    """A short rest goes to the passage before it, where both stand under the same heading."""
    found: list[tuple[tuple[str, ...], list[_Piece]]] = []
    for path, pieces in done:
        size = sum(piece.size for piece in pieces)
        if found and found[-1][0] == path and size < LEAST:
            before = sum(piece.size for piece in found[-1][1])
            if before + size <= _room(path):
                found[-1][1].extend(pieces)
                continue
        found.append((path, pieces))
    return found


def _passage(ordinal: int, page: Page, path: tuple[str, ...], pieces: Sequence[_Piece]) -> Passage:
    start, end = pieces[0].start, pieces[-1].end
    text = page.text[start:end]
    return Passage(
        ordinal=ordinal,
        page=page.number,
        start=start,
        end=end,
        text=text,
        heading_path=path,
        language=language_of(text),
    )


def _shortened(heading: str, most: int = 120) -> str:
    heading = " ".join(heading.split())
    return heading if len(heading) <= most else heading[:most] + "…"
