"""A machine from a person's words: `--gpu "RTX 4060 Ti 16GB x3" --ram 64 --cpu "Ryzen 9 5950X"`. Pure.

Owns the grammar of such descriptions and what is assumed where nothing was said; `catalog.cards` knows the cards. The
CLI and the page call it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from yoriai.catalog import cards
from yoriai.catalog.hardware import Gpu, Machine
from yoriai.errors import UsageError

_MOST_CARDS = 64
_MOST_RAM_GB = 65_536
_MOST_CORES = 1024
_LEAST_DDR, _MOST_DDR = 400, 20_000  # millions of transfers a second
_SEPARATOR = re.compile(r"[,;、，；]| \+ |\band\b|と")
_UNITS = r"枚|本|台"
_BEFORE = re.compile(rf"^\s*(\d{{1,9}})\s*(?:[x×*]|{_UNITS})\s*の?\s*(?=[^\d\s])", re.IGNORECASE)
# The x of "RTX 4090" is no sign of multiplication: that stands behind a space, a number, "GB" or "Ti".
_SIGN = r"(?:[×*]|(?:(?<=[\s\d])|(?<=gb)|(?<=ti))x)"
_AFTER = re.compile(rf"\s*(?:{_SIGN}\s*(\d{{1,9}})|(?<!\d)(\d{{1,9}})\s*(?:{_UNITS}))\s*$", re.IGNORECASE)
_DDR = re.compile(
    r"\b(?:lp)?ddr\d\w?(?:[ -]?(?=\d{3})|-)(\d{1,9})(?!\d|\s*gb)(?:.*?\b(\d{1,2})[ -]?ch)?", re.IGNORECASE
)
_CORES = re.compile(r"(?<!\w)(-?\d{1,9})\s*(?:cores?|コア)", re.IGNORECASE)
# Where nothing is said: a desktop of the kind that such cards are put into, with two channels of DDR4-3200.
_ASSUMED_RAM_BYTES = 32 * cards.GIB
_ASSUMED_CORES, _ASSUMED_BANDWIDTH = 8, 51.2e9
_SYSTEM_SHARE = 0.9  # of RAM, what is left beside the operating system; at most this much is taken away:
_SYSTEM_BYTES = 4 * cards.GIB


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    machine: Machine
    assumed: tuple[str, ...] = ()  # of "ram" and "cpu", what nobody said


def describe(gpus: Sequence[str] = (), ram_gb: float | None = None, cpu: str = "") -> Described:
    """The machine that these words describe.

    Args:
        gpus: cards, each with an optional count, several in one text or in several.
        ram_gb: GiB, as shops count them.
        cpu: a processor's name, or "16 cores DDR5-5600", or both.

    Raises:
        UsageError: a card or processor that isn't known, with names that come near; an impossible number.
    """
    if ram_gb is not None and not 0 < ram_gb <= _MOST_RAM_GB:
        raise UsageError("catalog.ram_impossible", param="ram", ram=ram_gb, limit=_MOST_RAM_GB)
    if any(not text.strip() for text in gpus):
        raise UsageError("catalog.card_empty", param="gpu")
    described = [each for text in gpus for each in _cards_of(text)]
    if len(described) > _MOST_CARDS:
        raise UsageError("catalog.card_count", param="gpu", count=len(described), limit=_MOST_CARDS)
    unified = next(((card, gpu) for card, gpu in described if gpu.is_unified), None)
    ram_bytes = (
        int(ram_gb * cards.GIB) if ram_gb else unified[1].memory_bytes if unified else _ASSUMED_RAM_BYTES
    )
    assumed: tuple[str, ...] = () if ram_gb or unified else ("ram",)
    name, cores, bandwidth, vectors = _processor(cpu)
    if unified and not cpu:
        name, cores, bandwidth = unified[1].name, unified[0].cores or cores, unified[0].bandwidth * 1e9
    elif not cpu:
        assumed += ("cpu",)
    machine = Machine(
        cpu_name=name, physical_cores=cores, ram_bytes=ram_bytes, vector_extensions=vectors,
        ram_free_bytes=max(int(ram_bytes * _SYSTEM_SHARE), ram_bytes - _SYSTEM_BYTES),
        memory_bandwidth_bytes_per_s=bandwidth, gpus=tuple(gpu for _, gpu in described), is_described=True,
    )  # fmt: skip
    return Described(machine=machine, assumed=assumed)


def _cards_of(text: str) -> list[tuple[cards.Card, Gpu]]:
    found: list[tuple[cards.Card, Gpu]] = []
    for part in _SEPARATOR.split(unicodedata.normalize("NFKC", text)):
        if not part.strip():
            continue
        count, words = _counted(part)
        if not 1 <= count <= _MOST_CARDS:
            raise UsageError("catalog.card_count", param="gpu", count=count, limit=_MOST_CARDS)
        name, card, size = cards.card(words)
        found += [(card, cards.gpu(name, card, size * cards.GIB))] * count
    if not found:
        raise UsageError("catalog.card_unknown", param="gpu", name=text[:60], nearest="RTX 4060 Ti 16GB")
    return found


def _counted(part: str) -> tuple[int, str]:
    """How many, and of what: "3 x RTX 4090", "RTX 4090 x3", "RTX 4090 3枚"."""
    if before := _BEFORE.match(part):
        return int(before[1]), part[before.end() :]
    if after := _AFTER.search(part):
        return int(after[1] or after[2]), part[: after.start()]
    return 1, part


def _processor(text: str) -> tuple[str, int, float, tuple[str, ...]]:
    """Name, cores, bandwidth in bytes/s and vector extensions."""
    if not text.strip():
        return "", _ASSUMED_CORES, _ASSUMED_BANDWIDTH, ("avx2",)
    plain = unicodedata.normalize("NFKC", text)
    known = cards.processor(plain)
    memory, cores = _DDR.search(plain), _CORES.search(plain)
    if known is None and memory is None and cores is None:
        near = cards.nearest(plain, list(cards.load().processors))
        raise UsageError(
            "catalog.cpu_unknown", param="cpu", name=text[:60], nearest=", ".join(near) or "Ryzen 9 5950X"
        )
    name, row = known or (plain.strip()[:60], None)
    bandwidth = row.bandwidth * 1e9 if row else _ASSUMED_BANDWIDTH
    if memory:
        _check("catalog.ddr_impossible", int(memory[1]), _LEAST_DDR, _MOST_DDR)
        bandwidth = int(memory[1]) * 1e6 * 8 * int(memory[2] or 2)
    count = int(cores[1]) if cores else row.cores if row else _ASSUMED_CORES
    _check("catalog.cores_impossible", count, 1, _MOST_CORES)
    return name, count, bandwidth, row.vectors if row else ("avx2",)


def _check(key: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(key, param="cpu", value=value, least=f"{least:,}", most=f"{most:,}")
