"""How fast a model will be on a machine, before it is there: tokens per second of prompt and reply, with ranges. Pure.

The roofline model: a token takes as long as its bytes need from memory, or its operations from the arithmetic units,
on each device that holds layers, one device after the other. What a device reaches of its theoretical rates is in
`catalog.kernels`; what this machine was measured to reach of the prediction comes in as `Efficiency`. `catalog.plan`
says which layer is where.
Source: Williams, Waterman, Patterson 2009, doi:10.1145/1498765.1498785.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yoriai.catalog import kernels
from yoriai.catalog.hardware import Gpu, Machine
from yoriai.catalog.memory import ELEMENT_BYTES, MICRO_BATCH, KvType
from yoriai.catalog.plan import Plan
from yoriai.catalog.work import BYTES_PER_WEIGHT, Work, bytes_of
from yoriai.models import POOLED

# What decides, and what a person should know about it; `catalog.speed_words` says it.
ReasonName = Literal["memory", "compute", "in_ram", "half_slow", "transfer", "cores"]
# Without a measurement on this machine, the prediction may be off by this factor. Graphics cards: the published
# figures in `catalog.kernels` lie within 1.2 of it; processors differ in clock and cache.
_UNKNOWN_GPU, _UNKNOWN_CPU = 1.3, 1.6
_SMOOTH = (
    8  # how sharply the slower of memory and arithmetic decides; costs of one core contain its own streaming
)
_NOTABLE = 0.25  # a part of the time that is worth a word


@dataclass(frozen=True, kw_only=True, slots=True)
class Factor:
    """Measured over predicted speed on this machine. `spread`: factor within which measurements agreed with it."""

    value: float = 1.0
    spread: float = 1.0
    models: int = 0  # that were measured; 0: nothing is known


_UNKNOWN = Factor()


@dataclass(frozen=True, kw_only=True, slots=True)
class Efficiency:
    generation: Factor = _UNKNOWN
    prompt: Factor = _UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """Tokens per second of all users together, and between what they will lie."""

    tokens_per_s: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    name: ReasonName
    device: str = ""
    percent: int = 0  # of the time of a generated token
    factor: float = 0.0  # how many times slower than it could be


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """None: a rate of this machine is unknown, so nothing is guessed."""

    generation: Rate | None
    prompt: Rate | None
    users: int = 1  # who share the rate of generation; a prompt is read for one after the other
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What is going on: tokens that are looked back on, length of the prompt, people at once."""

    depth: int
    prompt_tokens: int
    users: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """What one device has to do: weights by type, and looks back."""

    name: str
    gpu: Gpu | None
    weights: Mapping[str, int]
    layers: range
    has_output: bool
    kv: KvType


@dataclass(frozen=True, kw_only=True, slots=True)
class _Time:
    """Of one token on one device."""

    seconds: float
    fast_s: float  # if the engine avoids what it can
    memory_s: float = 0.0
    compute_s: float = 0.0


def predict(
    work: Work,
    plan: Plan,
    machine: Machine,
    ask: Ask,
    *,
    threads: int = 0,
    efficiency: Efficiency | None = None,
) -> Prediction:
    """Speed of the model as it was planned on this machine.

    Args:
        threads: of the processor; 0: one for each core.
    """
    threads = threads or machine.physical_cores
    parts = _parts(work, plan, machine)
    generation = [_generation(work, part, machine, ask, threads) for part in parts]
    prompt = [_prompt(work, part, parts, ask, threads) for part in parts]
    known = efficiency or Efficiency()
    writes = work.shape.kind not in POOLED
    return Prediction(
        generation=_rate(generation if writes else (), ask.users, known.generation, bool(plan.gpus)),
        prompt=_rate(prompt, 1, known.prompt, bool(plan.gpus)),
        users=ask.users,
        reasons=_reasons(parts, generation, prompt),
    )


# ---- who does what --------------------------------------------------------------------------------------
def _parts(work: Work, plan: Plan, machine: Machine) -> list[_Part]:
    """RAM has the first layers, then one card after the other; the output is behind the last layer."""
    shares: list[tuple[str, Gpu | None, int]] = [(plan.host.name, None, plan.host.n_layer)]
    shares += [(share.name, gpu, share.n_layer) for share, gpu in zip(plan.gpus, machine.gpus, strict=True)]
    with_output = max((i for i, each in enumerate(shares) if each[2] and each[1]), default=0)
    if plan.n_gpu_layers <= plan.n_layer:
        with_output = 0
    parts, first = [], 0
    for index, (name, gpu, count) in enumerate(shares):
        layers, first = range(first, first + count), first + count
        weights: Counter[str] = Counter()
        for each in layers:
            weights.update(work.layers[each])
        has_output = index == with_output
        weights.update(work.output if has_output else {})
        if weights:
            part = _Part(
                name=name, gpu=gpu, weights=weights, layers=layers, has_output=has_output, kv=plan.load.kv
            )
            parts.append(part)
    return parts


def _looks(work: Work, layers: range, depth: float) -> float:
    """Tokens that all heads of these layers look back on for one token."""
    caches = [work.shape.layers[index].cache for index in layers]
    seen = sum(min(depth, cache.window) if cache.window else depth for cache in caches if cache.elements)
    return seen * work.shape.n_head


def _cache_bytes(work: Work, layers: range, depth: float, each: float) -> float:
    caches = [work.shape.layers[index].cache for index in layers]
    return (
        sum((min(depth, cache.window) if cache.window else depth) * cache.elements for cache in caches) * each
    )


# ---- generating -----------------------------------------------------------------------------------------
def _generation(work: Work, part: _Part, machine: Machine, ask: Ask, threads: int) -> _Time | None:
    """One step, in which each user gets a token: weights are brought once, computed with and looked back for each."""
    bandwidth = part.gpu.bandwidth_bytes_per_s if part.gpu else machine.memory_bandwidth_bytes_per_s
    if not bandwidth:
        return None
    cache = _cache_bytes(work, part.layers, ask.depth, ELEMENT_BYTES[part.kv])
    moved = bytes_of(part.weights) + ask.users * cache
    if part.gpu is None:
        compute = ask.users * _cpu_seconds(work, part, ask.depth, threads, phase=0)
        memory = moved / (bandwidth * kernels.RAM_SHARE)
        seconds = (compute**_SMOOTH + memory**_SMOOTH) ** (1 / _SMOOTH)
        return _Time(seconds=seconds, fast_s=seconds, memory_s=memory, compute_s=compute)
    memory = moved / (bandwidth * kernels.MEMORY_SHARE) + len(part.layers) * kernels.LAYER_S
    slow = fast = 0.0
    for kind, count in part.weights.items():
        path = kernels.path(part.gpu, kind)
        if path is None:
            return None
        brought = count * BYTES_PER_WEIGHT[kind] / (bandwidth * kernels.MEMORY_SHARE)
        if path.is_slow_half:  # arithmetic hides behind memory, or memory behind arithmetic
            slow += max(0.0, ask.users * count * path.generate_s - brought)
            fast += max(0.0, ask.users * count * path.generate_fast_s - brought)
        else:
            slow += ask.users * count * path.generate_s
            fast += ask.users * count * path.generate_fast_s
    return _Time(seconds=memory + slow, fast_s=memory + fast, memory_s=memory, compute_s=slow)


def _cpu_seconds(work: Work, part: _Part, depth: float, threads: int, phase: Literal[0, 1]) -> float:
    """Arithmetic of one token on the processor. Phase 0: generating, 1: in a prompt, which needs no output."""
    output = work.output if part.has_output and phase == 1 else {}
    weights = sum(
        (count - output.get(kind, 0)) * kernels.CPU_PICOSECONDS.get(kind, kernels.CPU_OTHER)[phase]
        for kind, count in part.weights.items()
    )
    looks = _looks(work, part.layers, depth) * _look_picoseconds(work, part.kv, phase)
    fixed = len(part.layers) * kernels.CPU_LAYER_S[phase]
    if phase == 1:
        return (weights + looks) * 1e-12 / threads + fixed / threads
    width = len(part.layers) * (work.shape.n_embd + work.shape.n_ff) * kernels.CPU_WIDTH_S
    chosen = work.shape.n_vocab * kernels.CPU_VOCABULARY_S if part.has_output else 0.0
    uneven = kernels.CPU_UNEVEN if threads > 1 else 1.0
    return ((weights + looks) * 1e-12 + width) * uneven / threads + fixed + chosen


def _look_picoseconds(work: Work, kv: KvType, phase: Literal[0, 1]) -> float:
    """Of one head at one token."""
    times = kernels.CPU_QUANTISED_LOOK_TIMES.get(kv)
    phase = phase if times is None else 0
    look = kernels.CPU_LOOK_PICOSECONDS[phase] + work.head_size * kernels.CPU_LOOK_NUMBER_PICOSECONDS[phase]
    return look * (times or 1.0)


# ---- reading a prompt -----------------------------------------------------------------------------------
def _prompt(work: Work, part: _Part, parts: Sequence[_Part], ask: Ask, threads: int) -> _Time | None:
    """One token of it. Weights in RAM may visit a card for each batch, where that is quicker."""
    depth = ask.prompt_tokens / (1 if work.shape.is_encoder else 2)  # an encoder looks ahead, too
    if part.gpu:
        seconds = _prompt_on(work, part, part.gpu, depth, ask)
        return None if seconds is None else _Time(seconds=seconds, fast_s=seconds, compute_s=seconds)
    own = _cpu_seconds(work, part, depth, threads, phase=1)
    card = next((other.gpu for other in parts if other.gpu), None)
    if card and card.pcie_bytes_per_s:
        there = _prompt_on(work, part, card, depth, ask)
        batch = max(1, min(MICRO_BATCH, ask.prompt_tokens))
        way = bytes_of(part.weights) / (card.pcie_bytes_per_s * kernels.PCIE_SHARE) / batch
        if there is not None and way + there < own:
            return _Time(seconds=way + there, fast_s=way + there, memory_s=way, compute_s=there)
    return _Time(seconds=own, fast_s=own, compute_s=own)


def _prompt_on(work: Work, part: _Part, gpu: Gpu, depth: float, ask: Ask) -> float | None:
    """Arithmetic, or all weights once per batch from memory: whichever is slower."""
    if not gpu.bandwidth_bytes_per_s:
        return None
    batch = max(1, min(MICRO_BATCH, ask.prompt_tokens))
    compute = converted = 0.0
    output = work.output if part.has_output else {}
    for kind, count in part.weights.items():
        path = kernels.path(gpu, kind)
        if path is None:
            return None
        compute += (count - output.get(kind, 0)) * path.prompt_s
        converted += count * path.convert_bytes
    floats = kernels.path(gpu, "F16")
    looking = 2 * _looks(work, part.layers, depth) * work.head_size / 2 * (floats.prompt_s if floats else 0.0)
    moved = (bytes_of(part.weights) + converted) / (gpu.bandwidth_bytes_per_s * kernels.MEMORY_SHARE) / batch
    return max(compute + looking, moved) + (converted and moved)


# ---- what comes of it -----------------------------------------------------------------------------------
def _rate(times: Sequence[_Time | None], tokens: int, factor: Factor, on_gpu: bool) -> Rate | None:
    if not times or any(time is None for time in times):
        return None
    slow = sum(time.seconds for time in times if time)
    fast = sum(time.fast_s for time in times if time)
    return scaled(tokens / slow, factor, on_gpu=on_gpu, high=tokens / fast)


def scaled(foreseen: float, factor: Factor, *, on_gpu: bool, high: float = 0.0) -> Rate:
    """What was foreseen, with what the machine taught."""
    unsure = factor.spread if factor.models else _UNKNOWN_GPU if on_gpu else _UNKNOWN_CPU
    rate = foreseen * factor.value
    return Rate(tokens_per_s=rate, low=rate / unsure, high=max(foreseen, high) * factor.value * unsure)


def _reasons(
    parts: Sequence[_Part], generation: Sequence[_Time | None], prompt: Sequence[_Time | None]
) -> tuple[Reason, ...]:
    """What takes the time, the weightiest first; only what is worth a word."""
    times = [time for time in generation if time]
    if not parts or len(times) < len(parts):
        return ()
    total = sum(time.seconds for time in times)
    found: list[Reason] = []
    has_card = any(part.gpu for part in parts)
    for part, time, read in zip(parts, times, prompt, strict=True):
        percent = round(100 * time.seconds / total)
        if part.gpu is None and has_card and part.layers:
            found.append(Reason(name="in_ram", device=part.name, percent=percent))
            if read and read.memory_s > _NOTABLE * read.seconds:
                found.append(Reason(name="transfer", device=part.name))
        elif (
            part.gpu
            and kernels.is_slow_half(part.gpu)
            and part.weights.get("F16", 0) > sum(part.weights.values()) / 2
        ):
            known = kernels.path(part.gpu, "F16")
            if known and all(each.name != "half_slow" for each in found):
                found.append(Reason(name="half_slow", device=part.name, factor=time.seconds / time.fast_s))
    memory, compute = sum(time.memory_s for time in times), sum(time.compute_s for time in times)
    if not any(each.name == "half_slow" for each in found):
        decides: ReasonName = "memory" if memory >= compute else "compute" if has_card else "cores"
        found.append(Reason(name=decides))
    return tuple(found)
