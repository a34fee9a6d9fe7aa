"""Detected hardware: drivers, kernels and tools that aren't here are played by files, scripts and a small library."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from yoriai.catalog import bandwidth, nvml, sysfs
from yoriai.catalog.detect import EngineDevice, System, detect
from yoriai.catalog.hardware import Machine

GIB, MIB = 2**30, 2**20
BuildNvml = Callable[..., str]

# NVML as its header has it, with two cards: a known one and one that tells no PCIe width.
FAKE_NVML = r"""
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory_t;
static int started;
int nvmlInit_v2(void) { started = 1; return 0; }
int nvmlShutdown(void) { started = 0; return 0; }
int nvmlDeviceGetCount_v2(unsigned *n) { if (!started) return 1; *n = COUNT; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) {
  if (i >= 2) return 2; *d = (void *)(size_t)(i + 1); return 0; }
int nvmlDeviceGetName(void *d, char *name, unsigned length) {
  strncpy(name, d == (void *)1 ? "NVIDIA GeForce GTX 1080 Ti" : "NVIDIA Q9000", length); return 0; }
int nvmlDeviceGetMemoryInfo(void *d, memory_t *m) {
  m->total = 11264ull << 20; m->free = 10900ull << 20; m->used = 364ull << 20; return FAILS; }
int nvmlDeviceGetMaxPcieLinkGeneration(void *d, unsigned *v) { *v = 3; return 0; }
int nvmlDeviceGetMaxPcieLinkWidth(void *d, unsigned *v) { *v = 8; return d == (void *)1 ? 0 : 3; }
"""
SMI = """NVIDIA GeForce RTX 3090, 24576, 23890, 4, 16
NVIDIA A100-SXM4-80GB, 81920, 81050, 4, 16
Some vGPU, [N/A], [N/A], [N/A], [N/A]
NVIDIA T1000, 4096, 3800, [N/A], [N/A]
"""
CPUINFO = """processor\t: 0
model name\t: AMD Ryzen 9 5950X 16-Core Processor
flags\t\t: fpu sse2 avx f16c fma avx2 sha_ni

processor\t: 1
model name\t: AMD Ryzen 9 5950X 16-Core Processor
flags\t\t: fpu sse2 avx f16c fma avx2 sha_ni
"""
AMDGPU_IDS = """# List of AMDGPU IDs
1.0.0
744C,\tC8,\tAMD Radeon RX 7900 XTX
744C,\tCC,\tAMD Radeon RX 7900 XT
"""
PCI_IDS = """1000  Broadcom / LSI
\t0001  53c810
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]
\t7550  Navi 48 [Radeon RX 9070 XT]
1003  ULSI Systems
"""


def system(root: Path, **others: object) -> System:
    """Nothing of this machine but its RAM."""
    quiet = {"nvml_libraries": (), "nvidia_smi": ("/nonexistent/nvidia-smi",), "kernel": "linux"}
    return System(root=root, measure=lambda threads, each: 4e10, **{**quiet, **others})  # type: ignore[arg-type]


def look(tmp_path: Path, **others: object) -> Machine:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return detect(home, system=system(tmp_path, **others))


def place(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def script(path: Path, body: str) -> str:
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def fake_nvml(tmp_path: Path) -> BuildNvml:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: NVML by ctypes is not tested here")

    def build(count: int = 2, fails: int = 0) -> str:
        source, library = tmp_path / "nvml.c", tmp_path / f"nvml-{count}-{fails}.so"
        source.write_text(FAKE_NVML)
        options = [f"-DCOUNT={count}", f"-DFAILS={fails}", "-shared", "-fPIC", "-w"]
        subprocess.run([compiler, *options, "-o", library, source], check=True)
        return str(library)

    return build


# ---- NVIDIA -------------------------------------------------------------------------------------------------
def test_nvidias_cards_come_from_nvml(tmp_path: Path, fake_nvml: BuildNvml) -> None:
    known, unknown = look(tmp_path, nvml_libraries=("/nonexistent.so", fake_nvml())).gpus
    assert (known.name, known.backend) == ("NVIDIA GeForce GTX 1080 Ti", "cuda")
    assert (known.memory_bytes, known.free_bytes) == (11264 * MIB, 10900 * MIB)
    assert (known.bandwidth_bytes_per_s, known.fp32_flops) == (484.4e9, 11.34e12)
    assert known.pcie_bytes_per_s == pytest.approx(8 * 0.985e9)  # as it is plugged in, not as it could be
    assert (unknown.name, unknown.bandwidth_bytes_per_s, unknown.pcie_bytes_per_s) == (
        "NVIDIA Q9000",
        None,
        None,
    )


def test_a_driver_that_fails_or_boasts_is_not_believed(tmp_path: Path, fake_nvml: BuildNvml) -> None:
    broken, boasting = fake_nvml(fails=999), fake_nvml(count=4_000_000)
    assert look(tmp_path, nvml_libraries=(broken,)).gpus == ()
    assert look(tmp_path, nvml_libraries=(boasting,)).gpus == ()


def test_a_library_of_another_kind_is_passed_over(tmp_path: Path) -> None:
    place(tmp_path / "libnvidia-ml.so.1", "not a library")
    assert look(tmp_path, nvml_libraries=(str(tmp_path / "libnvidia-ml.so.1"), "libc.so.6")).gpus == ()


def test_without_the_library_nvidia_smi_is_asked(tmp_path: Path) -> None:
    smi = script(tmp_path / "nvidia-smi", f"print({SMI!r}, end='')")
    gpus = look(tmp_path, nvidia_smi=(smi, "--query-gpu=…")).gpus
    assert [gpu.name for gpu in gpus] == ["NVIDIA GeForce RTX 3090", "NVIDIA A100-SXM4-80GB", "NVIDIA T1000"]
    assert [gpu.free_bytes // MIB for gpu in gpus] == [23890, 81050, 3800]
    assert [gpu.tensor_fp16_flops is not None for gpu in gpus] == [True, True, False]
    assert gpus[2].pcie_bytes_per_s is None


def test_a_tool_that_fails_means_no_cards(tmp_path: Path) -> None:
    assert nvml.cards((), (script(tmp_path / "smi", "raise SystemExit(9)"),)) == []


# ---- AMD ----------------------------------------------------------------------------------------------------
def amd(root: Path, number: int, device: str, revision: str, vram: int, **others: str) -> None:
    folder = root / f"sys/class/drm/card{number}/device"
    content = {"vendor": "0x1002", "device": device, "revision": revision, "mem_info_vram_total": str(vram)}
    for name, text in {**content, **others}.items():
        place(folder / name, text + "\n")


def test_amds_cards_come_from_the_kernel(tmp_path: Path) -> None:
    amd(tmp_path, 1, "0x744c", "0xc8", 24560 * MIB, mem_info_vram_used=str(560 * MIB),
        max_link_speed="16.0 GT/s PCIe", max_link_width="16")  # fmt: skip
    amd(tmp_path, 0, "0x164e", "0xc1", 512 * MIB)  # a processor's own graphics
    place(tmp_path / "sys/class/drm/card2/device/vendor", "0x8086\n")
    place(tmp_path / "sys/class/drm/card1-DP-1/status", "connected\n")
    place(tmp_path / "usr/share/libdrm/amdgpu.ids", AMDGPU_IDS)
    (gpu,) = look(tmp_path).gpus
    assert (gpu.name, gpu.backend, gpu.bandwidth_bytes_per_s) == ("AMD Radeon RX 7900 XTX", "rocm", 960e9)
    assert (gpu.memory_bytes, gpu.free_bytes) == (24560 * MIB, 24000 * MIB)
    assert gpu.pcie_bytes_per_s == pytest.approx(16 * 1.969e9)


def test_names_of_amds_cards_come_from_wherever_there_is_one(tmp_path: Path) -> None:
    place(tmp_path / "usr/share/hwdata/pci.ids", PCI_IDS)
    amd(tmp_path, 0, "0x7550", "0xc0", 16 * GIB)
    amd(tmp_path, 1, "0x740f", "0x02", 64 * GIB, product_name="Instinct MI210")
    amd(tmp_path, 2, "0xffff", "0x00", 16 * GIB)
    amd(tmp_path, 3, "garbage", "0x00", 16 * GIB, max_link_speed="Unknown", max_link_width="x")
    names = [card.name for card in sysfs.cards(tmp_path)]
    assert names == ["Radeon RX 9070 XT", "Instinct MI210", "AMD ffff", "AMD 0000"]


# ---- Apple, and what the engine says ------------------------------------------------------------------------
def test_apples_chip_comes_from_sysctl(tmp_path: Path) -> None:
    sysctl = script(tmp_path / "sysctl", "print('Apple M2')")
    machine = look(tmp_path, kernel="darwin", architecture="arm64", sysctl=(sysctl, "-n"))
    (gpu,) = machine.gpus
    assert (machine.cpu_name, gpu.name, gpu.backend) == ("Apple M2", "Apple M2", "metal")
    assert gpu.is_unified
    assert gpu.free_bytes < gpu.memory_bytes == machine.ram_bytes


def test_the_engines_own_list_comes_first(tmp_path: Path, fake_nvml: BuildNvml) -> None:
    devices = [
        EngineDevice(name="Vulkan0", description="AMD Radeon RX 7900 XTX (RADV NAVI31)", memory_bytes=24560 * MIB,
                     free_bytes=24000 * MIB),
        EngineDevice(name="CUDA0", description="NVIDIA GeForce RTX 4090", memory_bytes=24210 * MIB,
                     free_bytes=23 * GIB),
        EngineDevice(name="Vulkan1", description="", memory_bytes=8 * GIB, free_bytes=8 * GIB),
    ]  # fmt: skip
    told = detect(tmp_path, devices, system(tmp_path, nvml_libraries=(fake_nvml(),)))
    assert [gpu.backend for gpu in told.gpus] == ["vulkan", "cuda", "vulkan"]
    assert [gpu.bandwidth_bytes_per_s for gpu in told.gpus] == [960e9, 1010e9, None]
    assert [gpu.free_bytes for gpu in told.gpus] == [24000 * MIB, 23 * GIB, 8 * GIB]
    assert told.gpus[2].name == "Vulkan1"


# ---- processor and RAM ----------------------------------------------------------------------------------------
def test_the_processor_comes_from_the_kernel(tmp_path: Path) -> None:
    place(tmp_path / "proc/cpuinfo", CPUINFO)
    machine = look(tmp_path)
    assert machine.cpu_name == "AMD Ryzen 9 5950X 16-Core Processor"
    assert machine.vector_extensions == ("avx2", "avx")
    assert machine.physical_cores >= 1
    assert machine.ram_bytes == psutil.virtual_memory().total
    assert not machine.is_described


def test_a_containers_limit_is_all_the_ram_there_is(tmp_path: Path) -> None:
    place(tmp_path / "sys/fs/cgroup/memory.max", f"{GIB}\n")
    machine = look(tmp_path)
    assert machine.ram_bytes == GIB
    assert machine.ram_free_bytes <= GIB
    place(tmp_path / "sys/fs/cgroup/memory.max", "max\n")
    assert look(tmp_path).ram_bytes == psutil.virtual_memory().total


def test_this_machine_is_detected_whatever_it_is(tmp_path: Path) -> None:
    machine = detect(tmp_path)
    assert machine.cpu_name
    assert 0 < machine.ram_free_bytes <= machine.ram_bytes
    if machine.memory_bandwidth_bytes_per_s:
        assert 1e9 < machine.memory_bandwidth_bytes_per_s < 5e12


# ---- bandwidth ------------------------------------------------------------------------------------------------
class Meter:
    """Measures what it is told to."""

    def __init__(self, *rates: float, load: float = 0.0) -> None:
        self.rates, self.load = list(rates), load
        self.asked: list[tuple[int, int]] = []

    def read(self, home: Path, key: str = "m", cores: int = 2, free_bytes: int = 64 * GIB) -> float | None:
        return bandwidth.read_bandwidth(
            home, key, cores, free_bytes, measure=self._measure, load=lambda: self.load
        )

    def _measure(self, threads: int, each: int) -> float:
        self.asked.append((threads, each))
        return self.rates.pop(0)


def test_bandwidth_is_measured_once_and_kept(tmp_path: Path) -> None:
    meter = Meter(5e10, 6e10)
    assert [meter.read(tmp_path, cores=4) for _ in range(3)] == [5e10] * 3
    assert meter.asked == [(4, 64 * MIB)]
    assert meter.read(tmp_path, "with another processor", cores=2) == 6e10
    assert meter.asked[1:] == [(2, 128 * MIB)]


def test_what_was_measured_beside_other_work_is_measured_again(tmp_path: Path) -> None:
    busy = Meter(3e10, 2e10, load=1.5)
    assert [busy.read(tmp_path), busy.read(tmp_path)] == [3e10, 3e10]  # the better one
    quiet = Meter(5e10)
    assert [quiet.read(tmp_path), quiet.read(tmp_path)] == [5e10, 5e10]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"machine": "m", "bytes_per_s": "x", "quiet": true}',
        b'{"machine": "m", "bytes_per_s": NaN, "quiet": true}', b'{"machine": "m", "bytes_per_s": -1, "quiet": true}',
        b'{"machine": "m", "bytes_per_s": 1e99, "quiet": true}', b"\xff\xfe" * 9000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_measured_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / bandwidth.FILE).write_bytes(content)
    assert Meter(3e10).read(tmp_path) == 3e10
    kept = json.loads((tmp_path / bandwidth.FILE).read_bytes())
    assert kept == {"machine": "m", "bytes_per_s": 3e10, "quiet": True}
    assert [path.name for path in tmp_path.iterdir()] == [bandwidth.FILE]


def test_where_it_cannot_be_kept_it_is_still_told(tmp_path: Path) -> None:
    assert Meter(3e10).read(tmp_path / "not there") == 3e10


def test_it_is_not_measured_where_memory_is_short(tmp_path: Path) -> None:
    assert Meter().read(tmp_path, free_bytes=100 * MIB) is None
