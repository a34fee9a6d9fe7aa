"""One server per data folder, found by whoever may use it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from yoriai.cli.running import Running, announced, find, only_server
from yoriai.errors import ConflictError

HERE = Running(url="http://127.0.0.1:1", key="secret", pid=os.getpid())


def test_a_second_server_is_told_the_address_of_the_first(tmp_path: Path) -> None:
    with (
        only_server(tmp_path),
        announced(tmp_path, HERE),
        pytest.raises(ConflictError) as caught,
        only_server(tmp_path),
    ):
        pass
    assert caught.value.values["url"] == HERE.url


def test_the_lock_is_free_after_the_server_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with only_server(tmp_path):
            pass


def test_the_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with only_server(tmp_path), announced(tmp_path, HERE):
        assert find(tmp_path) == HERE
        assert (tmp_path / "run" / "server.json").stat().st_mode & 0o777 == 0o600
    assert find(tmp_path) is None


def test_the_note_of_a_dead_server_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with announced(tmp_path, Running(url="http://127.0.0.1:1", key="k", pid=2**22 + 1)):
        assert find(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": 1}'])
def test_a_broken_note_is_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "server.json").write_text(content)
    assert find(tmp_path) is None
