"""What turns queued documents of a collection into passages: a kind of jobs.

A document is taken in one transaction: its copy's row, pages, passages and status, or nothing of it; and nothing where
something newer is wanted of it meanwhile. What is known of a document decides what is left to do, so a job that is
begun again after a crash goes on where the last one was; ids of passages follow from document, content and place. A
file that can't be read ends with its reason, the rest goes on.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from anyio import to_thread

from yoriai.errors import DiskFullError, DownloadError, EgressError, NotFoundError, ResourceError, YoriaiError
from yoriai.jobs.jobs import Jobs
from yoriai.jobs.progress import Progress
from yoriai.knowledge import folders
from yoriai.knowledge.filing import Filing
from yoriai.knowledge.parsing.parse import Show
from yoriai.knowledge.reading import Read, Reader
from yoriai.knowledge.vectors import Vectors
from yoriai.knowledge.web_pages import WebPages, is_address
from yoriai.records import Collection, KeptFile, KnownDocument
from yoriai.store import collections, documents, files, passages
from yoriai.store.database import Connection, Database

_log = logging.getLogger("yoriai.knowledge")
INGEST = "ingest"
_STALE = "knowledge.warning_stale"
_NOT_THE_FILE_S_FAULT = (DiskFullError, ResourceError)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    """What a document holds now: a copy, by id."""

    file_id: str
    sha256: str
    size_bytes: int
    media_type: str
    is_new: bool  # the copy has no row yet


@dataclass(frozen=True, slots=True)
class _PagesOf:
    """Tells beside a document's name how many of its pages have been read."""

    progress: Progress
    name: str
    done: int  # documents
    total: int

    async def show(self, page: int, pages: int) -> None:
        if pages > 1:
            await self.progress.show(self.done, self.total, f"{self.name} ({page:,}/{pages:,})")


class Ingest:
    """The handler of these jobs."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: Jobs,
        filing: Filing,
        reader: Reader,
        web: WebPages,
        vectors: Vectors,
    ) -> None:
        self._database, self._jobs, self._filing = database, jobs, filing
        self._reader, self._web, self._vectors = reader, web, vectors
        jobs.handle(INGEST, self.ingest)
        jobs.first(self.recover)

    async def recover(self) -> None:
        """Once this process runs the jobs: whatever was left undone, and copies that nothing refers to."""
        known = await self._database.read(files.known)
        await to_thread.run_sync(self._filing.sweep, known)
        waiting = await self._database.read(lambda c: documents.collections_with(c, "queued"))
        for collection in await self._database.read(collections.everything):
            if collection.id in waiting:
                await self._jobs.submit(collection.owner_id, INGEST, collection.id)
        await self._vectors.notice_model()

    # ---- documents ---------------------------------------------------------------------------------------------
    async def ingest(self, progress: Progress) -> None:
        """Every queued document of a collection, by turns with those of others."""
        collection_id, done = progress.job.subject_id, 0
        while True:
            document = await self._database.read(lambda c: documents.next_queued(c, collection_id))
            if document is None:
                break
            if done and await progress.has_had_its_turn():
                await self._jobs.submit(progress.job.owner_id, INGEST, collection_id)
                return
            left = await self._database.read(lambda c: documents.count(c, collection_id, "queued"))
            await progress.show(done, done + left, document.name)
            await self._take_in(document, _PagesOf(progress, document.name, done, done + left).show)
            await self._vectors.want(collection_id, document.id)
            done += 1
        await self._vectors.want(collection_id)
        await progress.show(done, done)

    async def _take_in(self, document: KnownDocument, show: Show) -> None:
        content: _Content | None = None
        try:
            content = await self._content(document)
            if not await self._is_settled(document, content):
                path = self._filing.incoming if content.is_new else self._filing.path
                read = await self._reader.read(path(content.file_id), document, content.sha256, show)
                await self._keep(document, content, read)
        except _NOT_THE_FILE_S_FAULT:
            raise
        except YoriaiError as error:
            is_kept = document.indexed_at is not None and _is_out_of_reach(error)
            await (self._leave if is_kept else self._fail)(document, error.key, error.plain_values())
        except Exception:
            _log.exception("a document failed id=%s", document.id)
            await self._fail(document, "jobs.bug", {})
        finally:
            if content and content.is_new:
                await self._drop_unless_kept(content.file_id)
            await self._forget_files()

    async def _content(self, document: KnownDocument) -> _Content:
        """Raises: NotFoundError, DocumentError, EgressError, DownloadError, DiskFullError."""
        if not document.source:
            file = await self._database.read(lambda c: files.by_id(c, document.file_id or ""))
            if file is None:  # there is a newer one meanwhile
                raise NotFoundError("knowledge.file_gone", path=document.name)
            return _Content(
                file_id=file.id, sha256=file.sha256, size_bytes=file.size_bytes, media_type=file.media_type,
                is_new=False,
            )  # fmt: skip
        media_type = document.media_type
        if is_address(document.source):
            taken, media_type = await self._web.fetch(document.source)
        else:
            taken = await to_thread.run_sync(self._filing.take_path, folders.path_of(document.source))
        return _Content(
            file_id=taken.id, sha256=taken.sha256, size_bytes=taken.size_bytes, media_type=media_type, is_new=True
        )  # fmt: skip

    async def _is_settled(self, document: KnownDocument, content: _Content) -> bool:
        """Nothing to read: it has been read already, or another document has the same content."""

        def work(connection: Connection) -> bool:
            if not documents.is_still_wanted(connection, document):
                return True
            if document.indexed_at and document.sha256 == content.sha256:
                warnings = [each for each in document.warnings if each != _STALE]
                return documents.change(
                    connection,
                    document.id,
                    status="ready",
                    error_key=None,
                    error_values={},
                    warnings=warnings,
                )
            twins = documents.with_content(connection, document.collection_id, content.sha256)
            twin = next((each for each in twins if each.status == "ready" and each.id != document.id), None)
            if twin is None:
                return False
            self._clear(connection, document)
            return documents.change(
                connection, document.id, status="duplicate", sha256=content.sha256, size_bytes=content.size_bytes,
                error_key="knowledge.duplicate", error_values={"name": twin.name}, indexed_at=None, pages=0, passages=0,
                file_id=None if document.source else document.file_id,
            )  # fmt: skip

        return await self._database.write(work)

    async def _keep(self, document: KnownDocument, content: _Content, read: Read) -> None:
        def work(connection: Connection) -> None:
            collection = collections.by_id(connection, document.collection_id)
            if collection is None or not documents.is_still_wanted(connection, document):
                return
            if content.is_new:
                self._filing.settle(content.file_id)
                files.add(connection, _file_of(collection, document, content, read.media_type))
            if document.sha256 != content.sha256:
                documents.requeue_duplicates(connection, document.collection_id, document.sha256)
            passages.replace(connection, document.id, read.pages, read.passages)
            documents.change(
                connection, document.id, file_id=content.file_id, sha256=content.sha256, size_bytes=content.size_bytes,
                media_type=read.media_type, title=read.title, warnings=read.warnings, pages=len(read.pages),
                passages=len(read.passages), status="ready", error_key=None, error_values={},
                indexed_at=datetime.now(UTC),
            )  # fmt: skip
            collections.changed(connection, document.collection_id, datetime.now(UTC))

        await self._database.write(work)

    async def _fail(self, document: KnownDocument, key: str, values: dict[str, object]) -> None:
        """What it held before it changed is out of date: it goes."""

        def work(connection: Connection) -> None:
            if not documents.is_still_wanted(connection, document):
                return
            self._clear(connection, document)
            file_id = None if document.source else document.file_id
            documents.change(
                connection, document.id, status="failed", error_key=key, error_values=values, pages=0,
                passages=0, indexed_at=None, file_id=file_id, sha256="" if document.source else document.sha256,
            )  # fmt: skip

        await self._database.write(work)

    async def _leave(self, document: KnownDocument, key: str, values: dict[str, object]) -> None:
        """Nobody knows what it holds now: what it held before is better than nothing. The next look tries again."""

        def work(connection: Connection) -> None:
            if documents.is_still_wanted(connection, document):
                documents.change(
                    connection, document.id, status="ready", error_key=key, error_values=values,
                    warnings=list(dict.fromkeys([*document.warnings, _STALE])), modified_at=None,
                )  # fmt: skip

        await self._database.write(work)

    def _clear(self, connection: Connection, document: KnownDocument) -> None:
        if document.indexed_at:
            passages.clear(connection, document.id)
            documents.requeue_duplicates(connection, document.collection_id, document.sha256)
            collections.changed(connection, document.collection_id, datetime.now(UTC))

    async def _drop_unless_kept(self, file_id: str) -> None:
        if await self._database.read(lambda c: files.by_id(c, file_id)) is None:
            await to_thread.run_sync(self._filing.remove, [file_id])

    async def _forget_files(self) -> None:
        unused = await self._database.write(files.remove_unused)
        await to_thread.run_sync(self._filing.remove, unused)


def _is_out_of_reach(error: YoriaiError) -> bool:
    """The content could not be had, whatever it is."""
    unseen = ("knowledge.file_unreadable", "knowledge.file_changed")
    return isinstance(error, DownloadError | EgressError | NotFoundError) or error.key in unseen


def _file_of(collection: Collection, document: KnownDocument, content: _Content, media_type: str) -> KeptFile:
    return KeptFile(
        id=content.file_id, owner_id=collection.owner_id, name=document.name, media_type=media_type,
        size_bytes=content.size_bytes, sha256=content.sha256, is_kept=False, created_at=datetime.now(UTC),
    )  # fmt: skip
