"""Jobs that failed are tried again, each time after a longer wait: many reasons pass (a full disk, a model that fell).

`knowledge` lets it look, now and then, in the process that runs jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from yoriai.jobs.jobs import Jobs
from yoriai.records import Job

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=12)
_MOST_DOUBLED = 20
_Key = tuple[str, str]


class Retrying:
    """`kinds`: of the jobs that are tried again."""

    def __init__(self, jobs: Jobs, kinds: Sequence[str]) -> None:
        self._jobs, self._kinds = jobs, kinds
        self._tries: dict[_Key, int] = {}

    async def look(self, now: datetime | None = None) -> None:
        """Submit again what has waited long enough."""
        now = now or datetime.now(UTC)
        failed = {
            _key(job): job for kind in self._kinds for job in await self._jobs.last_ended(kind, "failed")
        }
        for key, job in failed.items():
            tries = self._tries.get(key, 0)
            if now - job.updated_at >= min(_FIRST_WAIT * 2 ** min(tries, _MOST_DOUBLED), _LONGEST_WAIT):
                self._tries[key] = tries + 1
                await self._jobs.submit(job.owner_id, job.kind, job.subject_id)
        for key in self._tries.keys() - failed.keys():
            if key not in [_key(job) for job in await self._jobs.unfinished(key[1])]:
                del self._tries[key]


def _key(job: Job) -> _Key:
    return job.kind, job.subject_id
