"""How much memory a model takes when it runs: a pure estimate from its facts. The router's budget rests on it.

Knows no process; what a child really uses is measured by `engines`. Not counted: the engine's cache of prompts whose
slot was given away (up to `engines.process.PROMPT_CACHE_MIB`), which grows only while many conversations take turns.
"""

from __future__ import annotations

from typing import Literal, Protocol

from yoriai.catalog.facts import is_encoder
from yoriai.models import POOLED, InstalledModel, ModelKind

KvType = Literal["f16", "q8_0", "q4_0"]

MICRO_BATCH = 512  # tokens that the engine computes at once with a graphics card
CPU_BATCH = 64  # and without: between two batches it looks up (docs/log.md)
PROCESS_BYTES = 40 * 2**20  # Python, the engine's library, its threads
# Bytes of one number in the cache. Source: block sizes in ggml-common.h (34 and 18 bytes for 32).
ELEMENT_BYTES: dict[KvType, float] = {"f16": 2, "q8_0": 34 / 32, "q4_0": 18 / 32}
# What the engine keeps of each entry of the vocabulary, by kind: its text, lookup tables, merges or a trie.
_TOKEN_BYTES = {"gpt2": 380, "llama": 200}
_MOST_TOKEN_BYTES = 500
_CHECKPOINTS = 2  # states of sliding layers kept per slot, so that a prompt can be taken up in its middle
_CELLS = 256  # the engine makes caches in steps of so many tokens
_F32 = 4


class Runnable(Protocol):
    """What the estimate needs to know: of an installed model, or of one that is only planned."""

    @property
    def kind(self) -> ModelKind: ...
    @property
    def architecture(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def repacked_bytes(self) -> int: ...
    @property
    def n_vocab(self) -> int: ...
    @property
    def n_embd(self) -> int: ...
    @property
    def n_ff(self) -> int: ...
    @property
    def tokenizer(self) -> str: ...
    @property
    def context_train(self) -> int: ...
    @property
    def sliding_window(self) -> int: ...
    @property
    def cache_elements(self) -> int: ...
    @property
    def cache_elements_sliding(self) -> int: ...
    @property
    def state_bytes(self) -> int: ...


def memory_needed(
    model: Runnable, context_size: int, parallel: int, kv: KvType = "f16", batch: int = CPU_BATCH
) -> int:
    """Bytes that a child with this model holds when every slot is full and no graphics card helps.

    Args:
        context_size: tokens of one request; more than the model was trained on are never given to it.
        parallel: requests at the same time, each with a context of its own.
        kv: type of the numbers in the cache.
        batch: tokens that are computed at once; an embedding is computed from one batch, which holds all of it.
    """
    context = trained(model, context_size)
    batch = context if model.kind in POOLED else min(batch, context)
    cache = 0 if is_encoder(model.architecture) else _cache(model, context, kv, batch) * parallel
    weights = model.size_bytes + model.repacked_bytes
    return PROCESS_BYTES + weights + vocabulary_bytes(model) + cache + _results(model, parallel, batch)


def trained(model: Runnable, context_size: int) -> int:
    return min(context_size, model.context_train or context_size)


def vocabulary_bytes(model: Runnable) -> int:
    return model.n_vocab * _TOKEN_BYTES.get(model.tokenizer, _MOST_TOKEN_BYTES)


def cells(context: int, window: int, batch: int) -> int:
    """Tokens that one slot of a layer keeps. Source: llama_kv_cache_iswa, size_swa."""
    padded = -(-min(context, window + batch) // _CELLS) * _CELLS
    return min(context, padded) if window else context


def checkpoint_cells(context: int, window: int) -> int:
    return _CHECKPOINTS * min(context, window)


def _results(model: Runnable, parallel: int, batch: int) -> int:
    rows = batch if model.kind in POOLED else parallel  # what is pooled has one for each of its tokens
    states = batch * (4 * model.n_embd + 3 * model.n_ff) * _F32
    return rows * model.n_vocab * _F32 + states


def _cache(model: Runnable, context: int, kv: KvType, batch: int) -> int:
    """Keys, values and states of one slot."""
    full, in_window = model.cache_elements, model.cache_elements_sliding
    if not (full or in_window or model.state_bytes) and isinstance(model, InstalledModel):
        per_layer = model.n_head_kv * (model.head_size_k + model.head_size_v)
        in_window = per_layer * (model.n_layer_sliding if model.sliding_window else 0)
        full = per_layer * model.n_layer - in_window
    window = cells(context, model.sliding_window, batch) + checkpoint_cells(context, model.sliding_window)
    return int((full * context + in_window * window) * ELEMENT_BYTES[kv]) + model.state_bytes
