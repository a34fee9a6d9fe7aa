"""What every test may ask for: the event loop, and real models pulled once through the product's own catalogue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from platformdirs import user_cache_path

from yoriai.catalog.library import Library
from yoriai.errors import NotFoundError

sys.path.insert(0, str(Path(__file__).parent))  # `fakes` and `serving` stand beside the rooms' tests


# A shell that runs the tests in the background starts them deaf to Ctrl-C, and so would be every command they try.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def model_path() -> Callable[[str], Path]:
    """The weights of a model of the catalogue, pulled into the user's cache when they aren't there yet."""
    home = user_cache_path("yoriai-test")
    library = Library(home / "models")

    def path_of(name: str) -> Path:
        try:
            return Path(library.get(name).paths[0])
        except NotFoundError:
            command = [sys.executable, "-m", "yoriai", "model", "pull", name, "--yes"]
            subprocess.run(command, env={**os.environ, "YORIAI_HOME": str(home)}, check=True, timeout=1800)
            return Path(library.get(name).paths[0])

    return path_of


@pytest.fixture(scope="session")
def smollm2_path(model_path: Callable[[str], Path]) -> Path:
    """SmolLM2-135M: small enough for every commit."""
    return model_path("smollm2-135m")


@pytest.fixture
def children() -> Callable[[], list[psutil.Process]]:
    """Processes that this test has started and that still run; servers that many tests share are not among them."""
    others = set(psutil.Process().children())
    return lambda: [each for each in psutil.Process().children() if each not in others]
