"""How well a collection is searched: questions with what answers them, every method side by side (`kb eval`).

A question's right passages are those of its document and page that hold its text; `measure` has the figures.
"""

from __future__ import annotations

import asyncio
import statistics
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from anyio import to_thread

from yoriai.errors import ConflictError, UsageError
from yoriai.knowledge.collections import Collections
from yoriai.knowledge.measure import DEPTH, Quality, quality
from yoriai.knowledge.search import Found, Search, SearchMethod
from yoriai.store.passages import PassageRow
from yoriai.types import User

MOST_QUESTIONS = 1000
_MOST_S = 1800.0
_SHORTEST = 8  # characters of a passage that a longer text may contain


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """`document` (its name or id), `page`, `text` or `answer`: what is given must hold of a right passage."""

    question: str
    document: str = ""
    page: int | None = None
    text: str = ""  # words of the document
    answer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodResult:
    method: SearchMethod
    quality: Quality
    embedding_ms: float  # median
    search_ms: float
    reranking_ms: float
    fallbacks: int  # questions that were not reranked, for it failed or took too long


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    questions: int  # that were asked
    without_answer: list[str]  # nothing in the collection is what they expect: left out
    methods: list[MethodResult]


class Evaluating:
    """One evaluation of a user at a time, for as long as it may take."""

    def __init__(self, collections: Collections, search: Search, most_s: float = _MOST_S) -> None:
        self._collections, self._search, self._most_s = collections, search, most_s
        self._busy: set[str] = set()  # users

    async def evaluate(self, user: User, collection_id: str, questions: Sequence[Question]) -> Evaluation:
        """Cancelling ends it soon.

        Raises:
            NotFoundError: no such collection. ConflictError: another one of this user has not ended.
            UsageError: no question, too many, one that expects nothing, or all of it takes too long.
        """
        _check(questions)
        if user.id in self._busy:
            raise ConflictError("knowledge.evaluation_running")
        self._busy.add(user.id)
        try:
            async with asyncio.timeout(self._most_s) as limit:
                return await self._evaluated(user, collection_id, questions)
        except TimeoutError:
            if not limit.expired():
                raise
            minutes = round(self._most_s / 60)
            raise UsageError("knowledge.evaluation_long", param="questions", minutes=minutes) from None
        finally:
            self._busy.discard(user.id)

    async def _evaluated(self, user: User, collection_id: str, questions: Sequence[Question]) -> Evaluation:
        passages = await _passages(
            user, collection_id, self._collections, {each.document for each in questions}
        )
        right = [await to_thread.run_sync(_right, question, passages) for question in questions]
        asked = [(question, ids) for question, ids in zip(questions, right, strict=True) if ids]
        methods = [
            await _measured(user, collection_id, method, asked, self._search)
            for method in self._search.methods
        ]
        dense = methods[1]  # the later ones found the queries' vectors made already
        methods[2:] = [replace(method, embedding_ms=dense.embedding_ms) for method in methods[2:]]
        return Evaluation(
            questions=len(asked), methods=methods,
            without_answer=[q.question for q, ids in zip(questions, right, strict=True) if not ids],
        )  # fmt: skip


def _check(questions: Sequence[Question]) -> None:
    if not questions or len(questions) > MOST_QUESTIONS:
        raise UsageError("knowledge.question_count", most=MOST_QUESTIONS)
    for question in questions:
        if not (question.document or question.text or question.answer):
            raise UsageError("knowledge.question_expects_nothing", question=question.question[:60])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    id: str
    page: int
    key: str


async def _passages(
    user: User, collection_id: str, collections: Collections, wanted: set[str]
) -> dict[str, list[_Known]]:
    """By each name of the documents that questions name; by "" those of all, where one names none."""
    known: dict[str, list[_Known]] = {}
    for document in await collections.documents(user, collection_id):
        names = wanted & {"", document.name, document.id, document.name.rpartition("/")[2]}
        if names:
            rows = await collections.passages(user, collection_id, document.id)
            passages = await to_thread.run_sync(_known, rows)
            for name in names:
                known.setdefault(name, []).extend(passages)
    return known


def _known(rows: Sequence[PassageRow]) -> list[_Known]:
    return [_Known(id=row.id, page=row.page, key=_key(row.text)) for row in rows]


def _right(question: Question, passages: Mapping[str, Sequence[_Known]]) -> set[str]:
    wanted = [key for key in (_key(question.text), _key(question.answer)) if key]
    return {
        each.id
        for each in passages.get(question.document, ())
        if question.page in {None, each.page}
        and all(key in each.key or (len(each.key) >= _SHORTEST and each.key in key) for key in wanted)
    }


async def _measured(
    user: User,
    collection_id: str,
    method: SearchMethod,
    asked: Sequence[tuple[Question, set[str]]],
    search: Search,
) -> MethodResult:
    rankings, all_found = [], []
    for question, _ in asked:
        found = await search.search(user, [collection_id], question.question, limit=DEPTH, method=method)
        rankings.append([passage.passage_id for passage in found.passages])
        all_found.append(found)

    def median(cost: Callable[[Found], float]) -> float:
        return statistics.median(map(cost, all_found)) if all_found else 0.0

    return MethodResult(
        method=method, quality=quality(rankings, [ids for _, ids in asked]),
        embedding_ms=median(lambda found: found.embedding_ms), search_ms=median(lambda found: found.search_ms),
        reranking_ms=median(lambda found: found.reranking_ms),
        fallbacks=sum(bool(found.fallback) for found in all_found),
    )  # fmt: skip


def _key(text: str) -> str:
    """How texts are compared: width, case and white space don't count."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
