"""How many layers the engine puts on graphics cards: as many as the plan of `model fit` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from yoriai.catalog.detect import EngineDevice
from yoriai.catalog.gguf import read_header
from yoriai.catalog.shape import from_headers
from yoriai.catalog.split import Load
from yoriai.engines import child, survey
from yoriai.engines.placement import n_gpu_layers

GIB, MIB = 2**30, 2**20
WHOLE = 31  # SmolLM2's 30 layers, and the output


def card(free_bytes: int) -> EngineDevice:
    return EngineDevice(
        name="CUDA0", description="RTX 4060 Ti", memory_bytes=8 * GIB, free_bytes=free_bytes
    )  # fmt: skip


def placed(model: Path, *devices: EngineDevice) -> int:
    load = Load(shape=from_headers("m", [read_header(model)]), context=2048, users=4)
    return n_gpu_layers(load, devices, 32 * GIB, 16 * GIB)


def test_all_layers_and_the_output_go_where_there_is_room(smollm2_path: Path) -> None:
    assert placed(smollm2_path, card(6 * GIB)) == WHOLE
    assert placed(smollm2_path, card(6 * GIB), card(6 * GIB)) == WHOLE


def test_a_fuller_card_gets_fewer_layers_and_a_full_one_none(smollm2_path: Path) -> None:
    counts = [placed(smollm2_path, card(free * MIB)) for free in (900, 700, 600, 500, 100)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == WHOLE
    assert 0 < counts[2] < WHOLE
    assert counts[-1] == 0


@pytest.mark.parametrize(("setting", "layers"), [(-1, WHOLE), (0, 0), (7, 7)])
def test_the_settings_word_counts_before_the_plan(setting: int, layers: int, smollm2_path: Path) -> None:
    told = {
        "name": "CUDA0",
        "description": "RTX 4060 Ti",
        "memory_bytes": 8 * GIB,
        "free_bytes": 6 * GIB,
        "type": "GPU",
    }
    specification: dict[str, Any] = {
        "gpu_layers": setting, "paths": [str(smollm2_path)], "path": str(smollm2_path), "kind": "chat",
        "context_size": 2048, "parallel": 4,
    }  # fmt: skip
    assert child.gpu_layers(specification, [told]) == layers
    assert child.gpu_layers(specification, []) == setting


def test_beside_a_card_the_processors_own_graphics_is_left_alone() -> None:
    cpu, own, shared = ({"type": kind, "name": kind} for kind in ("CPU", "GPU", "IGPU"))
    assert survey.preferred([cpu, shared, own]) == [own]
    assert survey.preferred([cpu, shared]) == [shared]
    assert survey.preferred([cpu]) == []
