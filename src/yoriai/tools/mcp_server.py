"""Yoriai as an MCP server, for one request of one user: search documents, ask a responder, list responders.

Stateless: each HTTP request gets a server of its own, made for whoever asks, so nothing of one user reaches another.
`api.mcp` has found out who that is; `Doors` are what it may do in their name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.tools.tool import ToolError, parameters, text_of

_LONGEST_QUESTION = 100_000
_NAME = {"type": "string", "maxLength": 256}


@dataclass(frozen=True, kw_only=True, slots=True)
class Doors:
    """What may be done in the asker's name."""

    version: str
    search: Callable[[str, str], Awaitable[str]]  # query, collection
    ask: Callable[[str, str], Awaitable[str]]  # question, responder
    responders: Callable[[], Awaitable[list[str]]]


_TOOLS = [
    types.Tool(
        name="search_collections", description="Searches the user's documents in Yoriai and gives the best passages.",
        input_schema=parameters(("query",), query={"type": "string", "maxLength": 500}, collection=_NAME),
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
    types.Tool(
        name="ask_responder",
        description="Asks a model, assistant, council or reasoner of Yoriai a question and gives its answer.",
        input_schema=parameters(
            ("question",), question={"type": "string", "maxLength": _LONGEST_QUESTION}, responder=_NAME
        ),
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
    types.Tool(
        name="list_responders", description="Lists who can be asked.", input_schema=parameters(),
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
]  # fmt: skip


async def handle(doors: Doors, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request. Names and origins were looked at before."""
    manager = StreamableHTTPSessionManager(app=_server(doors), json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _server(doors: Doors) -> Server[dict[str, Any]]:
    async def list_tools(_: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_TOOLS)

    async def call_tool(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            text, is_error = await _done(doors, asked.name, dict(asked.arguments or {})), False
        except YoriaiError as error:
            text, is_error = error_text(error, "en"), True
        except ToolError as error:
            text, is_error = str(error), True
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)

    return Server("Yoriai", version=doors.version, on_list_tools=list_tools, on_call_tool=call_tool)


async def _done(doors: Doors, name: str, arguments: dict[str, Any]) -> str:
    if name == "search_collections":
        return await doors.search(text_of(arguments, "query", 500), text_of(arguments, "collection", 256, ""))
    if name == "ask_responder":
        question = text_of(arguments, "question", _LONGEST_QUESTION)
        return await doors.ask(question, text_of(arguments, "responder", 256, ""))
    if name == "list_responders":
        return "\n".join(await doors.responders())
    raise ToolError(f"There is no tool {name[:80]}.")
