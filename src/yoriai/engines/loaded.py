"""A model that has a process, or is about to have one: its state, who holds it, the memory it takes.

Only the router changes it. `engines.launch` gives it a process and a client.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field

import psutil

from yoriai.catalog.memory import trained
from yoriai.engines.client import EngineClient
from yoriai.engines.process import EngineProcess
from yoriai.engines.scheduler import Resident
from yoriai.errors import YoriaiError
from yoriai.models import InstalledModel, ModelState, ResponderInfo
from yoriai.settings import EngineSettings


@dataclass(slots=True, eq=False)
class Engine:
    model: InstalledModel
    memory_bytes: int  # planned, or used where that is more
    context_size: int
    threads: int
    state: ModelState = "starting"
    process: EngineProcess | None = None
    client: EngineClient | None = None
    leases: int = 0
    is_moving: bool = True  # a task is starting or ending its process; no other may
    last_used: float = field(default_factory=time.monotonic)

    @property
    def is_drained(self) -> bool:
        """Whether it can be ended now."""
        return self.state == "draining" and self.leases == 0 and not self.is_moving

    def resident(self, now: float) -> Resident:
        """What the scheduler plans with."""
        return Resident(
            name=self.model.name,
            state=self.state,
            memory_bytes=self.memory_bytes,
            threads=self.threads,
            leases=self.leases,
            idle_s=0.0 if self.leases else now - self.last_used,
        )

    def resident_bytes(self) -> int | None:
        """What the process holds now; None: it has none."""
        with contextlib.suppress(psutil.Error):
            process = self._system_process()
            return int(process.memory_info().rss) if process else None
        return None

    def private_bytes(self) -> int:
        """What becomes free when it ends: memory of its own, without the mapped file of weights."""
        with contextlib.suppress(psutil.Error):
            if process := self._system_process():
                held = process.memory_info()
                return max(0, held.rss - getattr(held, "shared", 0))
        return 0

    def correct_memory(self) -> None:
        """What it uses counts where the plan said less."""
        self.memory_bytes = max(self.memory_bytes, self.resident_bytes() or 0)

    def _system_process(self) -> psutil.Process | None:
        """Raises: psutil.Error: it has ended."""
        pid = self.process.pid if self.process else None
        return psutil.Process(pid) if pid else None


def info(
    model: InstalledModel, engine: Engine | None, failure: YoriaiError | None, settings: EngineSettings
) -> ResponderInfo:
    """What lists say of an installed model. `failure`: what its last start or its engine's death was."""
    state: ModelState = engine.state if engine else "failed" if failure else "stopped"
    return ResponderInfo(
        name=model.name,
        kind=model.kind,
        engine="llama-server" if settings.kind == "llama-server" else "llama.cpp",
        state=state,
        size_bytes=model.size_bytes,
        memory_bytes=engine.memory_bytes if engine else 0,
        context_size=trained(model, settings.context_size),
        detail=failure.key if failure and not engine else "",
    )
