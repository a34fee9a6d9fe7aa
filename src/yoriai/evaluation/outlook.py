"""What every model would be on a machine, this one or a described one: does it fit, how fast, how much memory.

Owns when this machine is looked at again, and what of models is remembered. Brings together `engines.devices`,
`catalog.detect`, `catalog.forecast` and the measurements. The page, the API and the CLI call it; `bootstrap` builds it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psutil
from anyio import to_thread

from yoriai.catalog import entry_shape, speed_words, verdict, work
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.detect import detect
from yoriai.catalog.forecast import USUAL, work_of_installed
from yoriai.catalog.hardware import Gpu, Machine
from yoriai.catalog.library import Library
from yoriai.catalog.memory import KvType
from yoriai.catalog.plan import Plan, plan, plan_together
from yoriai.catalog.speed import Efficiency, Prediction, predict
from yoriai.catalog.split import Load
from yoriai.catalog.work import Work
from yoriai.engines.devices import graphics_cards
from yoriai.engines.router import Router
from yoriai.errors import NotFoundError
from yoriai.evaluation.results import Results
from yoriai.models import POOLED
from yoriai.settings import Settings, engine_environment
from yoriai.types import Language

_LOOK_AGAIN_S = 300.0  # cards and bandwidth don't change under a running server, but drivers do come late


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """One model on one machine."""

    plan: Plan
    prediction: Prediction


def row(outlook: Outlook, language: Language, *, installed: bool) -> dict[str, Any]:
    """Everything that a table or a program may want to know of it."""
    return verdict.row(outlook.plan, language, installed=installed) | speed_words.row(
        outlook.prediction, language
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What is asked of which models; `context` 0: as the engine is set."""

    context: int = 0
    kv: KvType = "f16"
    models: tuple[str, ...] = ()  # names; (): all
    together: bool = False  # loaded at the same time, in this order
    users: int = 0  # 0: nobody said; speed is that of one, memory is that of `users_planned`


def users_planned(users: int, machine: Machine, parallel: int) -> int:
    """For how many memory is planned: this machine's engine has all its slots from the start.

    Args:
        users: that were asked for; 0: nobody said.
        parallel: slots of this machine's engine.
    """
    return users or (1 if machine.is_described else parallel)


class Outlooks:
    """Asked anew at each call; what files and devices say is remembered."""

    def __init__(
        self,
        settings: Settings,
        entries: Mapping[str, Entry],
        library: Library,
        router: Router,
        results: Results,
    ) -> None:
        self._settings = settings
        self._entries = entries
        self._library = library
        self._router = router
        self._results = results
        self._works: dict[tuple[str, str], Work] = {}
        self._machine: Machine | None = None
        self._looked_at = 0.0
        self._looking = asyncio.Lock()

    async def machine(self) -> Machine:
        """This one, as it would be with no model loaded: the router unloads idle models where it needs room."""
        async with self._looking:
            if self._machine is None or time.monotonic() - self._looked_at > _LOOK_AGAIN_S:
                devices = await graphics_cards(engine_environment())
                found = await to_thread.run_sync(detect, self._settings.home, devices)
                self._machine = _emptier(found, self._machine)
                self._looked_at = time.monotonic()
            free = psutil.virtual_memory().available + self._router.private_bytes()
            return replace(self._machine, ram_free_bytes=min(free, self._machine.ram_bytes))

    async def all(self, machine: Machine, use: Use) -> dict[str, Outlook]:
        """Of every model that is installed or in the catalogue, or of those that are named, by name.

        Raises:
            NotFoundError: nothing of that name.
        """
        known = await self._results.efficiencies(machine)
        return await to_thread.run_sync(self._all, machine, use, known)

    def _all(self, machine: Machine, use: Use, known: Mapping[bool, Efficiency]) -> dict[str, Outlook]:
        engine = self._settings.engine
        context = use.context or engine.context_size
        threads = 0 if machine.is_described else engine.threads
        ask = replace(USUAL, users=use.users or 1)
        users = users_planned(use.users, machine, engine.parallel)
        works = _named(self._all_works(), use.models)
        loads = [Load(shape=found.shape, context=context, users=users, kv=use.kv) for found in works.values()]
        plans = plan_together(loads, machine) if use.together else [plan(load, machine) for load in loads]
        outlooks = {}
        for (name, found), made in zip(works.items(), plans, strict=True):
            efficiency = known[found.shape.kind not in POOLED]
            prediction = predict(found, made, machine, ask, threads=threads, efficiency=efficiency)
            outlooks[name] = Outlook(plan=made, prediction=prediction)
        return outlooks

    def _all_works(self) -> dict[str, Work]:
        here = {model.name: model for model in self._library.list()}
        works: dict[tuple[str, str], Work] = {}
        for name in [*here, *(name for name in self._entries if name not in here)]:
            model = here.get(name)
            key = (name, model.digest if model else "")
            if (known := self._works.get(key)) is None:
                known = (
                    work_of_installed(model)
                    if model
                    else work.from_shape(entry_shape.from_entry(self._entries[name]))
                )
            works[key] = known
        self._works = works
        return {name: found for (name, _), found in works.items()}


def _named(works: dict[str, Work], names: Sequence[str]) -> dict[str, Work]:
    """Raises: NotFoundError."""
    for name in names:
        if name not in works:
            raise NotFoundError("catalog.model_unknown", param="model", name=name[:200])
    return {name: works[name] for name in names} or works


def _emptier(found: Machine, before: Machine | None) -> Machine:
    """Of cards that are there still, the most that was ever free: what is taken now may be our own models'."""
    if before is None or [gpu.name for gpu in before.gpus] != [gpu.name for gpu in found.gpus]:
        return found
    gpus = tuple(_freer(gpu, old) for gpu, old in zip(found.gpus, before.gpus, strict=True))
    return replace(found, gpus=gpus)


def _freer(gpu: Gpu, old: Gpu) -> Gpu:
    return replace(gpu, free_bytes=max(gpu.free_bytes, old.free_bytes))
