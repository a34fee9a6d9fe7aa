"""Rows of files that were handed in; their copies in the data folder are `knowledge`'s."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from yoriai.records import KeptFile
from yoriai.store.tables import documents, files

_NAMES = tuple(field.name for field in fields(KeptFile))


def add(connection: Connection, file: KeptFile) -> None:
    connection.execute(insert(files).values(**asdict(file)))


def find(connection: Connection, owners: Iterable[str], file_id: str) -> KeptFile | None:
    mine = (files.c.id == file_id) & files.c.owner_id.in_(list(owners))
    row = connection.execute(select(files).where(mine)).first()
    return _file(row) if row else None


def by_id(connection: Connection, file_id: str) -> KeptFile | None:
    """Whoever owns it: for the work that goes on in the background."""
    row = connection.execute(select(files).where(files.c.id == file_id)).first()
    return _file(row) if row else None


def kept(connection: Connection, owners: Iterable[str]) -> list[KeptFile]:
    """Files that were handed in by themselves, newest first."""
    found = select(files).where(files.c.owner_id.in_(list(owners)), files.c.is_kept)
    return [_file(row) for row in connection.execute(found.order_by(files.c.created_at.desc(), files.c.id))]


def let_go(connection: Connection, file_id: str) -> None:
    """Its owner doesn't want it any more: it goes with the last document that uses it."""
    connection.execute(update(files).where(files.c.id == file_id).values(is_kept=False))


def remove_unused(connection: Connection) -> list[str]:
    """Forget the files that no document uses and nobody keeps; their ids."""
    is_used = exists().where(documents.c.file_id == files.c.id)
    ids = list(connection.scalars(select(files.c.id).where(~files.c.is_kept, ~is_used)))
    if ids:
        connection.execute(delete(files).where(~files.c.is_kept, ~is_used))
    return ids


def known(connection: Connection) -> set[str]:
    return set(connection.scalars(select(files.c.id)))


def _file(row: Row[Any]) -> KeptFile:
    return KeptFile(**{name: getattr(row, name) for name in _NAMES})
