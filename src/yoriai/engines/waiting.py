"""Who waits for which model: leases in the order they came, each with the weights that its name meant then.

Knows no engine; the router fills and empties it, the scheduler plans with its wants.
"""

from __future__ import annotations

from collections.abc import Callable

from yoriai.engines.lease import Lease
from yoriai.engines.scheduler import Want
from yoriai.errors import DoesNotFitError, YoriaiError
from yoriai.models import InstalledModel


class Waiting:
    def __init__(self) -> None:
        self._queue: list[tuple[Lease, InstalledModel]] = []

    def add(self, lease: Lease, model: InstalledModel) -> None:
        self._queue.append((lease, model))

    def remove(self, lease: Lease) -> None:
        self._queue = [each for each in self._queue if each[0] is not lease]

    def leases(self) -> list[Lease]:
        return [lease for lease, _ in self._queue]

    def models(self) -> dict[str, InstalledModel]:
        """By name, the one that was asked for first at the front; of a name, what it means now."""
        return {lease.name: model for lease, model in self._queue}

    def wants(self, memory_needed: Callable[[InstalledModel], int], now: float) -> dict[str, Want]:
        """One per model, since its first lease waits."""
        since: dict[str, float] = {}
        for lease, _ in self._queue:
            since.setdefault(lease.name, lease.since)
        return {
            name: Want(name=name, memory_bytes=memory_needed(model), waited_s=now - since[name])
            for name, model in self.models().items()
        }

    def refuse(self, name: str, error: YoriaiError) -> None:
        """Everybody who waits for this model."""
        for lease in self.leases():
            if lease.name == name:
                lease.refuse(error)
                self.remove(lease)


def does_not_fit(want: Want, budget: int) -> DoesNotFitError:
    return DoesNotFitError(
        "engines.does_not_fit",
        name=want.name,
        needed=_gigabytes(want.memory_bytes),
        budget=_gigabytes(budget),
    )


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
