"""Which model is served by which process. Owns the state of every engine; one function, `_step`, changes it.

`lease(name)` is the only way to an engine: it waits until the model is loaded and keeps it loaded meanwhile.
Whatever happens (a lease wanted or given back, a process ready or dead, a tick of the clock) is followed by
`_step`, which grants what can be granted and carries out the scheduler's plan. No locks: all on the event loop.

    stopped → starting → ready → draining → stopped
                  └────────┴──→ failed (the next lease starts it again)
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import psutil

from yoriai.catalog.library import Library
from yoriai.catalog.memory import memory_needed, trained
from yoriai.egress import Egress
from yoriai.engines import loaded
from yoriai.engines.launch import close, launch
from yoriai.engines.lease import Lease
from yoriai.engines.loaded import Engine
from yoriai.engines.process import EngineProcess
from yoriai.engines.remote import Remotes
from yoriai.engines.scheduler import SETTLE_S, Plan, Resident, Want, plan, share
from yoriai.engines.waiting import Waiting, does_not_fit
from yoriai.errors import (
    ConflictError,
    EngineBusyError,
    EngineLostError,
    NotFoundError,
    YoriaiError,
)
from yoriai.models import POOLED, InstalledModel, ResponderInfo
from yoriai.settings import EngineSettings, RemoteSettings
from yoriai.types import Stage

_log = logging.getLogger("yoriai.engines")
_TICK_S = 1.0
_SETTLED_S = SETTLE_S + 0.01  # a clock that is a little early would find it not yet settled
_MEMORY_SHARE = 0.8  # of the machine's memory, where the settings name no budget


class Guest(Protocol):
    """A process that holds a model and isn't an engine."""

    name: str

    def resident(self, now: float) -> Resident: ...
    def drain(self) -> None:
        """End when nobody uses it any more, then `leave`."""
        ...


class Router:
    """All engines of this server."""

    def __init__(
        self, settings: EngineSettings, remotes: Sequence[RemoteSettings], library: Library, egress: Egress
    ) -> None:
        self._settings = settings
        self._library = library
        self._remotes = Remotes(remotes, egress, settings)
        self._budget = settings.memory_bytes or int(psutil.virtual_memory().total * _MEMORY_SHARE)
        self._cores = settings.threads or psutil.cpu_count(logical=False) or 1
        self._engines: dict[str, Engine] = {}
        self._guests: dict[str, Guest] = {}
        self._failures: dict[str, YoriaiError] = {}
        self._waiting = Waiting()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def parallel(self) -> int:
        """Requests that a loaded model answers at the same time."""
        return self._settings.parallel

    def lease(self, name: str) -> Lease:
        """A hold on a model, to be entered with `async with`."""
        return Lease(name, parallel=self.parallel, enter=self._enter, leave=self._leave)

    @property
    def threads_of_guest(self) -> int:
        """What another process beside the engines may take."""
        return share(self._cores, len(self._engines) + len(self._guests))

    def host(self, guest: Guest) -> None:
        """Count a process that isn't an engine with them; idle models make room for it.

        Raises:
            DoesNotFitError: it never fits. EngineBusyError: what is in use now leaves no room.
        """
        need = guest.resident(time.monotonic()).memory_bytes
        if need > self._budget:
            raise does_not_fit(Want(name=guest.name, memory_bytes=need, waited_s=0), self._budget)
        residents = [each for each in self._residents(time.monotonic()) if each.state != "draining"]
        idle = sorted(
            (each for each in residents if each.state == "ready" and not each.leases), key=lambda each: each.idle_s
        )  # fmt: skip
        over = sum(each.memory_bytes for each in residents) + need - self._budget
        if over > sum(each.memory_bytes for each in idle):
            raise EngineBusyError("engines.no_room_beside", name=guest.name)
        while over > 0:
            victim = idle.pop()
            self._drain(victim.name)
            over -= victim.memory_bytes
        self._guests[guest.name] = guest
        self._ticker = self._ticker or asyncio.create_task(self._tick())
        self._step()

    def leave(self, guest: Guest) -> None:
        """A guest has ended."""
        if self._guests.get(guest.name) is guest:
            del self._guests[guest.name]
            self._step()

    def _drain(self, name: str) -> None:
        if guest := self._guests.get(name):
            guest.drain()
        else:
            self._engines[name].state = "draining"

    def _residents(self, now: float) -> Sequence[Resident]:
        engines = [each.resident(now) for each in self._engines.values()]
        return engines + [each.resident(now) for each in self._guests.values()]

    def is_remote(self, name: str) -> bool:
        """Whether `name` is a model of a remote endpoint."""
        return self._remotes.client(name) is not None

    def calls_tools(self, name: str) -> bool:
        """Whether a remote model has function calling of its own."""
        return self._remotes.calls_tools(name)

    async def list(self) -> list[ResponderInfo]:
        """Every model that can be asked, with its state."""
        models = await asyncio.to_thread(self._library.list)
        own = [
            loaded.info(model, self._engines.get(model.name), self._failures.get(model.name), self._settings)
            for model in models
        ]
        return own + await self._remotes.list()

    def resident_bytes(self, name: str) -> int | None:
        """What the process of a loaded model holds now; None: it has none, or is remote."""
        engine = self._engines.get(name)
        return engine.resident_bytes() if engine else None

    def is_answering(self, *, besides: str) -> bool:
        """Whether somebody uses a model other than `besides` now, or waits for one."""
        return any(engine.leases and name != besides for name, engine in self._engines.items()) or any(
            lease.name != besides for lease in self._waiting.leases()
        )

    def private_bytes(self) -> int:
        """What becomes free when every engine ends: memory of their own, without the mapped files of weights."""
        return sum(engine.private_bytes() for engine in self._engines.values())

    def unload(self, name: str) -> None:
        """Take no new work for a loaded model, and stop its engine when the last request has ended.

        Raises:
            NotFoundError: it isn't loaded. ConflictError: it is just being loaded.
        """
        engine = self._engines.get(name)
        if engine is None:
            raise NotFoundError("engines.not_loaded", param="name", name=name[:200])
        if engine.state == "starting":
            raise ConflictError("engines.being_loaded", name=name)
        engine.state = "draining"
        self._step()

    async def aclose(self) -> None:
        """Refuse whoever waits, stop every process."""
        self._closing = True
        for lease in self._waiting.leases():
            self._waiting.refuse(lease.name, EngineLostError("engines.closing"))
        if self._ticker:
            self._ticker.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(engine) for engine in list(self._engines.values())))
        await self._remotes.aclose()

    # ---- leases ------------------------------------------------------------------------------------------
    async def _enter(self, lease: Lease) -> None:
        """Raises: NotFoundError: no such model."""
        remote = self._remotes.client(lease.name)
        if remote:
            lease.grant(remote)
            return
        try:
            model = await asyncio.to_thread(self._library.get, lease.name)
        except NotFoundError:
            raise NotFoundError("engines.model_unknown", param="model", name=lease.name) from None
        if self._closing:
            raise EngineLostError("engines.closing")
        self._ticker = self._ticker or asyncio.create_task(self._tick())
        engine = self._engines.get(lease.name)
        if engine and engine.model.digest != model.digest:  # replaced on disk meanwhile
            engine.state = "draining"
        self._waiting.add(lease, model)
        asyncio.get_running_loop().call_later(_SETTLED_S, self._step)
        self._step()

    def _leave(self, lease: Lease) -> None:
        self._waiting.remove(lease)
        if lease.engine:
            lease.engine.leases -= 1
            lease.engine.last_used = time.monotonic()
            lease.engine = None
        self._step()

    # ---- the one place that changes state -----------------------------------------------------------------
    def _step(self) -> None:
        if self._closing:
            return
        self._grant_ready()
        now = time.monotonic()
        wants = self._waiting.wants(self._memory_needed, now)
        next_steps = plan(
            list(wants.values()), self._residents(now),
            budget_bytes=self._budget, cores=self._cores, idle_unload_s=self._settings.idle_unload_s,
        )  # fmt: skip
        self._carry_out(next_steps, wants)
        self._tell_waiting(now)

    def _grant_ready(self) -> None:
        for lease in self._waiting.leases():
            engine = self._engines.get(lease.name)
            if engine and engine.state == "ready" and engine.client:
                engine.leases += 1
                self._waiting.remove(lease)
                lease.grant(engine.client, engine)

    def _carry_out(self, next_steps: Plan, wants: Mapping[str, Want]) -> None:
        models = self._waiting.models()
        for name, threads in next_steps.start:
            self._begin(models[name], wants[name].memory_bytes, threads)
        for name in next_steps.drain:
            self._drain(name)
        for engine in self._engines.values():
            if engine.is_drained:
                engine.is_moving = True
                self._spawn(self._end(engine))
        for name, threads in next_steps.restart:
            if name in self._guests:
                continue
            engine = self._engines[name]
            engine.state, engine.threads, engine.is_moving = "starting", threads, True
            self._spawn(self._restart(engine))
        for name in next_steps.impossible:
            self._waiting.refuse(name, does_not_fit(wants[name], self._budget))

    def _tell_waiting(self, now: float) -> None:
        for lease in self._waiting.leases():
            engine = self._engines.get(lease.name)
            loading = engine is not None and engine.state == "starting"
            lease.tell(Stage(name="loading" if loading else "queued", detail=lease.name))
            if now - lease.since > self._settings.prompt_timeout_s:
                limit = round(self._settings.prompt_timeout_s)
                lease.refuse(EngineBusyError("engines.waited_too_long", name=lease.name, seconds=limit))

    # ---- processes -----------------------------------------------------------------------------------------
    def _begin(self, model: InstalledModel, memory_bytes: int, threads: int) -> None:
        context = trained(model, self._settings.context_size)
        engine = Engine(model=model, memory_bytes=memory_bytes, context_size=context, threads=threads)
        self._engines[model.name] = engine
        self._failures.pop(model.name, None)
        self._spawn(self._start(engine))

    async def _start(self, engine: Engine) -> None:
        try:
            process = await launch(engine, self._settings)
        except YoriaiError as error:
            self._fail(engine, error)
            return
        if engine.state == "starting":  # not replaced on disk meanwhile
            engine.state = "ready"
        engine.is_moving = False
        engine.correct_memory()
        self._spawn(self._watch(engine, process))
        self._step()

    async def _restart(self, engine: Engine) -> None:
        """The same model with another number of threads, while nobody uses it."""
        await close(engine)
        await self._start(engine)

    async def _end(self, engine: Engine) -> None:
        await close(engine)
        if self._engines.get(engine.model.name) is engine:
            del self._engines[engine.model.name]
        self._step()

    async def _watch(self, engine: Engine, process: EngineProcess) -> None:
        code = await process.wait()
        if engine.process is process:  # nobody stopped it on purpose
            _log.error("engine died model=%s code=%s said=%s", engine.model.name, code, process.last_words())
            await close(engine)
            self._fail(engine, EngineLostError("engines.lost", name=engine.model.name))

    def _fail(self, engine: Engine, error: YoriaiError) -> None:
        name = engine.model.name
        if self._engines.get(name) is engine:
            del self._engines[name]
            self._failures[name] = error
            if engine.state == "starting":
                self._waiting.refuse(name, error)
        self._step()

    def _memory_needed(self, model: InstalledModel) -> int:
        if model.kind in POOLED:
            model = replace(model, kind="embedding")  # a reranker computes a text as a whole, too
        return memory_needed(model, self._settings.context_size, self._settings.parallel)

    # ---- clock and tasks -----------------------------------------------------------------------------------
    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for engine in self._engines.values():
                engine.correct_memory()
            self._step()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
