"""Rows of documents: what is a member of which collection, and what became of it.

The caller has found the collection as its user; nothing here looks across collections.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from yoriai.records import KnownDocument
from yoriai.store.tables import documents

_NAMES = tuple(field.name for field in fields(KnownDocument))
_LISTS = ("warnings", "tags")
_WANTED: dict[str, Any] = {
    "status": "queued", "error_key": None, "error_values": {}, "wanted_revision": documents.c.wanted_revision + 1
}  # fmt: skip


def add(connection: Connection, document: KnownDocument) -> None:
    connection.execute(insert(documents).values(**asdict(document)))


def of_collection(
    connection: Connection, collection_id: str, *, with_excluded: bool = False
) -> list[KnownDocument]:
    """By name."""
    found = select(documents).where(documents.c.collection_id == collection_id)
    if not with_excluded:
        found = found.where(documents.c.status != "excluded")
    return [_document(row) for row in connection.execute(found.order_by(documents.c.name, documents.c.id))]


def find(connection: Connection, collection_id: str, document_id: str) -> KnownDocument | None:
    """By its own id or by that of its file."""
    is_it = (documents.c.id == document_id) | (documents.c.file_id == document_id)
    found = select(documents).where(
        documents.c.collection_id == collection_id, is_it, documents.c.status != "excluded"
    )
    row = connection.execute(found).first()
    return _document(row) if row else None


def by_id(connection: Connection, document_id: str) -> KnownDocument | None:
    """In whatever collection: the caller finds out whether that one may be seen."""
    found = select(documents).where(documents.c.id == document_id, documents.c.status != "excluded")
    row = connection.execute(found).first()
    return _document(row) if row else None


def next_queued(connection: Connection, collection_id: str) -> KnownDocument | None:
    """The one that has waited longest; one that changes again and again lets the others go first."""
    found = select(documents).where(
        documents.c.collection_id == collection_id, documents.c.status == "queued"
    )
    by_age = (documents.c.wanted_revision, documents.c.added_at, documents.c.id)
    row = connection.execute(found.order_by(*by_age).limit(1)).first()
    return _document(row) if row else None


def count(connection: Connection, collection_id: str, status: str) -> int:
    found = select(func.count()).where(
        documents.c.collection_id == collection_id, documents.c.status == status
    )
    return connection.scalar(found) or 0


def with_content(connection: Connection, collection_id: str, sha256: str) -> list[KnownDocument]:
    """Those that have this content, or have been given it; the first added first."""
    found = select(documents).where(
        documents.c.collection_id == collection_id, documents.c.sha256 == sha256, documents.c.status != "excluded"
    )  # fmt: skip
    return [
        _document(row) for row in connection.execute(found.order_by(documents.c.added_at, documents.c.id))
    ]


def of_file(connection: Connection, file_id: str) -> list[KnownDocument]:
    """In whatever collection."""
    found = select(documents).where(documents.c.file_id == file_id)
    return [_document(row) for row in connection.execute(found.order_by(documents.c.id))]


def change(connection: Connection, document_id: str, **values: Any) -> bool:
    """Set columns; whether the document is still there."""
    for name in _LISTS:
        if name in values:
            values[name] = list(values[name])
    return (
        connection.execute(update(documents).where(documents.c.id == document_id).values(**values)).rowcount
        > 0
    )


def want(connection: Connection, document_id: str, **values: Any) -> None:
    """Let it be read, from now on: a reading that was begun before this is out of date."""
    connection.execute(update(documents).where(documents.c.id == document_id).values(**_WANTED, **values))


def want_stopped(connection: Connection, collection_id: str) -> None:
    """Let everything be read that was stopped."""
    mine = (documents.c.collection_id == collection_id) & (documents.c.status == "stopped")
    connection.execute(update(documents).where(mine).values(**_WANTED))


def stop(connection: Connection, collection_id: str) -> None:
    """Whatever waits to be read waits for somebody who wants it."""
    mine = (documents.c.collection_id == collection_id) & (documents.c.status == "queued")
    connection.execute(update(documents).where(mine).values(status="stopped"))


def is_still_wanted(connection: Connection, document: KnownDocument) -> bool:
    """Whether what `document` was when its reading was begun is still what is to be read."""
    same = (documents.c.id == document.id) & (documents.c.wanted_revision == document.wanted_revision)
    return bool(connection.scalar(select(exists().where(same, documents.c.status == "queued"))))


def requeue_duplicates(connection: Connection, collection_id: str, sha256: str) -> None:
    """The document whose content they have is going: one of them takes its place."""
    if sha256:
        mine = (documents.c.collection_id == collection_id) & (documents.c.sha256 == sha256)
        connection.execute(update(documents).where(mine, documents.c.status == "duplicate").values(**_WANTED))


def remove(connection: Connection, document_ids: Iterable[str]) -> None:
    """With pages, passages and vectors."""
    connection.execute(delete(documents).where(documents.c.id.in_(list(document_ids))))


def collections_with(connection: Connection, status: str) -> list[str]:
    """Ids of the collections in which a document has this status."""
    return list(
        connection.scalars(select(documents.c.collection_id).where(documents.c.status == status).distinct())
    )


def _document(row: Row[Any]) -> KnownDocument:
    values = {name: getattr(row, name) for name in _NAMES}
    return KnownDocument(**values | {name: tuple(values[name]) for name in _LISTS})
