"""Pages of documents as people look at them: a picture, and where a passage stands on it. The API calls it.

Each takes a child process. Two run at once and one of each user, the others wait, however many a page asks for; what
was drawn is remembered for a while. The caller has found out that the user may see the file.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from yoriai.knowledge.parsing.parse import Box, ParseLimits, highlight_boxes, render_page
from yoriai.types import User

_AT_ONCE = 2
_STEP_S, _TOTAL_S = 15, 20  # somebody waits for it
_MOST_BYTES = 64 * 2**20  # of pictures that are remembered

_Picture = tuple[str, int, int]  # a copy's name, which never changes its content; page, width


class Viewing:
    """`limits`: what one file may cost; of the time, a look takes less."""

    def __init__(self, limits: ParseLimits, most_bytes: int = _MOST_BYTES) -> None:
        self._limits = replace(
            limits, step_s=min(limits.step_s, _STEP_S), total_s=min(limits.total_s, _TOTAL_S)
        )
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._users: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._most_bytes = most_bytes
        self._drawn: OrderedDict[_Picture, bytes] = OrderedDict()

    async def picture(self, user: User, path: Path, page_number: int, *, width_px: int) -> bytes:
        """PNG. Raises: as `parse.render_page`."""
        picture = (path.name, page_number, width_px)
        if picture not in self._drawn:
            async with self._turn(user):
                if picture not in self._drawn:  # drawn while this waited
                    png = await render_page(path, page_number, width_px=width_px, limits=self._limits)
                    return self._remembered(picture, png)
        self._drawn.move_to_end(picture)
        return self._drawn[picture]

    async def boxes(self, user: User, path: Path, page_number: int, start: int, end: int) -> tuple[Box, ...]:
        """Where `text[start:end]` stands. Raises: as `parse.highlight_boxes`."""
        async with self._turn(user):
            return await highlight_boxes(path, page_number, start, end, limits=self._limits)

    @asynccontextmanager
    async def _turn(self, user: User) -> AsyncIterator[None]:
        own = self._users.get(user.id)
        if own is None:
            own = self._users[user.id] = asyncio.Semaphore(1)
        async with own, self._free:
            yield

    def _remembered(self, picture: _Picture, png: bytes) -> bytes:
        self._drawn[picture] = png
        while sum(map(len, self._drawn.values())) > self._most_bytes:
            self._drawn.popitem(last=False)
        return png
