"""How much memory a model takes when it runs: a pure estimate from its facts. The router's budget rests on it.

Knows no process; what a child really uses is measured by `engines`. Not counted: the engine's cache of prompts whose
slot was given away (up to `engines.process.PROMPT_CACHE_MIB`), which grows only while many conversations take turns.
"""

from __future__ import annotations

from yoriai.catalog.facts import is_encoder
from yoriai.types import InstalledModel

_PROCESS_BYTES = 48 * 2**20  # Python, the engine's library, its threads; 10 MiB of it are spare
# What the engine keeps of each entry of the vocabulary, by kind: its text, lookup tables, merges or a trie.
_TOKEN_BYTES = {"gpt2": 380, "llama": 200}
_MOST_TOKEN_BYTES = 550
_MICRO_BATCH = 512  # tokens that the engine computes at once
_CHECKPOINTS = 2  # states of sliding layers kept per slot, so that a prompt can be taken up in its middle
_F16 = 2
_F32 = 4


def memory_needed(model: InstalledModel, context_size: int, parallel: int) -> int:
    """Bytes that a child with this model holds when every slot is full.

    Args:
        context_size: tokens of one request; more than the model was trained on are never given to it.
        parallel: requests at the same time, each with a context of its own.
    """
    context = min(context_size, model.context_train or context_size)
    # An embedding is computed from one batch, with a row of results for each of its tokens.
    is_embedding = model.kind == "embedding"
    batch = context if is_embedding else min(_MICRO_BATCH, context)
    rows = batch if is_embedding else parallel
    logits = rows * model.n_vocab * _F32
    states = batch * (4 * model.n_embd + 3 * model.n_ff) * _F32
    cache = 0 if is_encoder(model.architecture) else _cache(model, context) * parallel
    vocabulary = model.n_vocab * _TOKEN_BYTES.get(model.tokenizer, _MOST_TOKEN_BYTES)
    weights = model.size_bytes + model.repacked_bytes
    return _PROCESS_BYTES + weights + vocabulary + cache + logits + states


def _cache(model: InstalledModel, context: int) -> int:
    """Keys and values of one slot in half precision. Layers with a window keep no more than that."""
    per_token = model.n_head_kv * (model.head_size_k + model.head_size_v) * _F16
    sliding = model.n_layer_sliding if model.sliding_window else 0
    window = min(context, model.sliding_window + _MICRO_BATCH)
    window += _CHECKPOINTS * min(context, model.sliding_window)
    return per_token * (context * (model.n_layer - sliding) + window * sliding)
