"""Puts adding and reading together with a reader that waits for the test, and no models. Not a test itself."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio

from databases import lay_down
from yoriai.egress import Egress
from yoriai.errors import YoriaiError
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.adding import Adding
from yoriai.knowledge.filing import Filing
from yoriai.knowledge.ingest import Ingest
from yoriai.knowledge.kept_files import KeptFiles
from yoriai.knowledge.reading import Read
from yoriai.knowledge.vectors import Vectors
from yoriai.knowledge.web_pages import WebPages
from yoriai.knowledge.work import Work
from yoriai.records import Collection, KnownDocument
from yoriai.store import collections, documents, passages
from yoriai.store.database import Database
from yoriai.store.passages import PageRow
from yoriai.types import Role, User

LOCAL = User(id="local", name="local", role=Role.ADMINISTRATOR)
RULES = "vs_rules"


class Waiting:
    """A reader: one page with the whole text. While `is_open` is not set, it has the text and gives it to nobody."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.seen: list[str] = []
        self.error: YoriaiError | None = None

    async def read(self, path: Path, document: KnownDocument, sha256: str, show: object) -> Read:
        text = path.read_text()
        self.seen.append(text)
        await self.is_open.wait()
        if self.error:
            raise self.error
        page = PageRow(number=1, label="", text=text, blocks=[], is_scanned=False)
        return Read(media_type="text/plain", title="", warnings=(), pages=[page], passages=[])


class NoModels:
    """An embedder whose models are all missing."""

    async def is_installed(self, model: str) -> bool:
        return False


@dataclass(kw_only=True)
class Desk:
    home: Path
    database: Database
    jobs: Jobs
    filing: Filing
    adding: Adding
    files: KeptFiles
    ingest: Ingest
    reader: Waiting
    work: Work

    async def make(self, collection_id: str) -> None:
        now = datetime.now(UTC)
        made = Collection(
            id=collection_id, owner_id=LOCAL.id, name=collection_id, sharing="owner", embedding_model="", revision=0,
            vector_revision=0, created_at=now, updated_at=now,
        )  # fmt: skip
        await self.database.write(lambda connection: collections.add(connection, made))

    async def upload(self, name: str, text: str, collection_id: str = RULES) -> KnownDocument:
        return await self.adding.upload(LOCAL, collection_id, name, io.BytesIO(text.encode()))

    async def documents(self) -> list[KnownDocument]:
        return await self.database.read(
            lambda connection: documents.of_collection(connection, RULES, with_excluded=True)
        )

    async def text(self, document_id: str) -> str:
        page = await self.database.read(lambda connection: passages.page(connection, document_id, 1))
        return page.text if page else ""

    async def reads(self, text: str) -> None:
        with anyio.fail_after(10):
            while text not in self.reader.seen:
                await anyio.sleep(0.01)

    async def settled(self, collection_id: str = RULES) -> None:
        with anyio.fail_after(20):
            while await self.jobs.unfinished(collection_id):
                await anyio.sleep(0.02)


@asynccontextmanager
async def desk(home: Path, *, turn_s: float = 30.0) -> AsyncIterator[Desk]:
    database = Database(f"sqlite:///{lay_down(home)}")
    database.migrate()
    jobs, filing, reader = (
        Jobs(database, home / "jobs.lock", turn_s),
        Filing(home / "copies", 10**6),
        Waiting(),
    )
    web = WebPages(Egress({}), filing, 10**6)
    vectors = Vectors(database=database, jobs=jobs, embedder=NoModels(), model="none")  # type: ignore[arg-type]
    ingest = Ingest(
        database=database, jobs=jobs, filing=filing, reader=reader, web=web, vectors=vectors,  # type: ignore[arg-type]
    )  # fmt: skip
    desk = Desk(
        home=home, database=database, jobs=jobs, filing=filing, ingest=ingest, reader=reader,
        adding=Adding(database=database, jobs=jobs, filing=filing, web=web),
        work=Work(database, jobs), files=KeptFiles(database=database, jobs=jobs, filing=filing),
    )  # fmt: skip
    await desk.make(RULES)
    jobs.start()
    try:
        yield desk
    finally:
        await jobs.aclose()
        database.close()
