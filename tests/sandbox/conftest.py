"""One sandbox a profile for the whole folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from jailing import Jails


@pytest.fixture(scope="session", params=["bubblewrap", "landlock"])
def jails(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Jails:
    return Jails(request.param, tmp_path_factory.mktemp("sandbox"))


@pytest.fixture(scope="session")
def strong(tmp_path_factory: pytest.TempPathFactory) -> Jails:
    home: Path = tmp_path_factory.mktemp("strong")
    return Jails("bubblewrap", home)
