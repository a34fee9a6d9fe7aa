"""How much of the processor others had meanwhile: a round beside them says nothing of several threads.

Threads of an engine wait for each other, so one that is kept from its core holds up all. `prediction.py` and
`kernel_threads.py` leave such rounds out.
"""

from __future__ import annotations

from collections.abc import Iterable

import psutil

QUIET = 0.05  # of all cores, for others: above, a round doesn't count
_ENOUGH = 4  # quiet rounds; with fewer, all count, and it is said


class Neighbours:
    """Counts from one question to the next. What has ended in between counts as somebody else's."""

    def __init__(self) -> None:
        self._busy, self._all, self._own = self._times()

    def share(self) -> float:
        """Of all cores' time since the last question, what others took: 0 to 1."""
        before = self._busy, self._all, self._own
        self._busy, self._all, self._own = now = self._times()
        busy, everything, own = (later - sooner for later, sooner in zip(now, before, strict=True))
        return max(0.0, busy - own) / everything if everything > 0 else 0.0

    def _times(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        everything = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = times.idle + getattr(times, "iowait", 0.0)
        process = psutil.Process()
        own = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        return everything - idle, everything, sum(each.user + each.system for each in own)


def quiet(values: list[float], shares: Iterable[float]) -> list[float]:
    """The values of quiet rounds; all of them where too few were quiet."""
    chosen = [value for value, share in zip(values, shares, strict=True) if share <= QUIET]
    return chosen if len(chosen) >= _ENOUGH else values
