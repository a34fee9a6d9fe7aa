"""The shape of a model that isn't here: from the catalogue's facts, or roughly from its size alone. Pure.

Owns how llama.cpp's quantisations treat embeddings and output, which differ from the rest. `catalog.plan`'s callers
use it where there is no header to read.
"""

from __future__ import annotations

from dataclasses import replace

from yoriai.catalog.caches import Cache
from yoriai.catalog.catalogue import Architecture, Entry
from yoriai.catalog.facts import is_encoder
from yoriai.catalog.shape import Layer, Shape

# Bits per weight. Source: block sizes in ggml-common.h.
_BITS = {"Q4_0": 4.5, "Q4_1": 5.0, "Q4_K": 4.5, "Q5_K": 5.5, "Q6_K": 6.5625, "Q8_0": 8.5, "F16": 16.0}
# Types of embeddings and of output. Source: llama_tensor_get_type in src/llama-quant.cpp; MXFP4: the makers' files.
_ENDS = {
    "Q4_0": ("Q4_0", "Q6_K"),
    "Q4_1": ("Q4_1", "Q6_K"),
    "Q4_K_M": ("Q4_K", "Q6_K"),
    "Q5_K_M": ("Q5_K", "Q6_K"),
    "Q6_K": ("Q6_K", "Q6_K"),
    "Q8_0": ("Q8_0", "Q8_0"),
    "MXFP4": ("Q8_0", "Q8_0"),
    "F16": ("F16", "F16"),
}
# Of the layers' weights, what a CPU holds a second time: all of Q4_0; of Q4_K_M the part in Q4_K (three quarters), and
# where rows are no multiple of 256 and so in other types, a tenth. Measured on four files.
_REPACKED = {"Q4_0": 1.0, "Q4_K_M": 0.75}
_REPACKED_NARROW, _BLOCK = 0.1, 256
# What models of a size usually look like: billions of parameters, layers, embedding, feed-forward, heads, kv heads.
# Source: config.json of SmolLM2 135M, Llama 3.2 1B and 3B, Llama 3.1 8B and 70B, Qwen2.5 14B and 32B.
_USUAL = (
    (0.135, 30, 576, 1536, 9, 3),
    (1.24, 16, 2048, 8192, 32, 8),
    (3.2, 28, 3072, 8192, 24, 8),
    (8.0, 32, 4096, 14336, 32, 8),
    (14.8, 48, 5120, 13824, 40, 8),
    (32.8, 64, 5120, 27648, 40, 8),
    (70.6, 80, 8192, 28672, 64, 8),
)
_USUAL_VOCABULARY = 151_936


def from_entry(entry: Entry) -> Shape:
    """What can be known, or else guessed: `origin` says which."""
    if entry.architecture:
        return _shape(entry, entry.architecture)
    return replace(_shape(entry, _usual(entry)), origin="estimate")


def _shape(entry: Entry, facts: Architecture) -> Shape:
    first, last = _ENDS.get(entry.quantization, ("Q8_0", "Q8_0"))
    table = facts.vocabulary * facts.embedding
    per_layer = facts.vocabulary * facts.embedding_per_layer * facts.layers
    embedding = int(table * _BITS[last if facts.tied else first] / 8)
    inputs = embedding + int(per_layer * _BITS[first] / 8)
    output = 0 if is_encoder(facts.name) else embedding if facts.tied else int(table * _BITS[last] / 8)
    between = max(0, entry.estimated_bytes - inputs - (0 if facts.tied else output))
    each = between // facts.layers
    active = int(each * _active_share(entry, facts, table + per_layer + (0 if facts.tied else table)))
    layers = [
        Layer(weight_bytes=each, active_bytes=active, cache=_cache(facts, index))
        for index in range(facts.layers)
    ]
    return Shape(
        name=entry.name, architecture=facts.name, kind=entry.kind, quantization=entry.quantization, origin="catalogue",
        size_bytes=entry.estimated_bytes, layers=tuple(layers), input_bytes=inputs, output_bytes=output,
        n_embd=facts.embedding, n_ff=_feed_forward(facts), n_head=facts.heads, n_vocab=facts.vocabulary,
        context_train=entry.context or 0, parameters=entry.parameters or 0, tokenizer=facts.tokenizer,
        repacked_bytes=int(between * _repacked_share(entry.quantization, facts.embedding)),
    )  # fmt: skip


def _repacked_share(quantization: str, embedding: int) -> float:
    share = _REPACKED.get(quantization, 0.0)
    return min(share, _REPACKED_NARROW) if quantization.endswith("_K_M") and embedding % _BLOCK else share


def _cache(facts: Architecture, index: int) -> Cache:
    if facts.recurrent and not _is_ordinary(facts, index):
        return Cache(state_bytes=facts.recurrent.state_bytes)
    if facts.cached_layers and index >= facts.cached_layers:
        return Cache()
    size = facts.kv_heads * facts.head_size
    if facts.sliding is None:
        return Cache(keys=size, values=size)
    if (index + 1) % facts.sliding.full_every:
        return Cache(keys=size, values=size, window=facts.sliding.window)
    full = (facts.sliding.full_kv_heads or facts.kv_heads) * (facts.sliding.full_head_size or facts.head_size)
    return Cache(keys=full, values=full)


def _is_ordinary(facts: Architecture, index: int) -> bool:
    """Among recurrent layers: where the number alone is known, spread evenly."""
    assert facts.recurrent
    if facts.recurrent.full_every:
        return (index + 1) % facts.recurrent.full_every == 0
    count = facts.recurrent.full_layers or 0
    return index * count // facts.layers != (index + 1) * count // facts.layers


def _feed_forward(facts: Architecture) -> int:
    if facts.experts is None:
        return facts.feed_forward
    return max(facts.feed_forward, facts.experts.used * facts.experts.feed_forward)


def _active_share(entry: Entry, facts: Architecture, ends: int) -> float:
    """Of a layer's weights, what one token is multiplied with."""
    if facts.experts is None or not entry.parameters:
        return 1.0
    experts = 3 * facts.embedding * facts.experts.feed_forward * facts.experts.count * facts.layers
    share = min(1.0, experts / max(1, entry.parameters - ends))
    return 1 - share + share * facts.experts.used / facts.experts.count


def _usual(entry: Entry) -> Architecture:
    billions = (entry.parameters or entry.estimated_bytes * 2) / 1e9
    near = min(_USUAL, key=lambda row: abs(row[0] - billions))
    _, layers, embedding, feed_forward, heads, kv_heads = near
    return Architecture(
        name="", layers=layers, embedding=embedding, feed_forward=feed_forward, heads=heads, kv_heads=kv_heads,
        head_size=embedding // heads, vocabulary=_USUAL_VOCABULARY, tied=billions < 4,
    )  # fmt: skip
