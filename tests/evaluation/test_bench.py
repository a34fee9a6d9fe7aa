"""Measuring the real SmolLM2 through the engine that serves; a remote model; what a stop keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from fakes.echo_model import echo_model
from yoriai.catalog.hardware import Machine
from yoriai.catalog.library import Library
from yoriai.catalog.measurement import Measurement, machine_id
from yoriai.egress import Egress
from yoriai.errors import UsageError
from yoriai.evaluation import subjects
from yoriai.evaluation.bench import Bench, Conditions, Progress
from yoriai.evaluation.foresight import foresee
from yoriai.evaluation.subjects import Source, Subject
from yoriai.settings import EngineSettings, RemoteSettings
from yoriai.types import Context, Role, User

MACHINE = Machine(
    cpu_name="C", physical_cores=2, ram_bytes=2**35, ram_free_bytes=2**34, memory_bandwidth_bytes_per_s=30e9
)
SETTINGS = EngineSettings(threads=1)


class Kept:
    """Where results and progress go."""

    def __init__(self) -> None:
        self.measurements: list[Measurement] = []
        self.told: list[Progress] = []
        self.bench = Bench(
            machine=MACHINE, machine_name="desk", keep=self.keep, show=self.told.append,
            foresee=partial(foresee, MACHINE), is_busy=self.is_busy,
            asked_by=Context(user=User(id="u", name="u", role=Role.MEMBER)),
        )  # fmt: skip

        self.busy = [False]

    async def is_busy(self) -> bool:
        """Anew at each look; the last for good."""
        return self.busy.pop(0) if len(self.busy) > 1 else self.busy[0]

    async def keep(self, measurement: Measurement) -> None:
        await asyncio.sleep(0)
        self.measurements.append(measurement)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def library(tmp_path: Path, smollm2_path: Path) -> Library:
    library = Library(tmp_path / "models")
    library.add(smollm2_path, name="smollm2", link=True)
    return library


@pytest.fixture
def source(library: Library) -> Source:
    return subjects.local(library.get("smollm2"), SETTINGS, library, Egress({}))


async def test_a_real_model_is_measured_under_each_condition(kept: Kept, source: Source) -> None:
    conditions = Conditions(contexts=(256, 128), users=(2, 1), tokens=16, rounds=2)
    await kept.bench.run([source], conditions)
    assert [(each.context, each.users) for each in kept.measurements] == [
        (128, 1),
        (128, 2),
        (256, 1),
        (256, 2),
    ]
    for each in kept.measurements:
        assert each.prompt_tokens_per_s and each.generation_tokens_per_s and each.first_token_s
        assert each.generation_tokens_per_s.least <= each.generation_tokens_per_s.median
        assert each.memory_bytes and 98e6 < each.memory_bytes < 600e6
        assert (each.rounds, each.generated_tokens) == (2, 16)
        assert each.context - 16 - 45 < each.prompt_tokens <= each.context - 16
        assert each.foreseen_generation_tokens_per_s and each.foreseen_prompt_tokens_per_s
        assert (each.machine_id, each.machine_name, each.threads) == (machine_id(MACHINE), "desk", 1)
        assert each.engine.startswith("xllamacpp 20")
    assert [progress.done for progress in kept.told] == [0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8]
    assert {progress.total for progress in kept.told} == {8}


async def test_each_condition_keeps_whether_the_machine_was_busy_then(kept: Kept, source: Source) -> None:
    kept.busy = [True, False]
    await kept.bench.run([source], Conditions(contexts=(128,), users=(1, 2), tokens=16, rounds=1))
    assert [each.was_busy for each in kept.measurements] == [True, False]


async def test_what_was_done_until_a_stop_is_kept(kept: Kept, source: Source) -> None:
    task = asyncio.create_task(kept.bench.run([source], Conditions(contexts=(128,), tokens=16, rounds=1000)))
    while not kept.told or kept.told[-1].done < 2:
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (found,) = kept.measurements
    assert 2 <= found.rounds < 1000


async def test_a_stop_before_the_first_round_keeps_nothing(kept: Kept, source: Source) -> None:
    task = asyncio.create_task(kept.bench.run([source], Conditions(contexts=(128,), tokens=16)))
    while not kept.told:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kept.measurements == []


async def test_a_remote_model_is_measured_too(kept: Kept, library: Library) -> None:
    with echo_model() as url:
        remotes = (RemoteSettings(name="far", url=url),)
        egress = Egress({"remote": frozenset({"127.0.0.1"})})
        source = subjects.remote("far/slow", remotes, SETTINGS, library, egress)
        await kept.bench.run([source], Conditions(contexts=(256,), tokens=16, rounds=1))
    (found,) = kept.measurements
    assert (found.model, found.engine, found.digest, found.memory_bytes) == ("far/slow", "far", "", None)
    assert found.first_token_s
    assert found.foreseen_generation_tokens_per_s is None


@pytest.mark.parametrize(
    "conditions",
    [Conditions(contexts=(128,), tokens=64), Conditions(contexts=(512,), prompt_tokens=500, tokens=16)],
)
async def test_a_context_that_cannot_hold_prompt_and_reply_is_refused(
    kept: Kept, source: Source, conditions: Conditions
) -> None:
    with pytest.raises(UsageError) as caught:
        await kept.bench.run([source], conditions)
    assert caught.value.key == "evaluation.context_too_small"
    assert kept.told == []


async def test_no_context_beyond_what_the_model_was_trained_on(kept: Kept, library: Library) -> None:
    opened: list[tuple[int, int]] = []

    @asynccontextmanager
    async def refusing(context: int, users: int) -> AsyncIterator[Subject]:
        opened.append((context, users))
        raise UsageError("evaluation.context_too_small", context=context, least=0)
        yield

    model = library.get("smollm2")
    source = Source(model=model.name, engine="none", open=refusing, installed=model)
    with pytest.raises(UsageError):
        await kept.bench.run([source], Conditions(contexts=(1_000_000,)))
    assert opened == [(8192, 1)]


@pytest.mark.slow
async def test_a_model_that_makes_embeddings_is_measured_by_what_it_reads(
    kept: Kept, model_path: object, tmp_path: Path
) -> None:
    library = Library(tmp_path / "models")
    library.add(model_path("multilingual-e5-small"), name="e5", link=True)  # type: ignore[operator]
    source = subjects.local(library.get("e5"), SETTINGS, library, Egress({}))
    await kept.bench.run([source], Conditions(contexts=(256,), tokens=16, rounds=1))
    (found,) = kept.measurements
    assert found.prompt_tokens_per_s and found.generation_tokens_per_s is None
    assert found.foreseen_generation_tokens_per_s is None and found.foreseen_prompt_tokens_per_s
