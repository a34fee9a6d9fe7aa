"""The indexes in memory, one per collection, kept equal to the database: only what changed is read again.

Knows no users: `search` asks for collections that it has found as somebody's. Whatever process changed the rows, their
revision tells. An index that nobody has searched for a while is let go; it is rebuilt from the rows.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from anyio import to_thread

from yoriai.knowledge.index import PassageIndex
from yoriai.knowledge.reading import SEPARATOR
from yoriai.records import Collection
from yoriai.store import passages
from yoriai.store.database import Database

_IDLE_S = 1800.0
_VECTORS_EVERY_S = 5.0  # while they are being made, some more come with every transaction
_AT_ONCE = 20_000  # rows read and added in one step


@dataclass(slots=True, eq=False)
class _Held:
    index: PassageIndex = field(default_factory=PassageIndex)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    revision: int = -1
    vector_revision: int = -1
    model: str = ""
    with_vector: set[str] = field(default_factory=set)
    vectors_read_at: float = 0.0
    used_at: float = 0.0


class Holdings:
    """What has been read so far."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, _Held] = {}

    async def index(self, collection: Collection) -> PassageIndex:
        """The index of a collection as its rows are now; vectors may be some seconds behind."""
        self._let_go(keep=collection.id)
        held = self._held.setdefault(collection.id, _Held())
        async with held.lock:
            held.used_at = time.monotonic()
            if held.revision != collection.revision:
                await self._read_passages(held, collection)
            if _wants_vectors(held, collection):
                await self._read_vectors(held, collection)
        return held.index

    async def _read_passages(self, held: _Held, collection: Collection) -> None:
        there = await self._database.read(lambda connection: passages.keys(connection, collection.id))
        known = await to_thread.run_sync(lambda: held.index.ids)
        gone = known - there.keys()
        await to_thread.run_sync(held.index.remove, gone)
        held.with_vector -= gone
        new = [passage_id for passage_id in there if passage_id not in known]
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            rows = await self._database.read(lambda connection: passages.words_of(connection, part))  # noqa: B023
            await to_thread.run_sync(_add, held.index, rows)
        held.revision = collection.revision
        if new:
            held.vector_revision = -1

    async def _read_vectors(self, held: _Held, collection: Collection) -> None:
        model = collection.embedding_model
        if held.model != model:
            await to_thread.run_sync(held.index.clear_vectors)
            held.with_vector, held.model = set(), model
        there = await self._database.read(lambda c: passages.vector_keys(c, collection.id, model))
        new = list(there - held.with_vector)
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            rows = await self._database.read(lambda c: passages.vectors_of(c, model, part))  # noqa: B023
            await to_thread.run_sync(_set_vectors, held.index, rows)
        held.with_vector |= there
        held.vector_revision = collection.vector_revision
        held.vectors_read_at = time.monotonic()

    def _let_go(self, *, keep: str) -> None:
        now = time.monotonic()
        for collection_id, held in list(self._held.items()):
            if collection_id != keep and now - held.used_at > _IDLE_S and not held.lock.locked():
                del self._held[collection_id]


def _wants_vectors(held: _Held, collection: Collection) -> bool:
    if held.model != collection.embedding_model or held.vector_revision < 0:
        return bool(collection.embedding_model)
    is_old = held.vector_revision != collection.vector_revision
    return is_old and time.monotonic() - held.vectors_read_at > _VECTORS_EVERY_S


def _add(index: PassageIndex, rows: list[tuple[str, str, str]]) -> None:
    if rows:
        words = [tokens.split(SEPARATOR) if tokens else [] for _, _, tokens in rows]
        index.add([row[0] for row in rows], [row[1] for row in rows], words)


def _set_vectors(index: PassageIndex, rows: list[tuple[str, bytes]]) -> None:
    if rows:
        index.set_vectors([passage_id for passage_id, _ in rows], unpacked([vector for _, vector in rows]))


def unpacked(vectors: list[bytes]) -> npt.NDArray[np.float32]:
    """[n, d]: as `embedding.packed` was given them."""
    return np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1).astype(np.float32)
