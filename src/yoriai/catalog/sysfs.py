"""AMD's cards as the Linux kernel shows them in /sys/class/drm, with the names that libdrm has for them.

Knows no catalogue of cards; `catalog.detect` calls it. Only the driver amdgpu tells its memory; Intel's cards come from
the engine. Source: Documentation/gpu/amdgpu in the kernel, data/amdgpu.ids of libdrm.
"""

from __future__ import annotations

import re
from pathlib import Path

from yoriai.catalog.nvml import Reported

_AMD = 0x1002
_NAMES = (
    "usr/share/libdrm/amdgpu.ids",
    "usr/local/share/libdrm/amdgpu.ids",
    "opt/amdgpu/share/libdrm/amdgpu.ids",
)
_PCI_NAMES = ("usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids")
_GENERATIONS = {2.5: 1, 5.0: 2, 8.0: 3, 16.0: 4, 32.0: 5, 64.0: 6}  # GT/s
# A processor's own graphics has little memory of its own and takes the machine's: it isn't planned with.
_LEAST_BYTES = 2 * 2**30
_MOST_FILE_BYTES = 4 * 2**20


def cards(root: Path = Path("/")) -> list[Reported]:
    """Those with memory of their own, in the kernel's order."""
    folders = sorted((root / "sys/class/drm").glob("card*"), key=lambda path: (len(path.name), path.name))
    found = []
    for folder in folders:
        device = folder / "device"
        if not re.fullmatch(r"card\d+", folder.name) or _number(device / "vendor", 16) != _AMD:
            continue
        total = _number(device / "mem_info_vram_total")
        if total >= _LEAST_BYTES:
            found.append(_card(root, device, total))
    return found


def _card(root: Path, device: Path, total: int) -> Reported:
    speed = re.match(r"[\d.]+", _text(device / "max_link_speed"))
    return Reported(
        name=_name(root, device),
        memory_bytes=total,
        free_bytes=max(0, total - _number(device / "mem_info_vram_used")),
        pcie_generation=_GENERATIONS.get(float(speed[0]), 0) if speed else 0,
        pcie_lanes=_number(device / "max_link_width"),
    )


def _name(root: Path, device: Path) -> str:
    identity, revision = _number(device / "device", 16), _number(device / "revision", 16)
    for path in _NAMES:
        pattern = rf"(?im)^{identity:04X},\s*{revision:02X},\s*(.+?)\s*$"
        if named := re.search(pattern, _text(root / path)):
            return named[1]
    if product := _text(device / "product_name"):
        return product
    for path in _PCI_NAMES:
        vendor = re.search(r"(?m)^1002  .*\n((?:\t.*\n|#.*\n)*)", _text(root / path))
        if vendor and (named := re.search(rf"(?m)^\t{identity:04x}  (.+)$", vendor[1])):
            return re.sub(r"^.*\[(.+)\]$", r"\1", named[1])
    return f"AMD {identity:04x}"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_FILE_BYTES).decode("utf8", "replace").strip()
    except OSError:
        return ""


def _number(path: Path, base: int = 10) -> int:
    try:
        return int(_text(path), base)
    except ValueError:
        return 0
