"""Routers over a library of real models, and the questions to ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.settings import EngineSettings

OpenRouter = Callable[..., AbstractAsyncContextManager[Router]]


@pytest.fixture
def library(tmp_path: Path, smollm2_path: Path) -> Library:
    """SmolLM2 under three names: three models to the router, one file on disk."""
    library = Library(tmp_path / "models")
    for name in ("one", "two", "three"):
        library.add(smollm2_path, name=name, link=True)
    return library


@pytest.fixture
def open_router(library: Library) -> OpenRouter:
    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Router]:
        small = {"threads": 1, "parallel": 2, "context_size": 2048}
        router = Router(EngineSettings(**{**small, **settings}), (), library, Egress({}))
        try:
            yield router
        finally:
            await router.aclose()

    return opened
