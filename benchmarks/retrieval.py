"""Which search finds the right passage, in Japanese and English. What it costs: benchmarks/retrieval_cost.py.

    make bench-retrieval       JSQuAD valid, XQuAD, and questions of our own: in other words, in the other language

Compared: words as the peers split them (an English tokeniser), bm25s with Sudachi tokens, vectors alone, reciprocal
rank fusion (k = 60) of these two, our own BM25 with the same tokens; against Yoriai's lexical search and its hybrid. A
passage is right when it is the one that the question was written for. The data stands in ../shared/data or
$YORIAI_DATA; vectors are made once and kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import time
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import snowballstemmer
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from vectors import Embedder
from yoriai.catalog.library import Library
from yoriai.knowledge import lexical
from yoriai.knowledge.document import Passage
from yoriai.knowledge.fusion import rank
from yoriai.knowledge.index import PassageIndex
from yoriai.knowledge.measure import DEPTH, Estimate, difference, first_rank, quality
from yoriai.knowledge.split import indexed_text, indexed_words, language_of
from yoriai.knowledge.tokens import tokens

_RRF_K, _RRF_DEPTH = 60, 100
Words = list[str]


@dataclass(frozen=True, kw_only=True)
class Question:
    text: str
    right: str
    article: int


@dataclass(frozen=True, kw_only=True)
class Dataset:
    name: str
    passages: dict[str, Passage]
    questions: list[Question]


def main() -> None:
    arguments = _arguments()
    home = Path(arguments.home) if arguments.home else user_cache_path("yoriai-test")
    embedder = Embedder(Path(Library(home / "models").get("multilingual-e5-small").paths[0]))
    for dataset in datasets(data_folder()):
        _print_quality(dataset, compare(dataset, embedder))


# ---- data -------------------------------------------------------------------------------------------------
def datasets(folder: Path) -> list[Dataset]:
    english = squad("XQuAD, English", folder / "xquad_en/xquad.en.json")
    japanese = squad("JSQuAD valid", folder / "jglue/jsquad-v1.3/valid-v1.3.json")
    sets = [numbered(*english), numbered(*japanese)]
    own = tomllib.loads((Path(__file__).parent / "retrieval_questions.toml").read_text(encoding="utf8"))
    for kind, name in (("paraphrase", "JSQuAD, in other words"), ("cross", "JSQuAD, asked in English")):
        questions = [
            Question(text=own[key][kind], right=asked.right, article=asked.article)
            for key, asked in japanese[2].items() if key in own
        ]  # fmt: skip
        sets.append(Dataset(name=name, passages=japanese[1], questions=questions))
    return sets


def numbered(name: str, passages: dict[str, Passage], asked: dict[str, Question]) -> Dataset:
    return Dataset(name=name, passages=passages, questions=list(asked.values()))


def squad(name: str, path: Path) -> tuple[str, dict[str, Passage], dict[str, Question]]:
    passages: dict[str, Passage] = {}
    questions = {}
    for article, entry in enumerate(json.loads(path.read_text(encoding="utf8"))["data"]):
        for paragraph in entry["paragraphs"]:
            title, _, text = paragraph["context"].rpartition(
                " [SEP] "
            )  # JSQuAD writes the title before the text
            key = f"p{len(passages)}"
            passages[key] = Passage(
                ordinal=len(passages), page=1, start=0, end=len(text), text=text,
                heading_path=(title,) if title else (), language=language_of(text),
            )  # fmt: skip
            for asked in paragraph["qas"]:
                questions[asked["id"]] = Question(text=asked["question"], right=key, article=article)
    return name, passages, questions


# ---- quality ----------------------------------------------------------------------------------------------
Rankings = list[list[str]]


def compare(dataset: Dataset, embedder: Embedder) -> dict[str, tuple[Rankings, float]]:
    """Setting -> what it finds for each question, and ms per question without the embedding."""
    passages = list(dataset.passages.values())
    texts, asked = [indexed_text(passage) for passage in passages], [q.text for q in dataset.questions]
    vectors, queries = embedder.vectors("passage: ", texts), embedder.vectors("query: ", asked)
    index = PassageIndex()
    keys = list(dataset.passages)
    index.add(keys, keys, [indexed_words(passage) for passage in passages], vectors)
    peers = _bm25(keys, [_english(text) for text in texts])
    words = [tokens(text) for text in texts]
    sudachi, ours = _bm25s(keys, words), _bm25(keys, words)
    order = [
        [keys[row] for row in np.argsort(-row, kind="stable")[:_RRF_DEPTH]] for row in queries @ vectors.T
    ]
    settings: dict[str, Callable[[int], list[str]]] = {
        "English tokeniser": lambda n: peers(_english(asked[n]))[:DEPTH],
        "bm25s, Sudachi": lambda n: sudachi(tokens(asked[n]))[:DEPTH],
        "vectors": lambda n: order[n][:DEPTH],
        "rank fusion": lambda n: _reciprocal(sudachi(tokens(asked[n])), order[n]),
        "our BM25, Sudachi": lambda n: ours(tokens(asked[n]))[:DEPTH],
        "Yoriai, lexical": lambda n: _found(index, asked[n], None),
        "Yoriai, hybrid": lambda n: _found(index, asked[n], queries[n]),
    }
    return {name: _timed(search, len(asked)) for name, search in settings.items()}


def _found(index: PassageIndex, question: str, vector: np.ndarray | None) -> list[str]:
    return [hit.id for hit in rank([index], words=tokens(question), vector=vector, k=DEPTH)]


def _bm25s(keys: Sequence[str], texts: Sequence[Words]) -> Callable[[Words], list[str]]:
    """With its defaults (Lucene's formula, k1 1.5, b 0.75)."""
    searched = bm25s.BM25()
    searched.index(list(texts), show_progress=False)
    most = min(_RRF_DEPTH, len(keys))

    def search(words: Words) -> list[str]:
        if not words:
            return []
        rows, scores = searched.retrieve([words], k=most, show_progress=False)
        return [keys[row] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

    return search


def _bm25(keys: Sequence[str], texts: Sequence[Words]) -> Callable[[Words], list[str]]:
    postings = lexical.build(texts)
    everything = np.ones(len(keys), np.bool_)

    def search(words: Words) -> list[str]:
        [scores] = lexical.shares([postings], words, [everything], pair_weight=0)
        rows = np.argsort(-scores, kind="stable")[:_RRF_DEPTH]
        return [keys[row] for row in rows if scores[row] > 0]

    return search


def _english(text: str) -> Words:
    """Between spaces and signs: how search libraries split words unless told otherwise."""
    return [
        _stemmer().stemWord(word)
        for word in re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    ]


@cache
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")


def _reciprocal(*rankings: Sequence[str]) -> list[str]:
    """Reciprocal rank fusion. Source: Cormack, Clarke & Büttcher 2009, k = 60."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (_RRF_K + place)
    return sorted(scores, key=lambda key: -scores[key])[:DEPTH]


def _timed(search: Callable[[int], list[str]], count: int) -> tuple[Rankings, float]:
    found, times = [], []
    for number in range(count):
        begin = time.perf_counter()
        found.append(search(number))
        times.append(time.perf_counter() - begin)
    return found, 1000 * statistics.median(times)


# ---- output -----------------------------------------------------------------------------------------------
def _print_quality(dataset: Dataset, results: dict[str, tuple[Rankings, float]]) -> None:
    right = [{question.right} for question in dataset.questions]
    held = [n for n, question in enumerate(dataset.questions) if question.article % 2]
    table = Table(
        title=f"{dataset.name}: {len(right):,} questions, {len(dataset.passages):,} passages",
        title_justify="left",
    )
    for column in ("", "recall@1", "@5", "@10", "MRR", "nDCG@10", "odd articles: @1 / @5 / @10", "ms"):
        table.add_column(column, justify="right" if column else "left")
    for name, (found, ms) in results.items():
        all_, odd = quality(found, right), quality([found[n] for n in held], [right[n] for n in held])
        table.add_row(
            name, *(_percent(all_.recall[k]) for k in (1, 5, 10)), _percent(all_.mrr), _percent(all_.ndcg),
            " / ".join(f"{100 * odd.recall[k].value:.1f}" for k in (1, 5, 10)), f"{ms:.1f}",
        )  # fmt: skip
    console = Console(width=170)
    console.print(table)
    for other in ("Yoriai, lexical", "vectors"):
        lead = difference(*([1 / first_rank(*pair) for pair in zip(results[name][0], right, strict=True)]
                            for name in ("Yoriai, hybrid", other)))  # fmt: skip
        console.print(f"  MRR, hybrid less {other}: {_percent(lead)} points")


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.2f} ({100 * estimate.low:.1f}–{100 * estimate.high:.1f})"


def data_folder() -> Path:
    folder = Path(os.environ.get("YORIAI_DATA", Path(__file__).parents[2] / "shared/data"))
    if not folder.is_dir():
        raise SystemExit(f"no data at {folder}: set YORIAI_DATA (CONTRIBUTING.md says where it is from)")
    return folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", help="YORIAI_HOME that has multilingual-e5-small")
    return parser.parse_args()


if __name__ == "__main__":
    main()
