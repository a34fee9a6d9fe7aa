"""A model on an engine, as a responder: its own sampling, function calling, reasoning apart from the answer.

Knows the router and pure transformations; no HTTP, no tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from yoriai.catalog.library import Library
from yoriai.engines.client import EngineClient
from yoriai.engines.router import Router
from yoriai.errors import EngineLostError, NotFoundError, UnsupportedError
from yoriai.models import POOLED, InstalledModel
from yoriai.responders import tool_calling
from yoriai.responders.reasoning import ReasoningSplitter
from yoriai.responders.tool_calling import ToolDecoder
from yoriai.types import (
    ChatRequest,
    CompletionRequest,
    Context,
    Embeddings,
    Event,
    Finish,
    ImagePart,
    Sampling,
    Stage,
    TextDelta,
)

Request = TypeVar("Request", bound=Sampling)


async def model_responder(name: str, router: Router, library: Library) -> ModelResponder:
    """The responder of an installed model, or of one on a remote endpoint. Raises: NotFoundError."""
    if router.is_remote(name):
        return ModelResponder(name, router, None)
    try:
        model = await asyncio.to_thread(library.get, name)
    except NotFoundError:
        raise NotFoundError("responders.unknown", param="model", name=name) from None
    return ModelResponder(name, router, model)


class ModelResponder:
    """`model` is what is known of a local model; None for one on a remote endpoint."""

    def __init__(self, name: str, router: Router, model: InstalledModel | None) -> None:
        self._name = name
        self._router = router
        self._model = model
        self._tools_by_schema = model.tool_calls == "schema" if model else not router.calls_tools(name)

    @property
    def name(self) -> str:
        return self._name

    @property
    def goes_on(self) -> bool:
        """Whether it continues an answer that stands as the last message: llama.cpp does, others answer anew."""
        return self._model is not None

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Stream the reply. Raises: whatever the engine raises; UnsupportedError for images and embedding models."""
        self._check(request)
        by_schema = self._tools_by_schema and tool_calling.is_wanted(request)
        sent = tool_calling.constrained(request) if by_schema else request
        events = self._stream(lambda client: client.chat(self._with_defaults(sent)))
        shaped = _decoded(events, request) if by_schema and sent.response_format else _split(events)
        async with aclosing(shaped):
            async for event in shaped:
                yield event

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Event, None]:
        """Continue a text. Raises as `respond`."""
        self.check_writes()
        async with aclosing(
            self._stream(lambda client: client.complete(self._with_defaults(request)))
        ) as events:
            async for event in events:
                yield event

    async def embed(self, texts: list[str]) -> Embeddings:
        """Raises: UnsupportedError: the model doesn't make embeddings."""
        if self._model and self._model.kind != "embedding":
            raise UnsupportedError("engines.not_embedding", param="model", name=self._name)
        async with self._router.lease(self._name) as lease:
            client = await lease.ready()
            return await client.embed(texts)

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        self._check(request)
        if self._tools_by_schema and tool_calling.is_wanted(request):
            request = tool_calling.constrained(request)
        async with self._router.lease(self._name) as lease:
            client = await lease.ready()
            return await client.count_tokens(request)

    async def _stream(
        self, call: Callable[[EngineClient], AsyncGenerator[Event, None]]
    ) -> AsyncGenerator[Event, None]:
        """The engine's events; once more from the beginning if it was lost before it had said anything."""
        for last_try in (False, True):
            said = False
            try:
                async with self._router.lease(self._name) as lease:
                    async for stage in lease.progress():
                        yield stage
                    async with aclosing(call(lease.client)) as events:
                        async for event in events:
                            said = said or not isinstance(event, Stage)
                            yield event
                return
            except EngineLostError:
                if said or last_try:
                    raise

    def _with_defaults(self, request: Request) -> Request:
        """The model's own sampling where the request leaves it open."""
        if self._model is None:
            return request
        defaults = self._model.sampling.model_dump(exclude_none=True)
        missing = {name: value for name, value in defaults.items() if getattr(request, name) is None}
        return request.model_copy(update=missing)

    def _check(self, request: ChatRequest) -> None:
        self.check_writes()
        for message in request.messages:
            if isinstance(message.content, list) and any(isinstance(p, ImagePart) for p in message.content):
                raise UnsupportedError("engines.no_images", param="messages", name=self._name)

    def check_writes(self) -> None:
        """Raises: UnsupportedError: it makes embeddings or scores only."""
        if self._model and self._model.kind in POOLED:
            key = "engines.only_reranking" if self._model.kind == "reranker" else "engines.only_embedding"
            raise UnsupportedError(key, param="model", name=self._name)


async def _split(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """`<think>` at the beginning of a text becomes reasoning."""
    splitters: dict[int, ReasoningSplitter] = {}
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                splitter = splitters.setdefault(event.index, ReasoningSplitter(event.index))
                for part in splitter.feed(event):
                    yield part
                continue
            if isinstance(event, Finish) and event.index in splitters:
                for part in splitters[event.index].finish():
                    yield part
            yield event


async def _decoded(events: AsyncGenerator[Event, None], request: ChatRequest) -> AsyncGenerator[Event, None]:
    """The constrained JSON becomes calls or an answer."""
    decoders = {index: ToolDecoder(request, index) for index in range(request.n)}
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                for part in decoders[event.index].feed(event.text):
                    yield part
            elif isinstance(event, Finish):
                for part in decoders[event.index].finish(event):
                    yield part
            else:
                yield event
