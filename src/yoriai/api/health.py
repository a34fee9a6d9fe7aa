"""/health (for everybody) and /metrics (for administrators: it names models)."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from yoriai import __version__
from yoriai.api.principal import MetricsReader
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheMetrics, TheServices

router = APIRouter(route_class=StrictRoute, tags=["Operation"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str = __version__


@router.get("/health")
async def health() -> Health:
    """Does the server answer?"""
    return Health()


@router.get("/metrics", response_class=Response, responses={**ERRORS, 200: {"content": {"text/plain": {}}}})
async def metrics(_: MetricsReader, services: TheServices, counters: TheMetrics) -> Response:
    """Counters in Prometheus' text format."""
    data = counters.exposition(await services.registry.models())
    return Response(data, headers={"Content-Type": CONTENT_TYPE_LATEST})
