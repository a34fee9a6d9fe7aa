"""Password hashes (argon2id), and what counts as a name and a password.

m = 19 MiB, t = 2, p = 1: OWASP's minimum, 57 ms on a small machine. Two at once at most: each takes its memory.
Source: OWASP Password Storage Cheat Sheet; RFC 9106.
"""

from __future__ import annotations

import unicodedata

from anyio import CapacityLimiter, to_thread
from pwdlib.hashers.argon2 import Argon2Hasher

from yoriai.errors import UsageError

SHORTEST, LONGEST = 8, 200  # characters
_LONGEST_NAME = 64


class Passwords:
    """Hashes and checks in worker threads."""

    def __init__(self) -> None:
        self._hasher = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._limiter = CapacityLimiter(2)
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """Raises: UsageError: too short or too long."""
        normal = _normal(password)
        if not SHORTEST <= len(normal) <= LONGEST:
            raise UsageError("accounts.password_length", param="password", shortest=SHORTEST, longest=LONGEST)
        return await to_thread.run_sync(self._hasher.hash, normal, limiter=self._limiter)

    async def check(self, password: str, password_hash: str | None) -> bool:
        """Whether they belong together. Without a hash (no such user) the same work is done for nothing."""
        if self._dummy is None:
            self._dummy = await to_thread.run_sync(self._hasher.hash, "nobody's", limiter=self._limiter)
        right = await to_thread.run_sync(
            self._hasher.verify,
            _normal(password)[: LONGEST + 1],
            password_hash or self._dummy,
            limiter=self._limiter,
        )
        return right and password_hash is not None


def clean_name(name: str) -> str:
    """A name as it is shown. Raises: UsageError: empty, too long, or with characters that can't be seen."""
    clean = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 1 <= len(clean) <= _LONGEST_NAME or any(
        unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in clean
    ):
        raise UsageError("accounts.name_invalid", param="name", longest=_LONGEST_NAME)
    return clean


def name_key(name: str) -> str:
    """Two names with the same key are the same person's."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _normal(password: str) -> str:
    """The same keys pressed give the same password, whatever the keyboard makes of them."""
    return unicodedata.normalize("NFKC", password)
