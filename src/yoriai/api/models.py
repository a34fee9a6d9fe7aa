"""/api/models, /api/fit: what is here, what the catalogue offers, what would run; for administrators pull, remove."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from yoriai.api.principal import CurrentContext, ModelManager
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.bootstrap import Services
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.describe import describe
from yoriai.catalog.memory import KvType
from yoriai.catalog.pulls import Pull
from yoriai.catalog.report import OpennessReport, report
from yoriai.evaluation.outlook import Use, row
from yoriai.i18n.catalogue import error_text
from yoriai.models import ModelKind, ResponderInfo
from yoriai.types import Language

router = APIRouter(route_class=StrictRoute, tags=["Models"], responses=ERRORS)


class PullShown(BaseModel):
    """How far a pull is, or how it ended; `phase` null: it looks for a source."""

    name: str
    state: Literal["running", "stopped", "failed", "done"]
    phase: Literal["download", "verify", "convert"] | None
    done_bytes: int
    total_bytes: int | None
    bytes_per_s: float | None
    remaining_s: float | None
    error: str | None


class Offer(BaseModel):
    """A model of the catalogue."""

    name: str
    family: str
    kind: ModelKind
    parameters: int | None
    quantization: str
    size_bytes: int | None
    context: int | None
    languages: list[str]
    licence: str
    description: str
    installed: bool
    openness: OpennessReport
    allowed: bool  # by the administrator's choice of verdicts
    pull: PullShown | None


class Models(BaseModel):
    default: str | None
    responders: list[ResponderInfo]
    catalogue: list[Offer]


@router.get("/api/models")
async def list_models(context: CurrentContext, services: TheServices) -> Models:
    """What answers now, which of them by default, what could be pulled and what is being pulled."""
    installed = {model.name for model in await to_thread.run_sync(services.library.list)}
    return Models(
        default=await services.registry.default_name(context.user),
        responders=await services.registry.list(context.user),
        catalogue=[
            _offer(entry, context.language, entry.name in installed, services)
            for entry in services.catalogue.values()
        ],
    )


class FitQuery(BaseModel):
    """A machine in words, such as gpu "RTX 4060 Ti 16GB x3", and how models are used on it; no words: this machine.

    No model: all that are installed or in the catalogue. `together`: loaded at the same time, in the order given.
    """

    model_config = ConfigDict(extra="forbid")
    model: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=64)
    gpu: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=64)
    ram: float | None = None  # GB
    cpu: str = Field("", max_length=200)
    context: int | None = Field(None, ge=256, le=2**22)
    # None: memory for all slots of this machine's engine, on a described one for one user; speed of one.
    users: int | None = Field(None, ge=1, le=10_000)
    kv: KvType = "f16"  # type of the cache
    together: bool = False


class Fit(BaseModel):
    """Each row: `verdict` is fits, partly or none, with the bytes and rates behind it and what they mean in words."""

    assumed: list[str]  # of a described machine: ram, cpu, where nothing was said of them
    models: list[dict[str, Any]]


@router.get("/api/fit")
async def fit(query: Annotated[FitQuery, Query()], context: CurrentContext, services: TheServices) -> Fit:
    """How each model would run, on this machine or on a described one."""
    is_described = bool(query.gpu or query.cpu or query.ram is not None)
    described = describe(query.gpu, query.ram, query.cpu) if is_described else None
    machine = described.machine if described else await services.outlooks.machine()
    use = Use(
        context=query.context or 0,
        users=query.users or 0,
        kv=query.kv,
        models=tuple(query.model),
        together=query.together,
    )
    found = await services.outlooks.all(machine, use)
    installed = {model.name for model in await to_thread.run_sync(services.library.list)}
    rows = [row(each, context.language, installed=name in installed) for name, each in found.items()]
    return Fit(assumed=list(described.assumed) if described else [], models=rows)


@router.post("/api/models/{name}/pull", status_code=202)
async def pull_model(name: str, _: ModelManager, context: CurrentContext, services: TheServices) -> PullShown:
    """Begin to bring a model of the catalogue here, or go on where it stopped; progress is in GET /api/models."""
    return _pull(services.pulls.start(name), context.language)


@router.delete("/api/models/{name}/pull", status_code=204)
async def cancel_pull(name: str, _: ModelManager, services: TheServices) -> None:
    """Stop a pull. What came is kept for the next one."""
    await services.pulls.cancel(name)


@router.post("/api/models/{name}/unload", status_code=202)
async def unload_model(name: str, _: ModelManager, services: TheServices) -> None:
    """Free a loaded model's memory once the requests that it is answering have ended."""
    services.router.unload(name)


@router.delete("/api/models/{name}", status_code=204)
async def remove_model(name: str, _: ModelManager, services: TheServices) -> None:
    """Forget an installed model and delete its weights. Requests that it is answering end first."""
    await services.registry.remove(name)


def _offer(entry: Entry, language: Language, is_installed: bool, services: Services) -> Offer:
    pull = services.pulls.all().get(entry.name)
    return Offer(
        name=entry.name,
        family=entry.family,
        kind=entry.kind,
        parameters=entry.parameters,
        quantization=entry.quantization,
        size_bytes=entry.size_bytes,
        context=entry.context,
        languages=list(entry.languages),
        licence=entry.licence,
        description=getattr(entry.description, language),
        installed=is_installed,
        openness=report(services.policy.of_entry(entry), language),
        allowed=services.policy.allows(entry),
        pull=_pull(pull, language) if pull else None,
    )


def _pull(pull: Pull, language: Language) -> PullShown:
    now = pull.progress
    return PullShown(
        name=pull.name,
        state=pull.state,
        phase=now.phase if now else None,
        done_bytes=now.done_bytes if now else 0,
        total_bytes=now.total_bytes if now else None,
        bytes_per_s=pull.bytes_per_s,
        remaining_s=pull.remaining_s,
        error=error_text(pull.error, language) if pull.error else None,
    )
