"""Rows of tools: what users decided of them, files of calls, MCP servers. A user's are asked for as theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from yoriai.records import KeptToolFile, McpServer
from yoriai.store.tables import mcp_servers, tool_files, tool_permissions


# ---- decisions ---------------------------------------------------------------------------------------------
def permissions(connection: Connection, user_id: str) -> dict[str, tuple[str, str]]:
    """Of each tool that the user decided on: fingerprint, decision."""
    found = select(tool_permissions).where(tool_permissions.c.user_id == user_id)
    return {row.tool: (row.fingerprint, row.decision) for row in connection.execute(found)}


def permit(
    connection: Connection, user_id: str, tool: str, *, fingerprint: str, decision: str, now: datetime
) -> None:
    forget(connection, user_id, tool)
    connection.execute(
        insert(tool_permissions).values(
            user_id=user_id, tool=tool, fingerprint=fingerprint, decision=decision, decided_at=now
        )
    )


def forget(connection: Connection, user_id: str, tool: str) -> None:
    mine = (tool_permissions.c.user_id == user_id) & (tool_permissions.c.tool == tool)
    connection.execute(delete(tool_permissions).where(mine))


# ---- files -------------------------------------------------------------------------------------------------
_ABOUT = [each for each in tool_files.c if each.name != "content"]


def add_file(connection: Connection, file: KeptToolFile, content: bytes) -> None:
    connection.execute(
        insert(tool_files).values(
            id=file.id, user_id=file.user_id, conversation_id=file.conversation_id or None, origin=file.origin,
            name=file.name, media_type=file.media_type, size_bytes=file.size_bytes, created_at=file.created_at,
            content=content,
        )
    )  # fmt: skip


def file(connection: Connection, user_id: str, file_id: str) -> tuple[KeptToolFile, bytes] | None:
    mine = (tool_files.c.id == file_id) & (tool_files.c.user_id == user_id)
    row = connection.execute(select(tool_files).where(mine)).first()
    return (_file(row), row.content) if row else None


def files_of(connection: Connection, user_id: str, conversation_id: str, origin: str) -> list[KeptToolFile]:
    """Oldest first."""
    found = select(*_ABOUT).where(
        tool_files.c.user_id == user_id,
        tool_files.c.conversation_id == conversation_id,
        tool_files.c.origin == origin,
    )
    return [
        _file(row) for row in connection.execute(found.order_by(tool_files.c.created_at, tool_files.c.id))
    ]


def remove_file(connection: Connection, user_id: str, file_id: str) -> bool:
    mine = (tool_files.c.id == file_id) & (tool_files.c.user_id == user_id)
    return connection.execute(delete(tool_files).where(mine)).rowcount > 0


def remove_loose(connection: Connection, before: datetime) -> None:
    """Files of calls outside conversations, which nothing else would ever take away."""
    loose = tool_files.c.conversation_id.is_(None) & (tool_files.c.created_at < before)
    connection.execute(delete(tool_files).where(loose))


def _file(row: Any) -> KeptToolFile:
    return KeptToolFile(
        id=row.id, user_id=row.user_id, conversation_id=row.conversation_id or "", origin=row.origin, name=row.name,
        media_type=row.media_type, size_bytes=row.size_bytes, created_at=row.created_at,
    )  # fmt: skip


# ---- MCP servers -------------------------------------------------------------------------------------------
def servers(connection: Connection) -> list[McpServer]:
    return [_server(row) for row in connection.execute(select(mcp_servers).order_by(mcp_servers.c.name))]


def add_server(connection: Connection, server: McpServer) -> None:
    connection.execute(
        insert(mcp_servers).values(
            id=server.id, name=server.name, command=list(server.command), url=server.url, is_trusted=server.is_trusted,
            approved=server.approved, created_at=server.created_at,
        )
    )  # fmt: skip


def approve(connection: Connection, server_id: str, approved: dict[str, Any]) -> None:
    connection.execute(update(mcp_servers).where(mcp_servers.c.id == server_id).values(approved=approved))


def remove_server(connection: Connection, server_id: str) -> None:
    connection.execute(delete(mcp_servers).where(mcp_servers.c.id == server_id))


def _server(row: Any) -> McpServer:
    return McpServer(
        id=row.id, name=row.name, command=tuple(row.command), url=row.url, is_trusted=row.is_trusted,
        approved=row.approved, created_at=row.created_at,
    )  # fmt: skip
