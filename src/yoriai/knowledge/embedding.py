"""Vectors of passages and queries, through the router. Owns what is put before a text, and whose turn it is.

A query goes first; passages are made in small batches between them, and wait while a model is answering somebody.
`ingest` and `search` call it.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from yoriai.catalog.library import Library
from yoriai.engines.router import Router
from yoriai.errors import NotFoundError, UsageError

Vectors = npt.NDArray[np.float32]
_BATCH = 4  # as many as an engine makes at the same time: a query behind them waits for one batch at most
_MOST_YIELD_S = 20.0  # a batch waits no longer for those who are being answered
_LOOK_S = 0.1
_QUERIES_KEPT = 256
_ANY_TEXT = "-"  # where only the length of its vector is asked for
_SHORTEST = 64  # characters: less of a text is not worth a try


class Embedder:
    """Makes vectors with the models of this server."""

    def __init__(self, router: Router, library: Library) -> None:
        self._router = router
        self._library = library
        self._queries: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._asking = 0

    async def is_installed(self, model: str) -> bool:
        """Whether vectors of `model` can be made at all."""
        if self._router.is_remote(model):
            return True
        try:
            installed = await asyncio.to_thread(self._library.get, model)
        except NotFoundError:
            return False
        return installed.kind == "embedding"

    async def query(self, model: str, text: str) -> Vectors:
        """[d]: of length 1. Raises: NotFoundError: no such model. EngineError: it could not be asked."""
        key = (model, unicodedata.normalize("NFKC", text))
        if key not in self._queries:
            self._asking += 1
            try:
                self._queries[key] = (await self._made(model, [_before(model, "query") + key[1]]))[0]
            finally:
                self._asking -= 1
            if len(self._queries) > _QUERIES_KEPT:
                self._queries.popitem(last=False)
        self._queries.move_to_end(key)
        return self._queries[key]

    async def passages(self, model: str, texts: Sequence[str]) -> Vectors:
        """[n, d]: each of length 1, or 0 for a text that the model refuses however short. Raises as `query`."""
        prefix = _before(model, "passage")
        wanted = [prefix + unicodedata.normalize("NFKC", text) for text in texts]
        parts = []
        for start in range(0, len(wanted), _BATCH):
            await self._let_others_go_first(model)
            parts.append(await self._made_or_nothing(model, wanted[start : start + _BATCH]))
        return np.concatenate(parts)

    async def _let_others_go_first(self, model: str) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + _MOST_YIELD_S
        while (self._asking or self._router.is_answering(besides=model)) and clock() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

    async def _made_or_nothing(self, model: str, texts: list[str]) -> Vectors:
        """One text that a model can't take is near to nothing, and holds up no other one."""
        try:
            return await self._made(model, texts)
        except UsageError:
            if len(texts) > 1:
                return np.concatenate([await self._made_or_nothing(model, [text]) for text in texts])
            return np.zeros_like(await self._made(model, [_ANY_TEXT]))

    async def _made(self, model: str, texts: list[str]) -> Vectors:
        async with self._router.lease(model) as lease:
            client = await lease.ready()
            try:
                return _unit((await client.embed(texts)).vectors)
            except UsageError:  # too long for the model, mostly
                if all(len(text) <= _SHORTEST for text in texts):
                    raise
        if len(texts) > 1:
            return np.concatenate([await self._made(model, [text]) for text in texts])
        return await self._made(model, [texts[0][: len(texts[0]) * 3 // 4]])


def packed(vectors: Vectors) -> list[bytes]:
    """As the database keeps them: little-endian 16-bit floats."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def _unit(vectors: Sequence[Sequence[float]]) -> Vectors:
    rows = np.asarray(vectors, np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def _before(model: str, kind: str) -> str:
    """E5 was trained with a word before each text. Source: its model card."""
    return f"{kind}: " if "e5" in model.lower().replace("-", "_").split("_") else ""
