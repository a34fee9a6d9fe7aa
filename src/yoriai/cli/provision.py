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
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.catalog.catalogue import Entry
    from yoriai.catalog.download import Progress
    from yoriai.models import InstalledModel


async def pull(services: Services, entry: Entry) -> InstalledModel:
    """Pull with a progress bar on stderr. Interrupted, it says that what came is kept."""
    from yoriai.catalog import download

    try:
        with progress_bar(entry.name) as show:
            return await download.pull(
                entry,
                services.library,
                services.egress,
                services.settings.download,
                show,
                policy=services.policy,
            )
    except BaseException as error:
        if not isinstance(error, Exception):  # Ctrl-C, a signal
            note(say("pull_interrupted", name=entry.name))
        raise


async def starter(services: Services) -> Entry:
    """The model to begin with: the best that fits this machine, can be had from here and is allowed."""
    import shutil

    import psutil

    from yoriai.catalog import hub, starter

    reachable = await hub.is_reachable(services.egress, services.settings.download)
    free_disk = shutil.disk_usage(services.settings.home).free
    allowed = {name: entry for name, entry in services.catalogue.items() if services.policy.allows(entry)}
    return starter.choose(allowed, reachable, free_disk, psutil.virtual_memory().total)


def may_pull(services: Services, entry: Entry, yes: bool) -> bool:
    """Ask whether to download, under the licence's conditions; `yes` is an answer given beforehand, no terminal a no.

    Raises:
        ForbiddenError: an administrator doesn't allow models with this entry's verdict.
    """
    from yoriai.catalog.report import report
    from yoriai.cli.openness import conditions

    services.policy.check(entry)
    sources = ", ".join(dict.fromkeys(source.kind for source in entry.sources))
    details = say(
        "pull_details",
        name=entry.name,
        size=size(entry.size_bytes) or "?",
        licence=entry.licence,
        sources=sources,
    )
    if not yes and not is_interactive():
        note(say("pull_needs_yes", name=entry.name))
        return False
    note(details)
    for line in conditions(report(services.policy.of_entry(entry), terminal_language())):
        note(line)
    return yes or confirm(say("pull_question"))


def entry_named(services: Services, name: str) -> Entry:
    """Raises: NotFoundError: the catalogue has no such name, or no source for it."""
    entry = services.catalogue.get(name)
    if entry is None:
        raise NotFoundError("cli.model_unknown", param="model", name=name)
    if not entry.sources:
        raise NotFoundError("catalog.plan_only", param="model", name=name)
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
