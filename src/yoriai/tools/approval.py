"""Who lets a call run: the rule, a pure function, and the desk where a call waits for a person's word.

Tools that only read run by themselves, others ask. A tool that writes or speaks to the network always asks where words
of strangers stand before the model, whatever was allowed before: those words may be what wants the call.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from yoriai.errors import NotFoundError
from yoriai.types import User

Kept = Literal["always", "ask", "never"]
Decision = Literal["once", "always", "refuse", "never"]
Verdict = Literal["run", "ask", "refuse"]
Reason = Literal["", "asks", "foreign", "never", "nobody"]


def decide(*, only_reads: bool, kept: Kept | None, foreign: bool, may_ask: bool) -> tuple[Verdict, Reason]:
    """Whether a call may run, and why not.

    Args:
        kept: what its user decided of this tool before; None: nothing.
        foreign: words of strangers stand before the model.
        may_ask: somebody is there who can be asked.
    """
    if kept == "never":
        return "refuse", "never"
    if only_reads and kept != "ask":
        return "run", ""
    if kept == "always" and not foreign:
        return "run", ""
    if not may_ask:
        return "refuse", "nobody"
    return "ask", "foreign" if foreign and kept == "always" else "asks"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    user_id: str
    answer: asyncio.Future[Decision]


class Desk:
    """Calls that wait, each for its own user's decision."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}

    async def ask(self, user: User, call_id: str, timeout_s: float) -> Decision | None:
        """None: nobody has decided in time."""
        waiting = _Waiting(user_id=user.id, answer=asyncio.get_running_loop().create_future())
        self._waiting[call_id] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                return await waiting.answer
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(call_id, None)

    def decide(self, user: User, call_id: str, decision: Decision) -> None:
        """Raises: NotFoundError: no call of this user's waits by that id."""
        waiting = self._waiting.get(call_id)
        if waiting is None or waiting.user_id != user.id or waiting.answer.done():
            raise NotFoundError("tools.not_waiting", param="call_id")
        waiting.answer.set_result(decision)
