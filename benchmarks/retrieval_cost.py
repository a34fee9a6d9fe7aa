"""What search costs at 10k, 100k and 1M passages: ms per query, passages indexed per second, bytes each, memory.

    make bench-retrieval-cost                  each size in a process of its own; the largest takes 4 GB and two minutes
    make bench-retrieval-cost ARGS="10000"     other sizes

Passages are halves of real ones joined at random, vectors are random: exact search costs the same for any.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from retrieval import Words, data_folder, numbered, squad
from yoriai.knowledge.fusion import rank
from yoriai.knowledge.index import PassageIndex
from yoriai.knowledge.split import indexed_words
from yoriai.knowledge.tokens import tokens

SIZES = (10_000, 100_000, 1_000_000)
_DIMENSIONS = 384


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(cost(arguments.sizes[0])))
    else:
        _print_costs([_in_child(size) for size in arguments.sizes])


def cost(size: int) -> dict[str, float]:
    """Of an index of `size` passages: halves of real ones joined at random, random vectors."""
    dataset = numbered(*squad("", data_folder() / "jglue/jsquad-v1.3/valid-v1.3.json"))
    words = [indexed_words(passage) for passage in dataset.passages.values()]
    rng, pick = np.random.default_rng(0), random.Random(0)
    index, seconds = PassageIndex(), 0.0
    batch = min(20_000, size)
    for start in range(0, size, batch):
        texts = [_mixed(pick.choice(words), pick.choice(words)) for _ in range(batch)]
        vectors = rng.standard_normal((batch, _DIMENSIONS), dtype=np.float32)
        names = [f"{start + n:032x}" for n in range(batch)]
        begin = time.perf_counter()
        index.add(names, [f"{(start + n) // 20:032x}" for n in range(batch)], texts, vectors)
        seconds += time.perf_counter() - begin
    asked = [tokens(question.text) for question in pick.sample(dataset.questions, 100)]
    tenth = [f"{n:032x}" for n in range(0, size // 20, 10)]
    return {
        "passages": size,
        "indexed_per_s": size / seconds,
        "bytes_per_passage": index.bytes / size,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "hybrid_ms": _median_ms(index, asked, rng),
        "hybrid_tenth_ms": _median_ms(index, asked, rng, documents=tenth),
        "lexical_ms": _median_ms(index, asked, rng, method="lexical"),
        "dense_ms": _median_ms(index, asked, rng, method="dense"),
    }


def _mixed(one: Words, other: Words) -> Words:
    return one[: len(one) // 2] + other[len(other) // 2 :]


def _median_ms(index: PassageIndex, asked: list[Words], rng: np.random.Generator, **options: object) -> float:
    times = []
    for words in asked:
        vector = rng.standard_normal(_DIMENSIONS, dtype=np.float32)
        begin = time.perf_counter()
        rank([index], words=words, vector=vector, k=10, **options)  # type: ignore[arg-type]
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def _in_child(size: int) -> dict[str, float]:
    command = [sys.executable, __file__, str(size), "--child"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def _print_costs(rows: list[dict[str, float]]) -> None:
    table = Table(title="Cost of search, without the embedding: medians of 100 questions")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value in row.values()))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
