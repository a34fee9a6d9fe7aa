"""What a model is made of, as far as memory and speed go: bytes per layer, caches per layer, sizes.

Owns the ways to it: from the header of a file, from an installed model without one, from an entry of the catalogue
before anything was downloaded. Knows no machine. `catalog.plan` and `catalog.speed` calculate with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yoriai.catalog.caches import Cache, caches, natural
from yoriai.catalog.facts import is_encoder, kind_of, repacked_bytes
from yoriai.catalog.gguf import Header, Tensor
from yoriai.errors import ModelFileError
from yoriai.models import InstalledModel, ModelKind

# Where the numbers are from: a file's header, the catalogue's verified facts, or a guess from the size alone.
Origin = Literal["header", "catalogue", "estimate"]

_MOST_LAYERS = 1024
_BLOCK = re.compile(r"blk\.(\d{1,4})\.")
_INPUTS = ("token_embd", "per_layer_token_embd", "position_embd", "token_types", "token_embd_norm")
_EXPERTS = re.compile(r"\.ffn_(up|down|gate|gate_up)_(ch)?exps\.")


_NOTHING = Cache()


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    weight_bytes: int
    active_bytes: int  # of these, what one token is multiplied with: of a mixture, the chosen experts only
    cache: Cache = _NOTHING


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    name: str
    architecture: str
    kind: ModelKind
    quantization: str
    origin: Origin
    size_bytes: int  # of the file(s)
    layers: tuple[Layer, ...]
    input_bytes: int  # embeddings, which a CPU looks up, wherever the rest is
    output_bytes: (
        int  # what comes after the layers; a copy of the embeddings, where they are the output as well
    )
    n_embd: int
    n_ff: int  # of a mixture: of all experts that work on a token
    n_head: int
    n_vocab: int
    context_train: int
    parameters: int = 0
    tokenizer: str = ""
    repacked_bytes: int = 0

    @property
    def weight_bytes(self) -> int:
        """All that is multiplied with, once."""
        return sum(layer.weight_bytes for layer in self.layers) + self.output_bytes

    @property
    def active_bytes(self) -> int:
        """Bytes that are read for each generated token."""
        return sum(layer.active_bytes for layer in self.layers) + self.output_bytes

    @property
    def is_encoder(self) -> bool:
        return is_encoder(self.architecture)

    # ---- as `catalog.memory` wants it ---------------------------------------------------------------------
    @property
    def sliding_window(self) -> int:
        return max((layer.cache.window for layer in self.layers), default=0)

    @property
    def cache_elements(self) -> int:
        return sum(layer.cache.elements for layer in self.layers if not layer.cache.window)

    @property
    def cache_elements_sliding(self) -> int:
        return sum(layer.cache.elements for layer in self.layers if layer.cache.window)

    @property
    def state_bytes(self) -> int:
        return sum(layer.cache.state_bytes for layer in self.layers)


def from_headers(
    name: str, headers: Sequence[Header], quantization: str = "", kind: ModelKind | None = None
) -> Shape:
    """The shape of a model whose files have these headers; the first has the metadata of all.

    Raises:
        ModelFileError: it announces layers that it hasn't.
    """
    header = headers[0]
    tensors = [tensor for each in headers for tensor in each.tensors]
    count = header.n_layer
    if not 0 < count <= min(_MOST_LAYERS, max(len(tensors), 1)):
        raise ModelFileError("catalog.file_broken", path=name, detail=f"it announces {count:,} layers")
    used = natural(header.of_architecture("expert_used_count"))
    share = min(1.0, used / max(1, natural(header.of_architecture("expert_count")))) if used else 1.0
    weights, active = _of_layers(tensors, count, share)
    inputs = sum(tensor.size_bytes for tensor in tensors if tensor.name.startswith(_INPUTS))
    rest = sum(tensor.size_bytes for tensor in tensors) - sum(weights) - inputs
    is_tied = not any(tensor.name == "output.weight" for tensor in tensors) and not is_encoder(
        header.architecture
    )
    embedding = next((tensor.size_bytes for tensor in tensors if tensor.name == "token_embd.weight"), 0)
    return Shape(
        name=name, architecture=header.architecture, kind=kind or kind_of(header), origin="header",
        quantization=quantization or header.quantization, size_bytes=sum(each.file_bytes for each in headers),
        layers=tuple(
            Layer(weight_bytes=weights[i], active_bytes=active[i], cache=cache)
            for i, cache in enumerate(caches(header))
        ),
        input_bytes=inputs, output_bytes=rest + (embedding if is_tied else 0), n_embd=natural(header.n_embd),
        n_ff=max(_largest(header, "feed_forward_length"), used * _largest(header, "expert_feed_forward_length")),
        n_head=max(1, natural(header.n_head)), n_vocab=natural(header.n_vocab),
        context_train=natural(header.context_length), parameters=sum(each.parameters for each in headers),
        tokenizer=header.text("tokenizer.ggml.model"), repacked_bytes=repacked_bytes(headers),
    )  # fmt: skip


def from_installed(model: InstalledModel) -> Shape:
    """Without its header: all layers alike."""
    count = max(1, min(model.n_layer, _MOST_LAYERS))
    cache = Cache(keys=model.n_head_kv * model.head_size_k, values=model.n_head_kv * model.head_size_v)
    each = model.size_bytes // count
    layers = [Layer(weight_bytes=each, active_bytes=each, cache=cache)] * count
    return Shape(
        name=model.name, architecture=model.architecture, kind=model.kind, quantization=model.quantization,
        origin="estimate", size_bytes=model.size_bytes, layers=tuple(layers), input_bytes=0, output_bytes=0,
        n_embd=model.n_embd, n_ff=model.n_ff, n_head=max(1, model.n_head), n_vocab=model.n_vocab,
        context_train=model.context_train, parameters=model.parameters, tokenizer=model.tokenizer,
        repacked_bytes=model.repacked_bytes,
    )  # fmt: skip


def _of_layers(tensors: Sequence[Tensor], count: int, share: float) -> tuple[list[int], list[int]]:
    weights, active = [0] * count, [0] * count
    for tensor in tensors:
        block = _BLOCK.match(tensor.name)
        if not block or (index := int(block[1])) >= count:
            continue
        weights[index] += tensor.size_bytes
        active[index] += int(tensor.size_bytes * (share if _EXPERTS.search(tensor.name) else 1))
    return weights, active


def _largest(header: Header, key: str) -> int:
    return max((natural(n) for n in header.per_layer(key)), default=0)
