"""What makes vectors of passages: a kind of jobs. Which passages lack theirs decides what is left to do."""

from __future__ import annotations

from datetime import UTC, datetime

from yoriai.jobs.jobs import Jobs
from yoriai.jobs.progress import Progress
from yoriai.knowledge.embedding import Embedder, packed
from yoriai.knowledge.reading import text_to_embed
from yoriai.records import Collection
from yoriai.store import collections, passages
from yoriai.store.database import Connection, Database

EMBED = "embed"
_VECTORS_AT_ONCE = 16  # in one transaction


class Vectors:
    """The handler of these jobs. `model`: whose vectors are wanted."""

    def __init__(self, *, database: Database, jobs: Jobs, embedder: Embedder, model: str) -> None:
        self._database, self._jobs = database, jobs
        self._embedder, self._model = embedder, model
        self._had_model = False
        jobs.handle(EMBED, self.embed)

    async def notice_model(self) -> None:
        """Where the wanted model has been installed since this was asked last: vectors are made from now on."""
        had, self._had_model = self._had_model, await self._embedder.is_installed(self._model)
        if self._had_model and not had:
            stopped = {job.subject_id for job in await self._jobs.last_ended(EMBED, "cancelled")}
            for collection in await self._database.read(collections.everything):
                if collection.id not in stopped:
                    await self.want(collection.id)

    async def want(self, collection_id: str, document_id: str = "") -> None:
        """Let the vectors that a collection (or only one document of it) lacks be made, if there is a model."""
        if not await self._embedder.is_installed(self._model):
            return

        def lacks(connection: Connection) -> Collection | None:
            collection = collections.by_id(connection, collection_id)
            if collection is None:
                return None
            if document_id:
                return collection if passages.lacks_vector(connection, document_id, self._model) else None
            missing = passages.without_vector(connection, collection_id, self._model, 1)
            is_other = collection.embedding_model != self._model and passages.count(connection, collection_id)
            return collection if missing or is_other else None

        collection = await self._database.read(lacks)
        if collection:
            await self._jobs.submit(collection.owner_id, EMBED, collection_id)

    async def embed(self, progress: Progress) -> None:
        """Every vector of the wanted model that a collection lacks; then it takes the old one's place."""
        collection_id, place = progress.job.subject_id, passages.BEGINNING
        done, total = await self._database.read(lambda c: self._count(c, collection_id))
        while True:
            lacking = await self._database.read(
                lambda c: passages.without_vector(c, collection_id, self._model, _VECTORS_AT_ONCE, place)  # noqa: B023
            )
            if not lacking:
                break
            made = await self._embedder.passages(
                self._model, [text_to_embed(each.text, each.heading_path) for each in lacking]
            )
            rows = list(zip((each.id for each in lacking), packed(made), strict=True))
            done += await self._database.write(lambda c: self._keep_vectors(c, collection_id, rows))  # noqa: B023
            place = lacking[-1].place
            if await progress.has_had_its_turn():
                await self._jobs.submit(progress.job.owner_id, EMBED, collection_id)
                return
            await progress.show(done, max(done, total))
        await self._database.write(lambda connection: self._serve(connection, collection_id))

    def _count(self, connection: Connection, collection_id: str) -> tuple[int, int]:
        """How many passages have their vectors, and how many there are."""
        made = collections.count_vectors(connection, collection_id, self._model)
        return made, passages.count(connection, collection_id)

    def _keep_vectors(self, connection: Connection, collection_id: str, rows: list[tuple[str, bytes]]) -> int:
        """How many of them are new."""
        collection = collections.by_id(connection, collection_id)
        added = passages.add_vectors(connection, self._model, rows)
        if collection and not collection.embedding_model:  # nothing else serves: some are better than none
            collections.change(connection, collection_id, embedding_model=self._model)
        collections.changed(connection, collection_id, datetime.now(UTC), vectors_only=True)
        return added

    def _serve(self, connection: Connection, collection_id: str) -> None:
        """From now on the wanted model's vectors are searched. Not while passages lack theirs."""
        if not passages.without_vector(connection, collection_id, self._model, 1):
            collections.change(connection, collection_id, embedding_model=self._model)
            passages.remove_other_vectors(connection, collection_id, self._model)
            collections.changed(connection, collection_id, datetime.now(UTC), vectors_only=True)
