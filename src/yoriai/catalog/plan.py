"""Does a model run on a machine, and how: verdict, bytes, layers on the graphics cards, the largest context. Pure.

Owns the rule of verdicts (docs/decisions/0010). Knows neither where shapes and machines come from nor how they are
shown; the CLI and the page call it, `catalog.verdict` puts it into words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from yoriai.catalog.hardware import Machine
from yoriai.catalog.memory import memory_needed
from yoriai.catalog.split import Load, Share, Split, split

# fits: all in graphics memory (without cards: in RAM). partly: some layers in RAM, still of use. none: not of use.
Verdict = Literal["fits", "partly", "none"]
# What decides: there is room, or not even RAM has it, or RAM has it and is too slow.
Reason = Literal["room", "memory", "speed"]

# A reply should come at least as fast as it is read. 238 words a minute (Brysbaert 2019, doi:10.1016/j.jml.2019.104047)
# at 1.3 tokens a word are 5.2 tokens/s; 400 to 600 Japanese characters a minute at 1.5 a token are 4.4 to 6.7.
READING_TOKENS_PER_S = 5.0
_CONTEXT_STEP = 256
_MOST_CONTEXT = 2**22


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One model on one machine."""

    load: Load
    verdict: Verdict
    reason: Reason
    gpus: tuple[Share, ...]
    host: Share
    n_layer: int
    n_layer_gpu: int  # of `n_layer`; the rest stays in RAM
    n_gpu_layers: int  # what llama.cpp is told: the layers, and one for the output
    largest_context: int  # for which the same verdict holds, per user; 0: none
    missing_bytes: int  # of graphics memory, for all of it to fit; where even RAM is short, of both together
    # For each user: nobody's reply comes faster than the weights are read; all get a token from one reading.
    ceiling_tokens_per_s: float | None  # None: bandwidth unknown

    @property
    def needed_bytes(self) -> int:
        """What must be there."""
        return sum(share.total_bytes for share in (*self.gpus, self.host))

    @property
    def resident_bytes(self) -> int:
        """What is measured while nothing else wants the memory."""
        return self.needed_bytes + self.host.evictable_bytes

    @property
    def is_slow(self) -> bool:
        """Slower than a person reads, even at best."""
        return self.ceiling_tokens_per_s is not None and self.ceiling_tokens_per_s < READING_TOKENS_PER_S


def plan(load: Load, machine: Machine) -> Plan:
    """The best that the machine can do with this load."""
    found = _at(load, machine)
    if found.verdict == "none":
        return found
    return replace(found, largest_context=_largest_context(load, machine, found))


def plan_together(loads: Sequence[Load], machine: Machine) -> tuple[Plan, ...]:
    """Several models loaded at the same time, in this order: each finds what the ones before it left."""
    plans = []
    for load in loads:
        plans.append(plan(load, machine))
        machine = _without(machine, plans[-1])
    return tuple(plans)


def _at(load: Load, machine: Machine) -> Plan:
    if not machine.gpus:
        return _without_cards(load, machine)
    count = len(load.shape.layers)
    chosen = split(load, machine.gpus, machine.ram_free_bytes, count + 1)
    missing = sum(max(0, share.total_bytes - share.capacity_bytes) for share in chosen.gpus)
    if _fits(chosen, machine):
        return _made(load, machine, chosen, count + 1, missing=0)
    number, chosen = _most_layers(load, machine)
    made = replace(_made(load, machine, chosen, number, missing), verdict="partly")
    if not _fits(chosen, machine):
        short = max(0, made.needed_bytes - sum(_capacities(machine)))
        return replace(made, verdict="none", reason="memory", missing_bytes=max(short, 1))
    if _is_of_use(made):
        return made
    return replace(made, verdict="none", reason="speed")


def _most_layers(load: Load, machine: Machine) -> tuple[int, Split]:
    """As many layers as the cards hold."""
    for number in range(len(load.shape.layers), 0, -1):
        tried = split(load, machine.gpus, machine.ram_free_bytes, number)
        if all(share.fits for share in tried.gpus):
            return number, tried
    return 0, split(load, machine.gpus, machine.ram_free_bytes, 0)


def _fits(tried: Split, machine: Machine) -> bool:
    """Memory that cards and CPU share is there once only."""
    shared = sum(
        share.total_bytes for share, gpu in zip(tried.gpus, machine.gpus, strict=True) if gpu.is_unified
    )
    return (
        all(share.fits for share in tried.gpus) and tried.host.total_bytes + shared <= machine.ram_free_bytes
    )


def _is_of_use(made: Plan) -> bool:
    if made.ceiling_tokens_per_s is not None:
        return made.ceiling_tokens_per_s >= READING_TOKENS_PER_S
    # Bandwidths unknown: the larger half must be where it is fast.
    return made.host.active_bytes <= sum(share.active_bytes for share in made.gpus)


def _without_cards(load: Load, machine: Machine) -> Plan:
    """RAM has it or not. What the CPU holds is measured, so it is `catalog.memory`'s estimate, cut into its parts.

    Of weights that the CPU keeps in another order the file's own pages are clean and never read again: the system
    takes them back where memory is short.
    """
    shape = load.shape
    resident = memory_needed(shape, load.context, load.users, load.kv)
    parts = split(load, (), machine.ram_free_bytes, 0).host
    rest = resident - shape.repacked_bytes - shape.size_bytes - parts.cache_bytes - parts.overhead_bytes
    host = replace(
        parts, weight_bytes=shape.size_bytes, compute_bytes=max(0, rest), active_bytes=shape.active_bytes,
        evictable_bytes=shape.repacked_bytes,
    )  # fmt: skip
    missing = max(0, host.total_bytes - machine.ram_free_bytes)
    made = _made(load, machine, Split(gpus=(), host=host), 0, missing)
    return replace(made, verdict="none", reason="memory") if missing else made


def _made(load: Load, machine: Machine, chosen: Split, number: int, missing: int) -> Plan:
    """Of this split, with nothing decided yet: there is room, unless something is missing."""
    return Plan(
        load=load,
        verdict="partly" if missing else "fits",
        reason="room",
        gpus=chosen.gpus,
        host=chosen.host,
        n_layer=len(load.shape.layers),
        n_layer_gpu=chosen.n_layer_gpu,
        n_gpu_layers=number,
        largest_context=0,
        missing_bytes=missing,
        ceiling_tokens_per_s=_ceiling(chosen, machine),
    )


def _ceiling(chosen: Split, machine: Machine) -> float | None:
    """Tokens per second of each user if every weight were read at full bandwidth, one device after the other, and
    nothing else took time. Source: the roofline model (Williams et al. 2009) at its memory-bound end.
    """
    seconds = 0.0
    bandwidths = [*(gpu.bandwidth_bytes_per_s for gpu in machine.gpus), machine.memory_bandwidth_bytes_per_s]
    for share, bandwidth in zip((*chosen.gpus, chosen.host), bandwidths, strict=True):
        if share.active_bytes:
            if not bandwidth:
                return None
            seconds += share.active_bytes / bandwidth
    return 1 / seconds if seconds else None


def _largest_context(load: Load, machine: Machine, found: Plan) -> int:
    """By bisection: more context never takes less memory."""
    most = load.shape.context_train or _MOST_CONTEXT
    low, high = load.tokens, most
    while high - low >= _CONTEXT_STEP:
        middle = (low + high + 1) // 2 // _CONTEXT_STEP * _CONTEXT_STEP
        if middle <= low:
            middle = low + _CONTEXT_STEP
        if _at(replace(load, context=middle), machine).verdict == found.verdict:
            low = middle
        else:
            high = middle - 1
    return low


def _without(machine: Machine, made: Plan) -> Machine:
    """What is left of the machine once this model is loaded."""
    if made.verdict == "none":
        return machine
    gpus = [
        replace(gpu, free_bytes=max(0, gpu.free_bytes - share.total_bytes))
        for gpu, share in zip(machine.gpus, made.gpus, strict=True)
    ]
    shared = sum(
        share.total_bytes for share, gpu in zip(made.gpus, machine.gpus, strict=True) if gpu.is_unified
    )
    ram = max(0, machine.ram_free_bytes - made.host.total_bytes - shared)
    return replace(machine, ram_free_bytes=ram, gpus=tuple(gpus))


def _capacities(machine: Machine) -> list[int]:
    """What is free; memory that cards and CPU share counts once."""
    return [*(gpu.free_bytes for gpu in machine.gpus if not gpu.is_unified), machine.ram_free_bytes]
