"""How far `yoriai bench` is, on stderr. Used by `cli.bench`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from yoriai.cli.terminal import note, say

if TYPE_CHECKING:
    from yoriai.evaluation.bench import Progress


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal; one line per condition elsewhere."""
    import sys

    if not sys.stderr.isatty():
        said: set[str] = set()

        def tell(now: Progress) -> None:
            line = say("bench_progress", model=now.model, context=now.context, users=now.users)
            if line not in said:
                said.add(line)
                note(line)

        yield tell
        return
    from rich import progress as rich
    from rich.console import Console

    columns: tuple[Any, ...] = (
        rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeRemainingColumn(),
    )  # fmt: skip
    with rich.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def show(now: Progress) -> None:
            words = say("bench_progress", model=now.model, context=now.context, users=now.users)
            bar.update(task, description=words, completed=now.done, total=now.total)

        yield show
