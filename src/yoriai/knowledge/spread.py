"""Passages to ask about: spread over a collection's documents, the same ones for the same seed. The API calls it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from yoriai.knowledge.collections import Collections
from yoriai.knowledge.split import size_of
from yoriai.records import KnownDocument
from yoriai.store.passages import PassageRow
from yoriai.types import User

MOST = 10_000
_LEAST_SIZE = 25  # below it a passage is a heading or a remnant
_SPARE = 20  # passages that a document gives beyond its share, for others have fewer


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageSeen:
    """A passage with where it stands."""

    id: str
    document_id: str
    document: str  # its name
    page: int
    text: str
    language: str


async def spread(
    user: User, collection_id: str, collections: Collections, *, count: int, seed: int
) -> list[PassageSeen]:
    """At most `count` passages: one of every document, in a random order, then a second of each, and so on.

    Raises: NotFoundError: no such collection.
    """
    found = await collections.documents(user, collection_id)
    ready = sorted(
        (each for each in found if each.status == "ready"), key=lambda each: (each.name, each.sha256)
    )
    random.Random(seed).shuffle(ready)  # noqa: S311 — nothing secret
    by_document = []
    for document in ready[:count]:
        rows = await collections.passages(user, collection_id, document.id)
        by_document.append(_shuffled(document, rows, seed)[: count // len(ready) + _SPARE])
    rounds = zip_longest(*by_document)
    return [passage for each in rounds for passage in each if passage][:count]


def _shuffled(document: KnownDocument, rows: Sequence[PassageRow], seed: int) -> list[PassageSeen]:
    seen = [
        PassageSeen(
            id=row.id, document_id=document.id, document=document.name, page=row.page, text=row.text,
            language=row.language,
        )
        for row in rows
        if size_of(row.text) >= _LEAST_SIZE
    ]  # fmt: skip
    random.Random(f"{seed} {document.name}").shuffle(seen)  # noqa: S311
    return seen
