"""A text that a model refuses holds up no other one, whatever it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from yoriai.errors import UsageError
from yoriai.knowledge.embedding import Embedder


class Picky:
    """A router and its only model, which takes no text with one of these signs."""

    def __init__(self, refused: str) -> None:
        self.refused = refused

    def is_answering(self, *, besides: str) -> bool:
        return False

    @asynccontextmanager
    async def lease(self, model: str) -> AsyncIterator[Picky]:
        yield self

    async def ready(self) -> Picky:
        return self

    async def embed(self, texts: Sequence[str]) -> SimpleNamespace:
        if any(sign in text for text in texts for sign in self.refused):
            raise UsageError("engines.refused", name="picky", detail="no")
        return SimpleNamespace(vectors=[[3.0, 4.0] for _ in texts])


async def test_a_text_that_is_refused_alone_is_near_to_nothing() -> None:
    embedder = Embedder(Picky("☠"), None)  # type: ignore[arg-type]
    made = await embedder.passages("picky", ["leave", "☠", "pay", "☠" * 200, "overtime"])
    assert np.allclose(made, [[0.6, 0.8], [0, 0], [0.6, 0.8], [0, 0], [0.6, 0.8]])


async def test_a_model_that_refuses_everything_says_so() -> None:
    embedder = Embedder(Picky("-abc"), None)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        await embedder.passages("picky", ["a"])
