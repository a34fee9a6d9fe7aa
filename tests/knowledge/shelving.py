"""Puts the services of knowledge together over a folder, for tests that go through them. Not a test itself."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from databases import lay_down
from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.search import Found
from yoriai.records import Collection, KnownDocument
from yoriai.settings import EngineSettings, KnowledgeSettings, RemoteSettings
from yoriai.store.database import Database
from yoriai.types import Role, User

E5 = "multilingual-e5-small"
LOCAL = User(id="local", name="local", role=Role.ADMINISTRATOR)
ANNA = User(id="anna", name="anna", role=Role.MEMBER)
BEN = User(id="ben", name="ben", role=Role.MEMBER)


@dataclass(kw_only=True)
class Shelf:
    home: Path
    database: Database
    jobs: Jobs
    library: Library
    router: Router
    knowledge: Knowledge

    async def settled(self, collection: Collection) -> None:
        """Every job of a collection has ended."""
        with anyio.fail_after(60):
            while await self.jobs.unfinished(collection.id):
                await anyio.sleep(0.02)

    async def documents(self, collection: Collection, user: User = LOCAL) -> dict[str, KnownDocument]:
        listed = await self.knowledge.collections.documents(user, collection.id)
        return {document.name: document for document in listed}

    async def upload(self, user: User, collection: Collection, name: str, text: str) -> KnownDocument:
        content = io.BytesIO(text.encode())
        document = await self.knowledge.adding.upload(user, collection.id, name, content)
        await self.settled(collection)
        return document

    async def add(
        self, collection: Collection, *paths: Path, watch: bool = False
    ) -> dict[str, KnownDocument]:
        await self.knowledge.adding.paths(LOCAL, collection.id, paths, watch=watch)
        await self.settled(collection)
        return await self.documents(collection)

    async def texts(self, collection: Collection, query: str, user: User = LOCAL) -> list[str]:
        return [hit.text for hit in (await self.search(collection, query, user)).passages]

    async def search(self, collection: Collection, query: str, user: User = LOCAL) -> Found:
        return await self.knowledge.search.search(user, [collection.id], query)

    def copies(self) -> list[str]:
        """Names of the files in the folder of copies."""
        folder = self.home / "documents"
        return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


@asynccontextmanager
async def shelf(
    home: Path, *, watch: bool = False, egress: Egress | None = None, remotes: Sequence[RemoteSettings] = (),
    **settings: object,
) -> AsyncIterator[Shelf]:  # fmt: skip
    database = Database(f"sqlite:///{lay_down(home)}")
    database.migrate()
    library, egress = Library(home / "models"), egress or Egress({})
    router = Router(EngineSettings(threads=1, parallel=2), remotes, library, egress)
    jobs = Jobs(database, home / "jobs.lock")
    knowledge = Knowledge(
        database=database, jobs=jobs, router=router, library=library, egress=egress, folder=home / "documents",
        settings=KnowledgeSettings.model_validate(settings),
    )  # fmt: skip
    knowledge.start(watch=watch)
    try:
        yield Shelf(
            home=home, database=database, jobs=jobs, library=library, router=router, knowledge=knowledge
        )
    finally:
        await knowledge.aclose()
        await jobs.aclose()
        await router.aclose()
        database.close()
