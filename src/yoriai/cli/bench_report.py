"""What `yoriai bench` prints and writes: rows, comparison of machines, files. Used by `cli.bench`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from yoriai.cli import drawing
from yoriai.cli.terminal import note, print_table, result, say, size

if TYPE_CHECKING:
    from yoriai.catalog.measurement import Measurement, Spread
    from yoriai.evaluation.chart import Bar, Chart
    from yoriai.evaluation.comparison import Line, Pair
    from yoriai.types import Language

COLUMNS = (
    "name", "quantization", "context", "users", "prompt_rate", "generation_rate", "first_token", "memory", "predicted",
    "to_predicted", "to_earlier", "machine",
)  # fmt: skip
_PAIR_COLUMNS = ("name", "quantization", "context", "users", "first", "second", "ratio", "prompt_ratio")
BUSY = "*"  # follows what was measured while the machine was busy
FORMS = (".md", ".csv", ".json", *drawing.FORMS)


def cells(line: Line) -> list[str]:
    from yoriai.evaluation.chart import figure

    found = line.measurement
    predicted = line.predicted_generation or line.predicted_prompt
    ratio = line.generation_to_predicted if line.predicted_generation else line.prompt_to_predicted
    seconds = found.first_token_s
    return [
        found.model,
        found.quantization,
        f"{found.context:,}",
        str(found.users),
        _spread(found.prompt_tokens_per_s) + _sign(found, found.prompt_tokens_per_s),
        _spread(found.generation_tokens_per_s) + _sign(found, found.generation_tokens_per_s),
        f"{figure(seconds.median)} s" if seconds else "–",
        size(found.memory_bytes) or "–",
        f"{'' if line.is_calibrated else '~'}{figure(predicted.tokens_per_s)}" if predicted else "–",
        _ratio(ratio),
        _ratio(line.generation_to_earlier),
        found.machine_name,
    ]


def compared(everything: Sequence[Measurement], own: str) -> list[Pair]:
    """This machine with each of the others."""
    from yoriai.evaluation import comparison

    first, others = _machines(everything, own)
    return [pair for other in others for pair in comparison.pairs(everything, first, other)] if first else []


def print_pairs(pairs: Sequence[Pair], everything: Sequence[Measurement], own: str) -> None:
    first, others = _machines(everything, own)
    if not first and others:
        result(say("bench_nothing_own"))
        return
    if not first or not others:
        result(say("bench_one_machine"))
        return
    for other in others:
        common = [pair for pair in pairs if (pair.second.machine_id, pair.second.machine_name) == other]
        if not common:
            note(say("bench_nothing_common", first=first[1], second=other[1]))
            continue
        print_table(_PAIR_COLUMNS, [_pair_cells(pair) for pair in common])
        result(say("bench_ratio", first=first[1], second=other[1]))
    say_busy([each for pair in pairs for each in (pair.first, pair.second)])


def say_busy(shown: Sequence[Measurement]) -> None:
    """What the sign means, where it is shown."""
    if any(each.was_busy for each in shown):
        result(f"{BUSY} : {say('bench_was_busy')}")


def export(path: Path, lines: Sequence[Line], pairs: Sequence[Pair]) -> None:
    """Where machines are compared, tables and charts show that; JSON and CSV always have the measurements."""
    from yoriai.catalog import files
    from yoriai.evaluation import exchange

    measurements = [line.measurement for line in lines]
    content: str | bytes
    match path.suffix.lower():
        case ".json":
            content = exchange.to_json(measurements)
        case ".csv":
            content = exchange.to_csv(measurements)
        case ".svg" | ".png":
            drawing.write(path, _chart(lines, pairs, drawing.language_of(path)))
            return
        case _:
            columns = _PAIR_COLUMNS if pairs else COLUMNS
            rows = [_pair_cells(pair) for pair in pairs] if pairs else [cells(line) for line in lines]
            content = exchange.to_markdown([say(f"column_{name}") for name in columns], rows)
            if any(each.was_busy for each in measurements):
                content += f"\n\\{BUSY} : {say('bench_was_busy')}\n"
    files.write(path, content.encode() if isinstance(content, str) else content)


def _machines(
    everything: Sequence[Measurement], own: str
) -> tuple[tuple[str, str] | None, list[tuple[str, str]]]:
    """This machine and the others."""
    from yoriai.evaluation import comparison

    ours = comparison.machines(
        [each for each in everything if not each.is_imported and each.machine_id == own]
    )
    others = comparison.machines(everything)
    return (ours[-1], [each for each in others if each != ours[-1]]) if ours else (None, others)


def _pair_cells(pair: Pair) -> list[str]:
    first = pair.first
    ours, theirs = (
        (each, each.generation_tokens_per_s or each.prompt_tokens_per_s) for each in (first, pair.second)
    )
    return [
        first.model,
        first.quantization,
        f"{first.context:,}",
        str(first.users),
        _spread(ours[1]) + _sign(*ours),
        _spread(theirs[1]) + _sign(*theirs),
        _ratio(pair.generation),
        _ratio(pair.prompt),
    ]


def _chart(lines: Sequence[Line], pairs: Sequence[Pair], language: Language) -> Chart:
    from yoriai.evaluation.chart import Bar, Chart
    from yoriai.i18n.catalogue import text

    if pairs:
        first, second = pairs[0].first.machine_name, pairs[0].second.machine_name
        ratios = [(pair.first, pair.generation or pair.prompt) for pair in pairs]
        bars = tuple(Bar(label=_label(each, language), value=ratio) for each, ratio in ratios if ratio)
        title = text("evaluation.chart_ratio", language, first=first, second=second)
        note = text("evaluation.chart_ratio_note", language, first=first)
        return Chart(title=title, note=note, bars=bars, line=1.0)
    bars = tuple(_bar(line, language) for line in lines if line.measurement.generation_tokens_per_s)
    machines = ", ".join(dict.fromkeys(line.measurement.machine_name for line in lines))
    title = text("evaluation.chart_speed", language, machines=machines)
    note = text("evaluation.chart_speed_note", language)
    if any(line.measurement.was_busy for line in lines):
        note += f" {BUSY}: {text('evaluation.chart_busy_note', language)}"
    return Chart(title=title, note=note, bars=bars)


def _bar(line: Line, language: Language) -> Bar:
    from yoriai.evaluation.chart import Bar, figure
    from yoriai.i18n.catalogue import text

    found, predicted = line.measurement.generation_tokens_per_s, line.predicted_generation
    if not found:
        raise ValueError(line.measurement.id)
    bar = Bar(label=_label(line.measurement, language), value=found.median, low=found.least, high=found.most)
    if not predicted:
        return bar
    words = text("evaluation.chart_predicted", language, value=figure(predicted.tokens_per_s))
    return replace(bar, mark=predicted.tokens_per_s, mark_words=words)


def _label(measurement: Measurement, language: Language) -> str:
    from yoriai.i18n.catalogue import text

    parts = [f"{measurement.model} {measurement.quantization}", str(measurement.context)]
    if measurement.users > 1:
        parts.append(text("evaluation.chart_users", language, users=measurement.users))
    return " · ".join(parts) + (f" {BUSY}" if measurement.was_busy else "")


def _sign(measurement: Measurement, found: Spread | None) -> str:
    return f" {BUSY}" if measurement.was_busy and found else ""


def _spread(found: Spread | None) -> str:
    from yoriai.evaluation.chart import figure

    if found is None:
        return "–"
    return f"{figure(found.median)} ({figure(found.least)}–{figure(found.most)})"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
