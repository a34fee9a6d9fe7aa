"""Self-consistency: the answer that most samples come to. Votes are shares of those that can be compared.

Choices are shown to each in another order. Answers in free text have no votes: there the one that is most like all
others stands for them (minimum Bayes risk).
Source: Wang et al. 2023, "Self-Consistency Improves Chain of Thought Reasoning"; Bickel & Doksum 1977 for the latter.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from yoriai.deliberation import Contribution
from yoriai.i18n.catalogue import text
from yoriai.responders.comparing import ballots
from yoriai.responders.search.orders import turned
from yoriai.responders.search.samples import Search, draw

_GRAM = 3  # characters


def is_decided(keys: Sequence[str], left: int) -> bool:
    """Whether `left` further votes can't change which answer has most. Ties go to the answer that was given first."""
    counts = Counter(key for key in keys if key).most_common(2)
    if not counts:
        return False
    lead = counts[0][1] - (counts[1][1] if len(counts) > 1 else 0)
    return lead > left


async def vote(search: Search) -> Contribution | None:
    """Draw, count, choose. None: no sample came to its end."""

    def settled() -> bool:
        ended = [each for each in search.state.contributions if each.state != "running"]
        return is_decided([each.key for each in ended], search.plan.size - len(ended))

    await draw(search, lambda number: turned(search.request, search.question, number), settled=settled)
    return choose(search)


def choose(search: Search) -> Contribution | None:
    """Of the samples there are: the first with the answer of the most, else the one most like the others."""
    done = search.done()
    if not done:
        return None
    counted = ballots((each.label, each.key) for each in done)
    scored = agreement(done)
    for each in scored:
        search.put(each)
    if counted:
        first = counted[0]
        reason = text(
            "responders.reason_votes", search.language, votes=len(first.labels), answer=first.answer,
            total=sum(len(each.labels) for each in counted),
        )  # fmt: skip
        search.tell(ballots=counted, reason=reason)
        return next(each for each in scored if each.label == first.labels[0])
    search.tell(reason=text("responders.reason_alike", search.language, total=len(done)))
    return max(scored, key=lambda each: each.score or 0.0)


def agreement(contributions: Sequence[Contribution]) -> list[Contribution]:
    """Each with the share of the others that agree with it as its score: the same answer, else the same text."""
    shares = agreements([each.key for each in contributions], [each.text for each in contributions])
    return [replace(each, score=share) for each, share in zip(contributions, shares, strict=True)]


def agreements(keys: Sequence[str], texts: Sequence[str]) -> list[float]:
    """0..1 for each. Where any answer can be compared, one that can't agrees with none."""
    if any(keys):
        votes = Counter(key for key in keys if key)
        return [votes[key] / len(keys) if key else 0.0 for key in keys]
    grams = [_grams(each) for each in texts]
    return [_mean([_alike(each, other) for other in grams]) for each in grams]


def _grams(words: str) -> Counter[str]:
    folded = " ".join(unicodedata.normalize("NFKC", words).casefold().split())
    return Counter(folded[at : at + _GRAM] for at in range(max(1, len(folded) - _GRAM + 1)))


def _alike(a: Counter[str], b: Counter[str]) -> float:
    """F1 of shared character trigrams, 0..1."""
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
