"""Which type each tensor gets when a model is quantised, and how large the result will be. Pure; opens nothing.

Follows llama.cpp's own mixtures without an importance matrix, so that "Q4_K_M" means here what it means elsewhere.
Source: src/llama-quant.cpp of ggml-org/llama.cpp (llama_tensor_get_type_impl, tensor_allows_quantization,
tensor_type_fallback), as of commit 007dbbf3. `engines.quantize` asks for a plan and carries it out.
What differs is in docs/decisions/0013.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yoriai.catalog.ggml_types import BLOCKS, FILE_TYPES
from yoriai.catalog.gguf import Header, Tensor

# Elements and bytes.
_BLOCK_OF: Mapping[str, tuple[int, int]] = {name: (n, size) for name, n, size in BLOCKS.values()}
_FILE_TYPE_OF = {name: number for number, name in FILE_TYPES.items()}

# What a file is called -> the type of most of its tensors. The order is that of quality.
TARGETS: Mapping[str, str] = {
    "F16": "F16",
    "BF16": "BF16",
    "Q8_0": "Q8_0",
    "Q6_K": "Q6_K",
    "Q5_K_M": "Q5_K",
    "Q5_K_S": "Q5_K",
    "Q5_1": "Q5_1",
    "Q5_0": "Q5_0",
    "Q4_K_M": "Q4_K",
    "Q4_K_S": "Q4_K",
    "IQ4_NL": "IQ4_NL",
    "IQ4_XS": "IQ4_XS",
    "Q4_1": "Q4_1",
    "Q4_0": "Q4_0",
    "Q3_K_L": "Q3_K",
    "Q3_K_M": "Q3_K",
    "Q3_K_S": "Q3_K",
    "Q2_K": "Q2_K",
}
_WHOLE = {"F32", "F16", "BF16", "F64"}  # types that nobody calls quantised
_NUMBERS = {"I8", "I16", "I32", "I64", "F64"}  # tables, not weights
# Types that can be turned back into numbers and so be quantised once more.
READABLE = _WHOLE - {"F64"} | {
    "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "IQ3_S",
    "IQ3_XXS", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_S", "IQ1_M", "TQ1_0", "TQ2_0", "MXFP4",
}  # fmt: skip
_FALLBACK = {
    "IQ4_XS": "IQ4_NL",
    "Q2_K": "Q4_0",
    "Q3_K": "Q4_0",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}
_KEPT = (
    "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj",
    "ssm_conv1d", "shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight",
    "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight",
    "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight",
    "time_mix_g1.weight", "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight",
    "time_mix_lerp_fused.weight", "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_",
    ".rel_pos", ".patch_embd", ".patch_merger", "a.rvq.codebook", "mm.a.code_embd",
)  # fmt: skip
_KEPT_NAMES = {"position_embd.weight", "token_types.weight"}
_EMBEDDINGS = {"token_embd.weight", "per_layer_token_embd.weight"}
# In this order, as "attn_k.weight" is looked for before "attn_q.weight".
_CATEGORIES = (
    ("attn_qkv.weight", "attention_v"), ("attn_kv_b.weight", "attention_v"), ("attn_v.weight", "attention_v"),
    ("attn_k.weight", "attention_k"), ("attn_q.weight", "other"), ("attn_output.weight", "attention_output"),
    ("ffn_up", "other"), ("ffn_gate", "other"), ("ffn_down", "ffn_down"),
)  # fmt: skip
_LAYER = re.compile(r"blk\.(\d+)\.")
# llama.cpp counts layers to tell its 70B type.
_OF_70B = {"llama", "deci", "qwen2"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One tensor: from which type to which."""

    tensor: Tensor
    type: str
    size_bytes: int  # afterwards


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """All tensors in the order in which they are written."""

    target: str
    steps: tuple[Step, ...]

    @property
    def file_type(self) -> int:
        """What `general.file_type` says."""
        return _FILE_TYPE_OF[self.target]

    @property
    def size_bytes(self) -> int:
        """Of the weights; a file is larger by its header and its padding."""
        return sum(step.size_bytes for step in self.steps)

    @property
    def requantized(self) -> tuple[str, ...]:
        """Types of tensors that lose a second time."""
        lost = {step.tensor.type for step in self.steps if step.type != step.tensor.type}
        return tuple(sorted(lost - _WHOLE))

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Types of tensors that would have to be changed and cannot be read."""
        changed = {step.tensor.type for step in self.steps if step.type != step.tensor.type}
        return tuple(sorted(changed - READABLE))


def mixture(headers: Sequence[Header], target: str) -> Mixture:
    """The plan for a model whose files have these headers; the first has the metadata of all.

    Args:
        target: one of `TARGETS`.
    """
    tensors = sorted((tensor for header in headers for tensor in header.tensors), key=_order)
    chooser = _Chooser(headers[0], target, tensors)
    return Mixture(target=target, steps=tuple(chooser.step(tensor) for tensor in tensors))


def bits_per_weight(headers: Sequence[Header]) -> float:
    """Of all tensors together."""
    n = sum(math.prod(tensor.dimensions) for header in headers for tensor in header.tensors)
    return 8 * sum(tensor.size_bytes for header in headers for tensor in header.tensors) / n if n else 0.0


def _order(tensor: Tensor) -> tuple[int, str]:
    """What belongs to no layer first, then by layer and name: the mixtures count in this order."""
    return (_layer(tensor.name), tensor.name)


def _layer(name: str) -> int:
    found = _LAYER.match(name)
    return int(found[1]) if found else -1


def _category(name: str) -> str:
    if name == "output.weight":
        return "output"
    if name in _EMBEDDINGS:
        return "embedding"
    return next((category for part, category in _CATEGORIES if part in name), "other")


def _may_change(tensor: Tensor) -> bool:
    # ggml counts dimensions up to the last that isn't 1.
    is_matrix = any(n > 1 for n in tensor.dimensions[1:])
    is_weight = is_matrix and tensor.name.endswith("weight") and tensor.type not in _NUMBERS
    return is_weight and tensor.name not in _KEPT_NAMES and not any(part in tensor.name for part in _KEPT)


class _Chooser:
    """Counts tensors as it goes: in some mixtures the first layers and every third one get more bits."""

    def __init__(self, header: Header, target: str, tensors: Sequence[Tensor]) -> None:
        self._target = target
        self._arch = header.architecture
        heads, shared = header.per_layer("attention.head_count"), header.per_layer("attention.head_count_kv")
        self._n_gqa = heads[0] // max(1, shared[0]) if heads and shared else 1
        self._n_expert = header.of_architecture("expert_count")
        self._n_layer = header.n_layer
        self._is_70b = (
            self._n_layer == 80 and self._arch in _OF_70B and not (self._arch == "llama" and self._n_gqa == 1)
        )
        categories = [_category(tensor.name) for tensor in tensors]
        self._is_tied = "output" not in categories
        self._n_attention_v = categories.count("attention_v")
        self._attention_v = 0
        self._ffn_down = 0

    def step(self, tensor: Tensor) -> Step:
        chosen = self._choose(tensor) if _may_change(tensor) else tensor.type
        elements, block_bytes = _BLOCK_OF[chosen]
        size = math.prod(tensor.dimensions) // elements * block_bytes
        return Step(tensor=tensor, type=chosen, size_bytes=size)

    def _choose(self, tensor: Tensor) -> str:
        default = TARGETS[self._target]
        if default in _WHOLE:
            return default
        category = _category(tensor.name)
        match category:
            case "output" | "embedding" if category == "output" or self._is_tied:
                chosen = self._output(tensor, default)
            case "attention_v":
                chosen = self._of_attention_v(default)
            case "attention_k":
                chosen = "Q8_0" if self._n_expert == 8 else default
            case "ffn_down":
                chosen = self._of_ffn_down(tensor, default)
            case "attention_output":
                chosen = self._of_attention_output(default)
            case _:
                chosen = default
        return _fitting(tensor, chosen)

    def _output(self, tensor: Tensor, default: str) -> str:
        if self._arch == "falcon" or tensor.dimensions[0] % _BLOCK_OF[default][0]:
            return "Q8_0"
        return default if default == "Q8_0" else "Q6_K"

    def _of_attention_v(self, default: str) -> str:
        at, chosen = self._attention_v, default
        self._attention_v += 1
        match self._target:
            case "Q2_K":
                chosen = "Q4_K" if self._n_gqa >= 4 else "Q3_K"
            case "Q3_K_M":
                chosen = "Q5_K" if at < 2 else "Q4_K"
            case "Q3_K_L":
                chosen = "Q5_K"
            case "IQ4_NL" | "IQ4_XS" if self._n_gqa >= 4:
                chosen = "Q5_K"
            case "Q4_K_M" | "Q5_K_M" if _more_bits(at, self._n_attention_v):
                chosen = "Q6_K"
            case "Q4_K_S" if at < 4:
                chosen = "Q5_K"
        if self._is_70b and chosen in {"Q3_K", "Q4_K"}:
            chosen = "Q5_K"
        return "Q8_0" if self._n_expert == 8 else chosen

    def _of_ffn_down(self, tensor: Tensor, default: str) -> str:
        # Of experts' tensors there are several in a layer.
        at = _layer(tensor.name) if self._n_expert > 1 else self._ffn_down
        self._ffn_down += 1
        n, is_falcon, chosen = self._n_layer, self._arch == "falcon", default
        more = _more_bits(at, n)
        match self._target:
            case "Q2_K":
                chosen = "Q3_K"
            case "Q3_K_M":
                chosen = "Q5_K" if at < n // 16 else "Q4_K" if not is_falcon or more else "Q3_K"
            case "Q3_K_L":
                chosen = "Q4_K" if is_falcon else "Q5_K"
            case "Q4_K_M" if is_falcon:
                chosen = "Q6_K" if at < n // 16 else "Q5_K" if more else "Q4_K"
            case "Q4_K_M" | "Q5_K_M" if more:
                chosen = "Q6_K"
            case "IQ4_NL" | "IQ4_XS" if at < n // 8:
                chosen = "Q5_K"
            case "Q4_K_S" if not is_falcon and at < n // 8:
                chosen = "Q5_K"
        return chosen

    def _of_attention_output(self, default: str) -> str:
        if self._arch == "falcon":
            return "Q4_K" if self._target == "Q3_K_L" else default
        if self._n_expert == 8:
            small = {"Q2_K", "Q3_K_S", "Q3_K_M", "IQ4_NL", "IQ4_XS", "Q4_K_S", "Q4_K_M"}
            return "Q5_K" if self._target in small else default
        return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(self._target, default)


def _more_bits(layer: int, n_layer: int) -> bool:
    return layer < n_layer // 8 or layer >= 7 * n_layer // 8 or (layer - n_layer // 8) % 3 == 2


def _fitting(tensor: Tensor, chosen: str) -> str:
    """A type whose blocks the rows can be cut into."""
    for each in (chosen, _FALLBACK.get(chosen, "F16")):
        if tensor.dimensions[0] % _BLOCK_OF[each][0] == 0:
            return each
    return "F16"


def unchanged(plan: Mixture) -> bool:
    """Whether nothing would be done."""
    return all(step.type == step.tensor.type for step in plan.steps)
