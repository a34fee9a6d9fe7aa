"""Which collections and documents a user may see and change, and how documents leave.

The services of knowledge call it; what is another's doesn't exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread

from yoriai.access import Action, owners, require, thing_of
from yoriai.errors import NotFoundError
from yoriai.knowledge.attributes import Attributes, with_attributes, with_tags
from yoriai.knowledge.folders import is_under, path_of
from yoriai.records import Collection, KnownDocument
from yoriai.store import collections as rows
from yoriai.store import documents, passages
from yoriai.store.database import Connection
from yoriai.types import User


def found(connection: Connection, user: User, collection_id: str, action: Action) -> Collection:
    """A collection, if the user may do `action` with it. Raises: NotFoundError."""
    collection = rows.find(connection, owners(user), collection_id)
    if collection is None:
        raise NotFoundError("access.not_found", param="vector_store_id")
    require(user, action, thing_of(collection))
    return collection


async def present(path: Path, name: str) -> Path:
    """The path of a copy. Raises: NotFoundError: somebody took it away from the data folder."""
    if not await to_thread.run_sync(path.is_file):
        raise NotFoundError("knowledge.file_gone", path=name)
    return path


def forget(connection: Connection, collection_id: str, going: Sequence[KnownDocument]) -> None:
    """Remove documents. Of one that its watched folder still has, a note stays that nobody wants it."""
    kept_in_sight = rows.folders(connection, collection_id)
    for document in going:
        documents.requeue_duplicates(connection, collection_id, document.sha256)
        if any(_is_in(document.source, folder) for folder in kept_in_sight):
            passages.clear(connection, document.id)
            documents.change(
                connection, document.id, status="excluded", file_id=None, sha256="", pages=0, passages=0,
                indexed_at=None, error_key=None, error_values={},
            )  # fmt: skip
        else:
            documents.remove(connection, [document.id])
    rows.changed(connection, collection_id, datetime.now(UTC))


def _is_in(source: str, folder: str) -> bool:
    if not source or not is_under(source, folder):
        return False
    try:
        return path_of(source).exists()
    except OSError:  # it can't be seen now
        return True


def shown(document: KnownDocument, collection: Collection, user: User) -> KnownDocument:
    """Where a document lies on its owner's machine is nobody else's business."""
    return document if collection.owner_id in owners(user) else replace(document, source="")


def document_of(connection: Connection, collection_id: str, document_id: str) -> KnownDocument:
    document = documents.find(connection, collection_id, document_id)
    if document is None:
        raise NotFoundError("access.not_found", param="document_id")
    return document


def mark(
    connection: Connection, user: User, collection_id: str, document_id: str, *, tags: Sequence[str] | None,
    attributes: Attributes | None,
) -> KnownDocument:  # fmt: skip
    """Set a document's tags, or its attributes. Raises: NotFoundError."""
    collection = found(connection, user, collection_id, Action.CHANGE)
    document = document_of(connection, collection_id, document_id)
    values = with_tags(document, tags or []) if attributes is None else with_attributes(document, attributes)
    documents.change(connection, document.id, **values)
    return shown(document_of(connection, collection_id, document.id), collection, user)


def want_again(
    connection: Connection, user: User, collection_id: str, document_id: str
) -> tuple[Collection, KnownDocument]:
    """Queue a document that failed or was stopped. Raises: NotFoundError."""
    collection = found(connection, user, collection_id, Action.CHANGE)
    document = document_of(connection, collection_id, document_id)
    if document.status in ("failed", "stopped"):
        documents.want(connection, document.id)
    return collection, shown(document_of(connection, collection_id, document.id), collection, user)
