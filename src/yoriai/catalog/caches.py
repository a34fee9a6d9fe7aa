"""What each layer of a model keeps of a conversation, from the header: keys and values, of all tokens or of a window,
or a state of fixed size. Pure; trusts no number in it.

Source: load_hparams and llama_hparams::n_embd_k_gqa, n_embd_r, n_embd_s in src/ of ggml-org's llama.cpp.
`catalog.facts` and `catalog.shape` call it.
"""

from __future__ import annotations

from dataclasses import dataclass

from yoriai.catalog.gguf import Header

# Architectures in which only every n-th layer looks back on everything; where the file itself doesn't say.
# Source: set_swa_pattern in src/llama-model.cpp of ggml-org.
_FULL_EVERY = {"cohere2": 4, "exaone4": 4, "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2, "olmo2": 4}
_RECURRENT = {"mamba", "mamba2", "rwkv6", "rwkv7"}  # in which no layer has keys and values
_MOST = 2**32  # beyond it, no number in a header is one of a real model
_F32 = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Cache:
    """Of one layer. `keys` and `values` are numbers per token, `state_bytes` are per request."""

    keys: int = 0
    values: int = 0
    window: int = 0  # tokens that are kept; 0: all
    state_bytes: int = 0

    @property
    def elements(self) -> int:
        return self.keys + self.values


def caches(header: Header) -> tuple[Cache, ...]:
    """One for each layer, in order."""
    count = min(header.n_layer, 1024)
    heads, heads_kv = _heads(header, count)
    size = natural(header.n_embd) // max(1, max(heads, default=1))
    key = natural(header.of_architecture("attention.key_length")) or size
    value = natural(header.of_architecture("attention.value_length")) or size
    key_sliding = natural(header.of_architecture("attention.key_length_swa")) or key
    value_sliding = natural(header.of_architecture("attention.value_length_swa")) or value
    window, is_sliding = natural(header.of_architecture("attention.sliding_window")), sliding(header)
    own = count - natural(header.of_architecture("attention.shared_kv_layers"))
    state = _state_bytes(header)
    layers = []
    for index in range(count):
        kv = heads_kv[index]
        if state and (kv == 0 or _is_recurrent(header, index)):
            layers.append(Cache(state_bytes=state))
        elif index >= max(own, 1):  # it looks into the cache of an earlier layer
            layers.append(Cache())
        elif is_sliding[index]:
            layers.append(Cache(keys=kv * key_sliding, values=kv * value_sliding, window=window))
        else:
            layers.append(Cache(keys=kv * key, values=kv * value))
    return tuple(layers)


def sliding(header: Header) -> tuple[bool, ...]:
    """Of each layer, whether it looks back on a window only."""
    count = min(header.n_layer, 1024)
    if not header.of_architecture("attention.sliding_window"):
        return (False,) * count
    pattern = header.metadata.get(f"{header.architecture}.attention.sliding_window_pattern")
    if isinstance(pattern, tuple):
        said = [value is True for value in pattern[:count]]
        return tuple(said + [False] * (count - len(said)))
    every = pattern if isinstance(pattern, int) and pattern > 0 else _FULL_EVERY.get(header.architecture, 1)
    return tuple((index + 1) % every != 0 for index in range(count))


def natural(value: int) -> int:
    """A count from a header: never negative, never absurd."""
    return value if 0 <= value <= _MOST else 0


def _heads(header: Header, count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    heads = tuple(natural(n) for n in header.per_layer("attention.head_count"))
    heads_kv = tuple(natural(n) for n in header.per_layer("attention.head_count_kv")) or heads
    padded = (*heads_kv, *(heads_kv[-1:] or (0,)) * count)
    return heads, padded[:count]


def _is_recurrent(header: Header, index: int) -> bool:
    every = natural(header.of_architecture("full_attention_interval"))
    return header.architecture in _RECURRENT or (every > 0 and (index + 1) % every != 0)


def _state_bytes(header: Header) -> int:
    """Of a layer with a recurrent state or a short convolution; 0: the model has none."""
    kept = natural(header.of_architecture("shortconv.l_cache"))
    if kept:
        return natural(header.n_embd) * (kept - 1) * _F32
    inner, state = (natural(header.of_architecture(f"ssm.{key}")) for key in ("inner_size", "state_size"))
    groups = natural(header.of_architecture("ssm.group_count"))
    kernel = max(1, natural(header.of_architecture("ssm.conv_kernel")))
    return (inner * state + (kernel - 1) * (inner + 2 * groups * state)) * _F32
