"""How things get into a collection: files and folders of this machine, files handed in, text, pages of the web.

A transaction says what is to be read (`queued`); a job reads it. Adding the same again changes nothing, whatever
became of the first time: so an interrupted command is resumed by repeating it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from anyio import to_thread

from yoriai.access import LOCAL_OPERATOR_ID, Action, require
from yoriai.errors import NotFoundError
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge import folders, web_pages
from yoriai.knowledge.collections import forget, found
from yoriai.knowledge.filing import Filing, Taken, harmless_name
from yoriai.knowledge.folders import Found
from yoriai.knowledge.ingest import INGEST
from yoriai.knowledge.reading import guessed_type
from yoriai.knowledge.web_pages import WebPages
from yoriai.records import Collection, Job, KeptFile, KnownDocument
from yoriai.store import collections, documents, files
from yoriai.store.database import Connection, Database
from yoriai.types import Role, User

_LOCAL = User(id=LOCAL_OPERATOR_ID, name="local", role=Role.ADMINISTRATOR)
_SETTLED = ("ready", "duplicate", "queued")


@dataclass(slots=True)
class Added:
    """What adding found to do."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    documents: list[str] = field(default_factory=list)  # ids of those that are to be read

    @property
    def is_work(self) -> bool:
        return bool(self.new or self.changed or self.removed)


class Adding:
    """The way in."""

    def __init__(self, *, database: Database, jobs: Jobs, filing: Filing, web: WebPages) -> None:
        self._database, self._jobs, self._filing, self._web = database, jobs, filing, web

    async def paths(
        self, user: User, collection_id: str, paths: Sequence[Path], *, watch: bool, tags: Sequence[str] = ()
    ) -> tuple[Added, Job]:
        """Files and folders of this machine; a folder is watched from now on, if `watch`.

        Raises:
            ForbiddenError: not from the terminal. NotFoundError: no such collection or path.
        """
        require(user, Action.READ_FOLDERS)
        under = [
            (path.expanduser().absolute(), await to_thread.run_sync(folders.files_under, path))
            for path in paths
        ]

        def work(connection: Connection) -> tuple[Collection, Added]:
            collection = found(connection, user, collection_id, Action.CHANGE)
            added = Added()
            for path, files_found in under:
                if watch and path.is_dir():
                    collections.watch(connection, collection_id, folders.source_of(path))
                scan = _Scan(
                    connection, collection_id, added, is_asked_for=True, is_named=not path.is_dir(), tags=tags
                )
                scan.take(files_found)
            return collection, added

        collection, added = await self._database.write(work)
        await self._forget_files()
        return added, await self._jobs.submit(collection.owner_id, INGEST, collection_id)

    async def rescan(self, collection_id: str, folder: str) -> Added:
        """What changed in a watched folder. One that isn't there now (a drive not mounted) keeps its documents."""
        path = folders.path_of(folder)
        added = Added()
        try:
            there = await to_thread.run_sync(folders.files_under, path)
        except NotFoundError:
            return added

        def work(connection: Connection) -> Collection | None:
            collection = collections.by_id(connection, collection_id)
            if collection and folder in collections.folders(connection, collection_id):
                scan = _Scan(connection, collection_id, added, is_asked_for=False, is_named=False, tags=())
                scan.take(there)
                scan.remove_gone(folder, {each.source for each in there})
            return collection

        collection = await self._database.write(work)
        await self._forget_files()
        if collection and added.is_work:
            await self._jobs.submit(collection.owner_id, INGEST, collection_id)
        return added

    async def unwatch(self, user: User, collection_id: str, folder: str) -> None:
        """Its documents stay. Raises: NotFoundError."""

        def work(connection: Connection) -> None:
            found(connection, user, collection_id, Action.CHANGE)
            collections.unwatch(connection, collection_id, folder)

        await self._database.write(work)

    # ---- what is handed in -------------------------------------------------------------------------------------
    async def keep_file(self, user: User, name: str, content: IO[bytes], *, is_kept: bool = True) -> KeptFile:
        """Keep a file by itself; `attach` makes it a document. Raises: DocumentError: too large. ForbiddenError."""
        require(user, Action.KEEP_DOCUMENTS)
        taken = await to_thread.run_sync(self._filing.take, content)
        file = _file(user.id, harmless_name(name), taken, is_kept=is_kept)

        def work(connection: Connection) -> None:
            self._filing.settle(file.id)
            files.add(connection, file)

        await self._database.write(work)
        return file

    async def attach(
        self,
        user: User,
        collection_id: str,
        file: KeptFile,
        *,
        tags: Sequence[str] = (),
        replaces: bool = False,
    ) -> KnownDocument:
        """Make a file of one's own a document. The same content is a document once.

        Args:
            replaces: a document of the same name that was handed in before gets the new content.

        Raises:
            NotFoundError: no such collection.
        """

        def work(connection: Connection) -> tuple[Collection, KnownDocument]:
            collection = found(connection, user, collection_id, Action.CHANGE)
            there = documents.find(connection, collection_id, file.id)
            if there is None and replaces:
                there = _replaced(connection, collection_id, file)
            document = there or _document(collection_id, file, tags)
            if there is None:
                documents.add(connection, document)
            return collection, documents.find(connection, collection_id, document.id) or document

        collection, document = await self._database.write(work)
        await self._jobs.submit(collection.owner_id, INGEST, collection_id)
        await self._forget_files()
        return document

    async def upload(
        self, user: User, collection_id: str, name: str, content: IO[bytes], *, tags: Sequence[str] = ()
    ) -> KnownDocument:
        """A file straight into a collection. Raises as `keep_file` and `attach`."""
        await self._database.read(lambda connection: found(connection, user, collection_id, Action.CHANGE))
        file = await self.keep_file(user, name, content, is_kept=True)
        try:
            return await self.attach(user, collection_id, file, tags=tags, replaces=True)
        finally:  # it belongs to its document only
            await self._database.write(lambda connection: files.let_go(connection, file.id))
            await self._forget_files()

    async def text(self, user: User, collection_id: str, title: str, text: str) -> KnownDocument:
        """Text that was pasted. Raises as `upload`."""
        import io

        return await self.upload(
            user, collection_id, f"{title.strip() or 'text'}.txt", io.BytesIO(text.encode())
        )

    async def address(
        self, user: User, collection_id: str, address: str, *, tags: Sequence[str] = ()
    ) -> KnownDocument:
        """A page of the web; added again, it is fetched again.

        Raises:
            UsageError: no address. ForbiddenError: its host was not opened by an administrator. NotFoundError.
        """
        self._web.check(address)

        def work(connection: Connection) -> tuple[Collection, KnownDocument]:
            collection = found(connection, user, collection_id, Action.CHANGE)
            old = next(
                (
                    each
                    for each in documents.of_collection(connection, collection_id)
                    if each.source == address
                ),
                None,
            )
            if old:
                documents.want(connection, old.id)
                return collection, documents.find(connection, collection_id, old.id) or old
            new = KnownDocument(
                id=_new_id(), collection_id=collection_id, file_id=None, name=harmless_name(web_pages.name_of(address)),
                source=address, sha256="", size_bytes=0, status="queued", added_at=datetime.now(UTC), tags=tuple(tags),
            )  # fmt: skip
            documents.add(connection, new)
            return collection, new

        collection, document = await self._database.write(work)
        await self._jobs.submit(collection.owner_id, INGEST, collection_id)
        return document

    async def _forget_files(self) -> None:
        unused = await self._database.write(files.remove_unused)
        await to_thread.run_sync(self._filing.remove, unused)


@dataclass(slots=True)
class _Scan:
    """Compares what stands in a folder with the documents that came from it."""

    connection: Connection
    collection_id: str
    added: Added
    is_asked_for: bool  # by a person: what failed is tried once more
    is_named: bool  # the file itself: it is wanted even if it was removed before
    tags: Sequence[str]

    def take(self, there: Iterable[Found]) -> None:
        known = {
            each.source: each
            for each in documents.of_collection(self.connection, self.collection_id, with_excluded=True)
        }
        for each in there:
            self._take(each, known.get(each.source))

    def remove_gone(self, folder: str, there: set[str]) -> None:
        gone = [
            each
            for each in documents.of_collection(self.connection, self.collection_id, with_excluded=True)
            if each.source and not web_pages.is_address(each.source)
            and folders.is_under(each.source, folder) and each.source not in there
        ]  # fmt: skip
        if gone:
            forget(self.connection, self.collection_id, gone)
            self.added.removed += len(gone)

    def _take(self, each: Found, old: KnownDocument | None) -> None:
        if old is None:
            new = KnownDocument(
                id=_new_id(), collection_id=self.collection_id, file_id=None, name=each.name, source=each.source,
                sha256="", size_bytes=each.size_bytes, status="queued", added_at=datetime.now(UTC),
                modified_at=each.modified_at, tags=tuple(self.tags),
            )  # fmt: skip
            documents.add(self.connection, new)
            self.added.new += 1
            self.added.documents.append(new.id)
            return
        if self._is_same(each, old):
            self.added.unchanged += 1
            return
        documents.want(
            self.connection, old.id, size_bytes=each.size_bytes, modified_at=each.modified_at
        )  # fmt: skip
        self.added.changed += 1
        self.added.documents.append(old.id)

    def _is_same(self, each: Found, old: KnownDocument) -> bool:
        if old.status == "excluded":
            return not self.is_named
        is_same = (each.size_bytes, each.modified_at) == (old.size_bytes, old.modified_at)
        return is_same and (old.status in _SETTLED or not self.is_asked_for)


def _replaced(connection: Connection, collection_id: str, file: KeptFile) -> KnownDocument | None:
    """The document that `file` is the new content of, or that has this content already."""
    handed_in = [
        each
        for each in documents.of_collection(connection, collection_id)
        if not each.source and each.file_id
    ]
    same = next(
        (each for each in handed_in if each.sha256 == file.sha256 and each.status in ("ready", "duplicate")), None
    )
    if same:
        return same
    old = next((each for each in handed_in if each.name == file.name), None)
    if old:
        documents.want(
            connection, old.id, file_id=file.id, size_bytes=file.size_bytes, media_type=file.media_type
        )
    return old


def _document(collection_id: str, file: KeptFile, tags: Sequence[str]) -> KnownDocument:
    return KnownDocument(
        id=_new_id(), collection_id=collection_id, file_id=file.id, name=file.name, source="", sha256="",
        size_bytes=file.size_bytes, media_type=file.media_type, status="queued", added_at=datetime.now(UTC),
        tags=tuple(tags),
    )  # fmt: skip


def _file(owner_id: str, name: str, taken: Taken, *, is_kept: bool) -> KeptFile:
    return KeptFile(
        id=taken.id, owner_id=owner_id, name=name, media_type=guessed_type(name) or "", size_bytes=taken.size_bytes,
        sha256=taken.sha256, is_kept=is_kept, created_at=datetime.now(UTC),
    )  # fmt: skip


def _new_id() -> str:
    return f"doc_{secrets.token_hex(12)}"
