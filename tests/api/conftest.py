"""A real server with the real SmolLM2, once for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from serving import Served, server_with_model


@pytest.fixture(scope="session")
def server(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with (
        server_with_model(
            tmp_path_factory.mktemp("home"),
            smollm2_path,
            YORIAI_ACCOUNTS__SIGN_IN_ATTEMPTS="10000",  # the malformed sign-ins of one test are not to lock out another
        ) as served
    ):
        yield served
