"""The Calibration service: a judge reads answers that people have voted on, and is held against their votes.

Votes of a pair by several people count as their majority. What came out is kept in memory of this process by judge;
asked again, it is measured again. A judge that nobody has measured is not trusted.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yoriai.errors import UsageError
from yoriai.evaluation.agreement import Agreement, agreement
from yoriai.evaluation.judges import Preferred, majority, preferred
from yoriai.knowledge.split import language_of
from yoriai.records import Vote
from yoriai.types import Context, Language, Responder

_ORDER = 20  # seed of which pairs are read
_OF_VOTES: Mapping[str, Preferred] = {"model_a": "first", "model_b": "second", "tie": "tie", "bothbad": "tie"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A pair of answers to one question, and what people say of it."""

    question: str
    first: str
    second: str
    people: Preferred


def pairs_of(votes: Sequence[Vote]) -> list[Judged]:
    """What people voted on, with texts: by question and answers, the majority of its votes."""
    cast: dict[tuple[str, str, str], list[Preferred]] = {}
    for vote in votes:
        texts = _texts(vote)
        if texts:
            cast.setdefault(texts, []).append(_OF_VOTES[vote.winner])
    return [
        Judged(question=question, first=first, second=second, people=majority(said))
        for (question, first, second), said in cast.items()
    ]


async def calibrated(
    pairs: Sequence[Judged], judge: Responder, context: Context, limit: int = 100
) -> Agreement:
    """Read so many pairs, in both orders each. Raises: UsageError: nobody has voted on anything with texts."""
    if not pairs:
        raise UsageError("evaluation.no_votes")
    chosen = list(pairs)
    random.Random(_ORDER).shuffle(chosen)  # noqa: S311
    said, right, consistent = [], [], []
    for each in chosen[:limit]:
        language: Language = "ja" if language_of(each.question) == "ja" else "en"
        verdict = await preferred(each.question, each.first, each.second, judge, context, language=language)
        said.append(verdict.preferred)
        right.append(each.people)
        consistent.append(verdict.is_consistent)
    return agreement(said, right, consistent)


def _texts(vote: Vote) -> tuple[str, str, str] | None:
    """Question and both answers of a vote's last turn; None where it has no texts."""
    if not vote.conversation_a or not vote.conversation_b:
        return None
    question = next((turn.content for turn in reversed(vote.conversation_a) if turn.role == "user"), "")
    first, second = vote.conversation_a[-1].content, vote.conversation_b[-1].content
    return (question, first, second) if question and first and second else None
