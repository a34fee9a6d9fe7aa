"""Looking at pages: two children at once and one of each user, however many are asked for, and none twice."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest
from PIL import Image

from yoriai.errors import NotFoundError
from yoriai.knowledge.parsing.parse import ParseLimits
from yoriai.knowledge.viewing import Viewing
from yoriai.types import Role, User

pytestmark = pytest.mark.anyio
ANNA, BEN = (User(id=name, name=name, role=Role.MEMBER) for name in ("anna", "ben"))


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


def drawn(path: Path) -> Path:
    Image.new("RGB", (400, 300), "white").save(path)
    return path


async def test_many_looks_of_two_users_run_two_at_a_time(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.png")
    viewing, pictures, most = Viewing(ParseLimits()), [], 0

    async def look(user: User, width: int) -> None:
        pictures.append(await viewing.picture(user, path, 1, width_px=width))

    async with anyio.create_task_group() as group:
        for width in (100, 110, 120):
            group.start_soon(look, ANNA, width)
            group.start_soon(look, BEN, width + 1)
        while len(pictures) < 6:
            most = max(most, children())
            await anyio.sleep(0.01)
    assert most == 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


async def test_one_user_leaves_a_place_to_the_others(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.png")
    viewing, most = Viewing(ParseLimits()), 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, children())
            await anyio.sleep(0.01)

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        async with anyio.create_task_group() as looks:
            for end in range(1, 4):
                looks.start_soon(viewing.boxes, ANNA, path, 1, 0, end)
        group.cancel_scope.cancel()
    assert most == 1


async def test_a_picture_is_drawn_once(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.png")
    viewing = Viewing(ParseLimits())
    first = await viewing.picture(ANNA, path, 1, width_px=100)
    path.unlink()
    assert await viewing.picture(BEN, path, 1, width_px=100) == first
    with pytest.raises(NotFoundError):
        await viewing.picture(BEN, path, 1, width_px=101)


async def test_only_so_many_pictures_are_remembered(tmp_path: Path) -> None:
    paths = [drawn(tmp_path / f"{n}.png") for n in range(2)]
    viewing = Viewing(ParseLimits(), most_bytes=1)
    for path in paths:
        await viewing.picture(ANNA, path, 1, width_px=100)
    paths[0].unlink()
    with pytest.raises(NotFoundError):
        await viewing.picture(ANNA, paths[0], 1, width_px=100)
