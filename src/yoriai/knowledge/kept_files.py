"""Files that were handed in by themselves (`/v1/files`): listed, read, let go. Scoped by user like everything here."""

from __future__ import annotations

from pathlib import Path

from anyio import to_thread

from yoriai.access import Action, Thing, owners, require
from yoriai.errors import NotFoundError
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.filing import Filing
from yoriai.knowledge.ingest import INGEST
from yoriai.knowledge.membership import forget, present
from yoriai.records import Collection, KeptFile
from yoriai.store import collections, documents, files
from yoriai.store.database import Connection, Database
from yoriai.types import User


class KeptFiles:
    """All files of this server."""

    def __init__(self, *, database: Database, jobs: Jobs, filing: Filing) -> None:
        self._database, self._jobs, self._filing = database, jobs, filing

    async def readable(self, user: User) -> list[KeptFile]:
        """One's own, newest first."""
        return await self._database.read(lambda connection: files.kept(connection, owners(user)))

    async def get(self, user: User, file_id: str, action: Action = Action.READ) -> KeptFile:
        """Raises: NotFoundError."""
        return await self._database.read(lambda connection: _found(connection, user, file_id, action))

    async def copy_of(self, user: User, file_id: str) -> Path:
        """Raises: NotFoundError: also where the file itself is gone."""
        file = await self.get(user, file_id)
        return await present(self._filing.path(file.id), file.name)

    async def remove(self, user: User, file_id: str) -> None:
        """With the documents that were made of it, as OpenAI's route does. Raises: NotFoundError."""

        def work(connection: Connection) -> tuple[list[str], list[Collection]]:
            _found(connection, user, file_id, Action.DELETE)
            going = documents.of_file(connection, file_id)
            for document in going:
                forget(connection, document.collection_id, [document])
            files.let_go(connection, file_id)
            changed = [collections.by_id(connection, each) for each in {each.collection_id for each in going}]
            return files.remove_unused(connection), [each for each in changed if each]

        unused, changed = await self._database.write(work)
        await to_thread.run_sync(self._filing.remove, unused)
        for collection in changed:  # what had the same content may take its place
            await self._jobs.submit(collection.owner_id, INGEST, collection.id)


def _found(connection: Connection, user: User, file_id: str, action: Action) -> KeptFile:
    """Only files that were handed in: the copy of a document's file is reached through its collection."""
    file = files.find(connection, owners(user), file_id)
    if file is None or not file.is_kept:
        raise NotFoundError("access.not_found", param="file_id")
    require(user, action, Thing(owner_id=file.owner_id))
    return file
