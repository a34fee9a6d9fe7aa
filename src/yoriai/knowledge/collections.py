"""The Collections service: what there is, who may see it, how far it is; for API, page and terminal.

Everything takes the user and is scoped in the query: what is another's doesn't exist. Adding is `adding`'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from anyio import to_thread

from yoriai.access import Action, owners, require
from yoriai.accounts import sharing as sharings
from yoriai.errors import NotFoundError
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.attributes import Attributes
from yoriai.knowledge.embedding import Embedder
from yoriai.knowledge.filing import Filing
from yoriai.knowledge.ingest import INGEST
from yoriai.knowledge.membership import document_of, forget, found, mark, present, shown, want_again
from yoriai.knowledge.naming import LONGEST_NAME, check_free, checked_name
from yoriai.knowledge.statuses import Status, Statuses
from yoriai.records import Collection, KnownDocument, Sharing
from yoriai.store import collections as rows
from yoriai.store import documents, files, passages
from yoriai.store.database import Connection, Database
from yoriai.store.passages import PageRow, PassageRow
from yoriai.types import User

__all__ = ["Collections", "PageRow", "PassageRow", "Status"]
Result = TypeVar("Result")
COPY_GONE = "knowledge.warning_copy_gone"


class Collections:
    """All collections of this server. `model`: whose vectors are wanted."""

    def __init__(
        self, *, database: Database, jobs: Jobs, filing: Filing, embedder: Embedder, model: str
    ) -> None:
        self._database, self._jobs, self._filing = database, jobs, filing
        self._statuses = Statuses(database=database, jobs=jobs, embedder=embedder, model=model)

    async def readable(self, user: User) -> list[Collection]:
        """One's own and what is shared, by name."""
        return await self._database.read(lambda connection: rows.readable(connection, owners(user)))

    async def create(
        self, user: User, name: str, sharing: Sharing = "owner", group_ids: Sequence[str] = (), *,
        metadata: dict[str, str] | None = None,
    ) -> Collection:  # fmt: skip
        """Raises: ConflictError: one has a collection of that name. UsageError. ForbiddenError: a guest.
        NotFoundError: no such group, or not theirs.
        """
        require(user, Action.KEEP_DOCUMENTS)
        now = datetime.now(UTC)
        collection = Collection(
            id=f"vs_{secrets.token_hex(12)}", owner_id=user.id, name=_checked(name), sharing="owner",
            embedding_model="", revision=0, vector_revision=0, created_at=now, updated_at=now,
            metadata=metadata or {},
        )  # fmt: skip

        def work(connection: Connection) -> Collection:
            _check_free(connection, user, collection.name)
            shared = sharings.audience(connection, user, sharing, group_ids)
            kept = replace(collection, **shared)
            rows.add(connection, kept)
            return kept

        return await self._database.write(work)

    async def get(self, user: User, collection_id: str, action: Action = Action.READ) -> Collection:
        """Raises: NotFoundError."""
        return await self._database.read(lambda connection: found(connection, user, collection_id, action))

    async def named(self, user: User, name: str) -> Collection:
        """By name or id. Raises: NotFoundError."""

        def work(connection: Connection) -> Collection | None:
            mine = owners(user)
            return rows.named(connection, mine, name) or rows.find(connection, mine, name)

        collection = await self._database.read(work)
        if collection is None:
            raise NotFoundError("knowledge.collection_unknown", param="collection", name=name[:LONGEST_NAME])
        return collection

    async def change(
        self, user: User, collection_id: str, *, name: str | None = None, sharing: Sharing | None = None,
        group_ids: Sequence[str] | None = None, metadata: dict[str, str] | None = None,
    ) -> Collection:  # fmt: skip
        """Raises: NotFoundError, ConflictError, UsageError."""

        def work(connection: Connection) -> Collection:
            before = found(connection, user, collection_id, Action.CHANGE)
            if name is not None and rows.name_key(name) != rows.name_key(before.name):
                _check_free(connection, user, _checked(name))
            given = sharings.changes(connection, user, before, sharing, group_ids)
            if name is not None:
                given["name"] = _checked(name)
            if metadata is not None:
                given["metadata"] = metadata
            rows.change(connection, collection_id, updated_at=datetime.now(UTC), **given)
            return found(connection, user, collection_id, Action.READ)

        return await self._database.write(work)

    async def remove(self, user: User, collection_id: str) -> None:
        """With everything that is only in it. Raises: NotFoundError."""
        await self.get(user, collection_id, Action.DELETE)
        for job in await self._jobs.unfinished(collection_id):
            await self._jobs.cancel(job.id)

        def work(connection: Connection) -> list[str]:
            found(connection, user, collection_id, Action.DELETE)
            rows.remove(connection, collection_id)
            return files.remove_unused(connection)

        await self._forget_files(work)

    async def status(self, user: User, collection_id: str) -> Status:
        """Raises: NotFoundError."""
        return (await self.statuses(user, [await self.get(user, collection_id)]))[0]

    async def statuses(self, user: User, readable: Sequence[Collection]) -> list[Status]:
        """Of collections that the user may read, in their order."""
        return await self._statuses.of(user, readable)

    # ---- documents ---------------------------------------------------------------------------------------------
    async def documents(self, user: User, collection_id: str) -> list[KnownDocument]:
        """By name. Raises: NotFoundError."""

        def work(connection: Connection) -> list[KnownDocument]:
            collection = found(connection, user, collection_id, Action.READ)
            listed = documents.of_collection(connection, collection_id)
            return [shown(self._told(document), collection, user) for document in listed]

        return await self._database.read(work)

    async def document(self, user: User, collection_id: str, document_id: str) -> KnownDocument:
        """By its own id or by that of its file. Raises: NotFoundError."""

        def work(connection: Connection) -> KnownDocument:
            collection = found(connection, user, collection_id, Action.READ)
            return shown(self._told(document_of(connection, collection_id, document_id)), collection, user)

        return await self._database.read(work)

    async def whereabouts(self, user: User, document_id: str) -> KnownDocument:
        """A document, whichever collection it is in. Raises: NotFoundError."""

        def work(connection: Connection) -> KnownDocument:
            document = documents.by_id(connection, document_id)
            if document is None:
                raise NotFoundError("access.not_found", param="document_id")
            collection = found(connection, user, document.collection_id, Action.READ)
            return shown(document, collection, user)

        return await self._database.read(work)

    async def pages(self, user: User, collection_id: str, document_id: str) -> list[PageRow]:
        """All pages of a document. Raises: NotFoundError."""
        document = await self.document(user, collection_id, document_id)
        return await self._database.read(lambda connection: passages.pages_of(connection, document.id))

    async def beginning(
        self, user: User, collection_id: str, document_id: str, most: int
    ) -> tuple[list[tuple[int, str]], int]:
        """(number, text) of the first pages, `most` characters in all, and the document's characters.

        Raises: NotFoundError.
        """
        document = await self.document(user, collection_id, document_id)
        return await self._database.read(lambda c: passages.beginning(c, document.id, most))

    async def page(self, user: User, collection_id: str, document_id: str, number: int) -> PageRow:
        """Raises: NotFoundError: also of the page."""
        document = await self.document(user, collection_id, document_id)
        page = await self._database.read(lambda connection: passages.page(connection, document.id, number))
        if page is None:
            raise NotFoundError("access.not_found", param="page")
        return page

    async def passages(self, user: User, collection_id: str, document_id: str) -> list[PassageRow]:
        """All passages of a document, in their order. Raises: NotFoundError."""
        document = await self.document(user, collection_id, document_id)
        return await self._database.read(lambda connection: passages.of_document(connection, document.id))

    async def copy_of(self, user: User, collection_id: str, document_id: str) -> Path:
        """The kept copy of a document's file. Raises: NotFoundError: also where nothing could be kept of it."""
        document = await self.document(user, collection_id, document_id)
        if document.file_id is None:
            raise NotFoundError("access.not_found", param="document_id")
        return await present(self._filing.path(document.file_id), document.name)

    async def tag(
        self, user: User, collection_id: str, document_id: str, tags: Sequence[str] | None = None,
        attributes: Attributes | None = None,
    ) -> KnownDocument:  # fmt: skip
        """Set a document's tags, or its attributes. Raises: NotFoundError."""
        return await self._database.write(
            lambda c: mark(c, user, collection_id, document_id, tags=tags, attributes=attributes)
        )

    async def retry(self, user: User, collection_id: str, document_id: str) -> KnownDocument:
        """Let a document that failed or was stopped be read again; any other stays as it is. Raises: NotFoundError."""
        collection, document = await self._database.write(
            lambda connection: want_again(connection, user, collection_id, document_id)
        )
        if document.status == "queued":
            await self._jobs.submit(collection.owner_id, INGEST, collection_id)
        return document

    async def remove_documents(self, user: User, collection_id: str, document_ids: Sequence[str]) -> None:
        """With all that was made of them. All or none. Raises: NotFoundError."""

        def work(connection: Connection) -> list[str]:
            found(connection, user, collection_id, Action.CHANGE)
            going = [document_of(connection, collection_id, document_id) for document_id in document_ids]
            forget(connection, collection_id, going)
            return files.remove_unused(connection)

        await self._forget_files(work)
        # What had the same content may take its place.
        await self._jobs.submit((await self.get(user, collection_id)).owner_id, INGEST, collection_id)

    async def remove_waiting(self, user: User, collection_id: str, file_ids: Sequence[str]) -> None:
        """Documents made of these files, where they were not read yet. Raises: NotFoundError."""

        def work(connection: Connection) -> list[str]:
            found(connection, user, collection_id, Action.CHANGE)
            listed = documents.of_collection(connection, collection_id)
            waiting = [each for each in listed if each.status == "queued" and each.file_id in file_ids]
            forget(connection, collection_id, waiting)
            return files.remove_unused(connection)

        await self._forget_files(work)

    def _told(self, document: KnownDocument) -> KnownDocument:
        """With a warning where its copy is gone from the data folder, whoever took it."""
        if document.status != "ready" or self._filing.has(document.file_id):
            return document
        return replace(document, warnings=(*document.warnings, COPY_GONE))

    async def _forget_files(self, work: Callable[[Connection], list[str]]) -> None:
        unused = await self._database.write(work)
        await to_thread.run_sync(self._filing.remove, unused)


def _checked(name: str) -> str:
    return checked_name(name, "knowledge.bad_name")


def _check_free(connection: Connection, user: User, name: str) -> None:
    mine = owners(user)
    check_free(rows.named(connection, mine, name), mine, name, "knowledge.collection_exists")
