"""Pulls that run inside the server, whoever looks: one per model, cancelled by name, resumed by starting again.

Owns the tasks and what is known of each; how a model comes is `catalog.download`'s matter. `bootstrap` builds it and
ends it, the API and the page start, watch and cancel. What came of a cancelled or failed pull is kept on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from anyio import to_thread

from yoriai.catalog import download, kept
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.download import Progress
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.egress import Egress
from yoriai.errors import DownloadError, NotFoundError, YoriaiError
from yoriai.settings import DownloadSettings

log = logging.getLogger("yoriai.catalog")

PullState = Literal["running", "stopped", "failed", "done"]
_WINDOW_S = 8.0  # the speed that is told is that of the last seconds
_SAMPLE_S = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Pull:
    """How far a pull is, or how it ended."""

    name: str
    state: PullState = "running"
    progress: Progress | None = None  # None: it looks for a source
    bytes_per_s: float | None = None
    error: YoriaiError | None = None

    @property
    def remaining_s(self) -> float | None:
        """None: not known."""
        now = self.progress
        if now is None or now.total_bytes is None or not self.bytes_per_s:
            return None
        return max(0, now.total_bytes - now.done_bytes) / self.bytes_per_s


class Pulls:
    """All pulls of this server. Methods belong on its event loop."""

    def __init__(
        self,
        entries: Mapping[str, Entry],
        library: Library,
        egress: Egress,
        settings: DownloadSettings,
        policy: Policy,
    ) -> None:
        self._entries = entries
        self._library = library
        self._egress = egress
        self._settings = settings
        self._policy = policy
        self._pulls: dict[str, Pull] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def all(self) -> Mapping[str, Pull]:
        """Those that run, and how the last one of each other model ended."""
        return dict(self._pulls)

    def start(self, name: str) -> Pull:
        """Begin, or go on where the last pull of this model stopped; one that runs already is left alone.

        Raises:
            NotFoundError: not in the catalogue, or there to be planned with only.
            ForbiddenError: models with this entry's verdict may not be pulled here.
        """
        entry = self._entry(name)
        self._policy.check(entry)
        if not entry.sources:
            raise NotFoundError("catalog.plan_only", param="name", name=name)
        if name not in self._tasks:
            self._pulls[name] = Pull(name=name)
            self._tasks[name] = asyncio.create_task(self._run(entry), name=f"pull {name}")
        return self._pulls[name]

    async def cancel(self, name: str) -> None:
        """Stop it; returns when it has stopped.

        Raises:
            NotFoundError: it isn't being pulled.
        """
        task = self._tasks.get(name)
        if task is None:
            raise NotFoundError("catalog.not_pulling", param="name", name=name[:200])
        task.cancel()
        await asyncio.wait([task])

    async def discard(self, name: str) -> None:
        """Forget an interrupted pull, and delete what came of it.

        Raises:
            NotFoundError: not in the catalogue. ConflictError: it is being pulled right now.
        """
        await to_thread.run_sync(kept.discard, self._entry(name), self._library)
        if name not in self._tasks:
            self._pulls.pop(name, None)

    async def aclose(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _entry(self, name: str) -> Entry:
        if name not in self._entries:
            raise NotFoundError("catalog.model_unknown", param="name", name=name[:200])
        return self._entries[name]

    async def _run(self, entry: Entry) -> None:
        name = entry.name
        pace = _Pace()

        def tell(now: Progress) -> None:
            self._change(name, progress=now, bytes_per_s=pace.at(now, time.monotonic()))

        try:
            await download.pull(entry, self._library, self._egress, self._settings, tell, policy=self._policy)
            self._change(name, state="done", bytes_per_s=None)
        except YoriaiError as error:
            log.warning("pull failed model=%s error=%s", name, error)
            self._change(name, state="failed", bytes_per_s=None, error=error)
        except asyncio.CancelledError:
            self._change(name, state="stopped", bytes_per_s=None)
            raise
        except Exception:
            log.exception("pull broke model=%s", name)
            broke = DownloadError("catalog.pull_broke", name=name)
            self._change(name, state="failed", bytes_per_s=None, error=broke)
        finally:
            del self._tasks[name]

    def _change(self, name: str, **fields: object) -> None:
        self._pulls[name] = replace(self._pulls[name], **fields)  # type: ignore[arg-type]


class _Pace:
    """Bytes per second over the last seconds of a phase."""

    def __init__(self) -> None:
        self._phase = ""
        self._samples: deque[tuple[float, int]] = deque()

    def at(self, now: Progress, clock_s: float) -> float | None:
        samples = self._samples
        if now.phase != self._phase or (samples and now.done_bytes < samples[-1][1]):
            self._phase = now.phase
            samples.clear()
        if not samples or clock_s - samples[-1][0] >= _SAMPLE_S:
            samples.append((clock_s, now.done_bytes))
        while len(samples) > 2 and clock_s - samples[0][0] > _WINDOW_S:
            samples.popleft()
        (begun_s, begun), (last_s, last) = samples[0], samples[-1]
        return (last - begun) / (last_s - begun_s) if last_s > begun_s and last > begun else None
