"""What a machine is made of, as far as running models goes: values only, detected or described.

Knows neither how they are found (`catalog.detect`) nor how they are described (`catalog.describe`). `catalog.plan` and
`catalog.speed` calculate with them; the CLI and the page show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Backend = Literal["cuda", "rocm", "metal", "vulkan", "sycl"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """One graphics card. Rates are the maker's theoretical peaks; None: nobody told, so nothing is guessed."""

    name: str
    backend: Backend
    memory_bytes: int
    free_bytes: int  # of `memory_bytes`, for a model now; a described card is empty but for its driver
    bandwidth_bytes_per_s: float | None = None
    fp32_flops: float | None = None  # per second, without tensor cores
    fp16_flops: float | None = None  # per second, without tensor cores: 1/64 of fp32 on some cards
    tensor_fp16_flops: float | None = (
        None  # per second, dense, by matrix units; None: it has none, or unknown
    )
    int8_ops: float | None = None  # per second: DP4A or matrix units, whichever is faster
    pcie_bytes_per_s: float | None = None  # one direction
    is_unified: bool = False  # its memory is the machine's own RAM (Apple, APUs)
    source: str = ""  # where the rates are from


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    cpu_name: str
    physical_cores: int
    ram_bytes: int
    ram_free_bytes: int
    vector_extensions: tuple[str, ...] = ()  # as Linux names them, widest first: "avx512f", "avx2", "neon" …
    memory_bandwidth_bytes_per_s: float | None = (
        None  # of RAM, read by all cores; described: of its data sheet
    )
    gpus: tuple[Gpu, ...] = ()
    is_described: bool = False  # told by a person, not found here
