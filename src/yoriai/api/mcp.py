"""/api/mcp: MCP servers whose tools may be called, for administrators. /mcp: Yoriai itself as such a server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from yoriai import __version__
from yoriai.api.chunks import Answer
from yoriai.api.errors import language_of
from yoriai.api.principal import ToolManager
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.api.streaming import close
from yoriai.bootstrap import Services
from yoriai.errors import NotFoundError
from yoriai.models import POOLED
from yoriai.records import McpServer
from yoriai.tools.mcp_servers import Look, pin_of
from yoriai.types import ChatRequest, Context, Message

router = APIRouter(route_class=StrictRoute, tags=["MCP"], responses=ERRORS)
Argument = Annotated[str, Field(max_length=4096)]
PATH = "/mcp"


class NewServer(Body):
    name: Annotated[str, Field(max_length=64)]
    command: Annotated[list[Argument], Field(max_length=64)] = Field(default_factory=list)
    url: Annotated[str, Field(max_length=2000)] = ""
    is_trusted: bool = False


class Approval(Body):
    tools: dict[Annotated[str, Field(max_length=128)], Annotated[str, Field(max_length=64)]] = Field(
        description="Fingerprints of the tools to approve, as they were shown, by name.", max_length=200
    )
    reads: Annotated[list[Annotated[str, Field(max_length=128)]], Field(max_length=200)] = Field(
        default_factory=list, description="Those of them that only read."
    )


class ServerList(BaseModel):
    servers: list[McpServer]


class LookList(BaseModel):
    tools: list[dict[str, Any]]


@router.get("/api/mcp/servers")
async def list_servers(user: ToolManager, services: TheServices) -> ServerList:
    """Those that were added."""
    return ServerList(servers=await services.mcp.servers(user))


@router.post("/api/mcp/servers", status_code=201)
async def add_server(body: NewServer, user: ToolManager, services: TheServices) -> McpServer:
    """Add a program or an address; none of its tools may be called before it is approved."""
    return await services.mcp.add(
        user, name=body.name, command=body.command, url=body.url, is_trusted=body.is_trusted
    )


@router.get("/api/mcp/servers/{name}/tools")
async def look(name: str, user: ToolManager, services: TheServices) -> LookList:
    """What the server's tools say of themselves now, and how that differs from what was approved."""
    return LookList(tools=_shapes(await services.mcp.look(user, name)))


@router.post("/api/mcp/servers/{name}/approve")
async def approve(name: str, body: Approval, user: ToolManager, services: TheServices) -> LookList:
    """Approve tools as they were shown."""
    return LookList(tools=_shapes(await services.mcp.approve(user, name, body.tools, body.reads)))


@router.delete("/api/mcp/servers/{name}", status_code=204, response_class=Response)
async def remove_server(name: str, user: ToolManager, services: TheServices) -> None:
    """Remove one with its approvals."""
    await services.mcp.remove(user, name)


def _shapes(looks: list[Look]) -> list[dict[str, Any]]:
    return [asdict(each) | {"fingerprint": pin_of(each)} for each in looks]


class McpDoor:
    """ASGI: /mcp for whom `Closed` has found, everything else as before."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        from yoriai.tools.mcp_server import handle

        context = Context(user=scope["yoriai.user"], language=language_of(scope))
        await handle(_doors(self._services, context), scope, receive, send)


def _doors(services: Services, context: Context) -> Any:
    from yoriai.tools.documents import search_documents
    from yoriai.tools.mcp_server import Doors

    async def search(query: str, collection: str) -> str:
        found = await search_documents(services.knowledge).run(
            {"query": query, "collection": collection}, context
        )
        return found.text

    async def ask(question: str, responder: str) -> str:
        name = responder or await services.registry.default_name(context.user)
        if not name:
            raise NotFoundError("chat.no_model", param="model")
        request = ChatRequest(model=name, messages=[Message(role="user", content=question)], max_tokens=2048)
        events = (await services.registry.get(name, context.user)).respond(request, context)
        try:
            return (await Answer().gather(events)).text()
        finally:
            await close(events)

    async def responders() -> list[str]:
        return [each.name for each in await services.registry.list(context.user) if each.kind not in POOLED]

    return Doors(version=__version__, search=search, ask=ask, responders=responders)
