"""/api/models: what is installed and loaded, and what the catalogue offers."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter
from pydantic import BaseModel

from yoriai.api.principal import CurrentContext
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.catalog.catalogue import Entry
from yoriai.types import Language, ModelKind, ResponderInfo

router = APIRouter(route_class=StrictRoute, tags=["Models"], responses=ERRORS)


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


class Models(BaseModel):
    default: str | None
    responders: list[ResponderInfo]
    catalogue: list[Offer]


@router.get("/api/models")
async def list_models(context: CurrentContext, services: TheServices) -> Models:
    """What answers now, which of them by default, and what could be pulled."""
    installed = {model.name for model in await to_thread.run_sync(services.library.list)}
    return Models(
        default=await services.registry.default_name(context.user),
        responders=await services.registry.list(context.user),
        catalogue=[
            _offer(entry, context.language, entry.name in installed) for entry in services.catalogue.values()
        ],
    )


def _offer(entry: Entry, language: Language, is_installed: bool) -> Offer:
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
    )
