"""Rows of what was made of a document: its pages, its passages with their tokens, the passages' vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)

from yoriai.store.tables import pages, passages, vectors

_AT_ONCE = 500  # ids in one statement
Place = tuple[str, int]  # of a passage in its collection: its document's id, its ordinal
BEGINNING: Place = ("", -1)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRow:
    number: int
    label: str
    text: str
    blocks: list[list[Any]]  # kind, start, end, level
    is_scanned: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageRow:
    id: str
    document_id: str
    collection_id: str
    ordinal: int
    page: int
    start: int
    end: int
    text: str
    tokens: str
    heading_path: list[str]
    language: str


def replace(
    connection: Connection, document_id: str, new_pages: Iterable[PageRow], new_passages: Iterable[PassageRow]
) -> None:
    """All pages and passages of a document. The vector of a passage whose text and headings stay is kept."""
    old = _vectors_by_text(connection, document_id)
    clear(connection, document_id)
    rows = [{"document_id": document_id, **asdict(page)} for page in new_pages]
    if rows:
        connection.execute(insert(pages), rows)
    rows = [asdict(passage) for passage in new_passages]
    if rows:
        connection.execute(insert(passages), rows)
    kept = [
        {"passage_id": row["id"], "model": model, "vector": vector}
        for row in rows
        for model, vector in old.get((row["text"], *row["heading_path"]), {}).items()
    ]
    if kept:
        connection.execute(insert(vectors), kept)


def clear(connection: Connection, document_id: str) -> None:
    connection.execute(delete(pages).where(pages.c.document_id == document_id))
    connection.execute(delete(passages).where(passages.c.document_id == document_id))


def page(connection: Connection, document_id: str, number: int) -> PageRow | None:
    found = select(pages).where(pages.c.document_id == document_id, pages.c.number == number)
    row = connection.execute(found).first()
    return _page(row) if row else None


def pages_of(connection: Connection, document_id: str) -> list[PageRow]:
    found = select(pages).where(pages.c.document_id == document_id).order_by(pages.c.number)
    return [_page(row) for row in connection.execute(found)]


def beginning(connection: Connection, document_id: str, most: int) -> tuple[list[tuple[int, str]], int]:
    """(number, text) of the first pages, `most` characters in all; and how many characters the document has."""
    mine = pages.c.document_id == document_id
    found = select(pages.c.number, func.length(pages.c.text)).where(mine).order_by(pages.c.number)
    lengths = [(number, int(length)) for number, length in connection.execute(found)]
    read: list[tuple[int, str]] = []
    for number, length in lengths:
        if most <= 0:
            break
        first = select(func.substr(pages.c.text, 1, most)).where(mine, pages.c.number == number)
        read.append((number, connection.scalar(first) or ""))
        most -= length
    return read, sum(length for _, length in lengths)


def of_document(connection: Connection, document_id: str) -> list[PassageRow]:
    found = select(passages).where(passages.c.document_id == document_id).order_by(passages.c.ordinal)
    return [_passage(row) for row in connection.execute(found)]


def by_ids(
    connection: Connection, collection_ids: Sequence[str], ids: Sequence[str]
) -> dict[str, PassageRow]:
    """Those of `ids` that are in these collections."""
    found: dict[str, PassageRow] = {}
    for start in range(0, len(ids), _AT_ONCE):
        wanted = select(passages).where(
            passages.c.id.in_(ids[start : start + _AT_ONCE]), passages.c.collection_id.in_(collection_ids)
        )
        found |= {row.id: _passage(row) for row in connection.execute(wanted)}
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """What is made anew of a passage is made of this; `place` among those of its collection."""

    id: str
    place: Place
    text: str
    heading_path: list[str]


def without_vector(
    connection: Connection, collection_id: str, model: str, limit: int, after: Place = BEGINNING
) -> list[Placed]:
    """The first passages after a place that lack their vector: what lies before it is not looked at again."""
    return _behind(connection, collection_id, after, limit, _lacks(model))


def behind(connection: Connection, collection_id: str, place: Place, limit: int) -> list[Placed]:
    """The first passages after a place."""
    return _behind(connection, collection_id, place, limit)


def set_tokens(connection: Connection, made: Sequence[tuple[str, str]]) -> None:
    """By the passages' ids; those that are gone are passed over."""
    values = [{"passage": passage_id, "words": words} for passage_id, words in made]
    mine = update(passages).where(passages.c.id == bindparam("passage"))
    connection.execute(mine.values(tokens=bindparam("words")), values)


def lacks_vector(connection: Connection, document_id: str, model: str) -> bool:
    """Whether a passage of a document has no vector of `model` yet."""
    found = select(passages.c.id).where(passages.c.document_id == document_id, _lacks(model))
    return connection.scalar(found.limit(1)) is not None


def count(connection: Connection, collection_id: str) -> int:
    return connection.scalar(select(func.count()).where(passages.c.collection_id == collection_id)) or 0


def add_vectors(connection: Connection, model: str, made: Sequence[tuple[str, bytes]]) -> int:
    """Keep vectors by their passages' ids; those of passages that are gone or have one already are left out."""
    ids = [passage_id for passage_id, _ in made]
    there = set(connection.scalars(select(passages.c.id).where(passages.c.id.in_(ids))))
    there -= set(
        connection.scalars(
            select(vectors.c.passage_id).where(vectors.c.passage_id.in_(ids), vectors.c.model == model)
        )
    )
    rows = [{"passage_id": i, "model": model, "vector": vector} for i, vector in made if i in there]
    if rows:
        connection.execute(insert(vectors), rows)
    return len(rows)


def remove_other_vectors(connection: Connection, collection_id: str, model: str) -> None:
    """Those of all models but `model`."""
    mine = select(passages.c.id).where(passages.c.collection_id == collection_id)
    connection.execute(delete(vectors).where(vectors.c.passage_id.in_(mine), vectors.c.model != model))


def _behind(
    connection: Connection, collection_id: str, after: Place, limit: int, *wanted: ColumnElement[bool]
) -> list[Placed]:
    place = tuple_(passages.c.document_id, passages.c.ordinal)
    found = (
        select(passages.c.id, passages.c.document_id, passages.c.ordinal, passages.c.text, passages.c.heading_path)
        .where(passages.c.collection_id == collection_id, place > tuple_(*after), *wanted)
        .order_by(passages.c.document_id, passages.c.ordinal)
        .limit(limit)
    )  # fmt: skip
    return [
        Placed(id=row.id, place=(row.document_id, row.ordinal), text=row.text, heading_path=row.heading_path)
        for row in connection.execute(found)
    ]


def _lacks(model: str) -> ColumnElement[bool]:
    mine = select(vectors.c.passage_id).where(vectors.c.passage_id == passages.c.id, vectors.c.model == model)
    return ~exists(mine)


def _vectors_by_text(connection: Connection, document_id: str) -> dict[tuple[str, ...], dict[str, bytes]]:
    found = (
        select(passages.c.text, passages.c.heading_path, vectors.c.model, vectors.c.vector)
        .select_from(vectors.join(passages))
        .where(passages.c.document_id == document_id)
    )
    by_text: dict[tuple[str, ...], dict[str, bytes]] = {}
    for row in connection.execute(found):
        by_text.setdefault((row.text, *row.heading_path), {})[row.model] = row.vector
    return by_text


def _page(row: Row[Any]) -> PageRow:
    return PageRow(
        number=row.number, label=row.label, text=row.text, blocks=row.blocks, is_scanned=row.is_scanned
    )


def _passage(row: Row[Any]) -> PassageRow:
    return PassageRow(
        id=row.id, document_id=row.document_id, collection_id=row.collection_id, ordinal=row.ordinal, page=row.page,
        start=row.start, end=row.end, text=row.text, tokens=row.tokens, heading_path=row.heading_path,
        language=row.language,
    )  # fmt: skip


def keys(connection: Connection, collection_id: str) -> dict[str, str]:
    """Ids of passages with those of their documents."""
    found = select(passages.c.id, passages.c.document_id).where(passages.c.collection_id == collection_id)
    return {row[0]: row[1] for row in connection.execute(found)}


def words_of(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """(id, document's id, tokens) of passages."""
    found: list[tuple[str, str, str]] = []
    for start in range(0, len(ids), _AT_ONCE):
        wanted = select(passages.c.id, passages.c.document_id, passages.c.tokens)
        wanted = wanted.where(passages.c.id.in_(ids[start : start + _AT_ONCE]))
        found += [(row[0], row[1], row[2]) for row in connection.execute(wanted)]
    return found


def vector_keys(connection: Connection, collection_id: str, model: str) -> set[str]:
    """Ids of the passages that have their vector of `model`."""
    found = (
        select(vectors.c.passage_id)
        .select_from(vectors.join(passages))
        .where(passages.c.collection_id == collection_id, vectors.c.model == model)
    )
    return set(connection.scalars(found))


def vectors_of(connection: Connection, model: str, ids: Sequence[str]) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for start in range(0, len(ids), _AT_ONCE):
        wanted = select(vectors.c.passage_id, vectors.c.vector)
        wanted = wanted.where(
            vectors.c.model == model, vectors.c.passage_id.in_(ids[start : start + _AT_ONCE])
        )
        found += [(row[0], row[1]) for row in connection.execute(wanted)]
    return found
