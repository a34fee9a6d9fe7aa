"""Files of tools: what a person handed to a conversation's tools, and what those made. Everything is scoped by user."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from yoriai.errors import NotFoundError, UsageError
from yoriai.records import KeptToolFile
from yoriai.store import conversations
from yoriai.store import tools as rows
from yoriai.store.database import Connection, Database
from yoriai.tool_use import ToolFile
from yoriai.types import Context, User

MOST_UPLOADS = 20  # of one conversation
_LONGEST_NAME = 200
_LOOSE_FOR = timedelta(days=1)
_PNG = b"\x89PNG\r\n\x1a\n"
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')


class ToolFiles:
    def __init__(self, database: Database, largest_bytes: int) -> None:
        self._database, self._largest = database, largest_bytes

    async def upload(self, user: User, conversation_id: str, name: str, content: bytes) -> ToolFile:
        """Hand a file to a conversation's tools; one of the same name takes the place of the one before.

        Raises: NotFoundError: another's conversation. UsageError: it is empty, too large, or one too many.
        """
        if not 0 < len(content) <= self._largest:
            raise UsageError("tools.upload_size", size=len(content), limit=self._largest)
        file = _file(user, conversation_id, "upload", name, content)

        def work(connection: Connection) -> None:
            if conversations.find(connection, user.id, conversation_id) is None:
                raise NotFoundError("access.not_found")
            there = rows.files_of(connection, user.id, conversation_id, "upload")
            for each in there:
                if each.name == file.name:
                    rows.remove_file(connection, user.id, each.id)
            if len({each.name for each in there} | {file.name}) > MOST_UPLOADS:
                raise UsageError("tools.too_many_uploads", limit=MOST_UPLOADS)
            rows.add_file(connection, file, content)

        await self._database.write(work)
        return _shown(file)

    async def uploads(self, user: User, conversation_id: str) -> list[ToolFile]:
        """Raises: NotFoundError."""

        def work(connection: Connection) -> list[KeptToolFile]:
            if conversations.find(connection, user.id, conversation_id) is None:
                raise NotFoundError("access.not_found")
            return rows.files_of(connection, user.id, conversation_id, "upload")

        return [_shown(each) for each in await self._database.read(work)]

    async def keep(self, context: Context, made: Sequence[tuple[str, bytes]]) -> tuple[ToolFile, ...]:
        """What a tool made: names and contents."""
        files = [
            (_file(context.user, context.conversation_id, "output", name, content), content)
            for name, content in made
        ]

        def work(connection: Connection) -> None:
            rows.remove_loose(connection, datetime.now(UTC) - _LOOSE_FOR)
            is_there = conversations.find(connection, context.user.id, context.conversation_id) is not None
            for file, content in files:
                kept = file if is_there else replace(file, conversation_id="")
                rows.add_file(connection, kept, content)

        if files:
            await self._database.write(work)
        return tuple(_shown(file) for file, _ in files)

    async def content(self, user: User, file_id: str) -> tuple[ToolFile, bytes]:
        """Raises: NotFoundError."""
        found = await self._database.read(lambda connection: rows.file(connection, user.id, file_id))
        if found is None:
            raise NotFoundError("access.not_found")
        return _shown(found[0]), found[1]

    async def remove(self, user: User, file_id: str) -> None:
        """Raises: NotFoundError."""
        if not await self._database.write(lambda connection: rows.remove_file(connection, user.id, file_id)):
            raise NotFoundError("access.not_found")


def clean_name(name: str) -> str:
    """A file's name without folders, control characters and what turns text around; never empty or a dot."""
    plain = unicodedata.normalize("NFC", name.encode("utf8", "replace").decode("utf8"))
    base = _NOT_IN_NAMES.sub("_", PurePath(plain.replace("\\", "/")).name).strip(" .")
    if len(base) <= _LONGEST_NAME:
        return base or "file"
    suffix = PurePath(base).suffix[:20]
    return base[: _LONGEST_NAME - len(suffix)] + suffix


def _file(user: User, conversation_id: str, origin: str, name: str, content: bytes) -> KeptToolFile:
    return KeptToolFile(
        id=secrets.token_hex(16), user_id=user.id, conversation_id=conversation_id,
        origin="upload" if origin == "upload" else "output", name=clean_name(name), media_type=_kind(content),
        size_bytes=len(content), created_at=datetime.now(UTC),
    )  # fmt: skip


def _kind(content: bytes) -> str:
    """Only what may be shown has a type of its own, and only by its content."""
    return "image/png" if content.startswith(_PNG) else "application/octet-stream"


def _shown(file: KeptToolFile) -> ToolFile:
    return ToolFile(id=file.id, name=file.name, media_type=file.media_type, size_bytes=file.size_bytes)
