"""What a model is, from the headers of its files and from what a catalogue knows besides. Pure; opens nothing.

`catalog.library` calls it when a model comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from yoriai.catalog.caches import caches, sliding
from yoriai.catalog.gguf import Header
from yoriai.errors import ModelFileError
from yoriai.models import InstalledModel, ModelKind, Origin
from yoriai.types import Sampling

# Encoders: they make vectors and no text.
_ENCODERS = (
    "bert",
    "eurobert",
    "gemma-embedding",
    "jina-bert",
    "modern-bert",
    "neo-bert",
    "nomic-bert",
    "t5encoder",
)
# Types of weights that llama.cpp puts in another order for a CPU, beside the mapped file.
# Source: ggml_repack_get_optimal_repack_type in ggml/src/ggml-cpu/repack.cpp; what AVX2 and NEON have in common.
_REPACKED = {"Q4_0", "Q4_K", "IQ4_NL"}
_RANKING = 4  # LLAMA_POOLING_TYPE_RANK of include/llama.h
_MOST_BASE_MODELS, _LONGEST_NAME = 32, 200  # of a merge; a hostile file may claim any number
_SAMPLING = {
    "temperature": "temp", "top_p": "top_p", "top_k": "top_k", "min_p": "min_p", "repeat_penalty": "penalty_repeat",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """What a catalogue knows of a model. Empty values leave what its file says."""

    kind: ModelKind | None = None
    family: str = ""
    licence: str = ""
    quantization: str = ""
    languages: tuple[str, ...] = ()
    tool_calls: Literal["native", "schema"] = "schema"
    sampling: Sampling | None = None
    origins: tuple[Origin, ...] = ()


def check_language_model(header: Header, path: Path) -> None:
    """Some GGUF files belong to a model, but are none.

    Raises:
        ModelFileError: a projector, an adapter, a vocabulary …
    """
    kind = header.text("general.type") or "model"
    is_model = kind == "model" and header.architecture not in {"", "clip"} and header.n_layer > 0
    if not is_model or not header.tensors:
        what = kind if kind != "model" else header.architecture or "-"
        raise ModelFileError("catalog.not_a_model", path=str(path), what=what)


def is_encoder(architecture: str) -> bool:
    """Whether it reads a text as a whole: vectors only, and nothing is cached between tokens."""
    return architecture.startswith(_ENCODERS)


def describe(
    name: str, headers: Sequence[Header], paths: Sequence[str], digest: str, details: Details
) -> InstalledModel:
    """The facts of a model whose files have these headers; the first has the metadata of all."""
    header = headers[0]
    kept = caches(header)
    n_head = max(1, header.n_head)
    head_size = header.n_embd // n_head
    return InstalledModel(
        name=name,
        kind=details.kind or kind_of(header),
        paths=tuple(paths),
        size_bytes=sum(part.file_bytes for part in headers),
        digest=digest,
        architecture=header.architecture,
        n_layer=header.n_layer,
        n_head=n_head,
        n_head_kv=_average(header.per_layer("attention.head_count_kv")) or n_head,
        head_size_k=header.of_architecture("attention.key_length") or head_size,
        head_size_v=header.of_architecture("attention.value_length") or head_size,
        n_vocab=header.n_vocab,
        n_embd=header.n_embd,
        n_ff=max(header.per_layer("feed_forward_length"), default=0),
        sliding_window=header.of_architecture("attention.sliding_window"),
        n_layer_sliding=sum(sliding(header)),
        cache_elements=sum(layer.elements for layer in kept if not layer.window),
        cache_elements_sliding=sum(layer.elements for layer in kept if layer.window),
        state_bytes=sum(layer.state_bytes for layer in kept),
        tokenizer=header.text("tokenizer.ggml.model"),
        repacked_bytes=repacked_bytes(headers),
        context_train=header.context_length,
        tool_calls=details.tool_calls,
        languages=details.languages or header.texts("general.languages"),
        licence=details.licence or header.text("general.license"),
        quantization=details.quantization or header.quantization,
        parameters=sum(part.parameters for part in headers),
        family=details.family or header.text("general.basename") or header.architecture,
        sampling=details.sampling or _sampling(header),
        origins=details.origins,
        base_models=_base_models(header),
    )


def _base_models(header: Header) -> tuple[str, ...]:
    """Source: "general.base_model" in docs/gguf.md of ggml-org/ggml."""
    count = header.number("general.base_model.count") or 0
    names = [
        header.text(f"general.base_model.{index}.name") for index in range(min(count, _MOST_BASE_MODELS))
    ]
    return tuple(name[:_LONGEST_NAME] for name in names if name)


def has_ranking_head(header: Header) -> bool:
    """Whether it can score a text for a question. llama.cpp computes something without a head, too: noise."""
    return any(tensor.name.startswith(("cls.", "cls_out")) for tensor in header.tensors)


def kind_of(header: Header) -> ModelKind:
    pooling = header.of_architecture("pooling_type")
    if pooling == _RANKING or has_ranking_head(header):
        return "reranker"
    if pooling > 0 or is_encoder(header.architecture):
        return "embedding"
    return "chat" if header.chat_template else "completion"


def _average(per_layer: Sequence[int]) -> int:
    """Rounded up: it decides how much memory is set aside."""
    return -(-sum(per_layer) // len(per_layer)) if per_layer else 0


def repacked_bytes(headers: Sequence[Header]) -> int:
    """Weights that a CPU holds a second time."""
    tensors = [tensor for header in headers for tensor in header.tensors]
    # Embeddings are looked up, not multiplied with; except where they are the output as well.
    is_output_own = any(tensor.name == "output.weight" for tensor in tensors) or is_encoder(
        headers[0].architecture
    )
    return sum(
        tensor.size_bytes
        for tensor in tensors
        if tensor.type in _REPACKED
        and len(tensor.dimensions) == 2
        and tensor.dimensions[1] % 8 == 0
        and (tensor.name.startswith(("blk.", "output")) or not is_output_own)
    )


def _sampling(header: Header) -> Sampling:
    """What the makers recommend in the file."""
    said = {field: header.metadata.get(f"general.sampling.{key}") for field, key in _SAMPLING.items()}
    try:
        return Sampling.model_validate({field: value for field, value in said.items() if value is not None})
    except ValidationError:  # out of range: a recommendation is no reason to refuse the model
        return Sampling()
