"""The best of a search in a better order: a model reads question and passage together (cross-encoder).

Slow, so only the first are read, and no longer than the settings allow; then the order stays as it was, and the
result says why. `search` calls it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from yoriai.engines.router import Router
from yoriai.errors import YoriaiError
from yoriai.knowledge.passage import FoundPassage

_log = logging.getLogger("yoriai.knowledge")
CANDIDATES = 30  # a right passage is hardly ever behind them (docs/log.md: recall of hybrid)
_LONGEST_QUERY, _LONGEST_TEXT = 1000, 4000  # characters; a model of 512 tokens cuts off or refuses far less
Fallback = Literal["", "failed", "too_slow"]  # why the order stayed


class Reranker:
    """`model`: an installed one or "endpoint/model"."""

    def __init__(self, router: Router, model: str, timeout_s: float) -> None:
        self._router = router
        self._model = model
        self._timeout_s = timeout_s

    async def reordered(
        self, query: str, found: Sequence[FoundPassage]
    ) -> tuple[list[FoundPassage], Fallback]:
        """`found` with the first `CANDIDATES` by their relevance; as it was, and why, where that can't be known."""
        first, rest = list(found[:CANDIDATES]), found[CANDIDATES:]
        if not first:
            return [], ""
        try:
            async with asyncio.timeout(self._timeout_s):
                scores = await self._scores(query, [passage.text for passage in first])
        except TimeoutError:
            _log.warning("not reranked: %s took more than %g s", self._model, self._timeout_s)
            return list(found), "too_slow"
        except YoriaiError as error:
            _log.warning("not reranked: %s", error)
            return list(found), "failed"
        read = [
            replace(passage, score=score, relevance=score)
            for passage, score in zip(first, scores, strict=True)
        ]
        read.sort(key=lambda passage: -passage.score)  # stable: of equal ones the order stays
        least = read[-1].score
        return [*read, *(replace(passage, score=min(passage.score, least)) for passage in rest)], ""

    async def _scores(self, query: str, texts: Sequence[str]) -> list[float]:
        async with self._router.lease(self._model) as lease:
            client = await lease.ready()
            return await client.rerank(query[:_LONGEST_QUERY], [text[:_LONGEST_TEXT] for text in texts])
