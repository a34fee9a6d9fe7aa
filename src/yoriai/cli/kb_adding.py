"""`kb add`: hands over what is to be added, then follows the work; Ctrl-C stops it, the same command goes on."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.cli.kb_finding import named_or_made
from yoriai.cli.kb_report import document
from yoriai.cli.terminal import harmless, note, say
from yoriai.errors import NotFoundError, YoriaiError

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

_LOOK_S = 0.25
_ADDRESSES = ("http://", "https://")
Show = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    collection: str
    paths: Sequence[str]
    wait: bool
    watch: bool
    tags: Sequence[str]
    share: Sequence[str]


async def run(shelf: Shelf, wish: Wish) -> dict[str, Any]:
    """What became of it. Raises: NotFoundError: no such path; and whatever the server says."""
    started = time.monotonic()
    for path in local(wish.paths):
        if not path.exists():
            raise NotFoundError("knowledge.path_missing", path=harmless(str(path)))
    collection = await named_or_made(shelf, wish.collection, wish.share)
    try:
        counts = await _hand_over(shelf, collection["id"], wish)
        await _follow(shelf, collection["id"], wish)
    except asyncio.CancelledError:  # Ctrl-C
        await asyncio.shield(_stop(shelf, collection["id"]))
        note(say("kb_stopped"))
        raise
    return await _outcome(shelf, collection, counts, time.monotonic() - started)


def local(paths: Sequence[str]) -> list[Path]:
    return [
        Path(path).expanduser().absolute()
        for path in paths
        if path != "-" and not path.startswith(_ADDRESSES)
    ]


async def _hand_over(shelf: Shelf, collection_id: str, wish: Wish) -> dict[str, int]:
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    base = f"/api/collections/{collection_id}"
    if paths := local(wish.paths):
        body = {"paths": [str(path) for path in paths], "watch": wish.watch, "tags": list(wish.tags)}
        said = await shelf.ask("POST", f"{base}/paths", json=body)
        counts = {name: said[name] for name in counts}
    for address in (path for path in wish.paths if path.startswith(_ADDRESSES)):
        await shelf.ask("POST", f"{base}/web_pages", json={"address": address, "tags": list(wish.tags)})
        counts["new"] += 1
    if "-" in wish.paths:
        text = sys.stdin.buffer.read().decode("utf8", "replace")
        await shelf.ask("POST", f"{base}/text", json={"title": "stdin", "text": text})
        counts["new"] += 1
    return counts


async def _follow(shelf: Shelf, collection_id: str, wish: Wish) -> None:
    """Until it is done: a server goes on alone, this process has to stay for the reading."""
    if shelf.is_server and not wish.wait:
        return
    kinds = {"ingest", "embed"} if wish.wait else {"ingest"}
    with progress(wish.collection) as show:
        while True:
            status = await shelf.ask("GET", f"/api/collections/{collection_id}")
            jobs = [job for job in status["jobs"] if job["kind"] in kinds]
            if not jobs:
                return
            for job in jobs:
                show(job)
            await asyncio.sleep(_LOOK_S)


async def _stop(shelf: Shelf, collection_id: str) -> None:
    with contextlib.suppress(YoriaiError):
        status = await shelf.ask("GET", f"/api/collections/{collection_id}")
        for job in status["jobs"]:
            if job["kind"] == "ingest":
                await shelf.ask("DELETE", f"/api/jobs/{job['id']}")


async def _outcome(
    shelf: Shelf, collection: dict[str, Any], counts: dict[str, int], seconds: float
) -> dict[str, Any]:
    path = f"/api/collections/{collection['id']}"
    status = await shelf.ask("GET", path)
    listed = (await shelf.ask("GET", f"{path}/documents"))["documents"]
    failed = [document(each) for each in listed if each["document"]["status"] == "failed"]
    return {
        "collection": collection["name"], "id": collection["id"], **counts, "documents": status["documents"],
        "passages": status["passages"], "vectors": status["vectors"], "embedding_model": status["embedding_model"],
        "is_model_installed": status["is_model_installed"], "failed": failed, "seconds": round(seconds, 2),
    }  # fmt: skip


@contextmanager
def progress(name: str) -> Iterator[Show]:
    """A bar per kind of work on a terminal; a line per ten per cent elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich import progress as rich
    from rich.console import Console
    from rich.markup import escape

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[detail]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, rich.TaskID] = {}

        def show(job: dict[str, Any]) -> None:
            kind, detail = job["kind"], escape(harmless(job["detail"]))[-40:]
            if kind not in tasks:
                tasks[kind] = bar.add_task(f"{name}: {say('kb_kind_' + kind)}", total=None, detail="")
            bar.update(tasks[kind], completed=job["done"], total=job["total"] or None, detail=detail)

        yield show


def _plain_progress() -> Show:
    seen: set[tuple[str, int]] = set()

    def show(job: dict[str, Any]) -> None:
        tenth = int(10 * job["done"] / job["total"]) if job["total"] else 0
        if job["total"] and (job["kind"], tenth) not in seen:
            seen.add((job["kind"], tenth))
            note(f"{say('kb_kind_' + job['kind'])}: {job['done']} / {job['total']}")

    return show
