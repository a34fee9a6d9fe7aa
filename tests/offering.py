"""A model of the catalogue whose source is this machine, for tests of a real server. Not a test itself."""

from __future__ import annotations

from pathlib import Path

import yaml

from catalog.sources import Hub, sha256

TINY = "tiny-fox"  # its weights are SmolLM2's: it can be loaded once it is here
HELD_BYTES = 30_000_000


def offer(home: Path, hub: Hub, content: bytes, name: str = TINY, **fields: object) -> str:
    """Add the model to the catalogue of this data folder; the path of its file in the hub's store."""
    store = hub.add(f"{name}.gguf", content)
    entry = {
        "family": "SmolLM2", "parameters": 134_515_008, "quantization": "Q4_0", "size_bytes": len(content),
        "sha256": sha256(content), "languages": ["en"], "licence": "Apache-2.0",
        "description": {"en": "A small fox.", "ja": "小さなキツネです。"},
        "sources": [{"kind": "hub", "repo": "someone/model-GGUF", "file": f"{name}.gguf"}],
        **fields,
    }  # fmt: skip
    home.mkdir(parents=True, exist_ok=True)
    file = home / "catalogue.yaml"
    there = yaml.safe_load(file.read_text("utf8")) if file.is_file() else {}
    file.write_text(yaml.safe_dump({**there, name: entry}), "utf8")
    return store


def hold(hub: Hub, store: str) -> None:
    """The next time that the file is asked for, it comes halfway, until `hub.go_on` is set."""
    hub.go_on.clear()
    hub.held_path, hub.hold_at = store, HELD_BYTES
