"""What can't be seen in a watched folder is not taken for deleted: its documents stay until it is seen again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import LOCAL, Shelf, shelf

from yoriai.knowledge import folders
from yoriai.knowledge.folders import Listing
from yoriai.knowledge.scanning import Added, Scan
from yoriai.records import Collection
from yoriai.store import watched
from yoriai.store.watched import Watched


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path) as kept:
        yield kept


@pytest.fixture
async def rules(kept: Shelf) -> Collection:
    return await kept.knowledge.collections.create(LOCAL, "rules")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "drive").mkdir(parents=True)
    (folder / "a.txt").write_text("Leave is twenty days.")
    (folder / "drive" / "b.txt").write_text("Overtime is paid.")
    return folder


async def rescanned(kept: Shelf, rules: Collection, folder: Path) -> tuple[set[str], list[str]]:
    """Names of the documents that are left, and the folders that are said to be missing."""
    await kept.knowledge.adding.rescan(rules.id, str(folder))
    await kept.settled(rules)
    status = await kept.knowledge.collections.status(LOCAL, rules.id)
    return set(await kept.documents(rules)), status.missing_folders


async def test_the_empty_place_of_a_drive_that_is_not_mounted_forgets_nothing(
    kept: Shelf, rules: Collection, folder: Path, tmp_path: Path
) -> None:
    before = await kept.add(rules, folder, watch=True)
    folder.rename(tmp_path / "unplugged")
    assert await rescanned(kept, rules, folder) == ({"a.txt", "drive/b.txt"}, [str(folder)])
    folder.mkdir()
    assert await rescanned(kept, rules, folder) == ({"a.txt", "drive/b.txt"}, [str(folder)])
    assert await kept.documents(rules) == before
    folder.rmdir()
    (tmp_path / "unplugged").rename(folder)
    (folder / "a.txt").unlink()
    assert await rescanned(kept, rules, folder) == ({"drive/b.txt"}, [])


async def test_a_drive_below_the_folder_that_is_not_mounted_forgets_nothing(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    await kept.add(rules, folder, watch=True)
    drive = str(folder / "drive")
    await kept.database.write(
        lambda connection: watched.saw(connection, rules.id, str(folder), is_missing=False, mounts=[drive])
    )
    shutil.rmtree(drive)
    Path(drive).mkdir()
    (folder / "a.txt").rename(folder / "c.txt")
    for _ in range(2):
        assert await rescanned(kept, rules, folder) == ({"c.txt", "drive/b.txt"}, [str(folder)])
    (folder / "drive" / "b.txt").write_text("Overtime is paid.")
    assert await rescanned(kept, rules, folder) == ({"c.txt", "drive/b.txt"}, [])


async def test_what_can_not_be_looked_into_forgets_nothing(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    await kept.add(rules, folder, watch=True)
    there = folders.look(folder)
    there = Listing(files=there.files[:1], unseen=[str(folder / "drive")], mounts=there.mounts)
    before, added = Watched(is_missing=False, mounts=()), Added()
    now = await kept.database.write(
        lambda connection: Scan(
            connection, rules.id, added, is_asked_for=False, is_named=False, tags=()
        ).remove_gone(str(folder), there, before)
    )
    assert (now.is_missing, added.removed, len(await kept.documents(rules))) == (True, 0, 2)


@pytest.mark.skipif(not hasattr(os, "geteuid") or not os.geteuid(), reason="nothing is closed to root")
def test_a_closed_folder_is_said_to_be_unseen(folder: Path) -> None:
    (folder / "drive").chmod(0)
    try:
        there = folders.look(folder)
    finally:
        (folder / "drive").chmod(0o700)
    assert ([each.name for each in there.files], there.unseen) == (["a.txt"], [str(folder / "drive")])


@pytest.mark.skipif(not Path("/dev/shm").is_mount(), reason="needs a second file system at a known place")
def test_a_drive_of_its_own_is_noticed(folder: Path) -> None:
    assert "/dev/shm" in folders.look(Path("/dev/shm")).mounts
    assert folders.look(folder).mounts == []
