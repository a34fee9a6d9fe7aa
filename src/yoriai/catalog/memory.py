"""How much memory a model takes when it runs: a pure estimate from its facts. The router's budget rests on it.

Knows no process; what a child really uses is measured by `engines`.
"""

from __future__ import annotations

from yoriai.types import InstalledModel

_PROCESS_BYTES = 110 * 2**20  # Python, the engine's library, its threads
_MICRO_BATCH = 512  # tokens that the engine computes at once
_F16 = 2
_F32 = 4


def memory_needed(model: InstalledModel, context_size: int, parallel: int) -> int:
    """Bytes that a child with this model holds when every slot is full.

    Args:
        context_size: tokens of one request.
        parallel: requests at the same time, each with a context of its own.
    """
    tokens = context_size * parallel
    batch = context_size if model.kind == "embedding" else _MICRO_BATCH
    cache = 0 if model.kind == "embedding" else _cache(model, tokens, parallel)
    return _PROCESS_BYTES + model.size_bytes + cache + _compute(model, min(batch, tokens), tokens)


def _cache(model: InstalledModel, tokens: int, parallel: int) -> int:
    """Keys and values of all layers, in half precision. Layers with a window keep only that."""
    per_token = model.n_head_kv * (model.head_size_k + model.head_size_v) * _F16
    window = min(tokens, model.sliding_window * parallel + _MICRO_BATCH)
    sliding = model.n_layer_sliding if model.sliding_window else 0
    return per_token * (tokens * (model.n_layer - sliding) + window * sliding)


def _compute(model: InstalledModel, batch: int, tokens: int) -> int:
    """The largest intermediate results of one micro-batch."""
    logits = 0 if model.kind == "embedding" else batch * model.n_vocab * _F32
    states = batch * (4 * model.n_embd + 3 * model.n_ff) * _F32
    return logits + states
