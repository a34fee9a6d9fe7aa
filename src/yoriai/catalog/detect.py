"""What this machine has: processor, RAM and its measured bandwidth, graphics cards. Looks, and changes nothing.

Owns the order of what is believed: of cards what the engine will really use, else what drivers report. The engine's
devices come in as data, because only `engines` may ask it. The CLI and the page call it; it blocks, for up to a
second where the bandwidth isn't known yet.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from yoriai.catalog import bandwidth, cards, nvml, sysfs
from yoriai.catalog.hardware import Backend, Gpu, Machine
from yoriai.catalog.nvml import Reported

# Widest first. Linux's names; macOS: those of its features.
_VECTORS = (
    "amx_int8", "avx512_vnni", "avx512_bf16", "avx512f", "avx_vnni", "avx2", "avx", "i8mm", "sve", "asimddp", "asimd",
)  # fmt: skip
_BACKENDS: tuple[tuple[str, Backend], ...] = (
    ("cuda", "cuda"), ("rocm", "rocm"), ("hip", "rocm"), ("metal", "metal"), ("mtl", "metal"), ("vulkan", "vulkan"),
    ("sycl", "sycl"),
)  # fmt: skip
_COMMAND_TIMEOUT_S = 5.0
_PCIE_BYTES_PER_S = {1: 0.25e9, 2: 0.5e9, **cards.PCIE_BYTES_PER_S}  # per lane


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineDevice:
    """A graphics card as the engine lists it."""

    name: str  # "CUDA0", "Vulkan1", "Metal" …
    description: str  # the card's name
    memory_bytes: int
    free_bytes: int
    is_unified: bool = False  # a processor's own graphics, in the machine's RAM


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """Where to look; tests give a folder, commands and numbers of their own."""

    root: Path = Path("/")
    nvml_libraries: Sequence[str] = nvml.LIBRARIES
    nvidia_smi: Sequence[str] = nvml.SMI
    kernel: str = sys.platform
    architecture: str = field(default_factory=platform.machine)
    sysctl: Sequence[str] = ("sysctl", "-n")
    measure: Callable[[int, int], float] | None = None


def detect(home: Path, engine: Sequence[EngineDevice] = (), system: System | None = None) -> Machine:
    """The machine that this runs on.

    Args:
        home: the data folder, in which the measured bandwidth is kept.
        engine: graphics cards that the engine lists; without them, those that drivers report.
    """
    system = system or System()
    name, vectors = _processor(system)
    memory = psutil.virtual_memory()
    total = min(memory.total, _container_bytes(system.root) or memory.total)
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    key = f"{name} | {cores} cores | {total / 2**30:.0f} GiB"
    return Machine(
        cpu_name=name,
        physical_cores=cores,
        ram_bytes=total,
        ram_free_bytes=min(memory.available, total),
        vector_extensions=vectors,
        memory_bandwidth_bytes_per_s=bandwidth.read_bandwidth(
            home, key, cores, memory.available, measure=system.measure
        ),
        gpus=tuple(_gpus(engine, system, total)),
    )


def _gpus(engine: Sequence[EngineDevice], system: System, ram_bytes: int) -> list[Gpu]:
    if engine:
        return [by_engine(device, ram_bytes) for device in engine]
    if system.kernel == "darwin":
        return _apple(system, ram_bytes)
    nvidia = [_by_driver(card, "cuda") for card in nvml.cards(system.nvml_libraries, system.nvidia_smi)]
    return nvidia + [_by_driver(card, "rocm") for card in sysfs.cards(system.root)]


def _by_driver(reported: Reported, backend: Backend) -> Gpu:
    card = cards.recognised(reported.name, reported.memory_bytes)
    lane = _PCIE_BYTES_PER_S.get(reported.pcie_generation)
    pcie = lane * reported.pcie_lanes if lane and reported.pcie_lanes else None
    if card is None:
        return Gpu(
            name=reported.name, backend=backend, memory_bytes=reported.memory_bytes, free_bytes=reported.free_bytes,
            pcie_bytes_per_s=pcie,
        )  # fmt: skip
    known = cards.gpu(reported.name, card, reported.memory_bytes, reported.free_bytes)
    return replace(known, pcie_bytes_per_s=pcie or known.pcie_bytes_per_s)


def by_engine(device: EngineDevice, ram_bytes: int) -> Gpu:
    """A card of any maker, with the backend by which the engine uses it."""
    named = [value for start, value in _BACKENDS if device.name.lower().startswith(start)]
    backend: Backend = named[0] if named else "vulkan"
    name = device.description or device.name
    card = cards.recognised(name, ram_bytes if backend == "metal" else device.memory_bytes)
    if card is None:
        return Gpu(
            name=name, backend=backend, memory_bytes=device.memory_bytes, free_bytes=device.free_bytes,
            is_unified=device.is_unified or backend == "metal",
        )  # fmt: skip
    known = cards.gpu(name, card, device.memory_bytes, device.free_bytes)
    return replace(known, backend=backend, is_unified=known.is_unified or device.is_unified)


def _apple(system: System, ram_bytes: int) -> list[Gpu]:
    if system.architecture != "arm64":
        return []
    name = _sysctl(system, "machdep.cpu.brand_string")
    card = cards.recognised(name, ram_bytes)
    if card is None:
        free = cards.unified_bytes(ram_bytes)
        return [Gpu(name=name, backend="metal", memory_bytes=ram_bytes, free_bytes=free, is_unified=True)]
    return [cards.gpu(name, card, ram_bytes)]


def _processor(system: System) -> tuple[str, tuple[str, ...]]:
    """Name and vector extensions."""
    if system.kernel == "darwin":
        name = _sysctl(system, "machdep.cpu.brand_string")
        leaf7 = _sysctl(system, "machdep.cpu.leaf7_features").lower()
        flags = {"asimd", "asimddp"} if system.architecture == "arm64" else set(leaf7.split())
    else:
        text = _read(system.root / "proc/cpuinfo")
        named = re.search(r"(?m)^(?:model name|Model)\s*: *(.+)$", text)
        name = named[1].strip() if named else platform.processor()
        listed = re.search(r"(?m)^(?:flags|Features)\s*: *(.+)$", text)
        flags = set(listed[1].split()) if listed else set()
    return name or system.architecture or "CPU", tuple(flag for flag in _VECTORS if flag in flags)


def _container_bytes(root: Path) -> int | None:
    """A container's limit (cgroup v2) below which the machine's memory is of no use."""
    text = _read(root / "sys/fs/cgroup/memory.max").strip()
    return int(text) if text.isdigit() and int(text) > 0 else None


def _sysctl(system: System, name: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 — a fixed command without a shell
            [*system.sysctl, name], capture_output=True, timeout=_COMMAND_TIMEOUT_S, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf8", "replace").strip()


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(200_000).decode("utf8", "replace")
    except OSError:
        return ""
