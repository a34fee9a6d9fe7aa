"""What is being done for a collection: stopped by people, gone on with by people, and only by them."""

from __future__ import annotations

from yoriai.access import Action
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.ingest import INGEST
from yoriai.knowledge.membership import found
from yoriai.records import Collection
from yoriai.store import documents
from yoriai.store.database import Connection, Database
from yoriai.types import User


class Work:
    """`jobs`: of this server."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database, self._jobs = database, jobs

    async def stop(self, job_id: str) -> None:
        """What was done stays; what it has not read waits for a person. The caller asked who may.

        Raises:
            NotFoundError: no such job.
        """
        job = await self._jobs.get(job_id)
        if await self._jobs.cancel(job_id) and job.kind == INGEST:
            await self._database.write(lambda connection: documents.stop(connection, job.subject_id))

    async def resume(self, user: User, collection_id: str) -> None:
        """Read what was stopped, and make the vectors that lack. Raises: NotFoundError, ForbiddenError."""

        def work(connection: Connection) -> Collection:
            collection = found(connection, user, collection_id, Action.CHANGE)
            documents.want_stopped(connection, collection_id)
            return collection

        collection = await self._database.write(work)
        await self._jobs.submit(collection.owner_id, INGEST, collection_id)
