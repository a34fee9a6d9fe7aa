"""What every model would be on a machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yoriai.bootstrap import Services, build
from yoriai.catalog.describe import describe
from yoriai.evaluation.outlook import Use
from yoriai.settings import Settings

TWO_OLD_CARDS = describe(["GTX 1080 Ti 11GB x2"], 48, "").machine


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with build(Settings(home=tmp_path)) as services:
        yield services


async def test_a_described_machine_is_planned_with(services: Services) -> None:
    found = await services.outlooks.all(TWO_OLD_CARDS, Use())
    assert set(found) == set(services.catalogue)
    verdicts = [found[name].plan.verdict for name in ("gemma-2-9b", "gemma-2-27b", "llama-3.1-70b")]
    assert verdicts == ["fits", "partly", "none"]
    generation = found["gemma-2-9b"].prediction.generation
    assert generation and 10 < generation.tokens_per_s < 60


async def test_more_users_and_a_longer_context_take_more(services: Services) -> None:
    one = await services.outlooks.all(TWO_OLD_CARDS, Use())
    many = await services.outlooks.all(TWO_OLD_CARDS, Use(context=8192, users=4))
    assert many["llama-3.1-8b"].plan.needed_bytes > one["llama-3.1-8b"].plan.needed_bytes


async def test_this_machine_is_planned_with_all_slots_of_its_engine_and_the_speed_of_one(
    services: Services,
) -> None:
    here = await services.outlooks.machine()
    unsaid, one, four = [
        (await services.outlooks.all(here, Use(users=users)))["llama-3.1-8b"] for users in (0, 1, 4)
    ]
    assert services.settings.engine.parallel == 4
    assert unsaid.plan.needed_bytes == four.plan.needed_bytes > one.plan.needed_bytes
    assert unsaid.prediction.generation == one.prediction.generation != four.prediction.generation
    described = (await services.outlooks.all(TWO_OLD_CARDS, Use()))["llama-3.1-8b"]
    assert described.plan.load.users == 1


async def test_a_model_that_came_is_planned_from_its_own_file(services: Services, smollm2_path: Path) -> None:
    name = "smollm2-135m"
    before = (await services.outlooks.all(TWO_OLD_CARDS, Use()))[name].plan.load.shape
    services.library.add(smollm2_path, name=name, link=True)
    after = (await services.outlooks.all(TWO_OLD_CARDS, Use()))[name].plan.load.shape
    assert before.origin != after.origin == "header"


async def test_this_machine_is_looked_at_once_and_its_free_memory_each_time(services: Services) -> None:
    first, second = [await services.outlooks.machine() for _ in range(2)]
    assert first.physical_cores == second.physical_cores > 0
    assert 0 < second.ram_free_bytes <= second.ram_bytes
    assert not second.is_described
    assert first.gpus is second.gpus
