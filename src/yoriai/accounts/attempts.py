"""Counts failed sign-ins: after too many for an account from an address, or from an address, it has to wait."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from yoriai.errors import RateLimitError

_WINDOW_S = 300.0
_PER_ADDRESS = 5  # times as many for all accounts together: an office shares one address
_MOST_KEYS = 10_000


class Attempts:
    """Of one server, in memory: a restart forgives."""

    def __init__(self, limit: int, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._now = now
        self._failures: dict[tuple[str, ...], deque[float]] = {}

    def begin(self, name_key: str, address: str) -> None:
        """Count an attempt as failed until `succeeded` says otherwise: many at once are no way around the limit.

        Raises: RateLimitError.
        """
        for key, limit in self._limits(name_key, address):
            failures = self._recent(key)
            if len(failures) >= limit:
                seconds = round(failures[0] + _WINDOW_S - self._now()) + 1
                raise RateLimitError("accounts.too_many_attempts", seconds=seconds)
        for key, _ in self._limits(name_key, address):
            if key not in self._failures and len(self._failures) >= _MOST_KEYS:
                self._failures.pop(next(iter(self._failures)))
            self._failures.setdefault(key, deque()).append(self._now())

    def succeeded(self, name_key: str, address: str) -> None:
        self._failures.pop((name_key, address), None)
        of_address = self._failures.get((address,))
        if of_address:
            of_address.pop()  # this attempt, or one of about the same time

    def _limits(self, name_key: str, address: str) -> tuple[tuple[tuple[str, ...], int], ...]:
        return ((name_key, address), self._limit), ((address,), self._limit * _PER_ADDRESS)

    def _recent(self, key: tuple[str, ...]) -> deque[float]:
        failures = self._failures.get(key, deque())
        while failures and failures[0] < self._now() - _WINDOW_S:
            failures.popleft()
        if not failures:
            self._failures.pop(key, None)
        return failures
