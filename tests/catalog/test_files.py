"""Copies, moves and writes: whole or not there."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from yoriai.catalog import files
from yoriai.errors import DiskFullError, ModelFileError


def test_a_copy_is_the_same_and_its_digest_is_known(tmp_path: Path) -> None:
    content = os.urandom(9_000_000)
    (tmp_path / "a").write_bytes(content)
    assert (
        files.copy(tmp_path / "a", tmp_path / "b")
        == hashlib.sha256(content).hexdigest()
        == files.sha256(tmp_path / "b")
    )
    assert (tmp_path / "b").read_bytes() == content


def test_a_copy_never_overwrites(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with pytest.raises(ModelFileError):
        files.copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "b"


def test_what_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    for act in (files.sha256, lambda path: files.copy(path, tmp_path / "b")):
        with pytest.raises(ModelFileError):
            act(tmp_path / "missing")


def test_a_move_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "folder" / "b"
    for text in ("one", "two"):
        source.write_text(text)
        files.move(source, target)
        assert target.read_text() == text
        assert not source.exists()
    source.hardlink_to(target)
    files.move(source, target)
    assert target.read_text() == "two"
    assert not source.exists()


def test_a_write_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content in (b"one", b"two"):
        files.write(path, content)
        assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_the_digest_of_several_files_depends_on_each_and_on_their_order() -> None:
    one, two = "a" * 64, "b" * 64
    assert files.digest_of([one]) == one
    assert len({files.digest_of(digests) for digests in ([one], [one, two], [two, one], [two])}) == 4


def test_a_disk_without_room_is_refused_with_the_numbers(tmp_path: Path) -> None:
    files.check_space(tmp_path, 1)
    with pytest.raises(DiskFullError) as caught:
        files.check_space(tmp_path, shutil.disk_usage(tmp_path).total)
    assert set(caught.value.values) == {"path", "needed", "free"}
