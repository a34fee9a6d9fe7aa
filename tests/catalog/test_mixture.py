"""Which tensor gets which type: as llama.cpp's own files have it, and by its rules worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from yoriai.catalog import mixture as rules
from yoriai.catalog.gguf import Header, Tensor, read_header
from yoriai.catalog.mixture import TARGETS, bits_per_weight, mixture, unchanged


def tensor(name: str, columns: int = 512, rows: int = 512, type_name: str = "F16") -> Tensor:
    return Tensor(name=name, dimensions=(columns, rows), type=type_name, size_bytes=2 * columns * rows)


def header(*tensors: Tensor, architecture: str = "llama", **numbers: int) -> Header:
    facts = {"block_count": 32, "attention.head_count": 32, "attention.head_count_kv": 8} | {
        name.replace("__", "."): value for name, value in numbers.items()
    }
    metadata = {f"{architecture}.{name}": value for name, value in facts.items()}
    return Header(
        metadata={"general.architecture": architecture, **metadata}, lengths={}, tensors=tensors, data_offset=0,
        file_bytes=0,
    )  # fmt: skip


def layers(name: str, count: int = 32, columns: int = 512) -> list[Tensor]:
    return [tensor(f"blk.{number}.{name}.weight", columns) for number in range(count)]


def types(target: str, *tensors: Tensor, architecture: str = "llama", **numbers: int) -> list[str]:
    """By layer."""
    plan = mixture([header(*tensors, architecture=architecture, **numbers)], target)
    return [step.type for step in plan.steps]


# ---- files that llama.cpp made ----------------------------------------------------------------------------
def differing(path: Path, target: str) -> list[str]:
    return [
        step.tensor.name
        for step in mixture([read_header(path)], target).steps
        if step.type != step.tensor.type
    ]


def test_a_file_of_llama_cpp_s_has_just_these_types(smollm2_path: Path) -> None:
    assert differing(smollm2_path, "Q4_1") == []
    assert differing(smollm2_path, "Q4_0")


@pytest.mark.slow
def test_a_mixed_file_of_llama_cpp_s_has_just_these_types(model_path: Callable[[str], Path]) -> None:
    assert differing(model_path("gemma-3-270m"), "Q4_K_M") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"])
def test_an_older_file_counted_layers_by_the_alphabet(
    name: str, model_path: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = model_path(name)
    assert mixture([read_header(path)], "Q4_K_M").size_bytes == sum(
        each.size_bytes for each in read_header(path).tensors
    )
    monkeypatch.setattr(rules, "_order", lambda each: each.name)
    assert differing(path, "Q4_K_M") == []


# ---- the rules --------------------------------------------------------------------------------------------
def test_the_first_and_last_eighth_and_every_third_layer_between_get_more_bits() -> None:
    more = [*range(4), 6, 9, 12, 15, 18, 21, 24, 27, *range(28, 32)]
    for name in ("attn_v", "ffn_down"):
        got = types("Q4_K_M", *layers(name))
        assert [number for number, each in enumerate(got) if each == "Q6_K"] == more
        assert set(got) == {"Q6_K", "Q4_K"}


@pytest.mark.parametrize(
    ("target", "name", "expected"),
    [
        ("Q4_K_S", "attn_v", ["Q5_K"] * 4 + ["Q4_K"] * 28),
        ("Q4_K_S", "ffn_down", ["Q5_K"] * 4 + ["Q4_K"] * 28),
        ("Q3_K_M", "attn_v", ["Q5_K"] * 2 + ["Q4_K"] * 30),
        ("Q3_K_M", "ffn_down", ["Q5_K"] * 2 + ["Q4_K"] * 30),
        ("Q3_K_M", "attn_output", ["Q4_K"] * 32),
        ("Q3_K_L", "ffn_down", ["Q5_K"] * 32),
        ("Q2_K", "attn_v", ["Q4_K"] * 32),
        ("Q2_K", "ffn_down", ["Q3_K"] * 32),
        ("Q2_K", "attn_output", ["Q3_K"] * 32),
        ("Q2_K", "ffn_up", ["Q2_K"] * 32),
        ("IQ4_XS", "attn_v", ["Q5_K"] * 32),
        ("IQ4_XS", "ffn_down", ["Q5_K"] * 4 + ["IQ4_XS"] * 28),
        ("Q5_K_S", "ffn_down", ["Q5_K"] * 32),
        ("Q8_0", "attn_v", ["Q8_0"] * 32),
        ("F16", "attn_v", ["F16"] * 32),
    ],
)
def test_what_matters_more_gets_more_bits(target: str, name: str, expected: list[str]) -> None:
    assert types(target, *layers(name)) == expected


def test_without_shared_heads_small_types_give_attention_less() -> None:
    assert set(types("Q2_K", *layers("attn_v"), attention__head_count_kv=32)) == {"Q3_K"}


def test_seventy_billion_give_attention_more() -> None:
    got = types("Q4_K_M", *layers("attn_v", 80), block_count=80)
    assert set(got) == {"Q5_K", "Q6_K"}


def test_eight_experts_keep_attention_whole() -> None:
    assert set(types("Q4_K_M", *layers("attn_k"), expert_count=8)) == {"Q8_0"}
    assert set(types("Q4_K_M", *layers("attn_output"), expert_count=8)) == {"Q5_K"}


def test_the_output_keeps_six_bits_and_shared_embeddings_with_it() -> None:
    assert types("Q4_K_M", tensor("output.weight"), tensor("token_embd.weight")) == ["Q6_K", "Q4_K"]
    assert types("Q4_K_M", tensor("token_embd.weight")) == ["Q6_K"]
    assert types("Q8_0", tensor("output.weight")) == ["Q8_0"]


def test_rows_that_blocks_do_not_divide_get_another_type() -> None:
    assert types("Q4_K_S", *layers("ffn_up", 1, columns=576)) == ["Q5_0"]
    assert types("Q2_K", *layers("ffn_up", 1, columns=576)) == ["Q4_0"]
    assert types("Q8_0", *layers("ffn_up", 1, columns=100)) == ["F16"]


def test_norms_routers_and_vectors_stay_as_they_are() -> None:
    kept = [
        tensor("blk.0.attn_norm.weight"), tensor("blk.0.ffn_gate_inp.weight"), tensor("blk.0.attn_q.bias"),
        tensor("position_embd.weight"), Tensor(name="a.weight", dimensions=(512,), type="F32", size_bytes=2048),
        Tensor(name="b.weight", dimensions=(4, 4), type="I32", size_bytes=64),
    ]  # fmt: skip
    assert unchanged(mixture([header(*kept)], "Q4_0"))


def test_every_target_is_a_type_of_file_and_tells_its_size() -> None:
    names = {each.name.removeprefix("MOSTLY_"): each.value for each in gguf.LlamaFileType}
    for target in TARGETS:
        plan = mixture([header(*layers("ffn_up", 2))], target)
        assert plan.file_type == names[target]
        elements, block_bytes = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[plan.steps[0].type]]
        assert plan.size_bytes == 2 * 512 * 512 // elements * block_bytes


def test_what_was_quantised_before_is_told() -> None:
    twice = mixture([header(tensor("blk.0.ffn_up.weight", type_name="Q4_1"), *layers("ffn_down", 1))], "Q8_0")
    assert twice.requantized == ("Q4_1",)
    assert mixture([header(*layers("ffn_up"))], "Q8_0").requantized == ()
    strange = mixture([header(tensor("blk.0.ffn_up.weight", type_name="NVFP4"))], "Q8_0")
    assert strange.unreadable == ("NVFP4",)


def test_bits_per_weight_are_those_of_the_file() -> None:
    assert bits_per_weight([header(*layers("ffn_up"))]) == 16.0
