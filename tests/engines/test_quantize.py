"""Quantising through the engine's library: right to the bit, whole or not at all, nothing forgotten on the way."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np
import pytest

from scoring import SHAPES, chance_model, weights
from yoriai.catalog import licences
from yoriai.catalog.gguf import read_header
from yoriai.catalog.library import Library
from yoriai.catalog.mixture import Mixture
from yoriai.catalog.openness import verdict
from yoriai.catalog.policy import Policy
from yoriai.engines.errand import Errands
from yoriai.engines.native import MissingFunctionError, Native
from yoriai.engines.quantize import already, check_space, name_for, plan_for, quantize, target_named
from yoriai.errors import (
    ConflictError,
    DiskFullError,
    EngineError,
    ModelFileError,
    UnsupportedError,
    UsageError,
)
from yoriai.models import InstalledModel

ERRANDS = Errands(threads=1, environment={})


@pytest.fixture
def empty(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture
def model(empty: Library, tmp_path: Path) -> InstalledModel:
    return empty.add(chance_model(tmp_path / "chance.gguf"), name="chance-f16")


async def made(
    library: Library, model: InstalledModel, target: str, errands: Errands = ERRANDS
) -> InstalledModel:
    plan = plan_for(model, target)
    return await quantize(
        library, model, plan, name=name_for(model, target), errands=errands, show=lambda _done, _total: None
    )


def tensors(path: str) -> dict[str, gguf.ReaderTensor]:
    return {each.name: each for each in gguf.GGUFReader(path).tensors}


# ---- the result -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("target", ["Q8_0", "Q4_0", "Q5_0", "Q4_1", "BF16"])
async def test_blocks_are_those_of_the_reference(target: str, empty: Library, model: InstalledModel) -> None:
    """The official library computes simple types in Python; both agree to the bit."""
    new = await made(empty, model, target)
    kind = gguf.GGMLQuantizationType[target]
    compared = 0
    for name, each in tensors(new.paths[0]).items():
        if each.tensor_type == kind:
            reference = gguf.quants.quantize(weights(name).astype(np.float32), kind)
            assert np.array_equal(each.data.reshape(reference.shape), reference), name
            compared += 1
    assert compared >= 12


@pytest.mark.parametrize(
    ("target", "largest"),
    [("Q6_K", 0.02), ("Q5_K_M", 0.04), ("Q4_K_M", 0.08), ("Q3_K_M", 0.17), ("Q2_K", 0.32)],
)
async def test_k_types_come_near_the_weights(
    target: str, largest: float, empty: Library, model: InstalledModel
) -> None:
    new = await made(empty, model, target)
    for name, each in tensors(new.paths[0]).items():
        if len(SHAPES[name]) > 1:
            true = weights(name).astype(np.float32)
            read = gguf.quants.dequantize(each.data, each.tensor_type).reshape(true.shape)
            assert np.sqrt(np.mean((read - true) ** 2)) / np.std(true) < largest, name


async def test_the_file_is_as_large_as_planned_and_says_what_it_is(
    empty: Library, model: InstalledModel
) -> None:
    plan = plan_for(model, "Q4_K_M")
    new = await made(empty, model, "Q4_K_M")
    header = read_header(Path(new.paths[0]))
    assert header.file_bytes - header.data_offset == plan.size_bytes
    assert header.quantization == new.quantization == "Q4_K_M"
    assert header.number("general.quantization_version") == 2
    before = read_header(Path(model.paths[0])).metadata
    assert {key: header.metadata[key] for key in before} == dict(before) | {"general.file_type": 15}
    assert new.size_bytes < model.size_bytes / 2


async def test_a_model_in_parts_becomes_the_same_file(
    empty: Library, model: InstalledModel, tmp_path: Path
) -> None:
    parts = empty.add(chance_model(tmp_path / "cut.gguf", parts=3), name="cut")
    assert len(parts.paths) == 3
    whole, joined = await made(empty, model, "Q4_K_S"), await made(empty, parts, "Q4_K_S")
    first, second = tensors(whole.paths[0]), tensors(joined.paths[0])
    assert list(first) == list(second)
    assert all(np.array_equal(first[name].data, second[name].data) for name in first)
    assert "split.count" not in read_header(Path(joined.paths[0])).metadata


async def test_threads_change_nothing(empty: Library, tmp_path: Path) -> None:
    large = empty.add(chance_model(tmp_path / "large.gguf", repeat=12), name="large")
    one = await made(empty, large, "Q4_0")
    empty.remove(one.name)
    several = await made(empty, large, "Q4_0", Errands(threads=3, environment={}))
    assert several.digest == one.digest


async def test_a_real_model_can_be_quantised_again(empty: Library, smollm2_path: Path) -> None:
    model = empty.add(smollm2_path, name="smollm2", link=True)
    new = await made(empty, model, "Q4_0")
    old, now = tensors(model.paths[0]), tensors(new.paths[0])
    kept = [name for name in now if old[name].tensor_type == now[name].tensor_type]
    assert kept
    assert all(np.array_equal(old[name].data, now[name].data) for name in kept)


# ---- what goes along --------------------------------------------------------------------------------------
async def test_facts_and_origin_go_along(empty: Library, model: InstalledModel) -> None:
    new = await made(empty, model, "Q8_0")
    assert new.name == "chance-q8_0"
    assert (new.licence, new.languages, new.kind) == (model.licence, ("en", "ja"), model.kind)
    assert [(origin.name, origin.digest) for origin in new.origins] == [("chance-f16", model.digest)]
    assert empty.get(new.name) == new
    again = await made(empty, new, "Q4_0")
    assert [origin.name for origin in again.origins] == ["chance-q8_0", "chance-f16"]


async def test_it_is_as_open_as_its_parent_and_the_chain_says_so(
    empty: Library, model: InstalledModel
) -> None:
    policy = Policy(licences.load())
    parent, new = policy.of_installed(model, {}), policy.of_installed(await made(empty, model, "Q8_0"), {})
    assert verdict(new) == verdict(parent)
    assert new.findings == parent.findings
    step = new.chain[0]
    assert (step.model, step.parent, step.how) == ("chance-q8_0", "chance-f16", "quantization")


# ---- what cannot be ---------------------------------------------------------------------------------------
async def test_cancelled_nothing_is_left(empty: Library, smollm2_path: Path) -> None:
    model = empty.add(smollm2_path, name="smollm2", link=True)
    begun = asyncio.Event()
    plan = plan_for(model, "Q2_K")
    task = asyncio.create_task(
        quantize(empty, model, plan, name="new", errands=ERRANDS, show=lambda _done, _total: begun.set())
    )
    await asyncio.wait_for(begun.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(empty.partial.iterdir()) == []
    assert [each.name for each in empty.list()] == ["smollm2"]


async def test_progress_ends_at_the_whole(empty: Library, model: InstalledModel) -> None:
    said: list[tuple[int, int]] = []
    await quantize(
        empty, model, plan_for(model, "Q8_0"), name="new", errands=ERRANDS,
        show=lambda done, total: said.append((done, total)),
    )  # fmt: skip
    assert (
        said[-1][0]
        == said[-1][1]
        == sum(each.size_bytes for each in read_header(Path(model.paths[0])).tensors)
    )
    assert [done for done, _ in said] == sorted(done for done, _ in said)


async def test_a_weight_that_is_no_number_is_refused(empty: Library, tmp_path: Path) -> None:
    spoiled = chance_model(tmp_path / "spoiled.gguf", spoiled="blk.1.ffn_up.weight")
    model = empty.add(spoiled, name="spoiled")
    with pytest.raises(ModelFileError):
        await made(empty, model, "Q8_0")
    assert list(empty.partial.iterdir()) == []


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_disk_that_fills_up_leaves_nothing(empty: Library, model: InstalledModel) -> None:
    with files_no_larger_than(100_000), pytest.raises(DiskFullError) as raised:
        await made(empty, model, "Q8_0")
    assert raised.value.key == "engines.quantize_disk"
    assert list(empty.partial.iterdir()) == []


def test_room_is_looked_for_before_anything_is_done(empty: Library, model: InstalledModel) -> None:
    vast = Mixture(target="Q8_0", steps=plan_for(model, "Q8_0").steps * 2_000_000)
    with pytest.raises(DiskFullError):
        check_space(empty, [vast], model)


async def test_another_model_of_the_name_stays(empty: Library, model: InstalledModel, tmp_path: Path) -> None:
    other = empty.add(chance_model(tmp_path / "other.gguf", repeat=2), name="chance-q8_0")
    with pytest.raises(ConflictError):
        already(empty, model, "Q8_0", "chance-q8_0")
    with pytest.raises(ConflictError):
        await made(empty, model, "Q8_0")
    assert empty.get("chance-q8_0").digest == other.digest


async def test_what_was_made_before_is_found_again(empty: Library, model: InstalledModel) -> None:
    assert already(empty, model, "Q8_0", "chance-q8_0") is None
    new = await made(empty, model, "Q8_0")
    assert already(empty, model, "Q8_0", "chance-q8_0") == new
    with pytest.raises(ConflictError):
        already(empty, model, "Q4_0", "chance-q8_0")


async def test_nothing_to_do_is_said(empty: Library, model: InstalledModel) -> None:
    with pytest.raises(UsageError):
        plan_for(model, "F16")


async def test_a_child_that_dies_is_a_failure_with_its_last_words(
    empty: Library, model: InstalledModel
) -> None:
    with pytest.raises(EngineError) as raised:
        await made(empty, model, "Q8_0", Errands(threads=0, environment={}))
    assert raised.value.key == "engines.errand_failed"
    assert "max_workers" in str(raised.value.values["detail"])
    assert list(empty.partial.iterdir()) == []


def test_a_library_without_a_function_is_found_out() -> None:
    with pytest.raises(MissingFunctionError, match="llama_no_such_thing"):
        Native({"llama_no_such_thing": (None, ())})


# ---- names ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("qwen2.5-coder-0.5b", "Q4_K_M", "qwen2.5-coder-0.5b-q4_k_m"),
        ("llama-F16", "Q8_0", "llama-q8_0"),
        ("llama.q4_k_m", "Q2_K", "llama-q2_k"),
    ],
)
def test_the_new_name_tells_the_type(name: str, target: str, expected: str, model: InstalledModel) -> None:
    from dataclasses import replace

    assert name_for(replace(model, name=name), target) == expected


def test_types_are_named_as_people_write_them() -> None:
    assert target_named("q4_K_M") == target_named(" Q4-K-M ") == "Q4_K_M"
    with pytest.raises(KeyError):
        target_named("q9")


async def test_a_type_that_cannot_be_read_is_said(
    empty: Library, model: InstalledModel, tmp_path: Path
) -> None:
    path = tmp_path / "strange.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_tensor(
        "blk.0.ffn_up.weight", np.zeros((4, 36), np.uint8), raw_dtype=gguf.GGMLQuantizationType.NVFP4
    )
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        step()
    writer.close()
    with pytest.raises(UnsupportedError):
        plan_for(empty.add(path, name="strange"), "Q8_0")
