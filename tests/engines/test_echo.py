"""A text's log-probabilities: those of the perplexity, a child that stays, is counted, and ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.echo import Echoes
from yoriai.engines.errand import Errands
from yoriai.engines.router import Router
from yoriai.errors import ContextOverflowError, DoesNotFitError, NotFoundError, UsageError
from yoriai.settings import EngineSettings

TEXT = "The village keeps a list of what it owns: a mill, two boats, a bell, an orchard and a bridge. " * 6


@contextlib.asynccontextmanager
async def echoes_of(library: Library, **options: object) -> AsyncIterator[Echoes]:
    settings = EngineSettings.model_validate({"threads": 1, "context_size": 512} | options)
    router = Router(settings, [], library, Egress({}))
    echoes = Echoes(settings, router, library)
    try:
        yield echoes
    finally:
        await echoes.aclose()
        await router.aclose()


def children() -> Iterator[psutil.Process]:
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "yoriai.engines.echo_child" in child.cmdline():
                yield child


async def test_they_are_those_of_the_perplexity(smollm2_path: Path, library: Library) -> None:
    async with echoes_of(library) as echoes:
        [whole] = await echoes.read("one", [TEXT], top=0, most=0)
        text = b"".join(row.piece for row in whole.rows[:128]).decode()
        [read] = await echoes.read("one", [text], top=1, most=0)
    surprise = await Errands(threads=1, environment={}, window=128).score(
        [str(smollm2_path)], text, 128, lambda _done, _total: None
    )
    assert read.n_prompt == len(read.rows) == 128
    assert b"".join(row.piece for row in read.rows).decode() == text
    assert read.rows[0].logprob is None
    assert [-(row.logprob or 0) for row in read.rows[65:]] == pytest.approx(surprise, abs=1e-3)


async def test_one_child_serves_all_and_the_same_text_says_the_same(library: Library) -> None:
    async with echoes_of(library) as echoes:
        first, other, again = await echoes.read(
            "one", ["One two three", "私は猫です。", "One two three"], top=2, most=1
        )
        [child] = children()
        [tokens] = await echoes.read("one", [[504, 4]], top=0, most=0)
        assert [each.pid for each in children()] == [child.pid]
    assert first == again != other
    assert len(first.rows) == first.n_prompt + 1
    assert first.rows[-1].logprob == max(value for _, value in first.rows[-1].top)
    assert len(tokens.rows) == 2
    assert list(children()) == []


async def test_what_cannot_be_read_is_refused_and_the_child_stays(library: Library) -> None:
    async with echoes_of(library) as echoes:
        with pytest.raises(ContextOverflowError):
            await echoes.read("one", [TEXT * 9], top=1, most=0)
        with pytest.raises(ContextOverflowError):
            await echoes.read("one", [[504] * 512], top=1, most=1)
        for prompt, key in (([10**6], "token_unknown"), ([-1], "token_unknown"), ("", "prompt_empty")):
            with pytest.raises(UsageError) as raised:
                await echoes.read("one", [prompt], top=1, most=0)  # type: ignore[list-item]
            assert raised.value.key == f"engines.{key}"
        assert len(list(children())) == 1
        with pytest.raises(NotFoundError):
            await echoes.read("none", ["a"], top=1, most=0)


async def test_it_ends_when_nobody_waits_any_more_and_when_idle(library: Library) -> None:
    async with echoes_of(library, idle_unload_s=0.5) as echoes:
        asking = asyncio.create_task(echoes.read("one", [TEXT * 3] * 500, top=1, most=0))
        await asyncio.sleep(1.5)
        assert len(list(children())) == 1
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert list(children()) == []
        await echoes.read("one", ["a b"], top=1, most=0)
        assert len(list(children())) == 1
        async with asyncio.timeout(10):
            while list(children()):
                await asyncio.sleep(0.1)


async def test_its_memory_is_the_budgets(library: Library) -> None:
    async with echoes_of(library, memory_bytes=2**20) as echoes:
        with pytest.raises(DoesNotFitError):
            await echoes.read("one", ["a"], top=1, most=0)
    assert list(children()) == []
