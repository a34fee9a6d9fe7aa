"""What a token costs: counted in real files, and guessed where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yoriai.catalog import shape, work
from yoriai.catalog.gguf import Header, Tensor, read_header
from yoriai.catalog.kernels import CPU_PICOSECONDS


def test_a_real_file_is_counted(smollm2_path: Path) -> None:
    """SmolLM2-135M: 30 layers of 3,538,944 weights; the embeddings (49,152 × 576) are the output as well."""
    header = read_header(smollm2_path)
    found = work.from_headers(shape.from_headers("m", [header]), [header])
    assert len(found.layers) == 30
    assert all(layer["Q4_1"] == 3_538_944 for layer in found.layers)
    assert dict(found.output) == {"Q8_0": 49_152 * 576}
    assert found.head_size == 128  # a key and a value of 64 numbers
    assert set().union(*found.layers, found.output) <= set(CPU_PICOSECONDS)


def test_a_guess_from_the_size_is_near_the_count(smollm2_path: Path) -> None:
    header = read_header(smollm2_path)
    known = shape.from_headers("m", [header])
    counted, guessed = work.from_headers(known, [header]), work.from_shape(known)
    assert work.bytes_of(guessed.layers[0]) == pytest.approx(work.bytes_of(counted.layers[0]), rel=0.01)


def header(**tensors: tuple[tuple[int, ...], str]) -> Header:
    return Header(
        metadata={
            "general.architecture": "mix", "mix.block_count": 1, "mix.embedding_length": 64,
            "mix.attention.head_count": 4, "mix.expert_count": 8, "mix.expert_used_count": 2,
        },
        lengths={},
        tensors=tuple(
            Tensor(name=name.replace("__", "."), dimensions=size, type=kind, size_bytes=1)
            for name, (size, kind) in tensors.items()
        ),
        data_offset=0,
        file_bytes=1000,
    )  # fmt: skip


def test_of_a_mixture_only_the_experts_that_work_are_counted() -> None:
    made = header(
        blk__0__ffn_up_exps__weight=((64, 128, 8), "Q4_K"), blk__0__attn_q__weight=((64, 64), "Q8_0"),
        blk__0__attn_norm__weight=((64,), "F32"), token_embd__weight=((64, 1000), "Q8_0"),
        output__weight=((64, 1000), "Q6_K"),
    )  # fmt: skip
    found = work.from_headers(shape.from_headers("m", [made]), [made])
    assert found.layers[0]["Q4_K"] == 64 * 128 * 8 // 4
    assert found.layers[0]["Q8_0"] == 64 * 64
    assert "F32" not in found.layers[0]  # vectors cost next to nothing
    assert dict(found.output) == {"Q6_K": 64_000}  # the embeddings are looked up, not multiplied with


@pytest.mark.parametrize(
    ("quantization", "kind"),
    [
        ("Q4_K_M", "Q4_K"),
        ("Q6_K", "Q6_K"),
        ("q8_0", "Q8_0"),
        ("F16", "F16"),
        ("Q3_K_XL", "Q3_K"),
        ("?", "Q4_K"),
    ],
)
def test_the_type_that_most_weights_have(quantization: str, kind: str) -> None:
    assert work.main_type(quantization) == kind


@pytest.mark.slow
def test_every_type_in_the_real_models_has_a_measured_cost(model_path: Callable[[str], Path]) -> None:
    for name in ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "gemma-3-270m", "multilingual-e5-small"):
        found = read_header(model_path(name))
        counted = work.from_headers(shape.from_headers(name, [found]), [found])
        assert set().union(*counted.layers, counted.output) <= set(CPU_PICOSECONDS)
