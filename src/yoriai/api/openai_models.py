"""GET /v1/models: everything that answers, by the name that `model=` takes."""

from __future__ import annotations

from fastapi import APIRouter, Request

from yoriai.api.principal import CurrentUser
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS, Model, ModelList
from yoriai.api.state import TheServices
from yoriai.errors import NotFoundError
from yoriai.models import ResponderInfo

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"], responses=ERRORS)


@router.get("/v1/models")
async def list_models(request: Request, user: CurrentUser, services: TheServices) -> ModelList:
    """All models that you may use."""
    return ModelList(data=[_shape(info, request) for info in await services.registry.list(user)])


@router.get("/v1/models/{name:path}")
async def show_model(name: str, request: Request, user: CurrentUser, services: TheServices) -> Model:
    """One model; its name may contain slashes."""
    for info in await services.registry.list(user):
        if info.name == name:
            return _shape(info, request)
    raise NotFoundError("api.model_unknown", param="model", name=name)


def _shape(info: ResponderInfo, request: Request) -> Model:
    # OpenAI's shape wants a time of creation: that of this server's start is when it is known from.
    return Model(id=info.name, created=request.app.state.since, owned_by=info.engine)
