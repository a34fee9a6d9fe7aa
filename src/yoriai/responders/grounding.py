"""A conversation with passages before its questions: what is searched, chosen and put where, within the context.

The beginning of the prompt stays the same from question to question: every question keeps its passages, found again
each time (so that rights and removals count at once), and a later one only adds what is new. `assistant` calls it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from yoriai.i18n.catalogue import text
from yoriai.knowledge import condense
from yoriai.knowledge.context import FIRST, MORE, Chosen, choose, quoted
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.search import Found, FoundPassage
from yoriai.knowledge.split import language_of, size_of
from yoriai.types import (
    ChatRequest,
    Citation,
    Context,
    Language,
    Message,
    Responder,
    Sources,
    TextDelta,
    TextPart,
)

UNKNOWN_CONTEXT = 4096  # of a responder that doesn't say
_REPLY_TOKENS, _REPLY_SHARE = 1024, 4  # room for the reply, but never more than this part of the context
_CONTEXT_SHARE = 3  # passages of one question take at most this part
_QUESTIONS = 4  # so many of the last keep their passages
_HITS = 8
_LONGEST_QUERY = 2000
_REWRITTEN_TOKENS = 80
_REMEMBERED = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Grounded:
    """What the inner responder is asked, and what it may rest on."""

    request: ChatRequest
    sources: Sources
    question: str
    language: Language
    best: FoundPassage | None  # of what the last question found


@dataclass(slots=True)
class Rewrites:
    """Questions that a model wrote anew, so that a conversation is put together in the same way next time."""

    _known: OrderedDict[tuple[str, ...], str] = field(default_factory=OrderedDict)

    def get(self, user_id: str, questions: Sequence[str]) -> str | None:
        return self._known.get((user_id, *questions))

    def keep(self, user_id: str, questions: Sequence[str], query: str) -> None:
        self._known[user_id, *questions] = query
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


@dataclass(slots=True)
class _Turns:
    """Messages after the system's, the passages before each question, and what the last one found."""

    head: list[Message]
    messages: list[Message]
    passages: dict[int, tuple[Citation, ...]] = field(default_factory=dict)  # by place of the question
    chosen: Chosen = field(default_factory=lambda: Chosen(new=(), found=0, left_out=0))
    best: FoundPassage | None = None
    query: str = ""

    def known(self) -> list[Citation]:
        return [citation for place in sorted(self.passages) for citation in self.passages[place]]

    def before(self, until: int | None = None) -> list[Message]:
        """The messages before place `until`, each question with its passages before it."""
        return self.head + [
            message if message.role != "user" else _question(message, self.passages.get(place, ()))
            for place, message in enumerate(self.messages[:until])
        ]

    def drop(self) -> None:
        """The passages of the oldest question go, or the last passage of the only one that has some."""
        with_some = [place for place, passages in self.passages.items() if passages]
        oldest = min(with_some)
        if len(with_some) > 1:
            self.passages[oldest] = ()
            return
        self.passages[oldest] = self.passages[oldest][:-1]
        self.chosen = replace(self.chosen, left_out=self.chosen.left_out + 1)


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
        turns = _Turns(
            head=[Message(role="system", content=system)],
            messages=[each for each in request.messages if each.role not in {"system", "developer"}],
        )
        size = (await self._inner.count_tokens(request))[1] or UNKNOWN_CONTEXT
        places = [n for n, each in enumerate(turns.messages) if each.role == "user" and each.text().strip()]
        for number in range(max(0, len(places) - _QUESTIONS), len(places)):
            questions = [turns.messages[place].text() for place in places[: number + 1]]
            turns.query = self._rewrites.get(self._context.user.id, questions) or condense.by_rule(questions)
            if number == len(places) - 1 and condense.needs_model(questions):
                turns.query = await self._written(questions, request, turns.before(places[number]))
            await self._find(turns, places[number], size)
        return await self._fitted(request, turns)

    async def _find(self, turns: _Turns, place: int, size: int) -> None:
        """What the query of the question at `place` finds goes before it, unless it is there already."""
        found = (await self._search(turns.query)).passages
        allowance = min(MORE if turns.known() else FIRST, size // _CONTEXT_SHARE)
        turns.chosen = await choose(found, turns.known(), allowance, self._page_text)
        turns.passages[place] = turns.chosen.new
        turns.best = found[0] if found else None

    async def _written(self, questions: Sequence[str], request: ChatRequest, before: list[Message]) -> str:
        """The last question as the model writes it anew, once."""

        async def ask() -> str:
            language = language_of(questions[-1])
            again = text("responders.ask_again", language, question=questions[-1])
            return await self._said(request, [*before, Message(role="user", content=again)])

        query = self._rewrites.get(self._context.user.id, questions) or await condense.condensed(
            questions, ask
        )
        self._rewrites.keep(self._context.user.id, questions, query)
        return query

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

    async def _search(self, query: str) -> Found:
        if not query.strip():
            return Found(passages=[], method="lexical", embedding_ms=0, search_ms=0)
        return await self._knowledge.search.search(
            self._context.user, self._collection_ids, query[:_LONGEST_QUERY], limit=_HITS
        )

    async def _page_text(self, passage: FoundPassage) -> str:
        page = await self._knowledge.collections.page(
            self._context.user, passage.collection_id, passage.document_id, passage.page
        )
        return page.text

    async def _fitted(self, request: ChatRequest, turns: _Turns) -> Grounded:
        """Passages leave, of the oldest question first, until everything has room beside the reply."""
        bare, size = await self._inner.count_tokens(self._asked(request, [*turns.head, *turns.messages]))
        context = size or UNKNOWN_CONTEXT
        room = max(0, context - bare - _reply_room(request, context))
        while True:
            sent = self._asked(request, turns.before())
            tokens = (await self._inner.count_tokens(sent))[0] - bare if size else _estimated(turns.known())
            if tokens <= room or not turns.known():
                break
            turns.drop()
        question = next((each.text() for each in reversed(turns.messages) if each.role == "user"), "")
        return Grounded(
            request=sent, question=question, language=_language(question, self._context.language), best=turns.best,
            sources=Sources(
                citations=tuple(turns.known()), found=turns.chosen.found, left_out=turns.chosen.left_out,
                tokens=tokens if turns.known() else 0, budget=room, query=turns.query,
            ),
        )  # fmt: skip

    def _asked(self, request: ChatRequest, messages: list[Message]) -> ChatRequest:
        return request.model_copy(update={"model": self._inner.name, "messages": messages})


def _question(message: Message, passages: tuple[Citation, ...]) -> Message:
    if not passages:
        return message
    question = message.text()
    asked = text(
        "responders.ask_question", language_of(question), passages=quoted(passages), question=question,
        number=passages[0].number,
    )  # fmt: skip
    if isinstance(message.content, list):  # pictures stay
        rest = [part for part in message.content if not isinstance(part, TextPart)]
        return message.model_copy(update={"content": [TextPart(type="text", text=asked), *rest]})
    return message.model_copy(update={"content": asked})


def _estimated(citations: Sequence[Citation]) -> int:
    return round(sum(size_of(each.text) for each in citations))


def _reply_room(request: ChatRequest, size: int) -> int:
    wanted = request.max_completion_tokens or request.max_tokens or _REPLY_TOKENS
    return min(wanted, _REPLY_TOKENS, size // _REPLY_SHARE)


def _language(question: str, otherwise: Language) -> Language:
    """Of the question, where it has letters enough to tell."""
    return language_of(question) if sum(character.isalpha() for character in question) > 3 else otherwise
