"""All of knowledge, put together: `bootstrap` makes it, the surfaces use its parts. `start` is `serve`'s and `kb`'s."""

from __future__ import annotations

from pathlib import Path

from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.jobs.jobs import Jobs
from yoriai.jobs.retrying import Retrying
from yoriai.knowledge.adding import Adding
from yoriai.knowledge.collections import Collections
from yoriai.knowledge.embedding import Embedder
from yoriai.knowledge.evaluating import Evaluating
from yoriai.knowledge.filing import Filing
from yoriai.knowledge.ingest import INGEST, Ingest
from yoriai.knowledge.kept_files import KeptFiles
from yoriai.knowledge.parsing.parse import ParseLimits
from yoriai.knowledge.reading import Reader
from yoriai.knowledge.reranking import Reranker
from yoriai.knowledge.search import Search
from yoriai.knowledge.vectors import EMBED, Vectors
from yoriai.knowledge.viewing import Viewing
from yoriai.knowledge.watching import Watching
from yoriai.knowledge.web_pages import WebPages
from yoriai.knowledge.words import renew_words
from yoriai.knowledge.work import Work
from yoriai.sandbox.confinement import Confinement, tried
from yoriai.settings import KnowledgeSettings
from yoriai.store.database import Database


class Knowledge:
    """The services, which the surfaces use, and what works for them."""

    def __init__(
        self, *, database: Database, jobs: Jobs, router: Router, library: Library, egress: Egress,
        settings: KnowledgeSettings, folder: Path,
    ) -> None:  # fmt: skip
        filing = Filing(folder, settings.max_file_bytes)
        web = WebPages(egress, filing, settings.max_file_bytes)
        model = settings.embedding_model
        self._jobs = jobs
        self.embedder = Embedder(router, library)
        limits = ParseLimits(file_bytes=settings.max_file_bytes, unjailed=settings.allow_unjailed_reading)
        self._confinement: Confinement | None = None
        self.viewing = Viewing(limits)
        self.collections = Collections(
            database=database, jobs=jobs, filing=filing, embedder=self.embedder, model=model
        )
        self.adding = Adding(database=database, jobs=jobs, filing=filing, web=web)
        self.files = KeptFiles(database=database, jobs=jobs, filing=filing)
        reranker = (
            Reranker(router, settings.reranking_model, settings.reranking_timeout_s)
            if settings.reranking_model else None
        )  # fmt: skip
        self.search = Search(database, self.embedder, reranker)
        self.evaluating = Evaluating(self.collections, self.search)
        jobs.first(lambda: renew_words(database))
        self.vectors = Vectors(database=database, jobs=jobs, embedder=self.embedder, model=model)
        Ingest(
            database=database, jobs=jobs, filing=filing, reader=Reader(limits), web=web, vectors=self.vectors
        )
        self.work = Work(database, jobs)
        self._watching = Watching(database, self.adding, self.vectors, Retrying(jobs, (INGEST, EMBED)))

    def start(self, *, watch: bool) -> None:
        """Do in this process what waits to be done, unless another one does; `watch` folders from then on."""
        if watch:
            self._jobs.first(self._watching.start)
        self._jobs.start()

    async def confinement(self) -> Confinement:
        """How the process that reads files is kept in, as found out the first time that somebody asked."""
        if self._confinement is None:
            self._confinement = await tried()
        return self._confinement

    async def aclose(self) -> None:
        await self._watching.aclose()
