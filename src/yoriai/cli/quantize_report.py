"""What `yoriai model quantize` prints and draws: table or JSON, chart, bars while it works. `cli.quantize` calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.cli import drawing
from yoriai.cli.terminal import note, print_json, print_table, say, size
from yoriai.errors import UsageError

if TYPE_CHECKING:
    from yoriai.evaluation.versions import Version

_COLUMNS = ("name", "quantization", "size", "bits", "perplexity", "to_before", "generation_rate")


def tell(rows: Sequence[Version], read: str, *, as_json: bool) -> None:
    """`read`: what the text is called; "": none was read."""
    if as_json:
        print_json({"text": read, "versions": [asdict(row) for row in rows]})
        return
    print_table(_COLUMNS, [_cells(row) for row in rows])
    if read:
        tokens = f"{rows[0].tokens:,}"
        note(say("quantize_read", text=read, tokens=tokens))
        if not rows[0].is_sound:
            note(say("quantize_few_tokens", tokens=tokens))


def _cells(row: Version) -> list[str]:
    from yoriai.evaluation.chart import figure

    rate = row.generation_tokens_per_s
    return [
        row.name,
        row.quantization,
        size(row.size_bytes),
        f"{row.bits_per_weight:.2f}",
        _perplexity(row),
        f"{row.to_before.value:.3f} ± {row.to_before.error:.3f}" if row.to_before else "–",
        f"{figure(rate.median)} ({figure(rate.least)}–{figure(rate.most)})" if rate else "–",
    ]


def _perplexity(row: Version) -> str:
    """A figure that rests on too little is called so where it stands."""
    if row.perplexity is None:
        return "–"
    figure = f"{row.perplexity.value:.2f} ± {row.perplexity.error:.2f}"
    return figure if row.is_sound else say("quantize_unsound", figure=figure)


def draw(path: Path, rows: Sequence[Version], name: str, read: str) -> None:
    from yoriai.evaluation.scatter import quality_against_size
    from yoriai.evaluation.versions import points
    from yoriai.i18n.catalogue import text

    shown, language = points(rows), drawing.language_of(path)
    if not shown:
        raise UsageError("cli.quantize_bad_chart", path=path)
    title = text("evaluation.chart_quality", language, name=name)
    below = text("evaluation.chart_quality_note", language, tokens=f"{rows[0].tokens:,}", read=read)
    drawing.write(path, quality_against_size(title, below, shown, language))


@contextmanager
def progress(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere one line."""
    import sys

    if not sys.stderr.isatty():
        note(words)
        yield lambda _done, _total: None
        return
    from rich import progress as rich
    from rich.console import Console

    columns: tuple[Any, ...] = (
        rich.TextColumn("{task.description}"), rich.BarColumn(), rich.TaskProgressColumn(), rich.TimeRemainingColumn(),
    )  # fmt: skip
    with rich.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
