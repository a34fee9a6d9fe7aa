"""Can a model tell before it answers that the passages don't state what is asked? One token, yes or no.

    make bench-answerable ARGS="ask --passages 20 --out F"    minutes to hours: what is told is kept in F as it comes
    make bench-answerable ARGS="show F"                       rates; the threshold comes from half of the articles

A passage of JSQuAD or XQuAD with up to four of its own questions and as many of other passages of its article. Passage
and instruction stand before the question, so that each question costs its own tokens. Waits while the file
$YORIAI_QUIET exists.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from answers import USER
from questions import SETS, Item, items
from recorded import add_rows, rows_of, wait_while_quiet
from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import harmless
from yoriai.knowledge.measure import share
from yoriai.responders.answerable import REFUSED, leaning
from yoriai.responders.model import model_responder
from yoriai.settings import EngineSettings
from yoriai.types import ChatRequest, Context, Message, Responder, TextDelta

LONGEST = {"en": 700, "ja": 260}  # characters of a passage: reading is what a processor is slow at
OWN = 4  # questions of a passage
PRICE = 0.05  # of the questions with an answer may be refused where the threshold is chosen
SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["ask", "show"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--passages", type=int, default=20, help="of each language")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--models", default=str(user_cache_path("yoriai-test") / "models"))
    parser.add_argument("--out", default="answerable.jsonl")
    arguments = parser.parse_args()
    if arguments.what == "ask":
        asyncio.run(ask(arguments))
    else:
        show(rows_of(Path(arguments.file)))


async def ask(arguments: argparse.Namespace) -> None:
    out = Path(arguments.out)
    done = {(row["paragraph"], row["question"]) for row in rows_of(out)}
    library = Library(Path(arguments.models))
    router = Router(EngineSettings(threads=1, parallel=1, context_size=2048), (), library, Egress({}))
    try:
        inner = await model_responder(arguments.model, router, library)
        for passage, item, is_stated in _plan(arguments.passages):
            if (passage.paragraph, item.question) not in done:
                row = await _leaning(inner, passage, item.question)
                add_rows(out, [row | {"is_stated": is_stated}])
    finally:
        await router.aclose()


def _plan(count: int) -> Iterator[tuple[Item, Item, bool]]:
    """Passage, question, and whether the question is of the passage; languages in turn."""
    chance = random.Random(SEED)
    articles = {language: _articles(language, chance)[:count] for language in SETS}
    for number in range(count):
        for passages in articles.values():
            if number < len(passages):
                own, others = passages[number]
                mine = chance.sample(own, min(OWN, len(own)))
                strange = chance.sample(others, min(len(mine), len(others)))
                yield from ((own[0], item, True) for item in mine)
                yield from ((own[0], item, False) for item in strange)


def _articles(language: str, chance: random.Random) -> list[tuple[list[Item], list[Item]]]:
    """Of each article one short passage's questions, and those of its other passages."""
    paragraphs: dict[int, dict[int, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items(language):
        paragraphs[item.article][item.paragraph].append(item)
    found = []
    for of_article in paragraphs.values():
        short = [n for n, each in of_article.items() if len(each[0].passage) < LONGEST[language]]
        if len(of_article) > 1 and short:
            one = chance.choice(short)
            others = [item for n, each in of_article.items() if n != one for item in each]
            found.append((of_article[one], others))
    chance.shuffle(found)
    return found


async def _leaning(inner: Responder, passage: Item, question: str) -> dict[str, Any]:
    await asyncio.to_thread(wait_while_quiet)
    language = passage.language
    rules = [text(f"responders.{key}", language) for key in ("answer_rules", "answer_only_documents")]
    quoted = f"[1] {harmless(passage.title)}, p. 1\n<passage>\n{harmless(passage.passage)}\n</passage>"
    request = ChatRequest(
        model=inner.name, max_tokens=1, temperature=0, seed=1, logprobs=True, top_logprobs=20,
        messages=[
            Message(role="system", content="\n".join(rules)),
            Message(role="user", content=text("responders.ask_stated", language, passages=quoted, question=question)),
        ],
    )  # fmt: skip
    told: list[dict[str, Any]] = []
    begun = time.perf_counter()
    async for event in inner.respond(request, Context(user=USER, language=language)):
        if isinstance(event, TextDelta):
            told += event.logprobs or []
    return {
        "language": language, "article": passage.article, "paragraph": passage.paragraph, "question": question,
        "leaning": leaning(told[0]["top_logprobs"] if told else []), "seconds": time.perf_counter() - begun,
    }  # fmt: skip


def show(rows: Sequence[dict[str, Any]]) -> None:
    for language in SETS:
        mine = [row for row in rows if row["language"] == language]
        if not mine:
            continue
        seconds = sorted(row["seconds"] for row in mine)
        median = seconds[len(mine) // 2]
        print(
            f"{language}: one without an answer leans more to no in {_area(mine):.0%} of pairs; median {median:.1f} s"
        )
        _print_rates("  more no than yes", mine, 0.0)
        _print_rates(f"  from {REFUSED:.2f}, as adopted", mine, REFUSED)
        articles = sorted({row["article"] for row in mine})
        half = [row for row in mine if row["article"] in articles[::2]]
        rest = [row for row in mine if row["article"] not in articles[::2]]
        for chosen, checked in ((half, rest), (rest, half)):
            threshold = _threshold(chosen)
            _print_rates(f"  from {threshold:.2f}, chosen on the other half", checked, threshold)


def _threshold(rows: Sequence[dict[str, Any]]) -> float:
    """Above all but `PRICE` of the questions that have an answer."""
    stated = sorted((row["leaning"] for row in rows if row["is_stated"]), reverse=True)
    return float(stated[int(len(stated) * PRICE)]) if stated else math.inf


def _print_rates(name: str, rows: Sequence[dict[str, Any]], threshold: float) -> None:
    parts = []
    for is_stated, what in ((True, "with an answer"), (False, "without")):
        mine = [row for row in rows if row["is_stated"] is is_stated]
        refused = sum(row["leaning"] > threshold for row in mine)
        if mine:
            found = share(refused, len(mine))
            parts.append(f"{what} {refused} of {len(mine)} refused ({found.low:.0%} to {found.high:.0%})")
    print(f"{name}: {', '.join(parts)}")


def _area(rows: Sequence[dict[str, Any]]) -> float:
    stated = [row["leaning"] for row in rows if row["is_stated"]]
    strange = [row["leaning"] for row in rows if not row["is_stated"]]
    pairs = [(a, b) for a in stated for b in strange]
    return sum((b > a) + 0.5 * (a == b) for a, b in pairs) / max(1, len(pairs))


if __name__ == "__main__":
    main()
