"""A conversation with passages before its questions: what is searched, chosen and put where, within the context.

The beginning of the prompt stays the same from question to question: every question keeps its passages, found again
each time (so that rights and removals count at once), and a later one only adds what is new. `assistant` calls it.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from yoriai.i18n.catalogue import text
from yoriai.knowledge import condense
from yoriai.knowledge.context import FIRST, MORE, UNSURE, choose, interleaved
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.passage import FoundPassage
from yoriai.knowledge.split import language_of
from yoriai.knowledge.support import cited_in
from yoriai.responders.turns import UNKNOWN_CONTEXT, Grounded, Turns, fitted, turns_of
from yoriai.types import ChatRequest, Context, Message, Responder, TextDelta

_CONTEXT_SHARE = 3  # passages of one question take at most this part
# So many of the last questions keep their passages. Where there are more, half of them lose theirs at once, so that
# the beginning of the prompt changes once in a few questions and not with each.
_QUESTIONS, _QUESTIONS_OF_SMALL = 8, 4
_SMALL_CONTEXT = 10_000
_HIGHEST = 800  # numbers have three digits
_HITS = 8
# Without a common word and below this cosine, nothing was found. No threshold tells more: questions in other words or
# in another language score like those that have no answer (docs/log.md), so what the reply says decides.
_LEAST_COSINE = 0.75
_SURE_SHARE = (
    0.15  # 95 of 100 questions in the words of their passage share more; half of those in other words less
)
_LONGEST_QUERY = 2000
_REWRITTEN_TOKENS = 80
_REMEMBERED = 500


@dataclass(slots=True)
class Rewrites:
    """Questions that a model wrote anew, so that a conversation is put together in the same way next time.

    Of the conversations themselves nothing is kept but a digest.
    """

    _known: OrderedDict[bytes, tuple[str, ...]] = field(default_factory=OrderedDict)

    def get(self, user_id: str, questions: Sequence[str]) -> tuple[str, ...] | None:
        return self._known.get(_digest(user_id, questions))

    def keep(self, user_id: str, questions: Sequence[str], queries: tuple[str, ...]) -> None:
        self._known[_digest(user_id, questions)] = tuple(query[:_LONGEST_QUERY] for query in queries)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


class Grounding:
    """For one request of one user. `collection_ids`: that the user may read."""

    def __init__(
        self, *, inner: Responder, knowledge: Knowledge, context: Context, collection_ids: Sequence[str],
        rewrites: Rewrites,
    ) -> None:  # fmt: skip
        self._inner, self._knowledge, self._context = inner, knowledge, context
        self._collection_ids, self._rewrites = collection_ids, rewrites

    async def ground(self, request: ChatRequest, system: str) -> Grounded:
        """`request` with passages. `system`: what stands before everything. Raises: as `Search.search`."""
        turns = turns_of(request, system)
        size = (await self._inner.count_tokens(request))[1] or UNKNOWN_CONTEXT
        places = [n for n, each in enumerate(turns.messages) if each.role == "user" and each.text().strip()]
        first, since = _window(len(places), size)
        turns.last_number = _highest(turns.messages[: places[since]]) if first else 0
        for number in range(first, len(places)):
            questions = [turns.messages[place].text() for place in places[: number + 1]]
            queries = self._rewrites.get(self._context.user.id, questions) or condense.by_rule(questions)
            if number == len(places) - 1 and condense.needs_model(questions):
                queries = await self._written(questions, request, turns.before(places[number]))
            await self._find(turns, queries, places[number], size)
        return await fitted(self._inner, request, turns, self._context.language)

    async def _find(self, turns: Turns, queries: Sequence[str], place: int, size: int) -> None:
        """What is found for the question at `place` goes before it, unless it is there already."""
        found = interleaved([await self._search(query) for query in queries])
        turns.query = " | ".join(queries)
        wanted = UNSURE if _is_unsure(found) else MORE if turns.known() else FIRST
        allowance = min(wanted, size // _CONTEXT_SHARE)
        turns.chosen = await choose(found, turns.known(), allowance, self._page_text, turns.last_number)
        turns.passages[place] = turns.chosen.new
        turns.is_relevant = any(_is_relevant(each) for each in found)

    async def _written(
        self, questions: Sequence[str], request: ChatRequest, before: list[Message]
    ) -> tuple[str, ...]:
        """The last question as the model writes it anew, once."""

        async def ask() -> str:
            language = language_of(questions[-1])
            again = text("responders.ask_again", language, question=questions[-1])
            return await self._said(request, [*before, Message(role="user", content=again)])

        queries = self._rewrites.get(self._context.user.id, questions) or await condense.condensed(
            questions, ask
        )
        self._rewrites.keep(self._context.user.id, questions, queries)
        return queries

    async def _said(self, request: ChatRequest, messages: list[Message]) -> str:
        """What the inner responder says to `messages`, in short. The conversation before stays in its cache."""
        short = ChatRequest(
            model=self._inner.name,
            messages=messages,
            max_tokens=_REWRITTEN_TOKENS,
            temperature=0,
            seed=request.seed,
        )
        parts = []
        async with aclosing(self._inner.respond(short, self._context)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    parts.append(event.text)
        return "".join(parts)

    async def _search(self, query: str) -> list[FoundPassage]:
        if not query.strip():
            return []
        found = await self._knowledge.search.search(
            self._context.user, self._collection_ids, query[:_LONGEST_QUERY], limit=_HITS
        )
        return found.passages

    async def _page_text(self, passage: FoundPassage) -> str:
        page = await self._knowledge.collections.page(
            self._context.user, passage.collection_id, passage.document_id, passage.page
        )
        return page.text


def _digest(user_id: str, questions: Sequence[str]) -> bytes:
    digest = hashlib.sha256()
    for each in (user_id, *questions):
        part = each.encode("utf8", "replace")
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _window(count: int, size: int) -> tuple[int, int]:
    """Of `count` questions: the first that keeps its passages, and the one since which it is the first."""
    most = _QUESTIONS if size >= _SMALL_CONTEXT else _QUESTIONS_OF_SMALL
    half = most // 2
    first = max(0, math.ceil((count - most) / (half + 1))) * (half + 1)
    return first, first + half - 1 if first else 0


def _highest(messages: Sequence[Message]) -> int:
    """The highest number that an answer cites: one that comes again would lead to another passage."""
    cited = (cited_in(each.text()) for each in messages if each.role == "assistant")
    return max((number for numbers in cited for number in numbers if number <= _HIGHEST), default=0)


def _is_relevant(best: FoundPassage) -> bool:
    return bool(best.lexical) or (best.dense or 0) >= _LEAST_COSINE


def _is_unsure(found: Sequence[FoundPassage]) -> bool:
    return max((each.lexical or 0 for each in found), default=0) < _SURE_SHARE
