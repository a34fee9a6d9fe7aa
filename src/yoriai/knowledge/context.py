"""What of the found passages is put before the model, and how: numbered, in bounds, as data and never as orders.

Every question of a conversation keeps its passages before it and later ones only add theirs, so that the beginning
of the prompt stays as the engine has it cached. Knows no model; `responders.assistant` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from yoriai.knowledge.passage import FoundPassage
from yoriai.knowledge.split import size_of
from yoriai.types import Citation

# Estimated tokens: of the first question, and of each that follows, which mostly needs what is there already.
FIRST, MORE = 900, 500
UNSURE = 1500  # in their place, where no passage shares many words with the question: the right one may be far down
_AROUND = 40  # estimated tokens that name and bounds of a passage take
_LEAST_SHARE = 0.5  # of the best score: what is further behind is chance
# What chat templates and our own bounds are made of: a document that contains them gains nothing by it.
_CONTROL = re.compile(r"<(?!https?:)(?=[|/!｜]?[A-Za-z_｜|][^<>\n]{0,80}>)|<(?=<[A-Z/])|(?<=[|｜])>")
_INSTRUCTION = re.compile(r"\[(/?[A-Z_]{3,})\]")
_NUMBER = re.compile(r"[\[［【]\s*(\d{1,3}(?:\s*[,、，-]\s*\d{1,3})*)\s*[\]］】]")

PageText = Callable[[FoundPassage], Awaitable[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    new: tuple[Citation, ...]  # beside those that were there already
    found: int
    left_out: int  # of them, for want of room


async def choose(
    found: Sequence[FoundPassage], known: Sequence[Citation], allowance: float, page_text: PageText,
    after: int = 0,
) -> Chosen:  # fmt: skip
    """The best of `found` that fit into `allowance` estimated tokens, neighbours as one.

    Numbered after `known`, and after the number `after`.
    """
    if not found:
        return Chosen(new=(), found=0, left_out=0)
    fresh = [each for each in found if not any(_holds(citation, each) for citation in known)]
    taken: list[FoundPassage] = []
    for each in fresh:
        cost = size_of(each.text) + _AROUND
        if cost <= allowance:
            taken.append(each)
            allowance -= cost
    first = max((citation.number for citation in known), default=after) + 1
    merged = await _merged(taken, page_text)
    return Chosen(
        new=tuple(_citation(each, number) for number, each in enumerate(merged, first)),
        found=len(found),
        left_out=len(fresh) - len(taken),
    )


def interleaved(searches: Sequence[Sequence[FoundPassage]]) -> list[FoundPassage]:
    """The hits of several queries in turn, without those that are far behind the best of their query."""
    near = [
        [each for each in found if each.score >= _LEAST_SHARE * found[0].score] for found in searches if found
    ]
    in_turn = [each for rank in zip_longest(*near) for each in rank if each is not None]
    return list({each.passage_id: each for each in in_turn}.values())


def quoted(citations: Sequence[Citation]) -> str:
    """The passages as the model reads them. What a document says can't end its bounds or speak as somebody else."""
    return "\n\n".join(
        f"[{each.number}] {harmless(_one_line(each.document))}, p. {each.page}\n"
        f"<passage>\n{harmless(each.text)}\n</passage>"
        for each in citations
    )


def harmless(text: str) -> str:
    """`text` without what a chat template reads as the beginning of another turn, and without citations of its own."""
    text = _CONTROL.sub(lambda match: "‹" if match.group() == "<" else "›", text)
    return _NUMBER.sub(r"(\1)", _INSTRUCTION.sub(r"(\1)", text))


async def _merged(taken: Sequence[FoundPassage], page_text: PageText) -> list[FoundPassage]:
    """Passages that follow each other on a page become one, in the place of the better of them."""
    merged: list[FoundPassage] = []
    for passage in taken:
        each, place, grown = passage, len(merged), True
        while grown:
            grown = False
            for at, other in enumerate(merged):
                if joined := await _joined(other, each, page_text):
                    each, place, grown = joined, min(place, at), True
                    del merged[at]
                    break
        merged.insert(place, each)
    return merged


async def _joined(a: FoundPassage, b: FoundPassage, page_text: PageText) -> FoundPassage | None:
    if (a.document_id, a.page) != (b.document_id, b.page):
        return None
    first, second = (a, b) if a.start <= b.start else (b, a)
    if second.start - first.end > 200:
        return None
    text = await page_text(first)
    if text[first.end : second.start].strip():
        return None
    end = max(first.end, second.end)
    return replace(first, end=end, text=text[first.start : end], score=max(a.score, b.score))


def _holds(citation: Citation, passage: FoundPassage) -> bool:
    is_same_page = (citation.document_id, citation.page) == (passage.document_id, passage.page)
    return is_same_page and citation.start <= passage.start and passage.end <= citation.end


def _citation(passage: FoundPassage, number: int) -> Citation:
    return Citation(
        number=number, document_id=passage.document_id, document=passage.document, page=passage.page,
        start=passage.start, end=passage.end, text=passage.text, collection_id=passage.collection_id,
        score=passage.score, file_id=passage.file_id,
    )  # fmt: skip


def _one_line(name: str, most: int = 120) -> str:
    return " ".join(name.split())[:most]
