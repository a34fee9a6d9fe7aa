"""One MCP server as we speak to it: a process or an address, connected when it is first needed, left when it fails.

Owns the connection and its time limits. What its tools may do is `mcp_servers`' to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from yoriai.egress import Egress
from yoriai.errors import EngineError, YoriaiError
from yoriai.records import McpServer
from yoriai.tools.mcp_confine import confined, program_of
from yoriai.tools.tool import Result

if TYPE_CHECKING:
    from mcp.client.client import Client

PURPOSE = "mcp"
_log = logging.getLogger("yoriai.tools")
_START_S = 60
_CALL_S = 120
_MOST_TOOLS, _LONGEST_DESCRIPTION, _LONGEST_SCHEMA = 100, 4000, 50_000
_LONGEST_TEXT = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A tool in its server's words."""

    name: str
    description: str
    parameters: dict[str, Any]


class Connection:
    """`server`, spoken to by one task that lives as long as the connection."""

    def __init__(self, server: McpServer, egress: Egress) -> None:
        self._server, self._egress = server, egress
        self._task: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._ready: asyncio.Future[Client] | None = None

    async def tools(self) -> list[Described]:
        """What the server says of its tools now. Raises: EngineError: it can't be reached. Else as `confined`."""
        async with self._speaking() as client:
            listed = await client.list_tools(cache_mode="bypass")
            return [each for tool in listed.tools[:_MOST_TOOLS] if (each := _described(tool))]

    async def call(self, name: str, arguments: dict[str, Any]) -> Result:
        """Raises: as `tools`."""
        async with self._speaking() as client:
            answer = await client.call_tool(name, arguments, read_timeout_seconds=_CALL_S)
            return Result(text=_text(answer), is_error=bool(answer.is_error))

    async def aclose(self) -> None:
        self._leave.set()
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._task = None

    @asynccontextmanager
    async def _speaking(self) -> AsyncIterator[Client]:
        try:
            async with asyncio.timeout(_START_S + _CALL_S):
                yield await self._client()
        except YoriaiError:
            raise
        except Exception as error:
            _log.warning("the MCP server %s failed: %s", self._server.name, error)
            await self.aclose()
            raise EngineError("tools.mcp_failed", name=self._server.name, detail=_short(error)) from error

    async def _client(self) -> Client:
        if self._task is None or self._task.done():
            self._leave, self._ready = asyncio.Event(), asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._live(self._ready, self._leave))
        assert self._ready
        async with asyncio.timeout(_START_S):
            return await asyncio.shield(self._ready)

    async def _live(self, ready: asyncio.Future[Client], leave: asyncio.Event) -> None:
        """Connected from here to the end: a connection is opened and closed by one task."""
        try:
            async with self._connected() as client:
                ready.set_result(client)
                await leave.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(_cause(error))
                ready.exception()  # it may be that nobody waits for it any more
            if isinstance(error, asyncio.CancelledError):
                raise
            _log.info("the MCP server %s has left: %s", self._server.name, error)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        from mcp.client.client import Client
        from mcp.client.stdio import StdioServerParameters, stdio_client
        from mcp.client.streamable_http import streamable_http_client

        if self._server.url:
            http = self._egress.client(PURPOSE, self._server.url, timeout=_CALL_S)
            transport = streamable_http_client(self._server.url, http_client=http)
            async with http, Client(transport, read_timeout_seconds=_CALL_S) as client:
                yield client
            return
        command = list(self._server.command)
        argv = [program_of(command), *command[1:]] if self._server.is_trusted else confined(command)
        with _nowhere() as log:
            started = stdio_client(StdioServerParameters(command=argv[0], args=argv[1:]), errlog=log)
            async with Client(started, read_timeout_seconds=_CALL_S) as client:
                yield client


@contextlib.contextmanager
def _nowhere() -> Any:
    with open(os.devnull, "w", encoding="utf8") as log:  # noqa: PTH123 — not a path of this system's files
        given: TextIO = log
        yield given


def _described(tool: Any) -> Described | None:
    """None: more than a person could look at, or more than a model should."""
    description, schema = tool.description or "", dict(tool.input_schema or {"type": "object"})
    if len(description) > _LONGEST_DESCRIPTION or len(json.dumps(schema)) > _LONGEST_SCHEMA:
        return None
    return Described(name=tool.name, description=description, parameters=schema)


def _text(answer: Any) -> str:
    parts = [each.text if each.type == "text" else f"[{each.type}]" for each in answer.content]
    if not parts and answer.structured_content is not None:
        parts = [json.dumps(answer.structured_content, ensure_ascii=False)]
    return "\n".join(parts)[:_LONGEST_TEXT]


def _cause(error: BaseException) -> BaseException:
    """The first of a group's: what a person can do something about."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (
        error
        if isinstance(error, Exception)
        else EngineError("tools.mcp_failed", name="", detail="cancelled")
    )


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {_cause(error)}"[:200]
