"""Pulls that run in a server: progress, cancel, resume, and what is left on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from yoriai.catalog import kept, licences
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.download import Progress
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.catalog.pulls import Pull, Pulls, PullState
from yoriai.egress import Egress
from yoriai.errors import ConflictError, ForbiddenError, NotFoundError
from yoriai.settings import DownloadSettings

from .conftest import MODEL, Home
from .pulling import LOOPBACK
from .sources import Hub

HELD_BYTES = 3_000_000


@pytest.fixture
def content(smollm2_path: Path) -> bytes:
    return smollm2_path.read_bytes()


@asynccontextmanager
async def opened(home: Home, *entries: Entry, policy: Policy | None = None) -> AsyncIterator[Pulls]:
    pulls = Pulls(
        {entry.name: entry for entry in entries},
        home.library,
        Egress({"hub": LOOPBACK, "url": LOOPBACK}),
        DownloadSettings(hub_url=home.hub.url, timeout_s=5),
        policy or Policy(licences.load()),
    )
    try:
        yield pulls
    finally:
        await pulls.aclose()


async def until(pulls: Pulls, state: PullState, at_least: int = 0) -> None:
    with anyio.fail_after(30):
        while True:
            pull = pulls.all()[MODEL]
            if pull.state == state and (
                not at_least or (pull.progress and pull.progress.done_bytes >= at_least)
            ):
                return
            assert pull.state in {"running", state}, pull
            await anyio.sleep(0.02)


def hold(hub: Hub, content: bytes) -> str:
    """The store's path of the file, whose first body stops in the middle."""
    store = hub.add("tiny.gguf", content)
    hub.held_path, hub.hold_at = store, HELD_BYTES
    return store


async def test_a_pull_runs_by_itself_and_ends_in_the_library(home: Home, hub: Hub, content: bytes) -> None:
    hub.add("tiny.gguf", content)
    async with opened(home, home.entry(content)) as pulls:
        assert pulls.start(MODEL).state == "running"
        await until(pulls, "done")
        assert home.installed(home.library.get(MODEL)) == content


async def test_a_cancelled_pull_goes_on_where_it_stopped(home: Home, hub: Hub, content: bytes) -> None:
    store = hold(hub, content)
    entry = home.entry(content)
    async with opened(home, entry) as pulls:
        pulls.start(MODEL)
        await until(pulls, "running", at_least=HELD_BYTES // 2)
        await pulls.cancel(MODEL)
        assert pulls.all()[MODEL].state == "stopped"
        came = kept.kept_bytes(entry, home.library)
        assert 0 < came < len(content)
        hub.go_on.set()
        pulls.start(MODEL)
        await until(pulls, "done")
    assert hub.starts(store)[-1] == came
    assert home.installed(home.library.get(MODEL)) == content
    assert kept.kept_bytes(entry, home.library) == 0


async def test_a_pull_that_runs_is_not_begun_twice_nor_thrown_away(
    home: Home, hub: Hub, content: bytes
) -> None:
    store = hold(hub, content)
    async with opened(home, home.entry(content)) as pulls:
        pulls.start(MODEL)
        await until(pulls, "running", at_least=1)
        pulls.start(MODEL)
        with pytest.raises(ConflictError):
            await pulls.discard(MODEL)
        hub.go_on.set()
        await until(pulls, "done")
    assert len(hub.starts(store)) == 1


async def test_what_came_can_be_thrown_away(home: Home, hub: Hub, content: bytes) -> None:
    hold(hub, content)
    entry = home.entry(content)
    async with opened(home, entry) as pulls:
        pulls.start(MODEL)
        await until(pulls, "running", at_least=1)
        await pulls.cancel(MODEL)
        assert kept.disk_use(home.library).partial_bytes == kept.kept_bytes(entry, home.library) > 0
        await pulls.discard(MODEL)
        assert kept.disk_use(home.library).partial_bytes == 0
        assert MODEL not in pulls.all()


async def test_the_end_of_the_server_stops_a_pull_and_keeps_what_came(
    home: Home, hub: Hub, content: bytes
) -> None:
    hold(hub, content)
    entry = home.entry(content)
    async with opened(home, entry) as pulls:
        pulls.start(MODEL)
        await until(pulls, "running", at_least=1)
    assert pulls.all()[MODEL].state == "stopped"
    assert kept.kept_bytes(entry, home.library) > 0


async def test_a_failure_is_kept_to_be_shown_and_may_be_tried_again(
    home: Home, hub: Hub, content: bytes
) -> None:
    async with opened(home, home.entry(content)) as pulls:
        pulls.start(MODEL)
        await until(pulls, "failed")
        error = pulls.all()[MODEL].error
        assert error and error.key == "catalog.source_refused"
        hub.add("tiny.gguf", content)
        pulls.start(MODEL)
        assert pulls.all()[MODEL].error is None
        await until(pulls, "done")


async def test_a_fault_of_ours_is_a_failed_pull_too(home: Home, content: bytes) -> None:
    """The folder of what isn't complete cannot be made: no error that anybody raised on purpose."""
    home.library.folder.write_text("a file")
    async with opened(home, home.entry(content)) as pulls:
        pulls.start(MODEL)
        await until(pulls, "failed")
        error = pulls.all()[MODEL].error
        assert error and error.key == "catalog.pull_broke"


async def test_what_may_not_or_cannot_be_pulled_is_refused_at_once(home: Home, content: bytes) -> None:
    entry = home.entry(content)
    sourceless = entry.model_copy(update={"sources": (), "name": "planned"})
    closed = Policy(licences.load(), ("open_source_ai",))
    async with opened(home, entry, sourceless) as pulls:
        for name in ("nobody", "planned"):
            with pytest.raises(NotFoundError):
                pulls.start(name)
        with pytest.raises(NotFoundError):
            await pulls.cancel(MODEL)
    async with opened(home, entry, policy=closed) as pulls:
        with pytest.raises(ForbiddenError):
            pulls.start(MODEL)
        assert not pulls.all()


def test_the_remaining_time_follows_from_the_speed() -> None:
    now = Progress(phase="download", done_bytes=25, total_bytes=100, source="hub")
    assert Pull(name=MODEL, progress=now, bytes_per_s=5).remaining_s == 15
    assert Pull(name=MODEL, progress=now).remaining_s is None  # it stands still
    assert Pull(name=MODEL, bytes_per_s=5).remaining_s is None


def test_a_folder_that_is_not_there_yet_uses_nothing(tmp_path: Path) -> None:
    use = kept.disk_use(Library(tmp_path / "models"))
    assert (use.models_bytes, use.partial_bytes) == (0, 0)
    assert use.free_bytes > 0
