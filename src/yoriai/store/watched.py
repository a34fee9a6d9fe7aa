"""Rows of watched folders: what was seen of each the last time. `store.collections` says which ones there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from yoriai.store.tables import watched_folders


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    is_missing: bool  # it, or a part of it, could not be seen: its documents were kept
    mounts: tuple[str, ...]  # folders of it that were drives of their own, and still have documents


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """One that is watched."""

    path: str
    is_missing: bool  # it can't be seen in full now


def find(connection: Connection, collection_id: str, path: str) -> Watched | None:
    mine = (watched_folders.c.collection_id == collection_id) & (watched_folders.c.path == path)
    found = select(watched_folders.c.is_missing, watched_folders.c.mounts).where(mine)
    row = connection.execute(found).first()
    return Watched(is_missing=row.is_missing, mounts=tuple(row.mounts)) if row else None


def saw(
    connection: Connection, collection_id: str, path: str, *, is_missing: bool, mounts: Sequence[str]
) -> None:
    mine = (watched_folders.c.collection_id == collection_id) & (watched_folders.c.path == path)
    connection.execute(update(watched_folders).where(mine).values(is_missing=is_missing, mounts=list(mounts)))


def of_collections(connection: Connection, ids: Sequence[str]) -> dict[str, list[Folder]]:
    """By the id of their collection."""
    found = select(watched_folders).where(watched_folders.c.collection_id.in_(ids))
    by_id: dict[str, list[Folder]] = {}
    for row in connection.execute(found.order_by(watched_folders.c.path)):
        folder = Folder(path=row.path, is_missing=row.is_missing)
        by_id.setdefault(row.collection_id, []).append(folder)
    return by_id
