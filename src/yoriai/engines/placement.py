"""How many layers of a model go to the graphics cards: those that `catalog.plan` found room for. Pure.

An engine's process calls it with the cards as it sees them; `model fit` shows the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from yoriai.catalog.detect import EngineDevice, by_engine
from yoriai.catalog.hardware import Machine
from yoriai.catalog.plan import plan
from yoriai.catalog.split import Load


def n_gpu_layers(load: Load, devices: Sequence[EngineDevice], ram_bytes: int, ram_free_bytes: int) -> int:
    """What llama.cpp is told: layers from the end, and one more for the output. `devices`: at least one."""
    machine = Machine(
        cpu_name="",
        physical_cores=1,
        ram_bytes=ram_bytes,
        ram_free_bytes=ram_free_bytes,
        gpus=tuple(by_engine(device, ram_bytes) for device in devices),
    )
    return plan(load, machine).n_gpu_layers
