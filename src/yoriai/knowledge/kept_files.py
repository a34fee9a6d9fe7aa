"""Files that were handed in by themselves (`/v1/files`): listed, read, let go. Scoped by user like everything here."""

from __future__ import annotations

from pathlib import Path

from anyio import to_thread

from yoriai.access import Action, Thing, owners, require
from yoriai.errors import NotFoundError
from yoriai.knowledge.collections import forget
from yoriai.knowledge.filing import Filing
from yoriai.records import KeptFile
from yoriai.store import documents, files
from yoriai.store.database import Connection, Database
from yoriai.types import User


class KeptFiles:
    """All files of this server."""

    def __init__(self, *, database: Database, filing: Filing) -> None:
        self._database, self._filing = database, filing

    async def readable(self, user: User) -> list[KeptFile]:
        """One's own, newest first."""
        return await self._database.read(lambda connection: files.kept(connection, owners(user)))

    async def get(self, user: User, file_id: str, action: Action = Action.READ) -> KeptFile:
        """Raises: NotFoundError."""
        return await self._database.read(lambda connection: _found(connection, user, file_id, action))

    async def copy_of(self, user: User, file_id: str) -> Path:
        """Raises: NotFoundError."""
        return self._filing.path((await self.get(user, file_id)).id)

    async def remove(self, user: User, file_id: str) -> None:
        """With the documents that were made of it, as OpenAI's route does. Raises: NotFoundError."""

        def work(connection: Connection) -> list[str]:
            _found(connection, user, file_id, Action.DELETE)
            for document in documents.of_file(connection, file_id):
                forget(connection, document.collection_id, [document])
            files.let_go(connection, file_id)
            return files.remove_unused(connection)

        unused = await self._database.write(work)
        await to_thread.run_sync(self._filing.remove, unused)


def _found(connection: Connection, user: User, file_id: str, action: Action) -> KeptFile:
    """Only files that were handed in: the copy of a document's file is reached through its collection."""
    file = files.find(connection, owners(user), file_id)
    if file is None or not file.is_kept:
        raise NotFoundError("access.not_found", param="file_id")
    require(user, action, Thing(owner_id=file.owner_id))
    return file
