"""Every responder by its name. The surfaces ask here, and only here, for something that answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from yoriai.catalog.library import Library
from yoriai.engines.router import Router
from yoriai.errors import NotFoundError
from yoriai.responders.model import ModelResponder
from yoriai.types import (
    CompletionRequest,
    Context,
    EmbeddingRequest,
    Embeddings,
    Event,
    Responder,
    ResponderInfo,
    User,
)


class Registry:
    """`default`: the name that answers where none is given; empty for the first that can chat."""

    def __init__(self, router: Router, library: Library, default: str = "") -> None:
        self._router = router
        self._library = library
        self._default = default

    async def list(self, user: User) -> list[ResponderInfo]:  # everyone may use every model so far
        return await self._router.list()

    async def get(self, name: str, user: User) -> Responder:
        """Raises: NotFoundError: nothing answers to that name."""
        return await self._model(name)

    async def default_name(self, user: User) -> str | None:
        """Who answers where nobody was named: the setting, else the first installed; None when there is nobody."""
        kinds = {info.name: info.kind for info in await self.list(user) if info.kind != "embedding"}
        if self._default in kinds:
            return self._default
        installed = [name for name in await asyncio.to_thread(self._library.by_age) if name in kinds]
        names = [*installed, *(name for name in kinds if name not in installed)]
        return next((name for name in names if kinds[name] == "chat"), next(iter(names), None))

    async def embed(self, request: EmbeddingRequest, context: Context) -> Embeddings:
        """Raises: NotFoundError; UnsupportedError: the model doesn't make embeddings."""
        texts = [request.input] if isinstance(request.input, str) else list(request.input)
        return await (await self._model(request.model)).embed(texts)

    async def complete(self, request: CompletionRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Continue a text, without roles or a template. Raises as `Responder.respond`."""
        responder = await self._model(request.model)
        async with aclosing(responder.complete(request)) as events:
            async for event in events:
                yield event

    async def remove(self, name: str) -> None:
        """Forget an installed model and delete its weights; requests that it is answering end first.

        Raises:
            NotFoundError: no such model. ConflictError: it is just being loaded.
        """
        with suppress(NotFoundError):
            self._router.unload(name)
        await asyncio.to_thread(self._library.remove, name)

    async def _model(self, name: str) -> ModelResponder:
        if self._router.is_remote(name):
            return ModelResponder(name, self._router, None)
        try:
            model = await asyncio.to_thread(self._library.get, name)
        except NotFoundError:
            raise NotFoundError("responders.unknown", param="model", name=name) from None
        return ModelResponder(name, self._router, model)
