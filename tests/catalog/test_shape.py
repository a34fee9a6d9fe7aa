"""What a model is made of: from real and made-up headers, and before there is a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from yoriai.catalog import catalogue, entry_shape, shape, shapes
from yoriai.catalog.caches import caches
from yoriai.catalog.catalogue import Description, Entry
from yoriai.catalog.gguf import Header, Tensor, Value, read_header
from yoriai.catalog.library import Library
from yoriai.catalog.memory import memory_needed
from yoriai.errors import ModelFileError, NotFoundError

from .test_library import small

ENTRIES = catalogue.load()


def header(architecture: str, values: Mapping[str, Value], tensors: Sequence[Tensor] = ()) -> Header:
    metadata: dict[str, Value] = {"general.architecture": architecture}
    metadata |= {f"{architecture}.{key}": value for key, value in values.items()}
    size = sum(tensor.size_bytes for tensor in tensors)
    return Header(metadata=metadata, lengths={}, tensors=tuple(tensors), data_offset=0, file_bytes=size)


def tensor(name: str, size: int) -> Tensor:
    return Tensor(name=name, dimensions=(size,), type="I8", size_bytes=size)


PLAIN = {"block_count": 4, "embedding_length": 64, "attention.head_count": 4, "attention.head_count_kv": 2}


# ---- caches ---------------------------------------------------------------------------------------------------
def test_grouped_query_attention_keeps_fewer_heads() -> None:
    assert [layer.elements for layer in caches(header("llama", PLAIN))] == [2 * (16 + 16)] * 4


def test_of_a_pattern_of_windows_every_layer_is_known() -> None:
    windows = {"attention.sliding_window": 512}
    told = header("x", {**PLAIN, **windows, "attention.sliding_window_pattern": (True, False, True, True)})
    assert [layer.window for layer in caches(told)] == [512, 0, 512, 512]
    by_rule = header("gemma2", {**PLAIN, **windows})
    assert [layer.window for layer in caches(by_rule)] == [512, 0, 512, 0]


def test_gemma_4s_layers_differ_and_the_last_ones_share() -> None:
    """E2B in small: windows with other heads, and layers that look into the caches of earlier ones."""
    values = {
        "block_count": 6, "embedding_length": 64, "attention.head_count": 8,
        "attention.head_count_kv": (1, 1, 2, 1, 1, 2), "attention.key_length": 512, "attention.value_length": 512,
        "attention.key_length_swa": 256, "attention.value_length_swa": 256, "attention.sliding_window": 512,
        "attention.sliding_window_pattern": (True, True, False, True, True, False), "attention.shared_kv_layers": 2,
    }  # fmt: skip
    layers = caches(header("gemma4", values))
    assert [layer.elements for layer in layers] == [512, 512, 2048, 512, 0, 0]
    assert [layer.window for layer in layers] == [512, 512, 0, 512, 0, 0]


def test_recurrent_layers_keep_a_state() -> None:
    values = {
        **PLAIN, "full_attention_interval": 4, "attention.key_length": 256, "attention.value_length": 256,
        "ssm.inner_size": 32 * 128, "ssm.state_size": 128, "ssm.group_count": 16, "ssm.conv_kernel": 4,
    }  # fmt: skip
    layers = caches(header("qwen35", values))
    state = (32 * 128 * 128 + 3 * (32 * 128 + 2 * 16 * 128)) * 4
    assert [layer.state_bytes for layer in layers] == [state, state, state, 0]
    assert [layer.elements for layer in layers] == [0, 0, 0, 2 * 512]


def test_short_convolutions_keep_little() -> None:
    values = {**PLAIN, "attention.head_count_kv": (0, 0, 2, 0), "shortconv.l_cache": 3}
    layers = caches(header("lfm2", values))
    assert [layer.elements for layer in layers] == [0, 0, 64, 0]
    assert [layer.state_bytes for layer in layers] == [64 * 2 * 4, 64 * 2 * 4, 0, 64 * 2 * 4]


@pytest.mark.parametrize("wrong", [-1, -(2**31), 2**63, True, "x", (-5, -5, -5, -5), (1,), ()])
def test_absurd_numbers_never_make_a_cache_negative(wrong: Value) -> None:
    for key in (
        "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
        "attention.sliding_window", "attention.shared_kv_layers", "ssm.inner_size", "full_attention_interval",
        "embedding_length", "attention.sliding_window_pattern", "shortconv.l_cache",
    ):  # fmt: skip
        for layer in caches(header("llama", {**PLAIN, "ssm.state_size": 16, key: wrong})):
            assert min(layer.keys, layer.values, layer.window, layer.state_bytes) >= 0


# ---- from headers ---------------------------------------------------------------------------------------------
def test_weights_are_counted_where_they_are_used() -> None:
    tensors = [
        tensor("token_embd.weight", 1000), tensor("blk.0.attn_q.weight", 10), tensor("blk.0.ffn_up_exps.weight", 160),
        tensor("blk.1.attn_q.weight", 20), tensor("blk.1.ffn_gate_inp.weight", 5), tensor("output_norm.weight", 1),
    ]  # fmt: skip
    values = {**PLAIN, "block_count": 2, "expert_count": 16, "expert_used_count": 4, "vocab_size": 9}
    made = shape.from_headers("x", [header("qwen3moe", values, tensors)])
    assert [layer.weight_bytes for layer in made.layers] == [170, 25]
    assert [layer.active_bytes for layer in made.layers] == [10 + 40, 25]
    assert (made.input_bytes, made.output_bytes) == (1000, 1 + 1000)  # the embeddings are the output, too
    own = shape.from_headers("x", [header("qwen3moe", values, [*tensors, tensor("output.weight", 300)])])
    assert own.output_bytes == 301


@pytest.mark.parametrize("count", [0, -1, 7, 2**31, 2**63])
def test_layers_that_are_not_there_are_refused(count: int) -> None:
    tensors = [tensor(f"blk.{n}.attn_q.weight", 10) for n in range(2)]
    with pytest.raises(ModelFileError):
        shape.from_headers("x", [header("llama", {**PLAIN, "block_count": count}, tensors)])


def test_a_real_file_is_counted_to_the_byte(smollm2_path: Path) -> None:
    told = read_header(smollm2_path)
    made = shape.from_headers("smollm2-135m", [told])
    layers = sum(layer.weight_bytes for layer in made.layers)
    assert layers + made.output_bytes == sum(
        t.size_bytes for t in told.tensors
    )  # its output is its embeddings
    assert made.origin == "header"
    assert len({layer.cache for layer in made.layers}) == 1


def test_memory_is_the_same_from_a_shape_and_from_an_installed_model(
    smollm2_path: Path, tmp_path: Path
) -> None:
    model = Library(tmp_path).add(smollm2_path, "smollm2-135m", link=True)
    made = shapes.of_installed(model)
    assert memory_needed(made, 4096, 4) == memory_needed(model, 4096, 4)
    gone = shape.from_installed(model)
    assert memory_needed(gone, 4096, 4) == memory_needed(model, 4096, 4)


# ---- before there is a file -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["smollm2-135m"])
def test_the_catalogues_facts_are_those_of_the_file(name: str, smollm2_path: Path) -> None:
    before, after = (
        entry_shape.from_entry(ENTRIES[name]),
        shape.from_headers(name, [read_header(smollm2_path)]),
    )
    assert [layer.cache for layer in before.layers] == [layer.cache for layer in after.layers]
    for fact in (
        "architecture",
        "n_embd",
        "n_ff",
        "n_head",
        "n_vocab",
        "context_train",
        "tokenizer",
        "parameters",
    ):
        assert getattr(before, fact) == getattr(after, fact), fact
    assert before.weight_bytes == pytest.approx(after.weight_bytes, rel=0.02)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_what_is_known_of_an_entry_is_consistent(entry: Entry) -> None:
    made = entry_shape.from_entry(entry)
    assert made.size_bytes == entry.estimated_bytes
    own_output = 0 if entry.architecture and entry.architecture.tied else made.output_bytes
    layers = sum(layer.weight_bytes for layer in made.layers)
    if made.origin == "catalogue":
        assert layers + made.input_bytes + own_output == pytest.approx(made.size_bytes, abs=2000)
    architecture = entry.architecture.name if entry.architecture else ""
    assert made.is_encoder == (architecture == "bert")
    assert all(0 < layer.active_bytes <= layer.weight_bytes for layer in made.layers)
    assert made.cache_elements > 0


@pytest.mark.parametrize(
    "name",
    ["llama-3.2-3b", "smollm3-3b", "phi-4-mini", "mistral-small-3.2-24b", "llm-jp-3.1-1.8b", "llama-3.1-70b",
     "llama-3.1-8b", "gemma-2-9b", "gemma-2-27b", "phi-3.5-mini", "smollm2-135m", "qwen2.5-coder-0.5b"],
)  # fmt: skip
def test_architecture_and_number_of_parameters_agree(name: str) -> None:
    """Of models with the usual layers: four matrices of attention, three of feed-forward."""
    entry = ENTRIES[name]
    facts = entry.architecture
    assert facts and entry.parameters
    attention = 2 * facts.embedding * facts.head_size * (facts.heads + facts.kv_heads)
    between = facts.layers * (attention + 3 * facts.embedding * facts.feed_forward)
    ends = facts.vocabulary * facts.embedding * (1 if facts.tied else 2)
    assert between + ends == pytest.approx(entry.parameters, rel=0.02)


def test_without_facts_it_is_an_estimate_and_says_so() -> None:
    description = Description(en="X.", ja="エックス。")
    entry = Entry(
        name="x", family="X", licence="MIT", parameters=8 * 10**9, quantization="Q4_K_M", sources=(),
        description=description,
    )  # fmt: skip
    made = entry_shape.from_entry(entry)
    assert made.origin == "estimate"
    assert (len(made.layers), made.cache_elements) == (32, 32 * 2 * 8 * 128)


# ---- by name --------------------------------------------------------------------------------------------------
def test_a_model_is_found_by_name_or_path(smollm2_path: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "models")
    library.add(smollm2_path, "mine", link=True)
    file = tmp_path / "Another.gguf"
    file.symlink_to(smollm2_path)
    found = [shapes.of_name(name, library, ENTRIES) for name in ("mine", "smollm2-135m", str(file))]
    assert [made.origin for made in found] == ["header", "catalogue", "header"]
    assert found[2].name == "Another.gguf"
    assert {made.name for made in shapes.all_shapes(library, ENTRIES)} == {"mine", *ENTRIES}
    for unknown in ("nope", "nope.gguf", "nope/nope.gguf", ""):
        with pytest.raises(NotFoundError):
            shapes.of_name(unknown, library, ENTRIES)


def test_a_file_that_cannot_be_used_is_told_as_it_is_when_it_is_added(tmp_path: Path) -> None:
    library = Library(tmp_path / "models")
    projector = small(tmp_path / "projector.gguf", general__type="mmproj")
    text = tmp_path / "notes.txt"
    text.write_text("Not a model. " * 10)
    (tmp_path / "newer.gguf").write_bytes(b"GGUF\x09\0\0\0" + bytes(100))
    for path in (projector, text, tmp_path / "newer.gguf"):
        with pytest.raises(ModelFileError) as planned:
            shapes.of_name(str(path), library, ENTRIES)
        with pytest.raises(ModelFileError) as added:
            library.add(path)
        assert (planned.value.key, planned.value.values) == (added.value.key, added.value.values)


def test_of_a_model_in_parts_all_are_counted(tmp_path: Path) -> None:
    first = small(tmp_path / "big.gguf", parts=3)
    of_all = sum(path.stat().st_size for path in tmp_path.glob("big-*.gguf"))
    made = shapes.of_name(str(first), Library(tmp_path / "models"), ENTRIES)
    assert made.size_bytes == of_all
