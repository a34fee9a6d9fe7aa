"""How far collections are: what is in them, what is being done. `collections` calls it, and has asked who may see them.

Vectors are counted again only where passages or vectors have changed; while they are made, the job says how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anyio import to_thread

from yoriai.access import owners
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.embedding import Embedder
from yoriai.knowledge.vectors import EMBED
from yoriai.records import Collection, Job
from yoriai.store import collections as rows
from yoriai.store import jobs as job_rows
from yoriai.store import watched
from yoriai.store.collections import Counts
from yoriai.store.database import Connection, Database
from yoriai.store.watched import Folder
from yoriai.types import User

_REMEMBERED = 10_000  # collections
_Jobs = dict[str, list[Job]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """How far a collection is."""

    collection: Collection
    documents: dict[str, int]  # by status
    passages: int
    vectors: int  # of the model that is wanted
    size_bytes: int
    embedding_model: str  # that is wanted
    is_model_installed: bool
    folders: list[str]  # that are watched
    missing_folders: list[str]  # that can't be seen in full now, so that nothing of them was forgotten
    jobs: list[Job]  # that have not ended
    failed_jobs: list[Job]  # whose kind was not done since
    is_worked_on: bool  # a process runs the jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """Of all collections that were asked about, by id."""

    counts: dict[str, Counts]
    folders: dict[str, list[Folder]]
    unfinished: _Jobs
    failed: _Jobs


class Statuses:
    """`model`: whose vectors are wanted."""

    def __init__(self, *, database: Database, jobs: Jobs, embedder: Embedder, model: str) -> None:
        self._database, self._jobs = database, jobs
        self._embedder, self._model = embedder, model
        self._counted: dict[str, tuple[tuple[int, int], int]] = {}  # revisions, vectors

    async def of(self, user: User, collections: Sequence[Collection]) -> list[Status]:
        """In their order. Where folders lie is only their owner's business."""
        ids = [collection.id for collection in collections]
        seen = await self._database.read(lambda connection: _seen(connection, ids))
        vectors = await self._vectors(collections, seen)
        is_installed = await self._embedder.is_installed(self._model)
        is_worked_on = await to_thread.run_sync(self._jobs.is_run)
        statuses = []
        for collection in collections:
            counts = seen.counts.get(collection.id, Counts(documents={}, passages=0, size_bytes=0))
            folders = seen.folders.get(collection.id, []) if collection.owner_id in owners(user) else []
            statuses.append(
                Status(
                    collection=collection, documents=counts.documents, passages=counts.passages,
                    vectors=vectors.get(collection.id, 0), size_bytes=counts.size_bytes, embedding_model=self._model,
                    is_model_installed=is_installed, folders=[folder.path for folder in folders],
                    missing_folders=[folder.path for folder in folders if folder.is_missing],
                    jobs=seen.unfinished.get(collection.id, []), failed_jobs=seen.failed.get(collection.id, []),
                    is_worked_on=is_worked_on,
                )
            )  # fmt: skip
        return statuses

    async def _vectors(self, collections: Sequence[Collection], seen: _Seen) -> dict[str, int]:
        known: dict[str, int] = {}
        for collection in collections:
            revisions, count = self._counted.get(collection.id, ((-1, -1), 0))
            jobs = seen.unfinished.get(collection.id, [])
            making = next(
                (job for job in jobs if job.kind == EMBED and job.state == "running" and job.total), None
            )
            if making:
                known[collection.id] = making.done
            elif revisions == (collection.revision, collection.vector_revision):
                known[collection.id] = count
        missing = [each for each in collections if each.id not in known]
        ids = [each.id for each in missing]
        counted = await self._database.read(lambda c: rows.vector_counts(c, ids, self._model)) if ids else {}
        if len(self._counted) > _REMEMBERED:
            self._counted.clear()
        for each in missing:
            known[each.id] = counted.get(each.id, 0)
            self._counted[each.id] = (each.revision, each.vector_revision), known[each.id]
        return known


def _seen(connection: Connection, ids: Sequence[str]) -> _Seen:
    return _Seen(
        counts=rows.counts(connection, ids), folders=watched.of_collections(connection, ids),
        unfinished=job_rows.unfinished_of(connection, ids), failed=job_rows.failed_of(connection, ids),
    )  # fmt: skip
