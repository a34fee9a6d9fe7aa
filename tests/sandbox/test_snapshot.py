"""A private copy is whole and still, or there is none."""

from __future__ import annotations

import errno
import io
import os
import tempfile
import threading
from pathlib import Path

import pytest

from yoriai.errors import DiskFullError, DocumentError, NotFoundError, ResourceError
from yoriai.sandbox.snapshot import part_of, snapshot, writing_in


def test_a_copy_doesnt_change_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    with snapshot(path, most_bytes=100, folder=tmp_path) as copy:
        path.write_bytes(b"after it")
        assert copy.read() == b"before"


def test_a_file_that_changes_while_it_is_copied_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(bytes(80 * 2**20))
    stop = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"another line\n")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(DocumentError) as caught:
            snapshot(path, most_bytes=2**30, folder=tmp_path)
    finally:
        stop.set()
        writer.join()
    assert caught.value.key == "knowledge.file_changed"


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(DocumentError) as caught:
        snapshot(path, most_bytes=200 * 2**20, folder=tmp_path)
    assert caught.value.values == {"size": "1024.0 MiB", "limit": "200.0 MiB"}


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        snapshot(tmp_path / "none", most_bytes=1, folder=tmp_path)
    os.mkfifo(tmp_path / "pipe")  # opened for reading it would wait for a writer
    for name in ("pipe", "."):
        with pytest.raises(DocumentError):
            snapshot(tmp_path / name, most_bytes=1, folder=tmp_path)


def test_the_copy_is_made_where_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    (tmp_path / "a.txt").write_bytes(b"content")
    with snapshot(tmp_path / "a.txt", most_bytes=100, folder=tmp_path) as copy:
        assert copy.read() == b"content"
    with pytest.raises(ResourceError) as caught:
        snapshot(tmp_path / "a.txt", most_bytes=100, folder=tmp_path / "no such folder")
    assert caught.value.key == "store.unwritable"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_said_to_be_one(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFullError) as caught,
        writing_in(tmp_path),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert caught.value.values == {"path": str(tmp_path)}


def test_a_source_that_breaks_while_it_is_read_is_no_full_disk(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _: int | None = None, /) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(DocumentError) as caught, writing_in(tmp_path):
        part_of(Broken(), 10)
    assert caught.value.key == "knowledge.file_unreadable"
