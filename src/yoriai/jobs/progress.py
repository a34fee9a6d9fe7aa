"""What the handler of a job is given: it says how far it is, and hears that it is cancelled or had its turn."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from yoriai.records import Job
from yoriai.store import jobs as rows
from yoriai.store.database import Database

_SHOW_S = 0.3  # progress is written no more often


class Cancelled(Exception):  # noqa: N818 — nothing went wrong
    """Somebody cancelled the job; a handler lets it pass."""


class Progress:
    """What a handler says of its job."""

    def __init__(self, database: Database, job: Job, turn_s: float) -> None:
        self.job = job
        self._database = database
        self._written = 0.0
        self._turn_ends = asyncio.get_running_loop().time() + turn_s

    async def show(self, done: int, total: int, detail: str = "") -> None:
        """Raises: Cancelled."""
        now = asyncio.get_running_loop().time()
        if now - self._written < _SHOW_S and done < total:
            return
        self._written = now
        values = {"done": done, "total": total, "detail": detail[:1000], "updated_at": datetime.now(UTC)}
        if not await self._database.write(lambda c: rows.change(c, self.job.id, ["running"], **values)):
            raise Cancelled

    async def has_had_its_turn(self) -> bool:
        """Others of the kind wait long enough: a handler submits what is left, behind them, and ends."""
        if asyncio.get_running_loop().time() < self._turn_ends:
            return False
        return await self._database.read(
            lambda connection: rows.others_wait(connection, self.job.kind, self.job.subject_id)
        )
