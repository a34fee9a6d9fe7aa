"""Which layer of a model goes to which device, the way llama.cpp does it, and what that takes of each. Pure.

Knows neither verdicts nor words; `catalog.plan` asks for splits until one fits.
Source: load_tensors in src/llama-model.cpp, llama_kv_cache_iswa, graph_reserve and pipeline parallelism in
src/llama-context.cpp of ggml-org. Buffers for calculating: the engine's logs of full offload ("CUDA0 compute buffer
size", 258.5 MiB for Llama 3 8B, 507 MiB for Gemma 2 9B) are 512 rows of vocabulary and embedding in 32 bits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from yoriai.catalog.hardware import Backend, Gpu
from yoriai.catalog.memory import (
    CPU_BATCH,
    ELEMENT_BYTES,
    MICRO_BATCH,
    PROCESS_BYTES,
    KvType,
    cells,
    checkpoint_cells,
    trained,
)
from yoriai.catalog.memory import vocabulary_bytes as _vocabulary_bytes
from yoriai.catalog.shape import Layer, Shape
from yoriai.models import POOLED

# What a driver's context and its libraries take of a device, per process. Published figures, not measured here: 300 to
# 500 MiB for CUDA with cuBLAS, similar for ROCm and SYCL; Vulkan and Metal keep little.
_CONTEXT_BYTES: dict[Backend, int] = {
    "cuda": 400 * 2**20,
    "rocm": 500 * 2**20,
    "sycl": 400 * 2**20,
    "vulkan": 200 * 2**20,
    "metal": 100 * 2**20,
}
_PIPELINE_COPIES = 4  # GGML_SCHED_MAX_COPIES: of what goes into the graph, where several devices work in turn
_F32, _F16 = 4, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What is to run: a model for so many people with so long a context each."""

    shape: Shape
    context: int
    users: int = 1
    kv: KvType = "f16"

    @property
    def tokens(self) -> int:
        """Of one request; more than the model was trained on are never given to it."""
        return trained(self.shape, self.context)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one device holds."""

    name: str
    capacity_bytes: int  # that is free for it
    n_layer: int = 0
    weight_bytes: int = 0
    active_bytes: int = 0  # read for each token
    cache_bytes: int = 0
    compute_bytes: int = 0
    overhead_bytes: int = 0
    evictable_bytes: int = 0  # besides: pages of the file that are there while nothing else wants the memory

    @property
    def total_bytes(self) -> int:
        return self.weight_bytes + self.cache_bytes + self.compute_bytes + self.overhead_bytes

    @property
    def fits(self) -> bool:
        return self.total_bytes <= self.capacity_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    gpus: tuple[Share, ...]
    host: Share

    @property
    def gpu_bytes(self) -> int:
        return sum(share.total_bytes for share in self.gpus)

    @property
    def n_layer_gpu(self) -> int:
        return sum(share.n_layer for share in self.gpus)


def split(load: Load, gpus: Sequence[Gpu], ram_free_bytes: int, n_gpu_layers: int) -> Split:
    """The shares if so many layers (of the layers and the output behind them, from the end) go to the devices."""
    shape, count = load.shape, len(load.shape.layers)
    places = _places(gpus, count, n_gpu_layers)
    pipelined = len(gpus) > 1 and n_gpu_layers > count
    shares = []
    for device, gpu in enumerate(gpus):
        layers = [shape.layers[index] for index in range(count) if places[index] == device]
        has_output = places[count] == device
        shares.append(
            _gpu_share(
                load, gpu, layers, has_output=has_output, pipelined=pipelined, is_whole=n_gpu_layers > count
            )
        )
    left = [layer for index, layer in enumerate(shape.layers) if places[index] < 0]
    host = _host_share(load, left, places[count] < 0, ram_free_bytes, MICRO_BATCH if gpus else CPU_BATCH)
    return Split(gpus=tuple(shares), host=host)


def _cache_bytes(layer: Layer, load: Load, batch: int) -> int:
    """Keys and values of one layer for all users."""
    if load.shape.is_encoder:
        return 0
    kept = cells(load.tokens, layer.cache.window, batch) * layer.cache.elements * ELEMENT_BYTES[load.kv]
    return int(load.users * (kept + layer.cache.state_bytes))


def _places(gpus: Sequence[Gpu], count: int, n_gpu_layers: int) -> list[int]:
    """The device of each layer and of the output; -1: none, it stays in RAM."""
    first, active = max(count + 1 - n_gpu_layers, 0), min(n_gpu_layers, count + 1)
    if not gpus or not active:
        return [-1] * (count + 1)
    total = sum(gpu.free_bytes for gpu in gpus) or 1
    ends = [end / total for end in accumulate(gpu.free_bytes for gpu in gpus)]
    last = len(gpus) - 1
    return [
        -1 if index < first else min(bisect_right(ends, (index - first) / active), last)
        for index in range(count + 1)
    ]


def _gpu_share(
    load: Load, gpu: Gpu, layers: Sequence[Layer], *, has_output: bool, pipelined: bool, is_whole: bool
) -> Share:
    if not layers and not has_output:
        return Share(name=gpu.name, capacity_bytes=gpu.free_bytes)
    output = load.shape.output_bytes if has_output else 0
    return Share(
        name=gpu.name,
        capacity_bytes=gpu.free_bytes,
        n_layer=len(layers),
        weight_bytes=sum(layer.weight_bytes for layer in layers) + output,
        active_bytes=sum(layer.active_bytes for layer in layers) + output,
        cache_bytes=sum(_cache_bytes(layer, load, MICRO_BATCH) for layer in layers),
        compute_bytes=_compute_bytes(load, has_output, pipelined)
        + (0 if is_whole else _passing_bytes(load.shape)),
        overhead_bytes=_CONTEXT_BYTES[gpu.backend],
    )


def _compute_bytes(load: Load, has_output: bool, pipelined: bool) -> int:
    shape = load.shape
    batch = load.tokens if shape.kind in POOLED else min(MICRO_BATCH, load.tokens)
    inside = 2 * shape.n_ff + 3 * shape.n_embd
    results = shape.n_vocab + shape.n_embd if has_output else 0
    mask = load.tokens * (_F32 + _F16)  # who may look at whom, in both precisions
    inputs = (mask + shape.n_embd * _F32) * (_PIPELINE_COPIES if pipelined else 1)
    return batch * (max(inside, results) * _F32 + inputs)


def _passing_bytes(shape: Shape) -> int:
    """Room for weights of RAM that visit the device while a prompt is read: a matrix, half a layer at most."""
    return max((layer.weight_bytes for layer in shape.layers), default=0) // 2


def _host_share(
    load: Load, layers: Sequence[Layer], has_output: bool, ram_free_bytes: int, batch: int
) -> Share:
    """What stays in RAM, and the process itself. `batch`: tokens that are computed at once."""
    shape = load.shape
    output = shape.output_bytes if has_output else 0
    batch = min(batch, load.tokens)
    kept = sum(
        checkpoint_cells(load.tokens, layer.cache.window) * layer.cache.elements * ELEMENT_BYTES[load.kv]
        for layer in shape.layers
    )
    return Share(
        name="RAM",
        capacity_bytes=ram_free_bytes,
        n_layer=len(layers),
        weight_bytes=sum(layer.weight_bytes for layer in layers) + output + shape.input_bytes,
        active_bytes=sum(layer.active_bytes for layer in layers) + output,
        cache_bytes=sum(_cache_bytes(layer, load, batch) for layer in layers) + int(load.users * kept),
        compute_bytes=batch * (2 * shape.n_ff + 3 * shape.n_embd) * _F32 + load.users * shape.n_vocab * _F32,
        overhead_bytes=PROCESS_BYTES + _vocabulary_bytes(shape),
    )
