"""What was measured of a model on a machine: values only, as they are kept, exported and imported.

`evaluation` makes them, `store` keeps them, `catalog.calibration` learns from them, the surfaces show them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from yoriai.catalog.hardware import Machine

_GIB = 2**30


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """One figure over the rounds."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One model under one condition. Rates are of all users together; None: it could not be measured."""

    id: str
    measured_at: datetime
    machine_id: str  # `machine_id`: equal on machines that are built alike
    machine_name: str
    machine: str  # its parts, for people
    engine: str  # with its build
    model: str
    digest: str  # sha256 of the weights, hex; "" at an endpoint that doesn't tell
    quantization: str
    size_bytes: int
    threads: int
    context: int  # tokens that one request may hold
    users: int  # requests at the same time
    prompt_tokens: int  # of one request
    generated_tokens: int  # of one request
    rounds: int
    prompt_tokens_per_s: Spread | None
    generation_tokens_per_s: Spread | None
    first_token_s: Spread | None
    memory_bytes: int | None  # that the engine's process held after the first round
    # What was foreseen from data sheets and kernels alone, without what was ever measured on this machine.
    foreseen_prompt_tokens_per_s: float | None = None
    foreseen_generation_tokens_per_s: float | None = None
    is_imported: bool = False
    was_busy: bool = False  # others kept the processor at work: the rates are too low


def spread(values: Sequence[float]) -> Spread | None:
    """None without values."""
    if not values:
        return None
    return Spread(median=median(values), least=min(values), most=max(values))


def machine_id(machine: Machine) -> str:
    """Of what decides about speed; no name and no serial number of it leaves the machine."""
    parts = [machine.cpu_name, str(machine.physical_cores), str(round(machine.ram_bytes / _GIB))]
    parts += [f"{gpu.name} {round(gpu.memory_bytes / _GIB)}" for gpu in machine.gpus]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def machine_parts(machine: Machine) -> str:
    """ "3 × GeForce RTX 4060 Ti, Ryzen 9 5950X, 64 GiB": the same words in every language."""
    names = [gpu.name for gpu in machine.gpus]
    cards = [f"{names.count(name)} × {name}" for name in dict.fromkeys(names)]
    return ", ".join([*cards, machine.cpu_name or "?", f"{round(machine.ram_bytes / _GIB)} GiB"])
