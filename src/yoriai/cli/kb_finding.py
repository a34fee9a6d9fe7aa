"""Collections and documents by the names that people type, for `kb`'s commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.cli import sharing
from yoriai.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf


async def named_or_made(shelf: Shelf, name: str, share: Sequence[str]) -> dict[str, Any]:
    """The collection, made when it is missing, shared as it is wanted."""
    wanted = await sharing.wish(shelf, share)
    try:
        found = await named(shelf, name)
    except NotFoundError:
        try:
            return dict(await shelf.ask("POST", "/api/collections", json={"name": name} | wanted))
        except ConflictError:  # somebody else was quicker
            return await named(shelf, name)
    if wanted and not _is_shared_so(found, wanted):
        found = await shelf.ask("PATCH", f"/api/collections/{found['id']}", json=wanted)
    return found


def _is_shared_so(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    group_ids = {each["id"] for each in found["groups"]}
    return found["sharing"] == wanted["sharing"] and group_ids == set(wanted.get("group_ids", ()))


async def named(shelf: Shelf, name: str) -> dict[str, Any]:
    listed = await shelf.ask("GET", "/api/collections", params={"name": name})
    return dict(listed["collections"][0]["collection"])


async def documents_of(shelf: Shelf, name: str) -> list[Any]:
    found = await named(shelf, name)
    return list((await shelf.ask("GET", f"/api/collections/{found['id']}/documents"))["documents"])


async def ids_of(shelf: Shelf, collection_id: str, wanted: list[str]) -> list[str]:
    """Ids of documents that are given by name or id. Raises: NotFoundError."""
    if not wanted:
        return []
    listed = (await shelf.ask("GET", f"/api/collections/{collection_id}/documents"))["documents"]
    ids = []
    for name in wanted:
        fitting = [each["document"]["id"] for each in listed if _is_meant(name, each["document"])]
        if not fitting:
            raise NotFoundError("cli.kb_no_document", name=name)
        ids += fitting
    return list(dict.fromkeys(ids))


def _is_meant(name: str, document: dict[str, Any]) -> bool:
    return name in {document["id"], document["file_id"], document["name"], document["source"]} or (
        str(Path(name).absolute()) == document["source"]
    )
