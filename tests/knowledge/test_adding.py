"""What is added is read once, replaced when it changes, gone when it is removed; what can't be read says why."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import ANNA, BEN, LOCAL, Shelf, shelf

from yoriai.errors import ConflictError, DocumentError, ForbiddenError, NotFoundError
from yoriai.records import Collection
from yoriai.types import Role, User

LEAVE = "社員は年に二十日の有給休暇を取ることができる。"
LEAVE_NOW = "社員は年に三十日の有給休暇を取ることができる。"
PARTS = "Part-timers get ten days of paid leave."


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
    (folder / "deep").mkdir(parents=True)
    (folder / "規程.txt").write_text(LEAVE)
    (folder / "deep" / "handbook.md").write_text(f"# Handbook\n\n{PARTS}\n")
    (folder / ".hidden").write_text("secret")
    return folder


async def test_a_folder_is_read_with_everything_below_it(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    documents = await kept.add(rules, folder)
    assert {name: each.status for name, each in documents.items()} == {
        "規程.txt": "ready", "deep/handbook.md": "ready",
    }  # fmt: skip
    assert await kept.texts(rules, "有給休暇") == [LEAVE]
    (hit,) = (await kept.search(rules, "part-timers")).passages
    page = await kept.knowledge.collections.page(LOCAL, rules.id, hit.document_id, hit.page)
    assert page.text[hit.start : hit.end] == hit.text
    assert PARTS in hit.text


async def test_the_same_file_twice_is_read_once(kept: Shelf, rules: Collection, folder: Path) -> None:
    (folder / "copy.txt").write_text(LEAVE)
    first = await kept.add(rules, folder)
    assert sorted(each.status for each in first.values()) == ["duplicate", "ready", "ready"]
    assert len(await kept.texts(rules, "有給休暇")) == 1
    assert await kept.add(rules, folder) == first
    assert len(kept.copies()) == 2


async def test_a_copy_takes_the_place_of_what_is_removed(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    (folder / "z-copy.txt").write_text(LEAVE)
    documents = await kept.add(rules, folder)
    ready = next(each for each in documents.values() if each.status == "ready" and "txt" in each.name)
    await kept.knowledge.collections.remove_documents(LOCAL, rules.id, [ready.id])
    await kept.settled(rules)
    left = await kept.documents(rules)
    assert ready.name not in left
    assert [each.status for each in left.values()] == ["ready", "ready"]
    assert await kept.texts(rules, "有給休暇") == [LEAVE]


async def test_a_changed_file_replaces_its_passages(kept: Shelf, rules: Collection, folder: Path) -> None:
    before = (await kept.add(rules, folder))["規程.txt"]
    (folder / "規程.txt").write_text(LEAVE_NOW)
    after = (await kept.add(rules, folder))["規程.txt"]
    assert after.id == before.id
    assert after.sha256 != before.sha256
    assert await kept.texts(rules, "有給休暇") == [LEAVE_NOW]
    assert len(kept.copies()) == 2


async def test_a_file_that_was_only_touched_is_not_read_again(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    before = (await kept.add(rules, folder))["規程.txt"]
    os.utime(folder / "規程.txt", (1, 1))
    after = (await kept.add(rules, folder))["規程.txt"]
    assert (after.status, after.indexed_at) == ("ready", before.indexed_at)
    assert len(kept.copies()) == 2


async def test_a_file_that_became_unreadable_is_no_longer_found(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    await kept.add(rules, folder)
    (folder / "規程.txt").write_bytes(b"")
    after = (await kept.add(rules, folder))["規程.txt"]
    assert (after.status, after.passages) == ("failed", 0)
    assert await kept.texts(rules, "有給休暇") == []
    (folder / "規程.txt").write_text(LEAVE)
    assert (await kept.add(rules, folder))["規程.txt"].status == "ready"


async def test_broken_files_say_why_and_the_rest_goes_on(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    (folder / "a-broken.docx").write_bytes(b"PK\x03\x04" + bytes(200))
    (folder / "b-empty.txt").write_bytes(b"")
    (folder / "c-program.exe").write_bytes(b"MZ" + bytes(range(256)) * 8)
    if os.geteuid():
        (folder / "d-closed.txt").write_text("x")
        (folder / "d-closed.txt").chmod(0)
    documents = await kept.add(rules, folder)
    failed = {name for name, each in documents.items() if each.status == "failed"}
    assert failed == {name for name in documents if name[1] == "-"}
    assert all(documents[name].error_key for name in failed)
    assert documents["規程.txt"].status == documents["deep/handbook.md"].status == "ready"
    assert len(kept.copies()) == 2  # nothing of the broken ones stays


async def test_what_failed_is_read_again_when_it_is_asked_for(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    (folder / "規程.txt").write_bytes(b"")
    failed = (await kept.add(rules, folder))["規程.txt"]
    (folder / "規程.txt").write_text(LEAVE)
    with pytest.raises(NotFoundError):
        await kept.knowledge.collections.retry(ANNA, rules.id, failed.id)
    assert (await kept.knowledge.collections.retry(LOCAL, rules.id, failed.id)).status == "queued"
    await kept.settled(rules)
    assert (await kept.documents(rules))["規程.txt"].status == "ready"
    assert await kept.texts(rules, "有給休暇") == [LEAVE]
    assert (await kept.knowledge.collections.retry(LOCAL, rules.id, failed.id)).status == "ready"


async def test_a_file_larger_than_allowed_is_refused_by_its_size(tmp_path: Path, folder: Path) -> None:
    (folder / "large.txt").write_text("x" * 2000)
    async with shelf(tmp_path, max_file_bytes=1000) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        documents = await kept.add(rules, folder)
        assert documents["large.txt"].error_key == "knowledge.file_too_large"
        assert documents["規程.txt"].status == "ready"
        with pytest.raises(DocumentError, match="file_too_large"):
            await kept.upload(LOCAL, rules, "large.txt", "x" * 2000)
        assert len(kept.copies()) == 2


async def test_a_link_out_of_the_folder_is_not_followed(
    kept: Shelf, rules: Collection, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text("outside words")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "loop").symlink_to(folder)
    assert set(await kept.add(rules, folder)) == {"規程.txt", "deep/handbook.md"}


async def test_names_are_text_and_no_paths(kept: Shelf, rules: Collection) -> None:
    names = ["../../etc/passwd", "..\\..\\evil.txt", "/etc/shadow", "a\nb\x1b[31m.txt", "\udcff.txt", ""]
    for number, name in enumerate(names):
        await kept.upload(LOCAL, rules, name, f"words number {number}")
    shown = set(await kept.documents(rules))
    assert shown == {"etc/passwd", "evil.txt", "etc/shadow", "a�b�[31m.txt", "�.txt", "-"}
    assert all(name.startswith("file-") for name in kept.copies())
    assert {path.name for path in kept.home.iterdir()} <= {
        "documents", "jobs.lock", "models", "yoriai.db", "yoriai.db-shm", "yoriai.db-wal",
    }  # fmt: skip


async def test_deleting_a_collection_leaves_nothing(kept: Shelf, rules: Collection, folder: Path) -> None:
    await kept.add(rules, folder, watch=True)
    await kept.upload(LOCAL, rules, "note.txt", "a note")
    await kept.knowledge.collections.remove(LOCAL, rules.id)

    def rows(connection: object) -> dict[str, int]:
        tables = ("collections", "files", "documents", "pages", "passages", "vectors", "watched_folders")
        return {t: connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one() for t in tables}  # type: ignore[attr-defined]

    assert set((await kept.database.read(rows)).values()) == {0}
    assert kept.copies() == []
    with pytest.raises(NotFoundError):
        await kept.search(rules, "有給休暇")


async def test_what_is_removed_from_a_watched_folder_stays_away_until_it_is_asked_for(
    kept: Shelf, rules: Collection, folder: Path
) -> None:
    document = (await kept.add(rules, folder, watch=True))["規程.txt"]
    await kept.knowledge.collections.remove_documents(LOCAL, rules.id, [document.id])
    assert "規程.txt" not in await kept.add(rules, folder, watch=True)
    assert await kept.texts(rules, "有給休暇") == []
    assert "規程.txt" in await kept.add(rules, folder / "規程.txt")
    assert await kept.texts(rules, "有給休暇") == [LEAVE]


async def test_a_watched_folder_is_followed(tmp_path: Path, folder: Path) -> None:
    async with shelf(tmp_path, watch=True) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        await kept.add(rules, folder, watch=True)
        (folder / "規程.txt").write_text(LEAVE_NOW)
        (folder / "deep" / "handbook.md").unlink()
        (folder / "new.txt").write_text("Overtime is paid.")
        with anyio.fail_after(20):
            while set(await kept.documents(rules)) != {"規程.txt", "new.txt"} or await kept.texts(
                rules, "有給休暇"
            ) != [LEAVE_NOW]:
                await anyio.sleep(0.1)
        await kept.settled(rules)
        assert await kept.texts(rules, "overtime") == ["Overtime is paid."]


async def test_what_happened_while_nobody_watched_is_noticed_and_a_missing_drive_forgets_nothing(
    tmp_path: Path, folder: Path
) -> None:
    async with shelf(tmp_path) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        await kept.add(rules, folder, watch=True)
    folder.rename(tmp_path / "unplugged")
    async with shelf(tmp_path, watch=True) as kept:
        await anyio.sleep(0.5)
        assert len(await kept.documents(rules)) == 2
    (tmp_path / "unplugged").rename(folder)
    (folder / "規程.txt").unlink()
    async with shelf(tmp_path, watch=True) as kept:
        with anyio.fail_after(10):
            while set(await kept.documents(rules)) != {"deep/handbook.md"}:
                await anyio.sleep(0.05)


async def test_pasted_text_is_a_document_and_the_same_name_again_its_new_content(
    kept: Shelf, rules: Collection
) -> None:
    for text in (LEAVE, LEAVE, LEAVE_NOW):
        await kept.knowledge.adding.text(LOCAL, rules.id, "休暇", text)
        await kept.settled(rules)
    assert set(await kept.documents(rules)) == {"休暇.txt"}
    assert await kept.texts(rules, "有給休暇") == [LEAVE_NOW]
    assert len(kept.copies()) == 1


async def test_a_web_page_only_from_a_host_that_was_opened(kept: Shelf, rules: Collection) -> None:
    with pytest.raises(ForbiddenError):
        await kept.knowledge.adding.address(LOCAL, rules.id, "https://example.org/page")
    assert await kept.documents(rules) == {}


async def test_only_the_terminal_reads_folders_of_the_machine(kept: Shelf, folder: Path) -> None:
    administrator = User(id="root", name="root", role=Role.ADMINISTRATOR)
    for user in (ANNA, administrator):
        collection = await kept.knowledge.collections.create(user, f"of {user.name}")
        with pytest.raises(ForbiddenError):
            await kept.knowledge.adding.paths(user, collection.id, [folder], watch=False)


async def test_guests_keep_nothing_and_names_are_unique_per_owner(kept: Shelf) -> None:
    guest = User(id="guest", name="guest", role=Role.GUEST)
    with pytest.raises(ForbiddenError):
        await kept.knowledge.collections.create(guest, "x")
    await kept.knowledge.collections.create(ANNA, "Rules")
    await kept.knowledge.collections.create(BEN, "Rules")
    with pytest.raises(ConflictError):
        await kept.knowledge.collections.create(ANNA, "ｒｕｌｅｓ ")
