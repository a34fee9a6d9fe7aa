"""What can be measured: a local model on an engine of its own, or a model of a remote endpoint.

A local model gets a router for itself: its context and number of users are those of the measurement, and nobody else's
requests run on it. `evaluation.bench` opens subjects and closes them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import psutil

from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.models import InstalledModel
from yoriai.responders.model import ModelResponder
from yoriai.settings import EngineSettings, RemoteSettings
from yoriai.types import Embeddings, Responder


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Open: it can be asked."""

    responder: Responder
    memory_bytes: Callable[[], int | None]  # of the engine's process, now
    embed: Callable[[list[str]], Awaitable[Embeddings]] | None = None  # of a model that makes embeddings


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Closed: what is known of it, and how to open it for a context and a number of users."""

    model: str
    engine: str
    open: Callable[[int, int], AbstractAsyncContextManager[Subject]]
    installed: InstalledModel | None = None  # None: remote
    threads: int = 0


def local(model: InstalledModel, settings: EngineSettings, library: Library, egress: Egress) -> Source:
    """A model of this machine."""

    @asynccontextmanager
    async def opened(context: int, users: int) -> AsyncIterator[Subject]:
        own = settings.model_copy(
            update={"context_size": context, "parallel": users, "idle_unload_s": 86400.0}
        )
        router = Router(own, (), library, egress)
        try:
            responder = ModelResponder(model.name, router, model)
            yield Subject(
                responder=responder,
                memory_bytes=lambda: router.resident_bytes(model.name),
                embed=responder.embed if model.kind == "embedding" else None,
            )
        finally:
            await router.aclose()

    threads = settings.threads or psutil.cpu_count(logical=False) or 1
    return Source(model=model.name, engine=_build(settings), open=opened, installed=model, threads=threads)


def remote(
    name: str, remotes: tuple[RemoteSettings, ...], settings: EngineSettings, library: Library, egress: Egress
) -> Source:
    """`name` is "endpoint/model"."""

    @asynccontextmanager
    async def opened(_context: int, _users: int) -> AsyncIterator[Subject]:
        router = Router(settings, remotes, library, egress)
        try:
            yield Subject(responder=ModelResponder(name, router, None), memory_bytes=lambda: None)
        finally:
            await router.aclose()

    return Source(model=name, engine=name.partition("/")[0], open=opened)


def _build(settings: EngineSettings) -> str:
    if settings.kind == "llama-server":
        return "llama-server"
    return f"xllamacpp {version('xllamacpp')}"
