"""How things get into a collection: files and folders of this machine, files handed in, text, pages of the web.

A transaction says what is to be read (`queued`); a job reads it. Adding the same again changes nothing, whatever
became of the first time: so an interrupted command is resumed by repeating it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from anyio import to_thread

from yoriai.access import Action, require
from yoriai.errors import NotFoundError
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge import folders, web_pages
from yoriai.knowledge.attributes import Attributes, with_attributes
from yoriai.knowledge.filing import Filing, Taken, harmless_name
from yoriai.knowledge.folders import Listing
from yoriai.knowledge.ingest import INGEST
from yoriai.knowledge.membership import found
from yoriai.knowledge.reading import guessed_type
from yoriai.knowledge.scanning import Added, Scan, new_id
from yoriai.knowledge.web_pages import WebPages
from yoriai.records import Collection, Job, KeptFile, KnownDocument
from yoriai.store import collections, documents, files, watched
from yoriai.store.database import Connection, Database
from yoriai.types import User


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
            (path.expanduser().absolute(), await to_thread.run_sync(folders.look, path)) for path in paths
        ]

        def work(connection: Connection) -> tuple[Collection, Added]:
            collection = found(connection, user, collection_id, Action.CHANGE)
            added = Added()
            for path, there in under:
                if watch and path.is_dir():
                    collections.watch(connection, collection_id, folders.source_of(path))
                scan = Scan(
                    connection, collection_id, added, is_asked_for=True, is_named=not path.is_dir(), tags=tags
                )
                scan.take(there.files)
            return collection, added

        collection, added = await self._database.write(work)
        await self._forget_files()
        return added, await self._jobs.submit(collection.owner_id, INGEST, collection_id)

    async def rescan(self, collection_id: str, folder: str) -> Added:
        """What changed in a watched folder. What can't be seen now (a drive not mounted) keeps its documents."""
        there, added = await to_thread.run_sync(_there, folders.path_of(folder)), Added()

        def work(connection: Connection) -> Collection | None:
            collection = collections.by_id(connection, collection_id)
            before = watched.find(connection, collection_id, folder)
            if collection and before:
                scan = Scan(connection, collection_id, added, is_asked_for=False, is_named=False, tags=())
                scan.take(there.files)
                now = scan.remove_gone(folder, there, before)
                if now != before:
                    watched.saw(
                        connection, collection_id, folder, is_missing=now.is_missing, mounts=now.mounts
                    )
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
    async def keep_file(self, user: User, name: str, content: IO[bytes]) -> KeptFile:
        """Keep a file by itself; `attach` makes it a document. Raises: DocumentError: too large. ForbiddenError."""
        require(user, Action.KEEP_DOCUMENTS)
        taken = await to_thread.run_sync(self._filing.take, content)
        file = _file(user.id, harmless_name(name), taken)

        def work(connection: Connection) -> None:
            self._filing.settle(file.id)
            files.add(connection, file)

        await self._database.write(work)
        return file

    async def attach(
        self, user: User, collection_id: str, file: KeptFile, *, tags: Sequence[str] = (),
        attributes: Attributes | None = None, replaces: bool = False,
    ) -> KnownDocument:  # fmt: skip
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
            elif there.status == "stopped":
                documents.want(connection, document.id)
            if attributes is not None:
                documents.change(connection, document.id, **with_attributes(document, attributes))
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
        file = await self.keep_file(user, name, content)
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
                id=new_id(), collection_id=collection_id, file_id=None, name=harmless_name(web_pages.name_of(address)),
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


def _there(path: Path) -> Listing:
    try:
        return folders.look(path)
    except NotFoundError:
        return Listing(files=[], unseen=[], mounts=[])


def _replaced(connection: Connection, collection_id: str, file: KeptFile) -> KnownDocument | None:
    """The document that `file` is the new content of, or that has this content already."""
    handed_in = [
        each
        for each in documents.of_collection(connection, collection_id)
        if not each.source and each.file_id
    ]
    same = next(
        (each for each in handed_in if each.sha256 == file.sha256 and each.status in ("ready", "duplicate")),
        None,
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
        id=new_id(), collection_id=collection_id, file_id=file.id, name=file.name, source="", sha256="",
        size_bytes=file.size_bytes, media_type=file.media_type, status="queued", added_at=datetime.now(UTC),
        tags=tuple(tags),
    )  # fmt: skip


def _file(owner_id: str, name: str, taken: Taken) -> KeptFile:
    return KeptFile(
        id=taken.id, owner_id=owner_id, name=name, media_type=guessed_type(name) or "", size_bytes=taken.size_bytes,
        sha256=taken.sha256, is_kept=True, created_at=datetime.now(UTC),
    )  # fmt: skip
