"""Pulling: from the first source that can, never twice the same bytes, and only what the catalogue means."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from yoriai.catalog import catalogue, download, licences
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.egress import Egress
from yoriai.errors import DiskFullError, DownloadError, EgressError, ForbiddenError, ModelFileError
from yoriai.i18n.catalogue import error_text
from yoriai.settings import DownloadSettings

from .conftest import MODEL, Home
from .sources import Hub, sha256
from .test_library import blobs, small

EVERYTHING = Policy(licences.load())
HUB_FILE = "/someone/model-GGUF/resolve/main/tiny.gguf"


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model of 1.3 MB: large enough to be cut in the middle."""
    return small(tmp_path_factory.mktemp("weights") / "a.gguf", rows=5000).read_bytes()


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Other weights of the same size."""
    return small(tmp_path_factory.mktemp("others") / "b.gguf", 7.0, rows=5000).read_bytes()


async def refused(home: Home, entry: catalogue.Entry) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        await home.pull(entry)
    for language in ("en", "ja"):
        assert error_text(caught.value, language)
    return caught.value


async def begin(home: Home, entry: catalogue.Entry, enough_bytes: int) -> None:
    """A pull that its user ends when so much is here."""
    with anyio.CancelScope() as scope:
        home.hub.hold_at = enough_bytes

        def tell(progress: download.Progress) -> None:
            if progress.done_bytes >= enough_bytes:
                scope.cancel()

        egress = Egress({"hub": frozenset({"127.0.0.1"})})
        settings = DownloadSettings(hub_url=home.hub.url, timeout_s=5)
        await download.pull(entry, home.library, egress, settings, tell, policy=EVERYTHING)
    assert scope.cancelled_caught
    home.hub.go_on.set()


# ---- as it should be --------------------------------------------------------------------------------------
async def test_weights_that_are_gone_are_fetched_again(home: Home, hub: Hub, weights: bytes) -> None:
    hub.add("tiny.gguf", weights)
    entry = home.entry(weights)
    Path((await home.pull(entry)).paths[0]).unlink()
    assert home.installed(await home.pull(entry)) == weights


async def test_a_model_of_the_hub_arrives_whole_and_is_what_the_catalogue_says(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.add("tiny.gguf", weights)
    model = await home.pull(home.entry(weights, languages=("ja",), quantization="F32"))
    assert home.installed(model) == weights
    assert (model.name, model.digest, model.family) == (MODEL, sha256(weights), "Tiny")
    assert (model.licence, model.languages, model.quantization) == ("MIT", ("ja",), "F32")
    assert home.leftovers() == []


async def test_progress_is_told_from_the_first_byte_to_the_last(home: Home, hub: Hub, weights: bytes) -> None:
    hub.add("tiny.gguf", weights)
    await home.pull(home.entry(weights, size_bytes=None))
    phases = list(dict.fromkeys(progress.phase for progress in home.told))
    assert phases == ["download", "verify"]
    for phase in phases:
        told = [progress for progress in home.told if progress.phase == phase]
        done = [progress.done_bytes for progress in told]
        assert done == sorted(done)
        assert done[-1] == len(weights)
        assert {progress.total_bytes for progress in told} == {len(weights)}
        assert {progress.source for progress in told} == {"127.0.0.1"}
    assert len(home.told) > 5


async def test_a_model_at_an_address_needs_no_size(home: Home, hub: Hub, weights: bytes) -> None:
    hub.files["/a.gguf"] = weights
    hub.tells_length = False
    model = await home.pull(home.entry(weights, home.from_url("/a.gguf"), size_bytes=None))
    assert home.installed(model) == weights
    assert home.told[0].total_bytes is None


async def test_a_model_in_several_files_comes_from_the_hub_with_the_hubs_digests(
    home: Home, hub: Hub, tmp_path: Path
) -> None:
    first = small(tmp_path / "big.gguf", parts=3, rows=900)
    contents = [path.read_bytes() for path in sorted(tmp_path.glob("big-*.gguf"))]
    for number, content in enumerate(contents, start=1):
        hub.add(f"q4/big-{number:05}-of-00003.gguf", content)
    entry = home.entry(b"", home.from_hub(f"q4/{first.name}"), sha256=None, size_bytes=None)
    hub.cuts = [len(contents[0]), 5000]
    model = await home.pull(entry)
    assert home.installed(model) == b"".join(contents)
    assert [Path(path).name for path in model.paths] == [f"model-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    downloads = [progress for progress in home.told if progress.phase == "download"]
    assert downloads[-1].done_bytes == sum(map(len, contents))
    assert {progress.total_bytes for progress in downloads} == {sum(map(len, contents))}
    assert sum(hub.sent.values()) == sum(map(len, contents))


async def test_what_is_installed_is_not_fetched_again(home: Home, hub: Hub, weights: bytes) -> None:
    hub.add("tiny.gguf", weights)
    first = await home.pull(home.entry(weights))
    hub.asked.clear()
    assert await home.pull(home.entry(weights)) == first
    assert not [path for path in hub.fetched() if path.startswith("/store/")]


async def test_weights_that_are_here_under_another_name_are_not_fetched_again(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.add("tiny.gguf", weights)
    await home.pull(home.entry(weights))
    hub.asked.clear()
    model = await home.pull(home.entry(weights, name="alias"))
    assert home.installed(model) == weights
    assert len(blobs(home.library)) == 1
    assert hub.fetched() == []
    assert home.leftovers() == []


@pytest.mark.parametrize("name", [MODEL, "alias"])
async def test_damaged_weights_are_brought_again(home: Home, hub: Hub, weights: bytes, name: str) -> None:
    hub.add("tiny.gguf", weights)
    model = await home.pull(home.entry(weights))
    os.truncate(model.paths[0], 70_000)
    model = await home.pull(home.entry(weights, name=name))
    assert home.installed(model) == weights


# ---- interrupted ------------------------------------------------------------------------------------------
async def test_a_cut_connection_goes_on_where_it_ended(home: Home, hub: Hub, weights: bytes) -> None:
    store = hub.add("tiny.gguf", weights)
    hub.cuts = [300_000, 500_000]
    model = await home.pull(home.entry(weights))
    assert home.installed(model) == weights
    assert hub.starts(store) == [None, 300_000, 800_000]
    assert hub.sent[store] == len(weights)


async def test_a_pull_that_was_ended_goes_on_the_next_time(home: Home, hub: Hub, weights: bytes) -> None:
    store = hub.add("tiny.gguf", weights)
    await begin(home, home.entry(weights), 400_000)
    assert home.library.list() == []
    kept = (home.library.partial / f"{sha256(weights)}.part").stat().st_size
    model = await home.pull(home.entry(weights))
    assert home.installed(model) == weights
    assert hub.starts(store) == [None, kept]
    assert kept >= 400_000
    assert home.leftovers() == []


async def test_a_process_that_was_killed_goes_on_the_next_time(home: Home, hub: Hub, weights: bytes) -> None:
    store = hub.add("tiny.gguf", weights)
    hub.hold_at = 500_000
    with home.process(home.entry(weights)) as child:
        assert child.stdout
        while int(child.stdout.readline().split()[1]) < 400_000:
            pass
        child.send_signal(signal.SIGKILL)
    hub.go_on.set()
    kept = (home.library.partial / f"{sha256(weights)}.part").stat().st_size
    assert kept >= 400_000
    assert home.library.list() == []
    model = await home.pull(home.entry(weights))
    assert home.installed(model) == weights
    assert hub.starts(store) == [None, kept]
    assert home.leftovers() == []


async def test_a_source_without_ranges_begins_anew(home: Home, hub: Hub, weights: bytes) -> None:
    hub.files["/a.gguf"] = weights
    hub.has_ranges = False
    hub.cuts = [300_000, 600_000]
    model = await home.pull(home.entry(weights, home.from_url("/a.gguf")))
    assert home.installed(model) == weights
    assert hub.starts("/a.gguf") == [None, 300_000, 600_000]


async def test_a_source_that_is_busy_for_a_moment_is_asked_again(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.files["/a.gguf"] = weights
    hub.statuses = [503]
    model = await home.pull(home.entry(weights, home.from_url("/a.gguf")))
    assert home.installed(model) == weights


@pytest.mark.parametrize("size_is_known", [True, False])
@pytest.mark.parametrize(
    "change",
    [lambda b: b + b"more", lambda b: b[::-1], lambda b: b[:9000][::-1]],
    ids=["too-long", "other", "other-beginning"],
)
async def test_a_damaged_beginning_costs_time_and_nothing_else(
    home: Home, hub: Hub, weights: bytes, change: Callable[[bytes], bytes], size_is_known: bool
) -> None:
    hub.files["/a.gguf"] = weights
    home.library.partial.mkdir(parents=True)
    (home.library.partial / f"{sha256(weights)}.part").write_bytes(change(weights))
    size = len(weights) if size_is_known else None
    model = await home.pull(home.entry(weights, home.from_url("/a.gguf"), size_bytes=size))
    assert home.installed(model) == weights
    assert home.leftovers() == []


# ---- not what the catalogue means -------------------------------------------------------------------------
async def test_other_content_is_thrown_away(home: Home, hub: Hub, weights: bytes, others: bytes) -> None:
    hub.files["/a.gguf"] = others
    error = await refused(home, home.entry(weights, home.from_url("/a.gguf")))
    assert error.key == "catalog.wrong_content"
    assert error.values["expected"] == sha256(weights)
    assert error.values["actual"] == sha256(others)
    assert home.is_empty()
    assert hub.starts("/a.gguf") == [None]
    hub.files["/a.gguf"] = weights
    assert home.installed(await home.pull(home.entry(weights, home.from_url("/a.gguf")))) == weights


async def test_a_file_of_another_size_is_refused_before_it_comes(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.files["/a.gguf"] = weights + b"more"
    error = await refused(home, home.entry(weights, home.from_url("/a.gguf")))
    assert error.key == "catalog.source_other_size"
    assert home.is_empty()


async def test_a_body_without_end_is_left_at_the_size_that_is_known_and_thrown_away(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.files["/a.gguf"] = weights + bytes(len(weights))
    hub.tells_length = False
    error = await refused(home, home.entry(weights, home.from_url("/a.gguf")))
    assert error.key == "catalog.source_too_long"
    assert error.values["announced"] == f"{len(weights):,}"
    assert home.is_empty()


async def test_a_source_that_ends_after_next_to_nothing_again_and_again_is_left_for_the_next(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.files["/poor.gguf"] = hub.files["/good.gguf"] = weights
    hub.cuts = [1000] * 4
    sources = (home.from_url("/poor.gguf"), home.from_url("/good.gguf"))
    model = await home.pull(home.entry(weights, *sources))
    assert home.installed(model) == weights
    assert hub.starts("/poor.gguf") == [None, 1000, 2000, 3000]
    assert hub.starts("/good.gguf") == [4000]  # what came is kept


@pytest.mark.parametrize("size_is_known", [True, False])
async def test_the_only_source_that_ends_again_and_again_is_a_clear_error(
    home: Home, hub: Hub, weights: bytes, size_is_known: bool
) -> None:
    hub.files["/poor.gguf"] = weights
    hub.cuts = [1000] * 400
    size = len(weights) if size_is_known else None
    error = await refused(home, home.entry(weights, home.from_url("/poor.gguf"), size_bytes=size))
    assert (error.key, error.values["brought"]) == ("catalog.source_cuts", "1,000")
    assert (home.library.partial / f"{sha256(weights)}.part").read_bytes() == weights[:4000]


async def test_the_hub_must_mean_the_same_file_as_the_catalogue(
    home: Home, hub: Hub, weights: bytes, others: bytes
) -> None:
    hub.add("tiny.gguf", others)
    error = await refused(home, home.entry(weights))
    assert error.key == "catalog.wrong_content"
    assert hub.fetched() == []


async def test_a_file_without_any_digest_is_not_fetched(home: Home, hub: Hub, weights: bytes) -> None:
    hub.add("tiny.gguf", weights)
    hub.tells_digest = False
    sources = [home.from_hub(), home.from_url("/a.gguf")]
    for source in sources:
        error = await refused(home, home.entry(weights, source, sha256=None))
        assert error.key == "catalog.no_digest"
    assert hub.fetched() == []


@pytest.mark.parametrize("is_gguf", [True, False])
async def test_a_file_that_came_as_it_should_and_is_no_model_leaves_nothing(
    home: Home, hub: Hub, tmp_path: Path, is_gguf: bool
) -> None:
    path = small(tmp_path / "a.gguf", general__type="adapter") if is_gguf else tmp_path / "a.txt"
    if not is_gguf:
        path.write_text("Not found. " * 1000)
    hub.add("tiny.gguf", path.read_bytes())
    with pytest.raises(ModelFileError):
        await home.pull(home.entry(path.read_bytes()))
    assert home.is_empty()


# ---- room -------------------------------------------------------------------------------------------------
async def test_a_disk_that_is_too_small_is_said_before_anything_comes(
    home: Home, hub: Hub, weights: bytes
) -> None:
    hub.add("tiny.gguf", weights)
    hub.claimed_bytes = shutil.disk_usage(home.library.folder.parent).free + 10**9
    hub.hold_at = 0
    with pytest.raises(DiskFullError) as caught:
        await home.pull(home.entry(weights, size_bytes=None))
    hub.go_on.set()
    assert caught.value.key == "catalog.disk_full"
    assert str(home.library.folder) in error_text(caught.value, "ja")
    assert home.is_empty()


# ---- from one source to the next --------------------------------------------------------------------------
async def test_the_next_source_is_asked_when_one_fails(home: Home, hub: Hub, weights: bytes) -> None:
    hub.files["/a.gguf"] = weights
    hub.files["/cut.gguf"] = b"<html>Please sign in</html>" * 1000
    entry = home.entry(
        weights,
        home.from_hub(),  # doesn't know it
        {"kind": "path", "path": "/nowhere/a.gguf"},
        {"kind": "url", "url": "http://127.0.0.1:9/a.gguf"},  # nobody listens
        {"kind": "url", "url": "http://example.invalid/a.gguf"},  # not allowed
        home.from_url("/cut.gguf"),
        home.from_url("/a.gguf"),
    )
    model = await home.pull(entry)
    assert home.installed(model) == weights
    assert home.told[-1].source == "127.0.0.1"


async def test_what_a_wrong_source_began_does_not_spoil_the_right_one(
    home: Home, hub: Hub, weights: bytes
) -> None:
    """Such as the page of a hotel's network, whose connection then breaks."""
    hub.files["/wrong.gguf"] = b"<html>Please sign in</html>" * 1000
    hub.files["/right.gguf"] = weights
    hub.claimed_bytes = len(weights)
    sources = (home.from_url("/wrong.gguf"), home.from_url("/right.gguf"))
    hub.statuses = [0, 404]
    model = await home.pull(home.entry(weights, *sources))
    assert home.installed(model) == weights


async def test_when_every_source_fails_all_reasons_are_given(home: Home, weights: bytes) -> None:
    error = await refused(home, home.entry(weights, home.from_hub(), home.from_url("/missing.gguf")))
    assert error.key == "catalog.pull_failed"
    assert error.values["name"] == MODEL
    assert error.values["reasons"] == "hub: 127.0.0.1, 404; url: 127.0.0.1, 404"


async def test_the_only_source_fails_with_its_own_words(home: Home, weights: bytes) -> None:
    assert (await refused(home, home.entry(weights))).key == "catalog.source_refused"
    silent = home.entry(weights, {"kind": "url", "url": "http://127.0.0.1:9/a.gguf"})
    assert (await refused(home, silent)).key == "catalog.source_silent"
    with pytest.raises(EgressError):
        await home.pull(home.entry(weights, {"kind": "url", "url": "http://example.invalid/a.gguf"}))


async def test_what_other_sources_began_goes_when_one_succeeds(
    home: Home, hub: Hub, weights: bytes, tmp_path: Path
) -> None:
    hub.add("tiny.gguf", weights)
    await begin(home, home.entry(weights), 400_000)
    hub.files.clear()
    (tmp_path / "a.gguf").write_bytes(weights)
    here = {"kind": "path", "path": str(tmp_path / "a.gguf")}
    assert home.installed(await home.pull(home.entry(weights, home.from_url("/gone"), here))) == weights
    assert home.leftovers() == []


# ---- a file of this machine -------------------------------------------------------------------------------
@pytest.mark.parametrize("digest_is_known", [True, False])
async def test_a_file_of_this_machine_is_copied(
    home: Home, weights: bytes, tmp_path: Path, digest_is_known: bool
) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(weights)
    fields = {} if digest_is_known else {"sha256": None}
    model = await home.pull(home.entry(weights, {"kind": "path", "path": str(path)}, **fields))
    assert home.installed(model) == weights == path.read_bytes()
    assert home.told[-1].done_bytes == home.told[-1].total_bytes == len(weights)
    assert home.leftovers() == []


async def test_a_file_of_this_machine_must_be_the_right_one(
    home: Home, hub: Hub, weights: bytes, others: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.gguf").write_bytes(others)
    here = {"kind": "path", "path": str(tmp_path / "a.gguf")}
    assert (await refused(home, home.entry(weights, here))).key == "catalog.wrong_content"
    assert home.is_empty()
    hub.add("tiny.gguf", weights)
    assert home.installed(await home.pull(home.entry(weights, here, home.from_hub()))) == weights


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that nobody can read")
async def test_a_file_that_cannot_be_read_is_a_source_that_fails(
    home: Home, hub: Hub, weights: bytes
) -> None:
    here = {"kind": "path", "path": "/proc/self/mem"}
    assert (await refused(home, home.entry(weights, here))).key == "catalog.file_unreadable"
    hub.add("tiny.gguf", weights)
    assert home.installed(await home.pull(home.entry(weights, here, home.from_hub()))) == weights
    assert home.leftovers() == []


# ---- at once ----------------------------------------------------------------------------------------------
async def test_two_pulls_at_once_fetch_once(home: Home, hub: Hub, weights: bytes) -> None:
    store = hub.add("tiny.gguf", weights)
    hub.hold_at = 300_000
    models = []

    async def pull(name: str) -> None:
        egress = Egress({"hub": frozenset({"127.0.0.1"})})
        settings = DownloadSettings(hub_url=hub.url, timeout_s=5)
        library = Library(home.library.folder)
        models.append(
            await download.pull(
                home.entry(weights, name=name),
                library,
                egress,
                settings,
                told[name].append,
                policy=EVERYTHING,
            )
        )

    told: dict[str, list[download.Progress]] = {MODEL: [], "alias": []}
    async with anyio.create_task_group() as tasks:
        for name in told:
            tasks.start_soon(pull, name)
        with anyio.fail_after(5):
            while not all(any(progress.done_bytes for progress in each) for each in told.values()):
                await anyio.sleep(0.02)
        hub.go_on.set()
    assert {home.installed(model) for model in models} == {weights}
    assert {model.name for model in models} == {MODEL, "alias"}
    assert hub.starts(store) == [None]
    assert hub.sent[store] == len(weights)
    assert home.leftovers() == []


def test_two_processes_at_once_fetch_once(home: Home, hub: Hub, weights: bytes) -> None:
    store = hub.add("tiny.gguf", weights)
    hub.hold_at = 300_000
    children = [home.process(home.entry(weights)) for _ in range(2)]
    deadline = time.monotonic() + 20
    while sum(asked.method == "HEAD" for asked in hub.asked if asked.path == HUB_FILE) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    hub.go_on.set()
    outputs = [child.communicate(timeout=30)[0] for child in children]
    assert [output.splitlines()[-1] for output in outputs] == [f"done {sha256(weights)}"] * 2
    assert hub.starts(store) == [None]
    assert home.installed(home.library.get(MODEL)) == weights
    assert home.leftovers() == []


async def test_a_waiting_pull_takes_over_from_one_that_was_killed(
    home: Home, hub: Hub, weights: bytes
) -> None:
    store = hub.add("tiny.gguf", weights)
    hub.hold_at = 500_000
    with home.process(home.entry(weights)) as child:
        assert child.stdout
        while int(child.stdout.readline().split()[1]) < 400_000:
            pass
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(home.pull, home.entry(weights))
            await anyio.sleep(0.5)
            assert hub.starts(store) == [None]
            child.send_signal(signal.SIGKILL)
    assert home.installed(home.library.get(MODEL)) == weights
    assert len(hub.starts(store)) == 2


async def test_what_an_administrator_does_not_allow_is_not_asked_for(home: Home, weights: bytes) -> None:
    home.hub.add("tiny.gguf", weights)
    entry = home.entry(weights)  # its licence: MIT, its family unknown, so: open weights
    settings = DownloadSettings(hub_url=home.hub.url, timeout_s=5)
    egress = Egress({"hub": frozenset({"127.0.0.1"})})
    strict = Policy(licences.load(), ("open_source_ai",))
    with pytest.raises(ForbiddenError):
        await download.pull(entry, home.library, egress, settings, lambda _: None, policy=strict)
    assert not home.hub.asked
    assert not home.library.list()
