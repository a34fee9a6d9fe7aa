"""NVIDIA's cards, as their driver reports them: through its library NVML by ctypes, or `nvidia-smi` where that fails.

Knows no catalogue of cards; `catalog.detect` calls it. Source: nvml.h of the CUDA toolkit.
"""

from __future__ import annotations

import ctypes
import logging
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

log = logging.getLogger("yoriai.catalog")

LIBRARIES = ("libnvidia-ml.so.1", "nvml.dll", r"C:\Windows\System32\nvml.dll")
_MOST_CARDS = 64
_NAME_BYTES = 96  # NVML_DEVICE_NAME_V2_BUFFER_SIZE
_SMI_TIMEOUT_S = 10.0
SMI = ("nvidia-smi", "--format=csv,noheader,nounits",
        "--query-gpu=name,memory.total,memory.free,pcie.link.gen.max,pcie.link.width.max")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """A card in its driver's words."""

    name: str
    memory_bytes: int
    free_bytes: int
    pcie_generation: int = 0  # 0: unknown
    pcie_lanes: int = 0


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def cards(libraries: Sequence[str] = LIBRARIES, smi: Sequence[str] = SMI) -> list[Reported]:
    """All of them; none where there is no driver, or it doesn't answer."""
    for name in libraries:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        try:
            return list(_by_library(library))
        except (OSError, AttributeError) as error:  # a function that an old driver hasn't
            log.warning("nvml failed error=%s", error)
            break
    return _by_command(smi)


@contextmanager
def _started(library: ctypes.CDLL) -> Iterator[None]:
    _check(library.nvmlInit_v2())
    try:
        yield
    finally:
        library.nvmlShutdown()


def _by_library(library: ctypes.CDLL) -> Iterator[Reported]:
    with _started(library):
        count = ctypes.c_uint()
        _check(library.nvmlDeviceGetCount_v2(ctypes.byref(count)))
        for index in range(min(count.value, _MOST_CARDS)):
            device = ctypes.c_void_p()
            _check(library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)))
            yield _card(library, device)


def _card(library: ctypes.CDLL, device: ctypes.c_void_p) -> Reported:
    name = ctypes.create_string_buffer(_NAME_BYTES)
    _check(library.nvmlDeviceGetName(device, name, ctypes.c_uint(_NAME_BYTES)))
    memory = _Memory()
    _check(library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)))
    return Reported(
        name=name.value.decode("utf8", "replace"),
        memory_bytes=memory.total,
        free_bytes=min(memory.free, memory.total),
        pcie_generation=_number(library, "nvmlDeviceGetMaxPcieLinkGeneration", device),
        pcie_lanes=_number(library, "nvmlDeviceGetMaxPcieLinkWidth", device),
    )


def _number(library: ctypes.CDLL, function: str, device: ctypes.c_void_p) -> int:
    """What isn't supported on this card stays unknown."""
    value = ctypes.c_uint()
    try:
        return value.value if getattr(library, function)(device, ctypes.byref(value)) == 0 else 0
    except AttributeError:
        return 0


def _check(status: int) -> None:
    if status != 0:
        raise OSError(f"NVML status {status}")


def _by_command(command: Sequence[str]) -> list[Reported]:
    try:
        done = subprocess.run(  # noqa: S603 — a fixed command without a shell
            command, capture_output=True, timeout=_SMI_TIMEOUT_S, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return parsed(done.stdout.decode("utf8", "replace"))


def parsed(csv: str) -> list[Reported]:
    """What `nvidia-smi` printed, line by line; "[N/A]" and its kin are unknown."""
    found = []
    for line in csv.splitlines()[:_MOST_CARDS]:
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 5 or not fields[1].isdigit() or not fields[2].isdigit():
            continue
        generation, lanes = (int(field) if field.isdigit() else 0 for field in fields[3:])
        total, free = int(fields[1]) * 2**20, int(fields[2]) * 2**20
        found.append(
            Reported(
                name=fields[0],
                memory_bytes=total,
                free_bytes=free,
                pcie_generation=generation,
                pcie_lanes=lanes,
            )
        )
    return found
