"""How right predictions are: memory and tokens per second, foreseen and measured, of each real model to be had here.

Each model is loaded by the engine that serves; rounds of all models are interleaved, so a busy moment hits all alike.
For speed, each model is predicted with what *one other* model taught of this machine, for every choice of that other.

    make bench-prediction                           the models of the user's cache (pulled when missing)
    make bench-prediction ARGS="--threads 2"

Run on a quiet machine: rounds beside which others had more than a twentieth of the processor don't count, where there
are enough others. Where it isn't one, tokens per second of the engine's CPU time (one thread only) say what a quiet
machine would reach, as far as caches and memory are not fought over. Goals: memory within 5 %, speed within 15 %. What
a model differs by from itself, the even rounds from the odd ones, is what no prediction can be better than. Models that
write and models that make embeddings are different programs: each teaches its own kind.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from neighbours import QUIET, Neighbours, quiet
from yoriai.catalog.detect import detect
from yoriai.catalog.forecast import forecast, work_of_installed
from yoriai.catalog.hardware import Machine
from yoriai.catalog.library import Library
from yoriai.catalog.memory import memory_needed
from yoriai.catalog.speed import Ask
from yoriai.egress import Egress
from yoriai.errors import NotFoundError
from yoriai.evaluation import subjects
from yoriai.evaluation.prompts import passage, request, sentences_for
from yoriai.evaluation.subjects import Subject
from yoriai.models import InstalledModel
from yoriai.settings import EngineSettings
from yoriai.types import Context, Role, TextDelta, Usage, User

MODELS = ("smollm2-135m", "gemma-3-270m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "multilingual-e5-small")
ASKED_BY = Context(user=User(id="bench", name="bench", role=Role.ADMINISTRATOR))


@dataclass(kw_only=True)
class Rates:
    """Tokens per second, one value per round; `prompt` and `generation` by the clock, the others by CPU time."""

    prompt: list[float] = field(default_factory=list)
    generation: list[float] = field(default_factory=list)
    prompt_cpu: list[float] = field(default_factory=list)
    generation_cpu: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)  # share of the processor that they had in the round
    prompt_tokens: int = 0
    resident: int = 0


@dataclass(kw_only=True)
class Candidate:
    model: InstalledModel
    subject: Subject
    process: psutil.Process
    sentences: int = 0
    rates: Rates = field(default_factory=Rates)

    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument(
        "--home", type=Path, default=user_cache_path("yoriai-test"), help="data folder with the models"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prompt-tokens", type=int, default=400)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1e9, help="no round begins later than this")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, help="also write what was measured as JSON into this file")
    options = parser.parse_args()
    library = Library(options.home / "models")
    models = [installed(library, options.home, name) for name in options.models.split(",")]
    before = os.getloadavg()[0]
    candidates = asyncio.run(measure(models, library, options))
    machine = detect(options.home)
    rows = [row(each, machine, options) for each in candidates]
    if options.keep:
        options.keep.write_text(json.dumps(rows, indent=1))
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    console = Console(width=160)
    bandwidth = f"{(machine.memory_bandwidth_bytes_per_s or 0) / 1e9:.0f} GB/s"
    load = f"load {before:.1f} to {os.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores"
    undisturbed = min(sum(share <= QUIET for share in each.rates.others) for each in candidates)
    load += f", {undisturbed} of {len(candidates[0].rates.others)} rounds quiet"
    console.print(f"{machine.cpu_name}, {options.threads} threads, RAM {bandwidth}, {load}")
    show_memory(console, rows)
    for name, clock in [("clock", ""), ("CPU time", "_cpu")][: 2 if options.threads == 1 else 1]:
        show_speed(console, rows, name, clock)


def installed(library: Library, home: Path, name: str) -> InstalledModel:
    try:
        return library.get(name)
    except NotFoundError:
        command = [sys.executable, "-m", "yoriai", "model", "pull", name, "--yes"]
        subprocess.run(command, env={**os.environ, "YORIAI_HOME": str(home)}, check=True)
        return library.get(name)


async def measure(
    models: list[InstalledModel], library: Library, options: argparse.Namespace
) -> list[Candidate]:
    settings = EngineSettings(threads=options.threads)
    async with AsyncExitStack() as open_models:
        candidates = []
        for model in models:
            source = subjects.local(model, settings, library, Egress({}))
            known = {child.pid for child in psutil.Process().children(recursive=True)}
            subject = await open_models.enter_async_context(source.open(context_of(model, options), 1))
            candidates.append(await loaded(model, subject, known, options))
        neighbours, end = Neighbours(), time.monotonic() + options.seconds
        for number in range(options.rounds):
            for each in candidates:
                neighbours.share()
                await one_round(each, number, options)
                each.rates.others.append(neighbours.share())
            if time.monotonic() > end:
                break
        return candidates


def context_of(model: InstalledModel, options: argparse.Namespace) -> int:
    return min(options.prompt_tokens + options.tokens + 48, model.context_train or 10**9)


async def loaded(
    model: InstalledModel, subject: Subject, known: set[int], options: argparse.Namespace
) -> Candidate:
    """Loading happens with the first request."""
    if subject.embed:
        await subject.embed(["passage: one"])
        sentences = 0
    else:
        sentences = await sentences_for(model.name, options.prompt_tokens, subject.responder.count_tokens)
        async for _ in subject.responder.respond(request(model.name, "0", 0, 4), ASKED_BY):
            pass
    (process,) = [child for child in psutil.Process().children(recursive=True) if child.pid not in known]
    return Candidate(model=model, subject=subject, process=process, sentences=sentences)


async def one_round(each: Candidate, number: int, options: argparse.Namespace) -> None:
    mark = f"{time.time_ns()}-{number}"
    rates, cpu, start = each.rates, each.cpu_s(), time.perf_counter()
    if each.subject.embed:
        read = (await each.subject.embed([passage(mark, context_of(each.model, options) - 48)])).prompt_tokens
        rates.prompt.append(read / (time.perf_counter() - start))
        rates.prompt_cpu.append(read / (each.cpu_s() - cpu))
        rates.prompt_tokens = read
        rates.resident = rates.resident or each.process.memory_info().rss
        return
    usage, first_cpu = None, 0.0
    asked = request(each.model.name, mark, each.sentences, options.tokens)
    async for event in each.subject.responder.respond(asked, ASKED_BY):
        if isinstance(event, TextDelta) and not first_cpu:
            first_cpu = each.cpu_s()
        if isinstance(event, Usage):
            usage = event
    assert usage and usage.prompt_ms and usage.generation_ms
    read = usage.prompt_tokens - usage.cached_tokens
    rates.prompt.append(1000 * read / usage.prompt_ms)
    rates.generation.append(1000 * (usage.completion_tokens - 1) / usage.generation_ms)
    rates.prompt_cpu.append(read / (first_cpu - cpu))
    rates.generation_cpu.append((usage.completion_tokens - 1) / max(1e-9, each.cpu_s() - first_cpu))
    rates.prompt_tokens = usage.prompt_tokens
    # Once: later the engine also remembers the prompts of earlier rounds (up to PROMPT_CACHE_MIB).
    rates.resident = rates.resident or each.process.memory_info().rss


def row(each: Candidate, machine: Machine, options: argparse.Namespace) -> dict[str, object]:
    context = context_of(each.model, options)
    rates = each.rates
    ask = Ask(depth=rates.prompt_tokens + options.tokens // 2, prompt_tokens=rates.prompt_tokens)
    _, found = forecast(work_of_installed(each.model), machine, context, ask, threads=options.threads)
    figures: dict[str, object] = {"model": each.model.name, "memory": rates.resident, "others": rates.others,
                                  "memory_predicted": memory_needed(each.model, context, 1)}  # fmt: skip
    for name, foreseen in (("prompt", found.prompt), ("generation", found.generation)):
        figures[f"{name}_foreseen"] = foreseen.tokens_per_s if foreseen else None
        for clock in ("", "_cpu"):
            rounds = getattr(rates, name + clock)
            values = quiet(rounds, rates.others) if rounds else []
            figures[name + clock] = statistics.median(values) if values else None
            figures[f"{name}{clock}_spread"] = [min(values), max(values)] if values else None
            figures[f"{name}{clock}_rounds"] = rounds
            figures[f"{name}{clock}_itself"] = itself(values)
    return figures


def itself(values: list[float]) -> float | None:
    """By how much the even rounds differ from the odd ones."""
    return statistics.median(values[::2]) / statistics.median(values[1::2]) - 1 if len(values) > 1 else None


def show_memory(console: Console, rows: list[dict[str, object]]) -> None:
    table = Table("model", "resident MB", "predicted MB", "off", title="memory, with one prompt read")
    for each in rows:
        actual, predicted = float(str(each["memory"])), float(str(each["memory_predicted"]))
        table.add_row(
            str(each["model"]),
            f"{actual / 1e6:.0f}",
            f"{predicted / 1e6:.0f}",
            f"{predicted / actual - 1:+.1%}",
        )
    console.print(table)


def show_speed(console: Console, rows: list[dict[str, object]], name: str, clock: str) -> None:
    """Per model: measured, foreseen, and off by how much after another model taught; the worst over all teachers."""
    for figure in ("prompt", "generation"):
        known = {
            str(each["model"]): each for each in rows if each[figure + clock] and each[f"{figure}_foreseen"]
        }
        ratio = {
            model: float(str(each[figure + clock])) / float(str(each[f"{figure}_foreseen"]))
            for model, each in known.items()
        }
        writes = {model: bool(each["generation"]) for model, each in known.items()}
        pairs = [(a, b) for a in ratio for b in ratio if a != b and writes[a] == writes[b]]
        columns = ("model", "measured", "least", "most", "from itself", "foreseen", "measured ÷ foreseen")
        table = Table(
            *columns,
            *(f"off, by {teacher}" for teacher in ratio),
            title=f"{figure}, tokens per second of {name}",
        )
        for model, each in known.items():
            least, most = json.loads(json.dumps(each[f"{figure}{clock}_spread"]))
            figures = [each[figure + clock], least, most]
            own, foreseen = each[f"{figure}{clock}_itself"], each[f"{figure}_foreseen"]
            off = [f"{ratio[a] / ratio[model] - 1:+.0%}" if (a, model) in pairs else "" for a in ratio]
            said = [f"{float(str(value)):.1f}" for value in figures]
            said += ["" if own is None else f"{float(str(own)):+.0%}", f"{float(str(foreseen)):.1f}"]
            table.add_row(model, *said, f"{ratio[model]:.2f}", *off)
        console.print(table)
        worst = max((abs(ratio[a] / ratio[b] - 1) for a, b in pairs), default=0.0)
        console.print(f"worst of all pairs: {worst:.0%}\n")


if __name__ == "__main__":
    main()
