"""Graphics cards and processors by name: reads `cards.yaml`, forgives spelling, never guesses a figure.

Knows no machine; `catalog.describe` looks up what a person names, `catalog.detect` what a driver reports.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from yoriai.catalog import package_files
from yoriai.catalog.hardware import Backend, Gpu
from yoriai.errors import UsageError

GIB = 2**30
# What the driver and a screen keep for themselves. Source: nvidia-smi on idle desktops shows 150 to 350 MiB.
_RESERVED_BYTES = 256 * 2**20
PCIE_BYTES_PER_S = {3: 0.985e9, 4: 1.969e9, 5: 3.938e9}  # per lane, after encoding. Source: PCI-SIG
# Of unified memory, what Metal lets a GPU have: recommendedMaxWorkingSetSize, as llama.cpp prints it on such machines.
_UNIFIED_SHARE, _UNIFIED_SHARE_SMALL, _SMALL_UNIFIED_BYTES = 0.75, 2 / 3, 36 * GIB
_NOISE = re.compile(
    r"\b(nvidia|geforce|amd|ati|radeon|intel|instinct|tesla|quadro|apple|core|cpu|processor|gpu|graphics|generation|"
    r"edition|founders|hbm\d?e?|gddr\dx?|nvlink)\b|\((?:r|tm)\)|[®™]"
)
_MEMORY = re.compile(r"(?<![\d.])(\d{1,4})\s*(?:gb|gib|g|ギガ(?:バイト)?)(?![a-z0-9])")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Family(_Row):
    """Rates relative to fp32."""

    backend: Backend
    fp16: float
    matrix_fp16: float | None = None
    int8: float | None = None


class Card(_Row):
    memory: int | tuple[int, ...]  # GiB
    bandwidth: float  # GB/s
    fp32: float | None = None  # TFLOPS
    family: str
    pcie: str = Field("", pattern=r"^(\dx\d+)?$")
    unified: bool = False
    cores: int | None = None
    source: str

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.memory if isinstance(self.memory, tuple) else (self.memory,)


class Processor(_Row):
    cores: int
    bandwidth: float  # GB/s
    vectors: tuple[str, ...] = ()


class Cards(_Row):
    families: Mapping[str, Family]
    cards: Mapping[str, tuple[Card, ...]]
    processors: Mapping[str, Processor]


@cache
def load() -> Cards:
    """The package's own file."""
    return Cards.model_validate(package_files.read("cards.yaml"))


def normal(text: str) -> str:
    """A name reduced to what tells it apart: "ＮＶＩＤＩＡ GeForce RTX-4060Ti" → "rtx4060ti"."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _NOISE.sub(" ", _MEMORY.sub(" ", re.sub(r"[_\-]+", " ", plain)))
    plain = re.sub(r"sxm\d", "sxm", plain).replace("mobile", "laptop")
    return re.sub(r"[^a-z0-9+]", "", plain)


def memory_in(text: str) -> int | None:
    """The memory that a name mentions, in GiB."""
    found = _MEMORY.search(unicodedata.normalize("NFKC", text).casefold().replace("-", " "))
    return int(found[1]) if found else None


def card(text: str) -> tuple[str, Card, int]:
    """Name, card and GiB of memory of what a person calls it.

    Raises:
        UsageError: no such card, one of another size, or one of several; with the names that come near.
    """
    known = load().cards
    name = _name(text, list(known), "catalog.card_unknown")
    variants, wanted = known[name], memory_in(text)
    fitting = [each for each in variants if wanted is None or wanted in each.sizes]
    sizes = sorted({size for each in variants for size in each.sizes})
    choice = ", ".join(f"{name} {size}GB" for size in sizes)
    if not fitting:
        raise UsageError("catalog.card_memory", name=name, memory=wanted, choice=choice)
    if wanted is None and len(sizes) > 1:
        raise UsageError("catalog.card_ambiguous", name=name, choice=choice)
    return name, fitting[0], wanted or sizes[0]


def processor(text: str) -> tuple[str, Processor] | None:
    """A processor that the file knows, by its name or a name that contains it; None: it doesn't."""
    known = load().processors
    words = normal(text)
    for name in sorted(known, key=len, reverse=True):
        if normal(name) in words:
            return name, known[name]
    return None


def nearest(text: str, names: Sequence[str]) -> list[str]:
    by_key = {normal(name): name for name in names}
    return [by_key[key] for key in get_close_matches(normal(text), by_key, n=4, cutoff=0.5)]


def _name(text: str, names: Sequence[str], error: str) -> str:
    key = normal(text)
    by_key = {normal(name): name for name in names}
    if key in by_key:
        return by_key[key]
    longer = [name for name_key, name in by_key.items() if len(key) > 2 and name_key.startswith(key)]
    if re.match(r"\d{3}", key):  # "4090"
        longer = [name for name_key, name in by_key.items() if name_key.endswith(key)]
    if len(longer) == 1:
        return longer[0]
    near = longer or nearest(text, names)
    raise UsageError(error, name=text.strip()[:60], nearest=", ".join(near[:6]) or "RTX 4060 Ti 16GB")


def recognised(reported: str, memory_bytes: int) -> Card | None:
    """The card behind a driver's name, by the nearest memory size; None: unknown, so its rates are, too."""
    known = load().cards
    key = normal(re.sub(r"\([^)]*\)", " ", reported))  # "(RADV NAVI31)"
    names = [name for name in known if normal(name) == key]
    names = names or [name for name in known if len(key) > 2 and normal(name).startswith(key)]
    candidates = [
        (abs(size * GIB - memory_bytes), each) for n in names for each in known[n] for size in each.sizes
    ]
    distance, best = min(candidates, key=lambda pair: pair[0], default=(0, None))
    return best if best and distance <= 0.1 * memory_bytes + GIB else None


def gpu(name: str, card: Card, memory_bytes: int, free_bytes: int | None = None) -> Gpu:
    """What the card can do, with this much memory."""
    family = load().families[card.family]
    fp32 = card.fp32 * 1e12 if card.fp32 else None
    if free_bytes is None:
        free_bytes = unified_bytes(memory_bytes) if card.unified else memory_bytes - _RESERVED_BYTES
    generation, _, lanes = card.pcie.partition("x")
    return Gpu(
        name=name, backend=family.backend, memory_bytes=memory_bytes, free_bytes=free_bytes,
        bandwidth_bytes_per_s=card.bandwidth * 1e9, fp32_flops=fp32, fp16_flops=_times(fp32, family.fp16),
        tensor_fp16_flops=_times(fp32, family.matrix_fp16), int8_ops=_times(fp32, family.int8),
        pcie_bytes_per_s=PCIE_BYTES_PER_S[int(generation)] * int(lanes) if lanes else None,
        is_unified=card.unified, source=_source(card.source),
    )  # fmt: skip


def unified_bytes(memory_bytes: int) -> int:
    """Of memory that CPU and GPU share, what the GPU may have."""
    share = _UNIFIED_SHARE_SMALL if memory_bytes <= _SMALL_UNIFIED_BYTES else _UNIFIED_SHARE
    return int(memory_bytes * share)


def _times(rate: float | None, factor: float | None) -> float | None:
    return rate * factor if rate and factor else None


def _source(source: str) -> str:
    return f"techpowerup.com/gpu-specs {source}" if re.fullmatch(r"c\d+", source) else source
