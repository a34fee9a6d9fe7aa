"""Getting a model onto this machine from the terminal: consent, progress, the starter of a first run.

Used by `serve` and `model pull`. Knows the catalogue's functions, not how a download works.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from yoriai.cli.terminal import confirm, is_interactive, note, say, size
from yoriai.errors import NotFoundError

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.catalogue import Entry
    from yoriai.catalog.download import Progress
    from yoriai.types import InstalledModel


async def pull(services: Services, entry: Entry) -> InstalledModel:
    """Pull with a progress bar on stderr. Interrupted, it says that what came is kept."""
    from yoriai.catalog import download

    try:
        with progress_bar(entry.name) as show:
            return await download.pull(
                entry, services.library, services.egress, services.settings.download, show
            )
    except BaseException as error:
        if not isinstance(error, Exception):  # Ctrl-C, a signal
            note(say("pull_interrupted", name=entry.name))
        raise


async def starter(services: Services) -> Entry:
    """The model to begin with: the best that fits this machine and can be had from here."""
    import shutil

    import psutil

    from yoriai.catalog import hub, starter

    reachable = await hub.is_reachable(services.egress, services.settings.download)
    free_disk = shutil.disk_usage(services.settings.home).free
    return starter.choose(services.catalogue, reachable, free_disk, psutil.virtual_memory().total)


def may_pull(entry: Entry, yes: bool) -> bool:
    """Ask whether to download; `yes` is an answer given beforehand, no terminal is a no."""
    sources = ", ".join(dict.fromkeys(source.kind for source in entry.sources))
    details = say(
        "pull_details",
        name=entry.name,
        size=size(entry.size_bytes) or "?",
        licence=entry.licence,
        sources=sources,
    )
    if yes:
        note(details)
        return True
    if not is_interactive():
        note(say("pull_needs_yes", name=entry.name))
        return False
    note(details)
    return confirm(say("pull_question"))


def entry_named(services: Services, name: str) -> Entry:
    """Raises: NotFoundError: the catalogue has no such name."""
    entry = services.catalogue.get(name)
    if entry is None:
        raise NotFoundError("cli.model_unknown", param="model", name=name)
    return entry


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[Progress], None]]:
    """Bytes, speed and remaining time on a terminal; one line per ten per cent elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_progress(name)
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, rich.TaskID] = {}

        def show(now: Progress) -> None:
            if now.phase not in tasks:
                label = f"{name}: {say('phase_' + now.phase)}"
                tasks[now.phase] = bar.add_task(label, total=now.total_bytes)
            bar.update(tasks[now.phase], completed=now.done_bytes, total=now.total_bytes)

        yield show


def _plain_progress(name: str) -> Callable[[Progress], None]:
    seen: set[tuple[str, int]] = set()

    def show(progress: Progress) -> None:
        tenth = int(10 * progress.done_bytes / progress.total_bytes) if progress.total_bytes else 0
        if (progress.phase, tenth) not in seen:
            seen.add((progress.phase, tenth))
            done, total = size(progress.done_bytes) or "0", size(progress.total_bytes) or "?"
            note(f"{name}: {say('phase_' + progress.phase)} {done} / {total}")

    return show
