"""The engine is asked in a process of its own, and may fail there."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoriai.catalog import shape
from yoriai.catalog.describe import describe
from yoriai.catalog.gguf import read_header
from yoriai.catalog.plan import plan
from yoriai.catalog.split import Load
from yoriai.engines import devices


async def test_the_engine_of_this_installation_lists_its_cards() -> None:
    for card in await devices.graphics_cards({}):  # the CPU-only one has none
        assert card.name
        assert 0 < card.free_bytes <= card.memory_bytes


async def test_the_engines_estimate_is_near_our_plan(smollm2_path: Path) -> None:
    load = Load(shape=shape.from_headers("smollm2-135m", [read_header(smollm2_path)]), context=512)
    machine = describe(["RTX 4060 Ti 8GB"], 16, "Ryzen 9 5950X").machine
    told = await devices.estimate(load, machine, str(smollm2_path), {})
    assert told
    assert told.n_gpu_layers == plan(load, machine).n_gpu_layers == 31


async def test_an_engine_that_fails_has_nothing_to_say(smollm2_path: Path) -> None:
    load = Load(shape=shape.from_headers("smollm2-135m", [read_header(smollm2_path)]), context=512)
    assert await devices.estimate(load, describe([], 16).machine, "/nonexistent.gguf", {}) is None


@pytest.mark.parametrize("output", ["print('talk'); print('[1]')", "print('{')", "raise SystemExit(9)", ""])
async def test_what_is_no_answer_is_none(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = tmp_path / "survey.py"
    survey.write_text(output)
    monkeypatch.setattr(devices, "SURVEY", survey)
    assert await devices.graphics_cards({}) == []
