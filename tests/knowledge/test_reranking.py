"""A reranker that another machine offers: its order counts, and a search goes on without it."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))
from reranker import FakeReranker, fake_reranker
from shelving import LOCAL, Shelf, shelf

from yoriai.egress import Egress
from yoriai.errors import UsageError
from yoriai.knowledge.evaluating import Question
from yoriai.knowledge.reranking import CANDIDATES
from yoriai.records import Collection
from yoriai.settings import RemoteSettings

QUERY = "notice period"
# The more often the words, the better for the search; the shorter, the better for the fake reranker.
TEXTS = ["notice period " * count + "of the contract " * 2 * count for count in range(1, 6)]


@pytest.fixture
def fake() -> Iterator[FakeReranker]:
    with fake_reranker() as fake:
        yield fake


@asynccontextmanager
async def kept_with(
    home: Path, fake: FakeReranker, model: str, path: str = "", **settings: object
) -> AsyncIterator[tuple[Shelf, Collection]]:
    remote = RemoteSettings(name="far", url=f"{fake.url}{path}")
    egress = Egress({"remote": frozenset({"127.0.0.1"})})
    async with shelf(
        home, egress=egress, remotes=[remote], reranking_model=f"far/{model}", **settings
    ) as kept:
        collection = await kept.knowledge.collections.create(LOCAL, "contracts")
        for number, text in enumerate(TEXTS):
            await kept.upload(LOCAL, collection, f"{number}.txt", text)
        yield kept, collection


@pytest.mark.parametrize(("model", "path"), [("jina", "/v1"), ("logits", "/v1"), ("any", "/tei")])
async def test_the_best_are_put_in_the_order_of_the_reranker(
    tmp_path: Path, fake: FakeReranker, model: str, path: str
) -> None:
    async with kept_with(tmp_path, fake, model, path) as (kept, collection):
        search = kept.knowledge.search
        before = await search.search(LOCAL, [collection.id], QUERY, method="hybrid")
        found = await search.search(LOCAL, [collection.id], QUERY)
    assert (before.method, before.passages[0].relevance) == ("lexical", None)
    lengths = [len(hit.text) for hit in found.passages]
    assert (found.method, found.fallback, lengths) == ("reranked", "", sorted(lengths))
    assert [hit.passage_id for hit in found.passages] != [hit.passage_id for hit in before.passages]
    scores = [hit.score for hit in found.passages]
    assert scores == sorted(scores, reverse=True) == [hit.relevance for hit in found.passages]
    assert all(0 <= score <= 1 for score in scores)
    assert found.passages[0].lexical is not None


@pytest.mark.parametrize("model", ["broken", "short"])
async def test_a_reranker_that_fails_leaves_the_order_and_is_told(
    tmp_path: Path, fake: FakeReranker, model: str
) -> None:
    async with kept_with(tmp_path, fake, model) as (kept, collection):
        before = await kept.knowledge.search.search(LOCAL, [collection.id], QUERY, method="hybrid")
        found = await kept.knowledge.search.search(LOCAL, [collection.id], QUERY, method="reranked")
    assert (found.fallback, found.method, found.passages) == ("failed", before.method, before.passages)
    assert len(fake.asked) == 1


async def test_a_slow_reranker_is_not_waited_for(tmp_path: Path, fake: FakeReranker) -> None:
    async with kept_with(tmp_path, fake, "slow", reranking_timeout_s=0.3) as (kept, collection):
        started = time.monotonic()
        found = await kept.knowledge.search.search(LOCAL, [collection.id], QUERY)
        assert time.monotonic() - started < 5
    assert (found.fallback, len(found.passages)) == ("too_slow", len(TEXTS))


async def test_of_many_only_the_best_are_read_again(tmp_path: Path, fake: FakeReranker) -> None:
    async with kept_with(tmp_path, fake, "jina") as (kept, collection):
        for number in range(CANDIDATES + 10):
            await kept.upload(LOCAL, collection, f"more {number}.txt", f"notice {number} " * 3)
        many = await kept.knowledge.search.search(LOCAL, [collection.id], QUERY, limit=CANDIDATES + 10)
        few = await kept.knowledge.search.search(LOCAL, [collection.id], QUERY, limit=3)
    assert [len(body["documents"]) for body in fake.asked] == [CANDIDATES, CANDIDATES]
    assert len(few.passages) == 3
    assert [hit.relevance is None for hit in many.passages] == [False] * CANDIDATES + [True] * 10
    scores = [hit.score for hit in many.passages]
    assert scores == sorted(scores, reverse=True)


async def test_without_a_reranker_nobody_can_ask_for_it(tmp_path: Path) -> None:
    async with shelf(tmp_path) as kept:
        collection = await kept.knowledge.collections.create(LOCAL, "contracts")
        with pytest.raises(UsageError) as refused:
            await kept.knowledge.search.search(LOCAL, [collection.id], QUERY, method="reranked")
        assert refused.value.key == "knowledge.no_reranking_model"
        assert kept.knowledge.search.methods == ("lexical", "dense", "hybrid")


ASKED = [Question(question=QUERY, document="0.txt")]


async def test_the_evaluation_has_a_column_for_it(tmp_path: Path, fake: FakeReranker) -> None:
    async with kept_with(tmp_path, fake, "jina") as (kept, collection):
        good = await kept.knowledge.evaluating.evaluate(LOCAL, collection.id, ASKED)
    reranked = good.methods[-1]
    assert [result.method for result in good.methods] == ["lexical", "dense", "hybrid", "reranked"]
    assert (reranked.quality.recall[1].value, reranked.fallbacks) == (1, 0)
    assert reranked.reranking_ms > 0
    assert good.methods[2].quality.recall[1].value == 0


async def test_the_evaluation_counts_what_was_not_reranked(tmp_path: Path, fake: FakeReranker) -> None:
    async with kept_with(tmp_path, fake, "broken") as (kept, collection):
        bad = await kept.knowledge.evaluating.evaluate(LOCAL, collection.id, ASKED)
    assert (bad.methods[-1].fallbacks, bad.methods[-1].quality) == (1, bad.methods[2].quality)
