"""Which model is served by which process. Owns the state of every engine; one function, `_step`, changes it.

`lease(name)` is the only way to an engine: it waits until the model is loaded and keeps it loaded meanwhile.
Whatever happens (a lease wanted or given back, a process ready or dead, a tick of the clock) is followed by
`_step`, which grants what can be granted and carries out the scheduler's plan. No locks: all on the event loop.

    stopped → starting → ready → draining → stopped
                  └────────┴──→ failed (the next lease starts it again)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2
import psutil

from yoriai.catalog.library import Library
from yoriai.catalog.memory import memory_needed
from yoriai.egress import Egress
from yoriai.engines.client import EngineClient
from yoriai.engines.process import EngineProcess, ProcessOptions
from yoriai.engines.remote import Remotes
from yoriai.engines.scheduler import Resident, Want, plan
from yoriai.errors import (
    ConflictError,
    DoesNotFitError,
    EngineBusyError,
    EngineLostError,
    NotFoundError,
    PrerequisiteError,
    YoriaiError,
)
from yoriai.settings import EngineSettings, RemoteSettings, engine_environment
from yoriai.types import InstalledModel, ModelState, ResponderInfo, Stage

_log = logging.getLogger("yoriai.engines")
_TICK_S = 1.0
_MEMORY_SHARE = 0.8  # of the machine's memory, where the settings name no budget


@dataclass(slots=True, eq=False)
class _Engine:
    """A model that has, or is about to have, a process."""

    model: InstalledModel
    memory_bytes: int
    context_size: int
    threads: int
    state: ModelState = "starting"
    process: EngineProcess | None = None
    client: EngineClient | None = None
    leases: int = 0
    ending: bool = False  # its process is being stopped
    last_used: float = field(default_factory=time.monotonic)


class Lease:
    """One caller's hold on a model. `async with router.lease(name) as lease: await lease.ready()`."""

    def __init__(self, router: Router, name: str) -> None:
        self.name = name
        self.since = time.monotonic()
        self.stage = Stage(name="queued", detail=name)
        self._router = router
        self._client: EngineClient | None = None
        self._error: YoriaiError | None = None
        self._engine: _Engine | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Lease:
        await self._router._enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._router._leave(self)

    @property
    def client(self) -> EngineClient:
        """The engine, once the lease is ready."""
        assert self._client, "the lease isn't ready yet"
        return self._client

    async def ready(self) -> EngineClient:
        """Wait until the model is loaded. Raises as `progress`."""
        async for _ in self.progress():
            pass
        return self.client

    async def progress(self) -> AsyncIterator[Stage]:
        """Each stage of the wait; ends when `client` may be used.

        Raises:
            DoesNotFitError, EngineStartError, ModelFileError, EngineBusyError: the model can't be loaded (now).
        """
        told: Stage | None = None
        while self._client is None:
            if self._error:
                raise self._error
            if self.stage != told:
                told = self.stage
                yield told
            await self._news.wait()
            self._news.clear()
        if self._engine and self._engine.leases > self._router.parallel:
            yield Stage(name="queued", detail=self.name)

    def _tell(self, stage: Stage) -> None:
        if stage != self.stage:
            self.stage = stage
            self._news.set()

    def _grant(self, client: EngineClient, engine: _Engine | None = None) -> None:
        self._client, self._engine = client, engine
        self._news.set()

    def _refuse(self, error: YoriaiError) -> None:
        self._error = error
        self._news.set()


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
        self._engines: dict[str, _Engine] = {}
        self._failures: dict[str, YoriaiError] = {}
        self._waiting: list[tuple[Lease, InstalledModel]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def parallel(self) -> int:
        """Requests that a loaded model answers at the same time."""
        return self._settings.parallel

    def lease(self, name: str) -> Lease:
        """A hold on a model, to be entered with `async with`."""
        return Lease(self, name)

    def is_remote(self, name: str) -> bool:
        """Whether `name` is a model of a remote endpoint."""
        return self._remotes.client(name) is not None

    def calls_tools(self, name: str) -> bool:
        """Whether a remote model has function calling of its own."""
        return self._remotes.calls_tools(name)

    async def list(self) -> list[ResponderInfo]:
        """Every model that can be asked, with its state."""
        models = await asyncio.to_thread(self._library.list)
        return [self._info(model) for model in models] + await self._remotes.list()

    def resident_bytes(self, name: str) -> int | None:
        """What the process of a loaded model holds now; None: it has none, or is remote."""
        engine = self._engines.get(name)
        pid = engine.process.pid if engine and engine.process else None
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(pid).memory_info().rss) if pid else None
        return None

    def is_answering(self, *, besides: str) -> bool:
        """Whether somebody uses a model other than `besides` now, or waits for one."""
        return any(engine.leases and name != besides for name, engine in self._engines.items()) or any(
            lease.name != besides for lease, _ in self._waiting
        )

    def private_bytes(self) -> int:
        """What becomes free when every engine ends: memory of their own, without the mapped files of weights."""
        total = 0
        for engine in self._engines.values():
            with contextlib.suppress(psutil.Error):
                if engine.process and engine.process.pid:
                    held = psutil.Process(engine.process.pid).memory_info()
                    total += max(0, held.rss - getattr(held, "shared", 0))
        return total

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
        for lease, _ in self._waiting:
            lease._refuse(EngineLostError("engines.closing"))
        self._waiting.clear()
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
            lease._grant(remote)
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
        self._waiting.append((lease, model))
        self._step()

    def _leave(self, lease: Lease) -> None:
        self._waiting = [waiting for waiting in self._waiting if waiting[0] is not lease]
        if lease._engine:
            lease._engine.leases -= 1
            lease._engine.last_used = time.monotonic()
            lease._engine = None
        self._step()

    # ---- the one place that changes state -----------------------------------------------------------------
    def _step(self) -> None:
        if self._closing:
            return
        self._grant_ready()
        now = time.monotonic()
        wants: dict[str, Want] = {}
        for lease, model in self._waiting:
            need = memory_needed(model, self._context_size(model), self._settings.parallel)
            wants.setdefault(lease.name, Want(name=lease.name, memory_bytes=need, waited_s=now - lease.since))
        next_steps = plan(
            list(wants.values()), [_resident(engine, now) for engine in self._engines.values()],
            budget_bytes=self._budget, cores=self._cores, idle_unload_s=self._settings.idle_unload_s,
        )  # fmt: skip
        models = {lease.name: model for lease, model in self._waiting}
        for name, threads in next_steps.start:
            self._begin(models[name], wants[name].memory_bytes, threads)
        for name in next_steps.drain:
            self._engines[name].state = "draining"
        for engine in list(self._engines.values()):
            if engine.state == "draining" and engine.leases == 0 and not engine.ending:
                engine.ending = True
                self._spawn(self._end(engine))
        for name, threads in next_steps.restart:
            engine = self._engines[name]
            engine.state, engine.threads = "starting", threads
            self._spawn(self._restart(engine))
        for name in next_steps.impossible:
            self._refuse(name, _does_not_fit(wants[name], self._budget))
        self._tell_waiting(now)

    def _grant_ready(self) -> None:
        still = []
        for lease, model in self._waiting:
            engine = self._engines.get(lease.name)
            if engine and engine.state == "ready" and engine.client:
                engine.leases += 1
                lease._grant(engine.client, engine)
            else:
                still.append((lease, model))
        self._waiting = still

    def _tell_waiting(self, now: float) -> None:
        for lease, _ in list(self._waiting):
            engine = self._engines.get(lease.name)
            loading = engine is not None and engine.state == "starting"
            lease._tell(Stage(name="loading" if loading else "queued", detail=lease.name))
            if now - lease.since > self._settings.prompt_timeout_s:
                limit = round(self._settings.prompt_timeout_s)
                lease._refuse(EngineBusyError("engines.waited_too_long", name=lease.name, seconds=limit))

    def _refuse(self, name: str, error: YoriaiError) -> None:
        for lease, _ in self._waiting:
            if lease.name == name:
                lease._refuse(error)
        self._waiting = [waiting for waiting in self._waiting if waiting[0].name != name]

    # ---- processes -----------------------------------------------------------------------------------------
    def _begin(self, model: InstalledModel, memory_bytes: int, threads: int) -> None:
        engine = _Engine(
            model=model, memory_bytes=memory_bytes, context_size=self._context_size(model), threads=threads
        )
        self._engines[model.name] = engine
        self._failures.pop(model.name, None)
        self._spawn(self._start(engine))

    async def _start(self, engine: _Engine) -> None:
        try:
            engine.process = process = EngineProcess(engine.model, self._options(engine))
            await process.start()
        except YoriaiError as error:
            self._fail(engine, error)
            return
        engine.client = self._client(engine, process)
        engine.state = "ready"
        self._correct_memory(engine)
        self._spawn(self._watch(engine, process))
        self._step()

    async def _restart(self, engine: _Engine) -> None:
        """The same model with another number of threads, while nobody uses it."""
        await self._close(engine)
        await self._start(engine)

    async def _end(self, engine: _Engine) -> None:
        await self._close(engine)
        if self._engines.get(engine.model.name) is engine:
            del self._engines[engine.model.name]
        self._step()

    async def _close(self, engine: _Engine) -> None:
        process, client = engine.process, engine.client
        engine.process = engine.client = None
        if client:
            await client.http.aclose()
        if process:
            await process.stop()

    async def _watch(self, engine: _Engine, process: EngineProcess) -> None:
        code = await process.wait()
        if engine.process is process:  # nobody stopped it on purpose
            _log.error("engine died model=%s code=%s said=%s", engine.model.name, code, process.last_words())
            await self._close(engine)
            self._fail(engine, EngineLostError("engines.lost", name=engine.model.name))

    def _fail(self, engine: _Engine, error: YoriaiError) -> None:
        name = engine.model.name
        if self._engines.get(name) is engine:
            del self._engines[name]
            self._failures[name] = error
            if engine.state == "starting":
                self._refuse(name, error)
        self._step()

    def _options(self, engine: _Engine) -> ProcessOptions:
        """Raises: PrerequisiteError: the llama-server of the settings isn't there."""
        binary: Path | None = None
        if self._settings.kind == "llama-server":
            binary = self._settings.llama_server
            if binary is None or not binary.is_file():
                raise PrerequisiteError("engines.llama_server_missing", path=str(binary or "-"))
        return ProcessOptions(
            context_size=engine.context_size,
            parallel=self._settings.parallel,
            threads=engine.threads,
            gpu_layers=self._settings.gpu_layers,
            llama_server=binary,
            start_timeout_s=self._settings.start_timeout_s,
            environment=engine_environment(),
        )

    def _client(self, engine: _Engine, process: EngineProcess) -> EngineClient:
        http = httpx2.AsyncClient(
            base_url=process.url,
            headers={"authorization": f"Bearer {process.key}"},
            timeout=None,  # silence is limited by EngineClient, which knows a prompt from a token
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=self._settings.parallel),
            trust_env=False,
        )
        return EngineClient(
            http=http,
            name=engine.model.name,
            engine_model=engine.model.name,
            dialect="llama.cpp",
            context_size=engine.context_size,
            silence=self._settings,
        )

    def _context_size(self, model: InstalledModel) -> int:
        return min(self._settings.context_size, model.context_train or self._settings.context_size)

    # ---- clock, memory, lists ------------------------------------------------------------------------------
    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for engine in self._engines.values():
                self._correct_memory(engine)
            self._step()

    def _correct_memory(self, engine: _Engine) -> None:
        """What it uses counts where the plan said less."""
        pid = engine.process.pid if engine.process else None
        with contextlib.suppress(psutil.Error):
            if pid:
                engine.memory_bytes = max(engine.memory_bytes, psutil.Process(pid).memory_info().rss)

    def _info(self, model: InstalledModel) -> ResponderInfo:
        engine = self._engines.get(model.name)
        failure = self._failures.get(model.name)
        state: ModelState = engine.state if engine else "failed" if failure else "stopped"
        return ResponderInfo(
            name=model.name,
            kind=model.kind,
            engine="llama-server" if self._settings.kind == "llama-server" else "llama.cpp",
            state=state,
            size_bytes=model.size_bytes,
            memory_bytes=engine.memory_bytes if engine else 0,
            context_size=self._context_size(model),
            detail=failure.key if failure and not engine else "",
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _resident(engine: _Engine, now: float) -> Resident:
    return Resident(
        name=engine.model.name,
        state=engine.state,
        memory_bytes=engine.memory_bytes,
        threads=engine.threads,
        leases=engine.leases,
        idle_s=0.0 if engine.leases else now - engine.last_used,
    )


def _does_not_fit(want: Want, budget: int) -> DoesNotFitError:
    return DoesNotFitError(
        "engines.does_not_fit",
        name=want.name,
        needed=_gigabytes(want.memory_bytes),
        budget=_gigabytes(budget),
    )


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
