"""What tests of the pull path share: sources on this machine, and a library that pulls from them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from yoriai.catalog.catalogue import Description, Entry
from yoriai.catalog.download import Progress
from yoriai.catalog.library import Library
from yoriai.models import InstalledModel

from .pulling import pull
from .sources import Hub, Index, sha256

MODEL = "tiny"


class Home:
    """A library with a hub and an index of its own."""

    def __init__(self, folder: Path, hub: Hub, index: Index) -> None:
        self.library = Library(folder)
        self.hub = hub
        self.index = index
        self.told: list[Progress] = []

    def entry(self, content: bytes, *sources: dict[str, object], **fields: object) -> Entry:
        """A model of the catalogue whose file has this content."""
        stated = {"size_bytes": len(content), "sha256": sha256(content), "name": MODEL, **fields}
        return Entry.model_validate(
            {
                "family": "Tiny",
                "licence": "MIT",
                "description": Description(en="Tiny.", ja="ごく小さなモデルです。"),
                "sources": sources or (self.from_hub(),),
                **stated,
            }
        )

    def from_hub(self, file: str = "tiny.gguf") -> dict[str, object]:
        return {"kind": "hub", "repo": "someone/model-GGUF", "file": file}

    def from_url(self, path: str) -> dict[str, object]:
        return {"kind": "url", "url": self.hub.url + path}

    async def pull(self, entry: Entry) -> InstalledModel:
        self.told.clear()
        return await pull(self.library.folder, entry, self.hub.url, self.index.simple, self.told.append)

    def process(self, entry: Entry) -> subprocess.Popen[str]:
        """The same in a process that can be killed; it prints its progress."""
        command = [sys.executable, str(Path(__file__).with_name("pulling.py")), str(self.library.folder)]
        return subprocess.Popen(
            [*command, entry.model_dump_json(), self.hub.url, self.index.simple],
            stdout=subprocess.PIPE,
            text=True,
        )

    def installed(self, model: InstalledModel) -> bytes:
        assert self.library.get(model.name) == model
        return b"".join(Path(path).read_bytes() for path in model.paths)

    def leftovers(self) -> list[str]:
        """What lies about besides locks, which stay."""
        return sorted(p.name for p in self.library.partial.glob("*") if p.suffix != ".lock")

    def is_empty(self) -> bool:
        return not self.library.list() and not [*self.library.folder.glob("blobs/*")] and not self.leftovers()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def index() -> Iterator[Index]:
    index = Index()
    yield index
    index.close()


@pytest.fixture
def home(tmp_path: Path, hub: Hub, index: Index) -> Home:
    return Home(tmp_path / "models", hub, index)


@pytest.fixture
def only_our_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip asks the test's index and nobody else, whatever this machine's settings are."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
