"""Pages of documents as people look at them: a picture, and where a passage stands on it. The API calls it.

Each takes a child process; a few run at once and the others wait, however many a page asks for.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from yoriai.knowledge.parsing.parse import Box, ParseLimits, highlight_boxes, render_page

_AT_ONCE = 2


class Viewing:
    """`limits`: what one look may cost."""

    def __init__(self, limits: ParseLimits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def picture(self, path: Path, page_number: int, *, width_px: int) -> bytes:
        """PNG. Raises: as `parse.render_page`."""
        async with self._free:
            return await render_page(path, page_number, width_px=width_px, limits=self._limits)

    async def boxes(self, path: Path, page_number: int, start: int, end: int) -> tuple[Box, ...]:
        """Where `text[start:end]` stands. Raises: as `parse.highlight_boxes`."""
        async with self._free:
            return await highlight_boxes(path, page_number, start, end, limits=self._limits)
