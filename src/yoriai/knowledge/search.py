"""The Search service: passages of collections that the user may read, by words and by meaning.

Rights are in the query for collections; nothing of another collection is even ranked. Where vectors are still being
made, or the model can't be asked, words alone are compared and the result says so; where a reranker is set, it reads
the best. `responders`, API, page and terminal call it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from anyio import to_thread

from yoriai.access import owners
from yoriai.errors import NotFoundError, UsageError, YoriaiError
from yoriai.knowledge import fusion
from yoriai.knowledge.attributes import attributes_of
from yoriai.knowledge.conditions import Condition, holds
from yoriai.knowledge.embedding import Embedder
from yoriai.knowledge.fusion import Method
from yoriai.knowledge.holdings import Holdings
from yoriai.knowledge.passage import FoundPassage
from yoriai.knowledge.reranking import CANDIDATES, Fallback, Reranker
from yoriai.knowledge.tokens import tokens
from yoriai.records import Collection, KnownDocument
from yoriai.store import collections, documents, passages
from yoriai.store.database import Connection, Database
from yoriai.store.passages import PassageRow
from yoriai.types import User

_log = logging.getLogger("yoriai.knowledge")
SearchMethod = Literal["hybrid", "lexical", "dense", "reranked"]
LONGEST_QUERY = 10_000  # characters
MOST_HITS = 200
_RANKING: tuple[SearchMethod, ...] = ("lexical", "dense", "hybrid")
_RERANKING: tuple[SearchMethod, ...] = (*_RANKING, "reranked")


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which documents may be found; what is empty or None doesn't limit."""

    documents: tuple[str, ...] = ()  # ids, of documents or their files
    tags: tuple[str, ...] = ()  # all of them
    since: datetime | None = None  # changed or added
    until: datetime | None = None
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    passages: list[FoundPassage]
    method: SearchMethod  # that was used
    embedding_ms: float
    search_ms: float
    reranking_ms: float = 0.0
    fallback: Fallback = ""  # why nothing was reranked, though it was wanted


class Search:
    """Looks into collections."""

    def __init__(self, database: Database, embedder: Embedder, reranker: Reranker | None = None) -> None:
        self._database = database
        self._embedder = embedder
        self._reranker = reranker
        self._holdings = Holdings(database)

    @property
    def methods(self) -> tuple[SearchMethod, ...]:
        """All that can be asked for here, the best one last."""
        return _RERANKING if self._reranker else _RANKING

    async def search(
        self, user: User, collection_ids: Sequence[str], query: str, *, limit: int = 10,
        method: SearchMethod | None = None, filters: Filters = Filters(),
    ) -> Found:  # fmt: skip
        """The best passages of these collections together, best first.

        Args:
            method: None: the best there is.

        Raises:
            NotFoundError: one of the collections isn't there, or isn't this user's to read. UsageError.
        """
        wanted = method or self.methods[-1]
        most = min(max(limit, 1), MOST_HITS)
        if wanted != "reranked":
            return await self._ranked(user, collection_ids, query, most=most, method=wanted, filters=filters)
        if self._reranker is None:
            raise UsageError("knowledge.no_reranking_model", param="method")
        many = max(most, CANDIDATES)
        found = await self._ranked(user, collection_ids, query, most=many, method="hybrid", filters=filters)
        started = time.perf_counter()
        passages, fallback = await self._reranker.reordered(query, found.passages)
        return replace(
            found, passages=passages[:most], method=found.method if fallback else "reranked", fallback=fallback,
            reranking_ms=(time.perf_counter() - started) * 1000,
        )  # fmt: skip

    async def _ranked(
        self, user: User, collection_ids: Sequence[str], query: str, *, most: int, method: Method, filters: Filters
    ) -> Found:  # fmt: skip
        if not query.strip() or len(query) > LONGEST_QUERY:
            raise UsageError("knowledge.bad_query", param="query", longest=LONGEST_QUERY)
        query = query.encode("utf8", "replace").decode("utf8")  # lone surrogates are no characters
        chosen, allowed = await self._database.read(
            lambda connection: _chosen(connection, user, collection_ids, filters)
        )
        started = time.perf_counter()
        vector = None if method == "lexical" else await self._vector(chosen, query)
        embedded = time.perf_counter()
        used: Method = method if vector is not None or method == "dense" else "lexical"
        indexes = [await self._holdings.index(collection) for collection in chosen]

        def ranked() -> list[fusion.Hit]:
            return fusion.rank(
                indexes, words=tokens(query), vector=vector, k=most, documents=allowed, method=used
            )

        hits = await to_thread.run_sync(ranked)
        shown = await self._database.read(lambda connection: _shown(connection, chosen, hits))
        return Found(
            passages=shown, method=used, embedding_ms=(embedded - started) * 1000,
            search_ms=(time.perf_counter() - embedded) * 1000,
        )  # fmt: skip

    async def _vector(self, chosen: Sequence[Collection], query: str) -> Any:
        """The query's vector; None where no collection has vectors, or the model can't be asked."""
        models = {collection.embedding_model for collection in chosen} - {""}
        if len(models) != 1:  # of different models: their vectors can't be compared
            return None
        try:
            return await self._embedder.query(models.pop(), query)
        except YoriaiError as error:
            _log.warning("searching by words only: %s", error)
            return None


def _chosen(
    connection: Connection, user: User, collection_ids: Sequence[str], filters: Filters
) -> tuple[list[Collection], set[str] | None]:
    """The collections, and the documents that the filters let pass (None: all)."""
    chosen = []
    for collection_id in dict.fromkeys(collection_ids):
        collection = collections.find(connection, owners(user), collection_id)
        if collection is None:
            raise NotFoundError("access.not_found", param="vector_store_id")
        chosen.append(collection)
    if filters == Filters():
        return chosen, None
    listed = [document for each in chosen for document in documents.of_collection(connection, each.id)]
    return chosen, {document.id for document in listed if _passes(document, filters)}


def _passes(document: KnownDocument, filters: Filters) -> bool:
    date = document.modified_at or document.added_at
    return (
        (not filters.documents or bool({document.id, document.file_id} & set(filters.documents)))
        and set(filters.tags) <= set(document.tags)
        and (filters.since is None or date >= filters.since)
        and (filters.until is None or date <= filters.until)
        and (filters.condition is None or holds(filters.condition, document))
    )


def _shown(
    connection: Connection, chosen: Sequence[Collection], hits: Sequence[fusion.Hit]
) -> list[FoundPassage]:
    """What was removed since the index was read is left out."""
    rows = passages.by_ids(connection, [each.id for each in chosen], [hit.id for hit in hits])
    names: dict[str, KnownDocument | None] = {}
    for row in rows.values():
        if row.document_id not in names:
            names[row.document_id] = documents.find(connection, row.collection_id, row.document_id)
    return [
        _passage(hit, rows[hit.id], document)
        for hit in hits
        if hit.id in rows and (document := names[rows[hit.id].document_id])
    ]


def _passage(hit: fusion.Hit, row: PassageRow, document: KnownDocument) -> FoundPassage:
    return FoundPassage(
        passage_id=row.id, collection_id=row.collection_id, document_id=row.document_id, file_id=document.file_id,
        document=document.name, page=row.page, start=row.start, end=row.end, text=row.text,
        heading_path=tuple(row.heading_path), language=row.language, score=hit.score, lexical=hit.lexical,
        dense=hit.cosine, attributes=attributes_of(document),
    )  # fmt: skip
