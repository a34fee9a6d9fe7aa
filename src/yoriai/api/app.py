"""Puts the HTTP application together. Knows every route module; the page only as a function that mounts it.

Guard (names, origins, sizes) → Switch (API or page) → Measured → Closed (who asks) → FastAPI. The page has an
application of its own, so that what it puts around its routes never slows a stream.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yoriai import __version__
from yoriai.api import (
    arena,
    assistants,
    battles,
    collections,
    comparisons,
    conversations,
    councils,
    documents,
    errors,
    exams,
    groups,
    health,
    mcp,
    models,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_file_batches,
    openai_files,
    openai_models,
    openai_vector_stores,
    questions,
    session,
    tokens,
    tools,
    users,
)
from yoriai.api.guard import API_POLICY, Guard
from yoriai.api.principal import Closed, Principals, is_open
from yoriai.bootstrap import Services
from yoriai.telemetry import Metrics

PageMount = Callable[[FastAPI, Services], None]
_MODULES = (
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_models,
    openai_file_batches,
    openai_files,
    openai_vector_stores,
    session,
    users,
    groups,
    tokens,
    conversations,
    comparisons,
    battles,
    documents,
    collections,
    assistants,
    councils,
    tools,
    mcp,
    arena,
    exams,
    questions,
    models,
    health,
)
_API_PATHS = frozenset(
    {"/health", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/v1", "/api", mcp.PATH}
)
_API_FOLDERS = ("/v1/", "/api/", "/static-offline-docs/")


def create_app(
    services: Services, web_mount: PageMount | None, *, local_key: str = "", page_policy: str = API_POLICY
) -> Guard:
    """The whole server as one ASGI application.

    Args:
        web_mount: adds the page to an application; None serves the API alone.
        local_key: Bearer key of whoever started the server; empty: there is none.
        page_policy: Content-Security-Policy of the page.
    """
    api = create_api(services)
    page = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    errors.install(page)
    if web_mount:
        web_mount(page, services)
    closed = Closed(mcp.McpDoor(api, services), Principals(services.accounts, local_key))
    inner = Switch(page, Measured(closed, services.metrics))
    settings = services.settings
    return Guard(inner, settings.server, page_policy, settings.knowledge.max_file_bytes)


def create_api(services: Services | None) -> FastAPI:
    """The API alone, without its guards; without services it can only describe itself."""
    api = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title="Yoriai",
        version=__version__,
        description="OpenAI's routes under /v1, Yoriai's own under /api. Every route but /health, /api/setup "
        "and /api/login wants an API token (`Authorization: Bearer yor_…`) or the session cookie.",
    )
    api.state.services = services
    api.state.since = int(time.time())
    for module in _MODULES:
        api.include_router(module.router)
    errors.install(api)
    plain_openapi = api.openapi

    def openapi() -> dict[str, Any]:
        return api.openapi_schema or describe_security(plain_openapi())

    api.openapi = openapi  # type: ignore[method-assign]
    return api


def describe_security(schema: dict[str, Any]) -> dict[str, Any]:
    """Add to an OpenAPI description what `Closed` asks for."""
    schema.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "yoriai_session"},
    }
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if is_open(path) else [{"token": []}, {"session": []}]
    return schema


class Switch:
    """API or page, by the path's first folder. Start-up and shutdown are the page's."""

    def __init__(self, page: ASGIApp, api: ASGIApp) -> None:
        self.app = page  # NiceGUI looks for its application along `.app`
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and (
            scope["path"] in _API_PATHS or scope["path"].startswith(_API_FOLDERS)
        )
        await (self._api if is_api else self.app)(scope, receive, send)


class Measured:
    """Counts requests by route and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The route's template, or nothing: a path that a stranger made up would be a new time series.
                route = getattr(scope.get("route"), "path", "")
                self._metrics.request(scope["method"], route, message["status"])
            await send(message)

        await self.app(scope, receive, measured)
