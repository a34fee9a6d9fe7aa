"""Whole documents: all at once where the context holds them, else part by part with visible progress.

What is written anew (a translation, a proofreading) is shown as its parts are done; for anything else notes are
taken on every part and the answer is made from them, with the numbers of the places. `assistant` calls it.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from anyio import to_thread

from yoriai.i18n.catalogue import text
from yoriai.knowledge import whole
from yoriai.knowledge.context import Chosen, harmless, quoted
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.split import language_of, size_of
from yoriai.knowledge.whole import PageOf
from yoriai.records import Collection
from yoriai.responders.turns import UNKNOWN_CONTEXT, Grounded, asked, estimated, fitted, reply_room, turns_of
from yoriai.types import (
    ChatRequest,
    Citation,
    Context,
    Event,
    Finish,
    Message,
    Responder,
    Sources,
    Stage,
    TextDelta,
    Usage,
)

_CHARACTERS = 8  # of a token, more than any text has: only so many are read
_PART_SHARE = 3  # a part takes so much of the context: what is written anew is as long as it
_NOTE_TOKENS = 250  # on one part, and less where there are many


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What is done part by part."""

    request: ChatRequest
    question: str
    rewrites: bool
    groups: list[tuple[Citation, ...]]
    sources: Sources
    room: int  # tokens of one request beside its reply


class WholeDocuments:
    """For one request of one user. `collections`: that the user may read."""

    def __init__(
        self, *, inner: Responder, knowledge: Knowledge, context: Context, collections: Sequence[Collection]
    ) -> None:
        self._inner, self._knowledge, self._context = inner, knowledge, context
        self._collections = collections

    async def prepare(self, request: ChatRequest, answering: str, rewriting: str) -> Grounded | Parts:
        """Everything in one request, or the parts. `answering`, `rewriting`: what stands before either."""
        questions = [each.text() for each in request.messages if each.role == "user"]
        question = questions[-1] if questions else ""
        size = await self._context_size(request)
        pages, left = await self._pages(questions, size * whole.MOST_PARTS * _CHARACTERS // _PART_SHARE)
        is_rewriting = whole.rewrites(question)
        known = await to_thread.run_sync(_at_once, pages, size) if not is_rewriting and not left else None
        if known is not None:
            turns = turns_of(request, answering)
            first = next((place for place, each in enumerate(turns.messages) if each.role == "user"), 0)
            turns.passages[first] = known
            turns.chosen = Chosen(new=known, found=len(known), left_out=0)
            grounded = await fitted(self._inner, request, turns, self._context.language)
            if not grounded.sources.left_out:
                return grounded
        return await self._parts(request, question, pages, left, rewriting, is_rewriting=is_rewriting)

    async def _parts(
        self, request: ChatRequest, question: str, pages: Sequence[PageOf], left: int, system: str, *,
        is_rewriting: bool,
    ) -> Parts:  # fmt: skip
        head = [Message(role="system", content=system), Message(role="user", content=question)]
        bare, size = await self._inner.count_tokens(asked(self._inner, request, head))
        context = size or UNKNOWN_CONTEXT
        room = max(1, context - bare - reply_room(request, context))
        most = min(room, context // _PART_SHARE) / await self._tokens_per_estimate(request, pages)
        groups, further = await to_thread.run_sync(_grouped, pages, most)
        done = [piece for group in groups for piece in group]
        sources = Sources(
            citations=tuple(done), found=len(done) + further + left, left_out=further + left,
            tokens=estimated(done), budget=room,
        )  # fmt: skip
        return Parts(
            request=asked(self._inner, request, head[:1]), question=question, rewrites=is_rewriting,
            groups=groups, sources=sources, room=room,
        )  # fmt: skip

    async def noted(self, parts: Parts) -> AsyncGenerator[Event | Grounded, None]:
        """Stages while notes are taken; at last the request that answers from them."""
        language = language_of(parts.question)
        most = max(32, min(_NOTE_TOKENS, parts.room // max(1, len(parts.groups))))
        notes = []
        for part, group in enumerate(parts.groups, 1):
            yield _stage(part - 1, len(parts.groups))
            task = text(
                "responders.part_note", language, passages=quoted(group), part=part, parts=len(parts.groups),
                number=group[0].number, question=parts.question,
            )  # fmt: skip
            notes.append("".join([said async for said in self._said(parts.request, task, most)]))
        yield _stage(len(parts.groups), len(parts.groups))
        task = text("responders.parts_answer", language, notes="\n".join(notes), question=parts.question)
        message = Message(role="user", content=task)
        yield Grounded(
            request=asked(self._inner, parts.request, [*parts.request.messages, message]), sources=parts.sources,
            question=parts.question, language=language, is_relevant=bool(parts.groups),
        )  # fmt: skip

    async def rewritten(self, parts: Parts) -> AsyncGenerator[Event, None]:
        """The result of every part as it is written."""
        language = language_of(parts.question)
        usage, reason = Usage(prompt_tokens=0, completion_tokens=0), Finish(reason="stop")
        for part, group in enumerate(parts.groups, 1):
            yield _stage(part - 1, len(parts.groups))
            if part > 1:
                yield TextDelta(text="\n\n")
            task = text(
                "responders.part_rewrite", language, part=part, parts=len(parts.groups), question=parts.question,
                passage=harmless("\n\n".join(piece.text for piece in group)),
            )  # fmt: skip
            async with aclosing(self._events(parts.request, task, None)) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        usage = _added(usage, event)
                    elif isinstance(event, Finish):
                        reason = event if event.reason != "stop" else reason
                    else:
                        yield event
        yield _stage(len(parts.groups), len(parts.groups))
        yield reason
        yield usage

    async def _said(self, request: ChatRequest, task: str, most: int) -> AsyncGenerator[str, None]:
        async with aclosing(self._events(request, task, most)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield event.text

    def _events(self, request: ChatRequest, task: str, most: int | None) -> AsyncGenerator[Event, None]:
        sent = asked(self._inner, request, [*request.messages, Message(role="user", content=task)])
        sent = sent.model_copy(update={"server_tools": None})
        if most:
            sent = sent.model_copy(update={"max_tokens": most, "max_completion_tokens": None})
        return self._inner.respond(sent, self._context)

    async def _pages(self, questions: Sequence[str], most: int) -> tuple[list[PageOf], int]:
        """Of the documents that the questions name, else of all that can be read: `most` characters.

        And about how many passages are left, which are counted and not read.
        """
        listed = []
        for collection in self._collections:
            documents = await self._knowledge.collections.documents(self._context.user, collection.id)
            listed += [document for document in documents if document.status == "ready"]
        pages, left = [], 0
        for document in whole.asked_for(listed, questions):
            if most <= 0:
                left += document.passages
                continue
            read, characters = await self._knowledge.collections.beginning(
                self._context.user, document.collection_id, document.id, most
            )
            pages += [PageOf(document=document, number=number, text=text) for number, text in read]
            if characters > most:
                left += math.ceil(document.passages * (characters - most) / characters)
            most -= characters
        return pages, left

    async def _context_size(self, request: ChatRequest) -> int:
        return (await self._inner.count_tokens(request))[1] or UNKNOWN_CONTEXT

    async def _tokens_per_estimate(self, request: ChatRequest, pages: Sequence[PageOf]) -> float:
        """How many tokens of this model an estimated one is, by the beginning of the text."""
        sample = next((page.text for page in pages if page.text.strip()), "")[:2000]
        expected = size_of(sample)
        if expected < 1:
            return 1.0
        message = Message(role="user", content=sample)
        counted, _ = await self._inner.count_tokens(asked(self._inner, request, [message]))
        return max(1.0, counted / expected)


def _at_once(pages: Sequence[PageOf], size: int) -> tuple[Citation, ...] | None:
    """All of it, where a context of `size` tokens may hold it."""
    known = tuple(whole.pieces(pages))
    return known if estimated(known) <= size else None


def _grouped(pages: Sequence[PageOf], most: float) -> tuple[list[tuple[Citation, ...]], int]:
    """As many parts as are done, and how many pieces are not in them."""
    groups = whole.parts(whole.pieces(pages, min(whole.PIECE, most)), most)
    return groups[: whole.MOST_PARTS], sum(map(len, groups[whole.MOST_PARTS :]))


def _stage(done: int, parts: int) -> Stage:
    return Stage(name="parts", detail=f"{done}/{parts}", progress=done / parts if parts else 1.0)


def _added(a: Usage, b: Usage) -> Usage:
    return replace(
        b, prompt_tokens=a.prompt_tokens + b.prompt_tokens, cached_tokens=a.cached_tokens + b.cached_tokens,
        completion_tokens=a.completion_tokens + b.completion_tokens,
        prompt_ms=(a.prompt_ms or 0) + (b.prompt_ms or 0),
        generation_ms=(a.generation_ms or 0) + (b.generation_ms or 0),
    )  # fmt: skip
