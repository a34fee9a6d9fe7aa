"""What one token costs, whatever the machine: weights it is multiplied with, by type, and what it looks back on. Pure.

Owns the way to it from a file's header, or from a shape alone. `catalog.speed` divides it by what a machine can do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yoriai.catalog.ggml_types import BLOCKS
from yoriai.catalog.gguf import Header, Tensor
from yoriai.catalog.shape import Shape

BYTES_PER_WEIGHT: Mapping[str, float] = {name: size / count for name, count, size in BLOCKS.values()}

# The type that most weights of a kind of quantisation have. Source: llama_tensor_get_type in src/llama-quant.cpp.
_MAIN_TYPES = {
    "Q4_K": "Q4_K",
    "Q5_K": "Q5_K",
    "Q6_K": "Q6_K",
    "Q3_K": "Q3_K",
    "Q2_K": "Q2_K",
    "MXFP4": "MXFP4",
}
_UNKNOWN_TYPE = "Q4_K"


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """`layers` and `output`: number of weights by ggml's name of their type."""

    shape: Shape
    layers: tuple[Mapping[str, int], ...]
    output: Mapping[str, int]

    @property
    def head_size(self) -> int:
        """Of keys and values together, per head that asks; where the file doesn't say, as wide as the model."""
        return 2 * self.shape.n_embd // max(1, self.shape.n_head)


def from_headers(shape: Shape, headers: Sequence[Header]) -> Work:
    """Exact: what the file has."""
    tensors = [tensor for header in headers for tensor in header.tensors]
    share = _expert_share(headers[0])
    layers: list[Counter[str]] = [Counter() for _ in shape.layers]
    output: Counter[str] = Counter()
    has_output = any(tensor.name == "output.weight" for tensor in tensors)
    for tensor in tensors:
        index, count = _layer(tensor.name), _weights(tensor)
        if not count:
            continue
        if index is not None and index < len(layers):
            layers[index][tensor.type] += int(count * (share if "exps." in tensor.name else 1))
        elif tensor.name.startswith("output") or _is_output_too(tensor, has_output, shape):
            output[tensor.type] += count
    return Work(shape=shape, layers=tuple(layers), output=output)


def from_shape(shape: Shape) -> Work:
    """Roughly: all weights of the type that most have in this quantisation, as many as the bytes hold."""
    kind = main_type(shape.quantization)
    each = BYTES_PER_WEIGHT[kind]
    return Work(
        shape=shape,
        layers=tuple({kind: round(layer.active_bytes / each)} for layer in shape.layers),
        output={kind: round(shape.output_bytes / each)},
    )


def main_type(quantization: str) -> str:
    """ "Q4_K_M" → "Q4_K"."""
    name = quantization.upper()
    if name in BYTES_PER_WEIGHT:
        return name
    found = next((kind for prefix, kind in _MAIN_TYPES.items() if name.startswith(prefix)), "")
    return found or next((kind for kind in BYTES_PER_WEIGHT if name.startswith(kind)), _UNKNOWN_TYPE)


def bytes_of(weights: Mapping[str, int]) -> float:
    return sum(count * BYTES_PER_WEIGHT[kind] for kind, count in weights.items())


def _expert_share(header: Header) -> float:
    used, count = header.of_architecture("expert_used_count"), header.of_architecture("expert_count")
    return min(1.0, used / count) if used > 0 and count > 0 else 1.0


def _layer(name: str) -> int | None:
    first, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    return (
        int(number) if first == "blk" and number.isascii() and number.isdigit() and len(number) < 5 else None
    )


def _is_output_too(tensor: Tensor, has_output: bool, shape: Shape) -> bool:
    """Embeddings are looked up; where the model has no output of its own, they are it."""
    return tensor.name == "token_embd.weight" and not has_output and not shape.is_encoder


def _weights(tensor: Tensor) -> int:
    """Vectors (norms, biases) cost next to nothing."""
    if len(tensor.dimensions) < 2:
        return 0
    count = 1
    for dimension in tensor.dimensions:
        count *= dimension
    return count
