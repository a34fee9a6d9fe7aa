"""Pulls a model in a process of its own, for tests that kill it. Not a test itself.

Usage: python pulling.py FOLDER ENTRY_AS_JSON HUB_URL INDEX_URL
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import anyio

from yoriai.catalog import download, licences
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.egress import Egress
from yoriai.models import InstalledModel
from yoriai.settings import DownloadSettings

LOOPBACK = frozenset({"127.0.0.1"})


async def pull(
    folder: Path, entry: Entry, hub_url: str, index_url: str, tell: Callable[[download.Progress], None]
) -> InstalledModel:
    egress = Egress({"hub": LOOPBACK, "url": LOOPBACK})
    settings = DownloadSettings(hub_url=hub_url, index_url=index_url, timeout_s=5)
    return await download.pull(entry, Library(folder), egress, settings, tell, policy=Policy(licences.load()))


def _print(progress: download.Progress) -> None:
    print(progress.phase, progress.done_bytes, flush=True)


if __name__ == "__main__":
    model = anyio.run(pull, Path(sys.argv[1]), Entry.model_validate_json(sys.argv[2]), *sys.argv[3:], _print)
    print("done", model.digest, flush=True)
