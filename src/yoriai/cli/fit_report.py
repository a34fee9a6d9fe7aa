"""What `yoriai model fit` prints and draws: one machine, or two held against each other. Used by `cli.fit`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.cli import drawing, fit_words
from yoriai.cli.fit_words import Answer
from yoriai.cli.terminal import note, print_json, print_table, result, say, size
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.catalog.hardware import Machine
    from yoriai.evaluation.outlook import Outlook
    from yoriai.evaluation.versus import Versus
    from yoriai.types import Language

_COLUMNS = ("verdict", "name", "quantization", "size", "memory", "gpu_layers", "speed")
_PAIR_COLUMNS = ("first", "second", "name", "quantization", "size", "ratio")


def tell(first: Answer, second: Answer | None, *, as_json: bool, is_explained: bool) -> None:
    """As a table for people, or as rows for programs; with a second machine each row has it as `against`.

    Args:
        is_explained: with sentences for every model below the table.
    """
    if as_json:
        print_json(_rows(first, second))
        return
    answers = [first, second] if second else [first]
    for answer in answers:
        _print_machine(answer.machine, answer.assumed)
    if second:
        print_table(_PAIR_COLUMNS, [_pair_cells(pair) for pair in _pairs(first, second)], is_tight=True)
    else:
        print_table(_COLUMNS, [_cells(row) for row in _rows(first, None)], is_tight=True)
    for line in fit_words.below(first, second):
        result(line)
    if is_explained:
        result("")
        for line in fit_words.explained(first, second):
            result(line)
    else:
        result(say("fit_why_hint"))
    for line in fit_words.together(first, second):
        result(line)


def draw(path: Path, first: Answer, second: Answer) -> None:
    """The ratio of speeds, as SVG or PNG."""
    from yoriai.evaluation.versus import chart

    language = drawing.language_of(path)
    ours, theirs = _name(first.machine, language), _name(second.machine, language)
    drawing.write(path, chart(_pairs(first, second), ours, theirs, language))
    note(say("fit_chart_written", path=path))


def _rows(first: Answer, second: Answer | None) -> list[dict[str, Any]]:
    rows = {name: _row(first, name) for name in first.outlooks}
    if second:
        for name, pair in zip(rows, _pairs(first, second), strict=True):
            rows[name] |= {"against": _row(second, name), "ratio": pair.ratio}
    return list(rows.values())


def _row(answer: Answer, name: str) -> dict[str, Any]:
    from yoriai.evaluation.outlook import row

    outlook = answer.outlooks[name]
    told = row(outlook, terminal_language(), installed=outlook.plan.load.shape.name in answer.installed)
    return told | ({"engine": answer.engine[name]} if name in answer.engine else {})


def _pairs(first: Answer, second: Answer) -> list[Versus]:
    from yoriai.evaluation.versus import versus

    return versus(first.outlooks, second.outlooks)


def _print_machine(machine: Machine, assumed: Sequence[str]) -> None:
    bandwidth = machine.memory_bandwidth_bytes_per_s
    result(
        say(
            "fit_machine",
            gpus=_cards(machine) or say("fit_no_gpu"),
            ram=f"{machine.ram_bytes / 2**30:.0f} GB",
            bandwidth=f"{bandwidth / 1e9:.0f} GB/s" if bandwidth else "?",
            cpu=_processor(machine),
            cores=machine.physical_cores,
        )
    )
    for what in assumed:
        result(say(f"fit_assumed_{what}"))


def _processor(machine: Machine) -> str:
    """With the widest vectors that it calculates with, where they are known of it."""
    if not machine.cpu_name:
        return "–"
    return ", ".join([machine.cpu_name, *machine.vector_extensions[:1]])


def _cards(machine: Machine) -> str:
    counted = Counter(f"{gpu.name} {gpu.memory_bytes / 2**30:.0f} GB" for gpu in machine.gpus)
    return ", ".join(f"{count} × {name}" if count > 1 else name for name, count in counted.items())


def _name(machine: Machine, language: Language) -> str:
    cores = text("evaluation.chart_cores", language, cores=machine.physical_cores)
    return _cards(machine) or machine.cpu_name or cores


def _cells(row: dict[str, Any]) -> list[object]:
    from yoriai.catalog.verdict import SIGNS

    memory = size(row["needed_bytes"])
    if told := row.get("engine"):
        memory += f" ({size(told['total_bytes'])})"
    return [
        f"{SIGNS[row['verdict']]} {say('fit_' + row['verdict'])}",
        row["model"],
        row["quantization"],
        size(row["size_bytes"]),
        memory,
        f"{row['layers_gpu']}/{row['layers']}",
        _speed(row),
    ]


def _pair_cells(pair: Versus) -> list[object]:
    """A sign and a speed for each machine: there is no room for more."""
    shape = pair.first.plan.load.shape
    return [
        _brief(pair.first),
        _brief(pair.second),
        shape.name,
        shape.quantization,
        size(shape.size_bytes),
        f"{pair.ratio:.2f}" if pair.ratio else "–",
    ]


def _brief(outlook: Outlook) -> str:
    from yoriai.catalog.speed_words import rate
    from yoriai.catalog.verdict import SIGNS

    found = outlook.prediction.generation if fit_words.runs(outlook) else None
    return f"{SIGNS[outlook.plan.verdict]} {rate(found.tokens_per_s) if found else '–'}"


def _speed(row: dict[str, Any]) -> str:
    """ "12 (9.6–15)"; "?": it can't be predicted."""
    from yoriai.catalog.speed_words import rate

    if row["reason"] == "memory":
        return "–"
    found = row["generation_tokens_per_s"]
    if found:
        return f"{rate(found['predicted'])} ({rate(found['low'])}–{rate(found['high'])})"
    return "–" if row["prompt_tokens_per_s"] else "?"
