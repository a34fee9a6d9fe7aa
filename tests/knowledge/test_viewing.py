"""Looking at pages: two children at once, however many are asked for."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest
from PIL import Image

from yoriai.knowledge.parsing.parse import ParseLimits
from yoriai.knowledge.viewing import Viewing

pytestmark = pytest.mark.anyio


def children() -> int:
    """Processes that this one has started and that still run a page's reading."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = (process / "status").read_text()
            is_ours = f"PPid:\t{os.getpid()}\n" in status
            count += is_ours and b"knowledge.parsing.child" in (process / "cmdline").read_bytes()
        except OSError:
            continue
    return count


async def test_many_looks_run_two_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (400, 300), "white").save(path)
    viewing, pictures, most = Viewing(ParseLimits()), [], 0

    async def look() -> None:
        pictures.append(await viewing.picture(path, 1, width_px=100))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(look)
        while len(pictures) < 5:
            most = max(most, children())
            await anyio.sleep(0.01)
    assert most == 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
