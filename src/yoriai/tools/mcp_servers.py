"""The McpServers service: servers that an administrator added, and which of their tools were approved as they are.

A tool is pinned by what was shown of it. One that is new, or says something else now, isn't offered until an
administrator has looked at it. A server in confinement can neither write nor speak to anybody, so its tools count as
reading; all others write and use the network, unless the administrator says that a tool only reads.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from yoriai.access import Action, require
from yoriai.egress import Egress
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.records import McpServer
from yoriai.store import tools as rows
from yoriai.store.database import Connection as Rows
from yoriai.store.database import Database
from yoriai.tool_use import Effect
from yoriai.tools.mcp_client import Connection, Described
from yoriai.tools.mcp_confine import confined, program_of
from yoriai.tools.tool import Result, Tool, ToolError, fingerprint
from yoriai.types import Context, User

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TOOL_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,80}")
_MOST_ARGUMENTS, _LONGEST_ARGUMENT = 64, 4096
Standing = Literal["approved", "new", "changed", "gone"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A server's tool as it is now, beside what was approved."""

    name: str
    standing: Standing
    description: str
    parameters: dict[str, Any]
    before: dict[str, Any] | None  # what was approved, where that is something else
    only_reads: bool


class McpServers:
    def __init__(self, database: Database, egress: Egress) -> None:
        self._database, self._egress = database, egress
        self._connections: dict[str, Connection] = {}
        self._changed: set[tuple[str, str]] = set()  # seen to differ from what was approved

    async def aclose(self) -> None:
        for connection in self._connections.values():
            await connection.aclose()
        self._connections.clear()

    async def servers(self, user: User) -> list[McpServer]:
        """Raises: ForbiddenError: not an administrator."""
        require(user, Action.MANAGE_TOOLS)
        return await self._all()

    async def add(
        self, user: User, *, name: str, command: Sequence[str] = (), url: str = "", is_trusted: bool = False
    ) -> McpServer:
        """Add one; none of its tools is approved yet.

        Raises:
            ForbiddenError: not an administrator. ConflictError: the name is taken. EgressError: its host isn't
            allowed. UsageError, PrerequisiteError: it can't be started so.
        """
        require(user, Action.MANAGE_TOOLS)
        _check(name, command, url)
        if url:
            await self._egress.client("mcp", url).aclose()
        elif is_trusted:
            program_of(command)
        else:
            confined(command)
        server = McpServer(
            id=secrets.token_hex(16), name=name, command=tuple(command), url=url, is_trusted=is_trusted, approved={},
            created_at=datetime.now(UTC),
        )  # fmt: skip

        def work(connection: Rows) -> None:
            if any(each.name == name for each in rows.servers(connection)):
                raise ConflictError("tools.mcp_exists", name=name)
            rows.add_server(connection, server)

        await self._database.write(work)
        return server

    async def remove(self, user: User, name: str) -> None:
        """Raises: ForbiddenError; NotFoundError."""
        server = await self._named(user, name)
        await self._database.write(lambda connection: rows.remove_server(connection, server.id))
        if connection := self._connections.pop(server.id, None):
            await connection.aclose()

    async def look(self, user: User, name: str) -> list[Look]:
        """What its tools say of themselves now. Raises: ForbiddenError; NotFoundError; as `Connection.tools`."""
        server = await self._named(user, name)
        there = {each.name: each for each in await self._connection(server).tools()}
        looks = [_look(server, each, server.approved.get(each.name)) for each in there.values()]
        gone = [name for name in server.approved if name not in there]
        return looks + [_gone(name, server.approved[name]) for name in gone]

    async def approve(
        self, user: User, name: str, tools: Mapping[str, str], reads: Sequence[str] = ()
    ) -> list[Look]:
        """Approve tools as they were shown: fingerprints by name. `reads`: those that only read.

        Raises: ConflictError: a tool says something else by now. Else as `look`.
        """
        server = await self._named(user, name)
        there = {each.name: each for each in await self._connection(server).tools()}
        approved = {name: pin for name, pin in server.approved.items() if name in there}
        for tool, shown in tools.items():
            if tool not in there:
                raise NotFoundError("tools.mcp_no_tool", name=tool)
            if _pin(there[tool]) != shown:
                raise ConflictError("tools.mcp_changed", name=tool)
            approved[tool] = asdict(there[tool]) | {"pin": shown, "only_reads": tool in reads}
        await self._database.write(lambda connection: rows.approve(connection, server.id, approved))
        self._changed -= {(server.id, tool) for tool in tools}
        return await self.look(user, name)

    async def tools(self) -> list[Tool]:
        """All that were approved and weren't seen to have changed."""
        return [
            self._tool(server, pin)
            for server in await self._all()
            for name, pin in server.approved.items()
            if (server.id, name) not in self._changed and _TOOL_NAME.fullmatch(name)
        ]

    def _tool(self, server: McpServer, pin: Mapping[str, Any]) -> Tool:
        name = pin["name"]

        async def run(arguments: dict[str, Any], _: Context) -> Result:
            connection = self._connection(server)
            there = {each.name: each for each in await connection.tools()}
            if name not in there or _pin(there[name]) != pin["pin"]:
                self._changed.add((server.id, name))
                raise ToolError("This tool has changed and waits for an administrator's approval.")
            return await connection.call(name, arguments)

        return Tool(
            name=f"{server.name}__{name}", description=pin["description"], parameters=pin["parameters"], run=run,
            effects=_effects(server, only_reads=pin["only_reads"]), is_foreign=True, source=server.name,
        )  # fmt: skip

    def _connection(self, server: McpServer) -> Connection:
        return self._connections.setdefault(server.id, Connection(server, self._egress))

    async def _all(self) -> list[McpServer]:
        return await self._database.read(rows.servers)

    async def _named(self, user: User, name: str) -> McpServer:
        for server in await self.servers(user):
            if name in {server.name, server.id}:
                return server
        raise NotFoundError("tools.mcp_unknown", name=name[:40])


def pin_of(look: Look) -> str:
    """What names a tool as it was shown."""
    return fingerprint(look.name, look.description, look.parameters)


def _pin(tool: Described) -> str:
    return fingerprint(tool.name, tool.description, tool.parameters)


def _look(server: McpServer, tool: Described, approved: Mapping[str, Any] | None) -> Look:
    standing: Standing = "new"
    if approved:
        standing = "approved" if approved["pin"] == _pin(tool) else "changed"
    before = dict(approved) if approved and standing == "changed" else None
    only_reads = _effects(server, only_reads=bool(approved and approved["only_reads"])) == frozenset(
        {"reads"}
    )
    return Look(
        name=tool.name, standing=standing, description=tool.description, parameters=tool.parameters, before=before,
        only_reads=only_reads,
    )  # fmt: skip


def _gone(name: str, approved: Mapping[str, Any]) -> Look:
    return Look(
        name=name, standing="gone", description=approved["description"], parameters=approved["parameters"],
        before=None, only_reads=bool(approved["only_reads"]),
    )  # fmt: skip


def _effects(server: McpServer, *, only_reads: bool) -> frozenset[Effect]:
    is_confined = bool(server.command) and not server.is_trusted
    return frozenset({"reads"}) if is_confined or only_reads else frozenset({"reads", "writes", "network"})


def _check(name: str, command: Sequence[str], url: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError("tools.mcp_bad_name", param="name")
    if bool(command) == bool(url):
        raise UsageError("tools.mcp_command_or_url")
    if url and urlsplit(url).scheme not in {"http", "https"}:
        raise UsageError("tools.mcp_command_or_url", param="url")
    if len(command) > _MOST_ARGUMENTS or any(
        len(each) > _LONGEST_ARGUMENT or "\0" in each for each in command
    ):
        raise UsageError("tools.mcp_command_or_url", param="command")
