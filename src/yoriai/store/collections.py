"""Rows of collections and their watched folders. Who looks up by id says whose they may be, and sees no others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from yoriai.records import Collection
from yoriai.store import shares
from yoriai.store.tables import collections, documents, passages, vectors, watched_folders

_NAMES = tuple({field.name for field in fields(Collection)} - {"sharing", "groups"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What is in a collection."""

    documents: dict[str, int]  # by status
    passages: int
    size_bytes: int


def name_key(name: str) -> str:
    """How names are compared: full and half width, and cases, are the same."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def add(connection: Connection, collection: Collection) -> None:
    values = {name: getattr(collection, name) for name in _NAMES}
    group_ids = [group.id for group in collection.groups]
    own = shares.settled(
        connection, collection.id, values | {"sharing": collection.sharing, "group_ids": group_ids}
    )
    connection.execute(insert(collections).values(**own, name_key=name_key(collection.name)[:800]))


def readable(connection: Connection, owners: Iterable[str]) -> list[Collection]:
    """Theirs and what is shared with them, by name."""
    theirs = list(owners)
    found = select(collections).where(shares.readable(collections, theirs))
    ordered = found.order_by(collections.c.name_key, collections.c.id)
    return _collections(connection, connection.execute(ordered), theirs)


def find(connection: Connection, owners: Iterable[str], collection_id: str) -> Collection | None:
    """Theirs or shared with them."""
    theirs = list(owners)
    mine = (collections.c.id == collection_id) & shares.readable(collections, theirs)
    found = connection.execute(select(collections).where(mine))
    return next(iter(_collections(connection, found, theirs)), None)


def named(connection: Connection, owners: Iterable[str], name: str) -> Collection | None:
    """By name: theirs before what others share, the oldest first."""
    theirs = list(owners)
    mine = shares.readable(collections, theirs) & (collections.c.name_key == name_key(name))
    found = _collections(connection, connection.execute(select(collections).where(mine)), theirs)
    found.sort(key=lambda each: (each.owner_id not in theirs, each.created_at, each.id))
    return found[0] if found else None


def by_id(connection: Connection, collection_id: str) -> Collection | None:
    """Whoever owns it: for the work that goes on in the background."""
    found = connection.execute(select(collections).where(collections.c.id == collection_id))
    return next(iter(_collections(connection, found)), None)


def everything(connection: Connection) -> list[Collection]:
    """Of everybody: for the work that goes on in the background."""
    return _collections(connection, connection.execute(select(collections).order_by(collections.c.id)))


def of_other_words(connection: Connection, version: int) -> list[str]:
    """Ids of those whose passages' words another version of the tokeniser made."""
    found = select(collections.c.id).where(collections.c.words_version != version)
    return list(connection.scalars(found.order_by(collections.c.id)))


def change(connection: Connection, collection_id: str, **values: Any) -> None:
    """Set fields; `sharing` together with `group_ids`."""
    if "name" in values:
        values["name_key"] = name_key(values["name"])[:800]
    own = shares.settled(connection, collection_id, values)
    connection.execute(update(collections).where(collections.c.id == collection_id).values(**own))


def changed(connection: Connection, collection_id: str, now: datetime, *, vectors_only: bool = False) -> None:
    """Passages (or their vectors only) are others than before: whoever holds a copy sees that it is old."""
    counter = "vector_revision" if vectors_only else "revision"
    values: dict[str, Any] = {counter: collections.c[counter] + 1}
    if not vectors_only:
        values["updated_at"] = now
    connection.execute(update(collections).where(collections.c.id == collection_id).values(**values))


def remove(connection: Connection, collection_id: str) -> None:
    """With all that is in it; files are the caller's."""
    shares.forget(connection, collection_id)
    connection.execute(delete(collections).where(collections.c.id == collection_id))


def counts(connection: Connection, ids: Sequence[str]) -> dict[str, Counts]:
    """By id; a collection without documents is not among them."""
    sums = func.count(), func.sum(documents.c.passages), func.sum(documents.c.size_bytes)
    found = (
        select(documents.c.collection_id, documents.c.status, *sums)
        .where(documents.c.collection_id.in_(ids), documents.c.status != "excluded")
        .group_by(documents.c.collection_id, documents.c.status)
    )
    by_id: dict[str, Counts] = {}
    for collection_id, status, count, number, size in connection.execute(found):
        before = by_id.get(collection_id, Counts(documents={}, passages=0, size_bytes=0))
        by_id[collection_id] = Counts(
            documents=before.documents | {status: count}, passages=before.passages + int(number),
            size_bytes=before.size_bytes + int(size),
        )  # fmt: skip
    return by_id


def count_vectors(connection: Connection, collection_id: str, model: str) -> int:
    """How many passages have their vector of `model`."""
    return vector_counts(connection, [collection_id], model).get(collection_id, 0)


def vector_counts(connection: Connection, ids: Sequence[str], model: str) -> dict[str, int]:
    """By id; a collection without vectors of `model` is not among them."""
    found = (
        select(passages.c.collection_id, func.count())
        .select_from(vectors.join(passages))
        .where(passages.c.collection_id.in_(ids), vectors.c.model == model)
        .group_by(passages.c.collection_id)
    )
    return {row[0]: row[1] for row in connection.execute(found)}


# ---- watched folders --------------------------------------------------------------------------------------
def watch(connection: Connection, collection_id: str, path: str) -> None:
    if path not in folders(connection, collection_id):
        connection.execute(insert(watched_folders).values(collection_id=collection_id, path=path))


def unwatch(connection: Connection, collection_id: str, path: str) -> None:
    mine = (watched_folders.c.collection_id == collection_id) & (watched_folders.c.path == path)
    connection.execute(delete(watched_folders).where(mine))


def folders(connection: Connection, collection_id: str) -> list[str]:
    found = select(watched_folders.c.path).where(watched_folders.c.collection_id == collection_id)
    return list(connection.scalars(found.order_by(watched_folders.c.path)))


def all_folders(connection: Connection) -> list[tuple[str, str]]:
    """(collection's id, path) of everybody."""
    found = select(watched_folders.c.collection_id, watched_folders.c.path)
    return [(row.collection_id, row.path) for row in connection.execute(found)]


def _collections(
    connection: Connection, rows: Iterable[Row[Any]], owners: Sequence[str] | None = None
) -> list[Collection]:
    """As `owners` may know them."""
    listed = list(rows)
    audiences = shares.audiences(connection, listed, owners)
    return [
        Collection(**{name: getattr(row, name) for name in _NAMES}, **audience)
        for row, audience in zip(listed, audiences, strict=True)
    ]
