"""Models that are installed, and what is shown of whatever answers. Values only, no behaviour, no I/O.

`catalog` makes them from files, `engines` load them, the surfaces show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yoriai.types import Sampling

ModelKind = Literal["chat", "completion", "embedding", "reranker"]
POOLED: frozenset[ModelKind] = frozenset({"embedding", "reranker"})  # one result per text, and no words
Verdict = Literal["open_source_ai", "open_weights", "restricted", "unknown"]  # on a model's openness


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A model that another was made from by nothing but quantising."""

    name: str
    digest: str  # as `InstalledModel.digest`


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledModel:
    """A model that can be loaded now: its files are in the data folder (or linked), checked and known."""

    name: str
    kind: ModelKind
    paths: tuple[str, ...]  # GGUF parts in order; the first is what the engine opens
    size_bytes: int
    digest: str  # sha256 of the (first) file, hex
    architecture: str
    n_layer: int
    n_head_kv: int
    head_size_k: int
    head_size_v: int
    n_vocab: int
    n_embd: int
    context_train: int  # tokens the model was trained on
    tool_calls: Literal["native", "schema"] = "schema"
    languages: tuple[str, ...] = ()
    licence: str = ""
    quantization: str = ""
    parameters: int = 0
    family: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    n_head: int = 0
    n_ff: int = 0
    base_models: tuple[str, ...] = ()  # that its file says it was made from
    sliding_window: int = 0  # tokens that the layers below look back on; 0: all look back on everything
    n_layer_sliding: int = 0
    tokenizer: str = ""  # as GGUF names it: "gpt2" is byte pairs, "llama" sentence pieces …
    repacked_bytes: int = 0  # weights that a CPU holds a second time, in the order it computes fastest with
    # What all layers together cache per token, in numbers; 0 in manifests of earlier versions: all layers are alike.
    cache_elements: int = 0
    cache_elements_sliding: int = 0  # of layers with a window
    state_bytes: int = 0  # of layers that keep a state instead, per request
    origins: tuple[Origin, ...] = ()  # what it was quantised from, and that from, the nearest first


ModelState = Literal["stopped", "starting", "ready", "draining", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponderInfo:
    """What a picker shows of a responder."""

    name: str
    kind: ModelKind
    engine: str  # "llama.cpp", "llama-server" or the remote's name
    state: ModelState
    size_bytes: int = 0
    memory_bytes: int = 0
    context_size: int = 0
    detail: str = ""
