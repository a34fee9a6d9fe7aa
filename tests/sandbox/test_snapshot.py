"""A private copy is whole and still, or there is none."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from yoriai.errors import DocumentError, NotFoundError
from yoriai.sandbox.snapshot import snapshot


def test_a_copy_doesnt_change_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    with snapshot(path, most_bytes=100) as copy:
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
            snapshot(path, most_bytes=2**30)
    finally:
        stop.set()
        writer.join()
    assert caught.value.key == "knowledge.file_changed"


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(DocumentError) as caught:
        snapshot(path, most_bytes=200 * 2**20)
    assert caught.value.values == {"size": "1024.0 MiB", "limit": "200.0 MiB"}


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        snapshot(tmp_path / "none", most_bytes=1)
    os.mkfifo(tmp_path / "pipe")  # opened for reading it would wait for a writer
    for name in ("pipe", "."):
        with pytest.raises(DocumentError):
            snapshot(tmp_path / name, most_bytes=1)
