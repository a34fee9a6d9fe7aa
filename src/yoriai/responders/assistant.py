"""An assistant: a responder with a role and documents. It searches, cites, and says what bears out what it said.

Puts `grounding` (what the inner responder is asked), `citing` (its citations as they stream) and knowledge's support
check together. Rights are those of whoever asks: a collection that they may not read is not searched.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from anyio import to_thread

from yoriai.errors import UnsupportedError, YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import FIRST
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.mention import mentioning
from yoriai.knowledge.split import language_of
from yoriai.records import Assistant, Collection
from yoriai.responders.answerable import is_doubted
from yoriai.responders.cited_reply import CitedReply, refusal
from yoriai.responders.grounding import Grounding, Rewrites
from yoriai.responders.judging import judged
from yoriai.responders.turns import Grounded, beside_prose
from yoriai.responders.whole_documents import Parts, WholeDocuments
from yoriai.types import (
    ChatRequest,
    Context,
    Event,
    Finish,
    Message,
    Responder,
    Sampling,
    Stage,
    TextDelta,
    Usage,
)

PREFIX = "assistant:"
# Where nobody sets a limit: a small model may repeat itself without end, and what nothing bears out is not even shown.
_LONGEST_REPLY_TOKENS = {"passages": 1024, "whole": 2048}
_TEMPERATURE = 0.2  # where neither the request nor the assistant says: close to what the passages say


class AssistantResponder:
    """`inner` answers, `judge` looks at its sentences; `rewrites` is one for all assistants of this process."""

    def __init__(
        self, assistant: Assistant, inner: Responder, knowledge: Knowledge, rewrites: Rewrites | None = None,
        judge: Responder | None = None,
    ) -> None:  # fmt: skip
        self._judge = judge
        self._assistant, self._inner, self._knowledge = assistant, inner, knowledge
        self._rewrites = rewrites or Rewrites()

    @property
    def name(self) -> str:
        return PREFIX + self._assistant.name

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Stage("searching"), Sources, the reply, Stage("checking"), Support, then Finish and Usage.

        Without collections: the inner responder's events.

        Raises:
            UnsupportedError: only the documents may speak, and what is asked for is not prose that could be checked.
            Else as the inner responder and `Search.search`.
        """
        if self._assistant.collection_ids and self._assistant.only_documents:
            _check_plain(request)
        request = self._own(request)
        context = replace(
            context, reads_foreign=context.reads_foreign or bool(self._assistant.collection_ids)
        )
        collections = await self._readable(context)
        if not self._assistant.collection_ids:
            events = self._inner.respond(self._with_system(request, self._system(request)), context)
        elif self._assistant.mode == "whole":
            events = self._from_documents(request, context, collections)
        else:
            events = self._from_passages(request, context, collections)
        async with aclosing(events):
            async for event in events:
                yield event

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        """With room for the passages of one question."""
        sent = self._with_system(self._own(request), self._system(request))
        tokens, size = await self._inner.count_tokens(sent)
        return tokens + (min(FIRST, size // 3) if self._assistant.collection_ids else 0), size

    async def _from_passages(
        self, request: ChatRequest, context: Context, collections: Sequence[Collection]
    ) -> AsyncGenerator[Event, None]:
        yield Stage(name="searching")
        grounding = Grounding(
            inner=self._inner, knowledge=self._knowledge, context=context, rewrites=self._rewrites,
            collection_ids=[collection.id for collection in collections],
        )  # fmt: skip
        grounded = await grounding.ground(request, self._system(request))
        yield grounded.sources
        async with aclosing(self._answered(request, context, grounded, collections)) as events:
            async for event in events:
                yield event

    async def _from_documents(
        self, request: ChatRequest, context: Context, collections: Sequence[Collection]
    ) -> AsyncGenerator[Event, None]:
        yield Stage(name="searching")
        whole = WholeDocuments(
            inner=self._inner, knowledge=self._knowledge, context=context, collections=collections
        )
        rules = text("responders.whole_rules", language_of(_first_question(request)))
        found = await whole.prepare(request, self._system(request), self._system(request, rules))
        yield found.sources
        if isinstance(found, Parts) and found.rewrites and found.groups:
            async with aclosing(whole.rewritten(found)) as events:
                async for event in events:
                    yield event
            return
        if isinstance(found, Parts):
            async with aclosing(whole.noted(found)) as steps:
                async for step in steps:
                    if isinstance(step, Grounded):
                        found = step
                    else:
                        yield step
        assert isinstance(found, Grounded)
        async with aclosing(self._answered(request, context, found, collections)) as events:
            async for event in events:
                yield event

    async def _answered(
        self, request: ChatRequest, context: Context, grounded: Grounded, collections: Sequence[Collection]
    ) -> AsyncGenerator[Event, None]:
        """The reply to what stands before the model, checked where it is prose."""
        if self._assistant.only_documents and not await self._may_be_answered(grounded, context):
            for event in refusal(grounded.language):
                yield event
            return
        events = self._inner.respond(grounded.request, context)
        if _is_plain(request):
            events = self._checked(events, context, grounded, collections)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _may_be_answered(self, grounded: Grounded, context: Context) -> bool:
        if not grounded.is_relevant or not mentioning(grounded.question, grounded.sources.citations):
            return False
        is_question = self._assistant.mode == "passages"  # of a whole document mostly something else is asked
        return not (is_question and await is_doubted(grounded, self._inner, context))

    async def _checked(
        self, events: AsyncGenerator[Event, None], context: Context, grounded: Grounded,
        collections: Sequence[Collection],
    ) -> AsyncGenerator[Event, None]:  # fmt: skip
        """The reply with its citations put right; after it, what bears out its sentences."""
        reply = CitedReply(grounded, is_gated=self._assistant.only_documents)
        last: list[Event] = []
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Finish | Usage):
                    last.append(event)
                elif not isinstance(event, TextDelta):
                    yield event
                elif said := await to_thread.run_sync(reply.feed, event.text):
                    yield replace(event, text=said, logprobs=None)
        if said := await to_thread.run_sync(reply.finish):
            yield TextDelta(text=said)
        if self._assistant.checks_support or self._assistant.only_documents:
            async with aclosing(self._support(reply, context, grounded, collections)) as steps:
                async for step in steps:
                    yield step
        for event in last:
            yield event

    async def _support(
        self, reply: CitedReply, context: Context, grounded: Grounded, collections: Sequence[Collection]
    ) -> AsyncGenerator[Event, None]:
        yield Stage(name="checking")
        support, said = await reply.check(lambda texts: self._vectors(collections, texts))
        if said:
            yield TextDelta(text=said)
        if self._judge is None:
            yield support
            return
        judging = judged(reply.text, support, grounded.sources.citations, self._judge, context)
        async with aclosing(judging) as steps:
            async for step in steps:
                yield step

    async def _vectors(
        self, collections: Sequence[Collection], texts: Sequence[str]
    ) -> npt.NDArray[np.float32] | None:
        model = next((each.embedding_model for each in collections if each.embedding_model), "")
        if not model:
            return None
        try:
            return np.stack([await self._knowledge.embedder.query(model, each) for each in texts])
        except YoriaiError:
            return None

    async def _readable(self, context: Context) -> list[Collection]:
        if not self._assistant.collection_ids:
            return []
        readable = {each.id: each for each in await self._knowledge.collections.readable(context.user)}
        return [readable[each] for each in self._assistant.collection_ids if each in readable]

    def _own(self, request: ChatRequest) -> ChatRequest:
        """The assistant's sampling where the request leaves it open."""
        own = self._assistant.sampling.model_dump(include=set(Sampling.model_fields), exclude_none=True)
        if self._assistant.collection_ids:
            most = _LONGEST_REPLY_TOKENS[self._assistant.mode]
            own = {"temperature": _TEMPERATURE, "max_tokens": most} | own
        missing = {name: value for name, value in own.items() if getattr(request, name) is None}
        tools = list(dict.fromkeys([*(request.server_tools or ()), *self._assistant.tools]))
        return request.model_copy(update=missing | {"server_tools": tools or None})

    def _system(self, request: ChatRequest, rules: str = "") -> str:
        given = [each.text() for each in request.messages if each.role in {"system", "developer"}]
        parts = [self._assistant.system_prompt, *given]
        if self._assistant.collection_ids:
            parts.append(rules or self._rules(request))
        return "\n\n".join(part.strip() for part in parts if part.strip())

    def _rules(self, request: ChatRequest) -> str:
        """In the language of the first question: the beginning of a conversation never changes."""
        language = language_of(_first_question(request))
        rules = text("responders.answer_rules", language)
        if self._assistant.only_documents:
            return f"{rules}\n{text('responders.answer_only_documents', language)}"
        return f"{rules}\n{text('responders.answer_beyond', language)}"

    def _with_system(self, request: ChatRequest, system: str) -> ChatRequest:
        turns = [each for each in request.messages if each.role not in {"system", "developer"}]
        head = [Message(role="system", content=system)] if system else []
        return request.model_copy(update={"model": self._inner.name, "messages": [*head, *turns]})


def _first_question(request: ChatRequest) -> str:
    return next((each.text() for each in request.messages if each.role == "user"), "")


def _is_plain(request: ChatRequest) -> bool:
    """Prose: the text of calls, of structured answers and of several choices is left as it is."""
    return beside_prose(request) is None


def _check_plain(request: ChatRequest) -> None:
    if param := beside_prose(request):
        raise UnsupportedError("responders.only_prose", param=param, field=param)
