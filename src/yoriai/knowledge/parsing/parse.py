"""Reads a stranger's file: its text with structure, a page as a picture, the place of a passage. The way in here.

Everything about the file happens in a jailed child process (`sandbox`), on a private copy beside it. A file that can't
be read is a `DocumentError` with a text for people; whatever it is, the next file can be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoriai.errors import DocumentError, NotFoundError, UnsupportedError, YoriaiError
from yoriai.knowledge.document import Page, ParsedDocument
from yoriai.knowledge.parsing.said import BoxesSaid, DocumentSaid, PageLine, PictureSaid, checked
from yoriai.sandbox.limits import Limits
from yoriai.sandbox.process import EndedError, lines
from yoriai.sandbox.snapshot import snapshot

ParseLimits = Limits
Show = Callable[[int, int], Awaitable[None]]  # pages done, of how many
_CHILD = "yoriai.knowledge.parsing.child"
_WIDEST_PX = 3000


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle on a page, in shares of its width and height; (0, 0) is the upper left corner."""

    left: float
    top: float
    width: float
    height: float


async def parse(
    path: Path, *, media_type: str | None = None, limits: ParseLimits | None = None, show: Show | None = None,
    name: str | None = None,
) -> ParsedDocument:  # fmt: skip
    """The text of a file. Cancelling kills the child.

    Numbers of pages are those of a PDF or a presentation. What has no pages is one, or several where it is huge.

    Args:
        media_type: what the sender says it is; decides among kinds of text alone.
        show: is told of the progress after each page.
        name: its original name, where `path` is one that the server made.

    Raises:
        DocumentError: too large, encrypted, broken, hostile, of no known kind, or beyond its limits.
        NotFoundError: there is no such file.
    """
    task = {"wanted": "parse", "media_type": media_type or ""}
    pages: list[Page] = []
    said: dict[str, Any] = {}
    async with aclosing(_said(path, task, limits or ParseLimits(), name)) as saying:
        async for said in saying:
            if "page" in said:
                line = checked(PageLine, said)
                pages.append(line.page.page(len(pages) + 1))
                if show is not None:
                    await show(line.done, line.total)
    result = checked(DocumentSaid, said["result"])
    return ParsedDocument(
        media_type=result.media_type, title=result.title, pages=tuple(pages), warnings=tuple(result.warnings)
    )


async def render_page(
    path: Path, page_number: int, *, width_px: int, limits: ParseLimits | None = None
) -> bytes:
    """A page of a PDF, or a picture, as PNG.

    Raises:
        UnsupportedError: a file of another kind. NotFoundError: no such page. DocumentError: as for `parse`.
    """
    task = {"wanted": "picture", "page": page_number, "width_px": max(16, min(width_px, _WIDEST_PX))}
    return checked(PictureSaid, await _result(path, task, limits)).png()


async def highlight_boxes(
    path: Path, page_number: int, start: int, end: int, *, limits: ParseLimits | None = None
) -> tuple[Box, ...]:
    """Where `text[start:end]` of a page that `parse` gave stands on that page: a box for each line.

    Raises:
        UnsupportedError: a file of another kind. NotFoundError: no such page. DocumentError: as for `parse`.
    """
    task = {"wanted": "boxes", "page": page_number, "range": [start, end]}
    result = checked(BoxesSaid, await _result(path, task, limits))
    return tuple(
        Box(left=left, top=top, width=width, height=height) for left, top, width, height in result.boxes
    )


async def _result(path: Path, task: dict[str, Any], limits: ParseLimits | None) -> Any:
    said: dict[str, Any] = {}
    async with aclosing(_said(path, {"media_type": "", **task}, limits or ParseLimits(), None)) as saying:
        async for line in saying:
            said = line
    return said["result"]


async def _said(
    path: Path, task: dict[str, Any], limits: ParseLimits, name: str | None
) -> AsyncGenerator[dict[str, Any]]:
    copy = await asyncio.to_thread(snapshot, path, most_bytes=limits.file_bytes, folder=path.parent)
    with copy:
        suffix = Path(name).suffix if name else path.suffix
        try:
            async with aclosing(lines(_CHILD, {**task, "suffix": suffix}, copy, limits)) as saying:
                async for said in saying:
                    yield said
        except EndedError as ended:
            raise _error(ended, limits) from None


def _error(ended: EndedError, limits: ParseLimits) -> YoriaiError:
    """What a person reads: the cause, the value and the limit."""
    values = ended.values
    if ended.cause == "no_page":
        return NotFoundError(
            "knowledge.no_such_page", page=values.get("page", "?"), count=values.get("count", "?")
        )
    if ended.cause == "no_pictures":
        return UnsupportedError("knowledge.no_page_pictures")
    errors = {
        "unjailed": DocumentError("knowledge.file_unjailed", missing=values.get("missing", "-")),
        "memory": DocumentError("knowledge.file_memory", limit=f"{limits.memory_bytes // 2**20} MiB"),
        "time": DocumentError("knowledge.file_time", step=limits.step_s, total=limits.total_s),
        "output": DocumentError("knowledge.file_output", limit=f"{limits.output_bytes // 2**20} MiB"),
        "bomb": DocumentError("knowledge.file_bomb", size=values.get("size", "?")),
        "pages": DocumentError("knowledge.file_pages", count=values.get("count"), limit=values.get("limit")),
        "encrypted": DocumentError("knowledge.file_encrypted"),
        "unsafe_names": DocumentError("knowledge.file_unsafe_names"),
        "hostile_xml": DocumentError("knowledge.file_hostile_xml"),
        "unsupported": DocumentError("knowledge.file_unsupported"),
        "old_office": DocumentError("knowledge.file_old_office"),
        "not_text": DocumentError("knowledge.file_not_text"),
        "empty": DocumentError("knowledge.file_empty"),
        "broken": DocumentError("knowledge.file_broken", detail=values.get("detail", "-")),
    }
    return errors.get(ended.cause) or DocumentError("knowledge.file_crash")
