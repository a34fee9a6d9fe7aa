"""Which models to start, unload or restart: pure functions of what is loaded, what is wanted, and what the machine has.

Owns the policy, knows no process and no clock. The router calls it after every event and carries out the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from yoriai.models import ModelState

PATIENCE_S = (
    10.0  # a wanted model waits so long for idle memory before the router stops serving somebody else's
)
SETTLE_S = 0.3  # questions that come together are seen together: one of them may be for the idle model
GROW_AFTER_S = 30.0  # an idle model is restarted with more threads only after so long: no flapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Resident:
    """A model that has a process."""

    name: str
    state: ModelState
    memory_bytes: int
    threads: int
    leases: int
    idle_s: float  # since its last use ended; 0 while in use


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """A model that requests wait for."""

    name: str
    memory_bytes: int
    waited_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    start: tuple[tuple[str, int], ...] = ()  # (name, threads)
    drain: tuple[str, ...] = ()  # no new work; stop when the last lease ends
    restart: tuple[tuple[str, int], ...] = ()  # (name, threads)
    impossible: tuple[str, ...] = ()  # larger than the whole budget


@dataclass(slots=True)
class _Draft:
    start: list[tuple[str, int]] = field(default_factory=list)
    drain: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)


def share(cores: int, models: int) -> int:
    """Threads for each of `models` models, so that together they never exceed `cores` (but at least one each)."""
    return max(1, cores // max(1, models))


def plan(
    wants: Sequence[Want],
    residents: Sequence[Resident],
    *,
    budget_bytes: int,
    cores: int,
    idle_unload_s: float,
) -> Plan:
    """The next steps.

    Wanted models are placed first come, first served. Memory is made by unloading idle models, least recently used
    first, but only for who has waited for `SETTLE_S`; when the first in the queue has waited for `PATIENCE_S`, models
    in use are drained too. A model that is itself wanted is never a victim of one that came later.
    """
    draft = _Draft()
    free = budget_bytes - sum(r.memory_bytes for r in residents)
    freeing = sum(r.memory_bytes for r in residents if r.state == "draining")
    resident_names = {r.name for r in residents}
    for want in wants:
        if want.name in resident_names:
            continue
        if want.memory_bytes > budget_bytes:
            draft.impossible.append(want.name)
            continue
        if want.memory_bytes <= free:
            free -= want.memory_bytes
            draft.start.append((want.name, 0))
            continue
        if want.waited_s >= SETTLE_S:
            freeing += _make_room(draft, want, wants, residents, free + freeing)
        break  # those behind it wait: otherwise a large model would starve behind small ones
    staying = [r for r in residents if r.state != "draining" and r.name not in draft.drain]
    threads = share(cores, len(staying) + len(draft.start))
    if not wants:
        draft.drain += [r.name for r in staying if _unused(r) and r.idle_s >= idle_unload_s]
    return Plan(
        start=tuple((name, threads) for name, _ in draft.start),
        drain=tuple(draft.drain),
        restart=() if wants or draft.drain else _rebalance(staying, cores),
        impossible=tuple(draft.impossible),
    )


def _unused(resident: Resident) -> bool:
    return resident.state == "ready" and resident.leases == 0


def _make_room(
    draft: _Draft, want: Want, wants: Sequence[Want], residents: Sequence[Resident], available: int
) -> int:
    """Choose victims until `want` fits; none if it can't fit yet. Returns the bytes that become free."""
    wanted = {w.name for w in wants}
    candidates = [r for r in residents if _unused(r) and r.name not in wanted]
    candidates.sort(key=lambda r: -r.idle_s)
    if want.waited_s >= PATIENCE_S:
        busy = [r for r in residents if r.state == "ready" and r not in candidates]
        candidates += sorted(busy, key=lambda r: (r.leases, -r.idle_s))
    victims, freed = [], 0
    for resident in candidates:
        if available + freed >= want.memory_bytes:
            break
        victims.append(resident.name)
        freed += resident.memory_bytes
    if available + freed < want.memory_bytes:
        return 0
    draft.drain += victims
    return freed


def _rebalance(staying: Sequence[Resident], cores: int) -> tuple[tuple[str, int], ...]:
    """Idle models whose number of threads no longer fits the number of loaded models.

    Two models that together have more busy threads than cores generate several times slower than with their share
    each (docs/decisions/0003-threads.md).
    """
    if any(r.state != "ready" for r in staying):
        return ()
    fair = share(cores, len(staying))
    return tuple(
        (r.name, fair)
        for r in staying
        if _unused(r) and (r.threads > fair or (r.threads < fair and r.idle_s >= GROW_AFTER_S))
    )
