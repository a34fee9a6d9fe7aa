"""What Yoriai costs on top of llama.cpp: same weights, same prompts, same threads, interleaved in one run.

(a) llama.cpp through a bare `xllamacpp.Server`, (b) Yoriai's /v1, both streamed by the same client. Prints, for 1, 4
and 16 clients, medians over the rounds and the ratio b/a. Run on a quiet machine:

    make bench                                      SmolLM2-135M, where our cost per token weighs most
    make bench ARGS="--model qwen2.5-coder-0.5b"    another model of the catalogue

Goals: generation >= 0.97 and time to first token <= 1.05x + 5 ms at one client; generation >= 0.95 at 16 clients;
our own process <= 250 MB resident.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

CLIENTS = (1, 4, 16)
CONTEXT_SIZE, PARALLEL = 2048, 16
SUBJECTS = ("a harbour", "rice fields", "a night train", "an old clock", "two brothers", "snow", "a library", "tea",
            "the market", "a lighthouse", "a bicycle", "rain", "a garden", "the mayor", "bread", "a river")  # fmt: skip

_BARE = """
import sys, threading, xllamacpp
path, threads, context, parallel, cache = sys.argv[1], *map(int, sys.argv[2:])
p = xllamacpp.CommonParams()
p.model.path, p.port = path, 0
p.n_ctx, p.n_parallel, p.cache_ram_mib = context * parallel, parallel, cache
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = threads
p.fit_params, p.verbosity = False, 1
server = xllamacpp.Server(p)
print(server.listening_address, flush=True)
threading.Event().wait()
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    name: str
    url: str
    headers: dict[str, str]
    model: str
    process: psutil.Process


@dataclass(frozen=True, kw_only=True)
class Reply:
    first_token_s: float
    prompt_tokens: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Round:
    """One target, one number of clients."""

    tokens_per_s: float
    prompt_tokens_per_s: float  # prompt tokens over the time to the first token, as a client sees it
    first_token_median_s: float
    first_token_p95_s: float
    cpu_s_per_1000: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="smollm2-135m", help="name in the catalogue")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96, help="tokens of each reply")
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    path = weights(options.model)
    with (
        tempfile.TemporaryDirectory() as home,
        bare(path, options.threads) as a,
        yoriai(Path(home), path, options.model, options.threads) as b,
    ):
        results = asyncio.run(measure(a, b, options.rounds, options.tokens))
        resident = b.process.memory_info().rss
    if options.json:
        print(json.dumps({"resident_mb": resident / 1e6, **results}, indent=1))
    else:
        show(results, resident, options)


def weights(name: str) -> Path:
    """The model, pulled once into the user's cache."""
    from yoriai.catalog.library import Library
    from yoriai.errors import NotFoundError

    home = user_cache_path("yoriai-test")
    library = Library(home / "models")
    try:
        return Path(library.get(name).paths[0])
    except NotFoundError:
        command = [sys.executable, "-m", "yoriai", "model", "pull", name, "--yes"]
        subprocess.run(command, env={**os.environ, "YORIAI_HOME": str(home)}, check=True)
        return Path(library.get(name).paths[0])


@contextmanager
def bare(path: Path, threads: int) -> Iterator[Target]:
    from yoriai.engines.process import PROMPT_CACHE_MIB

    numbers = [str(number) for number in (threads, CONTEXT_SIZE, PARALLEL, PROMPT_CACHE_MIB)]
    command = [sys.executable, "-c", _BARE, str(path), *numbers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    try:
        url = process.stdout.readline().strip()
        yield Target(name="llama.cpp", url=url, headers={}, model="m", process=psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait()


@contextmanager
def yoriai(home: Path, path: Path, name: str, threads: int) -> Iterator[Target]:
    environment = {
        **os.environ, "YORIAI_HOME": str(home), "YORIAI_ENGINE__THREADS": str(threads),
        "YORIAI_ENGINE__CONTEXT_SIZE": str(CONTEXT_SIZE), "YORIAI_ENGINE__PARALLEL": str(PARALLEL),
    }  # fmt: skip
    program = [sys.executable, "-m", "yoriai"]
    subprocess.run([*program, "model", "add", str(path), "--name", name, "--link"], env=environment, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    process = subprocess.Popen(
        [*program, "serve", "--port", "0", "--model", name, "--yes"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        line = process.stdout.readline()
        operator = json.loads((home / "run" / "server.json").read_text())
        yield Target(
            name="Yoriai", url=line[line.index("http") :].strip(), model=name,
            headers={"authorization": f"Bearer {operator['key']}"}, process=psutil.Process(process.pid),
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(30)


async def measure(a: Target, b: Target, rounds: int, tokens: int) -> dict[str, dict[str, dict[str, float]]]:
    """clients -> figure -> {a, b, ratio}; the ratio is the median of the rounds' own ratios."""
    for target in (a, b):
        await one_round(target, 1, tokens, seed=-1)
    results = {}
    for clients in CLIENTS:
        pairs = []
        for number in range(rounds):
            order = (a, b) if number % 2 == 0 else (b, a)
            done = {target.name: await one_round(target, clients, tokens, seed=number) for target in order}
            pairs.append((done[a.name], done[b.name]))
        results[str(clients)] = {
            figure: {
                "a": statistics.median(getattr(pair[0], figure) for pair in pairs),
                "b": statistics.median(getattr(pair[1], figure) for pair in pairs),
                "ratio": statistics.median(getattr(y, figure) / getattr(x, figure) for x, y in pairs),
            }
            for figure in Round.__dataclass_fields__
        }
    return results


async def one_round(target: Target, clients: int, tokens: int, seed: int) -> Round:
    questions = [question(client, seed) for client in range(clients)]
    cpu, start = _cpu(target.process), time.perf_counter()
    replies = await asyncio.gather(*(ask(target, text, tokens) for text in questions))
    seconds, cpu = time.perf_counter() - start, _cpu(target.process) - cpu
    generated = sum(reply.tokens for reply in replies)
    firsts = sorted(reply.first_token_s for reply in replies)
    return Round(
        tokens_per_s=generated / seconds,
        prompt_tokens_per_s=sum(reply.prompt_tokens for reply in replies) / sum(firsts),
        first_token_median_s=statistics.median(firsts),
        first_token_p95_s=firsts[min(len(firsts) - 1, round(0.95 * len(firsts)))],
        cpu_s_per_1000=1000 * cpu / generated,
    )


def question(client: int, seed: int) -> str:
    """A prompt that no prefix cache has seen: it begins with a number of its own."""
    notes = " ".join(
        f"Note {line}: the village remembers {SUBJECTS[(client + line) % 16]}." for line in range(12)
    )
    return f"{seed}.{client} {notes} Write a long story about {SUBJECTS[client]}."


async def ask(target: Target, text: str, tokens: int) -> Reply:
    """Plain sockets: the client must cost as little as possible, or it is what gets measured."""
    body = json.dumps(
        {
            "model": target.model,
            "messages": [{"role": "user", "content": text}],
            "stream": True,
            "temperature": 0,
            "max_tokens": tokens,
            "stream_options": {"include_usage": True},
        }
    ).encode()
    address = urlsplit(target.url)
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = {"host": address.netloc, "content-type": "application/json", "content-length": str(len(body)),
            "connection": "close", **target.headers}  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{lines}\r\n".encode() + body)
    first, usage = 0.0, {}
    async for line in reader:
        if not first and b'"content":"' in line and b'"content":""' not in line:
            first = time.perf_counter() - start
        if b'"usage":{' in line:
            usage = json.loads(line.removeprefix(b"data: "))["usage"]
        if line.startswith(b"data: [DONE]"):
            break
    writer.close()
    assert first, "no reply"
    assert usage, "no usage"
    return Reply(first_token_s=first, prompt_tokens=usage["prompt_tokens"], tokens=usage["completion_tokens"])


def _cpu(process: psutil.Process) -> float:
    """CPU seconds of this process alone, without its children."""
    times = process.cpu_times()
    return float(times.user + times.system)


def show(results: dict[str, dict[str, dict[str, float]]], resident: int, options: argparse.Namespace) -> None:
    table = Table(title=f"{options.model}, {options.threads} threads, median of {options.rounds} rounds")
    for column in ("clients", "figure", "(a) llama.cpp", "(b) Yoriai", "b/a"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    labels = {
        "tokens_per_s": ("generated tokens/s", 1, 1), "prompt_tokens_per_s": ("prompt tokens/s", 1, 1),
        "first_token_median_s": ("time to first token, median, ms", 1000, 1),
        "first_token_p95_s": ("time to first token, p95, ms", 1000, 1),
        "cpu_s_per_1000": ("CPU s of the process per 1,000 tokens", 1, 2),
    }  # fmt: skip
    for clients, figures in results.items():
        for name, (label, factor, digits) in labels.items():
            figure = figures[name]
            values = [f"{factor * figure[side]:,.{digits}f}" for side in ("a", "b")]
            ratio = "" if name == "cpu_s_per_1000" else f"{figure['ratio']:.3f}"
            table.add_row(clients, label, *values, ratio, end_section=name == "cpu_s_per_1000")
    console = Console()
    console.print(table)
    console.print(f"Resident memory of Yoriai's own process: {resident / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
