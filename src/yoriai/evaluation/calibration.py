"""The Calibration service: a judge reads answers that people have voted on, and is held against their votes.

Votes of a pair by several people count as their majority. What came out is kept in a file of the data folder, by judge
and digest of its weights. A judge that nobody has measured is not trusted.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from yoriai.access import owners
from yoriai.catalog import files
from yoriai.errors import UsageError
from yoriai.evaluation.agreement import Agreement, agreement
from yoriai.evaluation.judges import Preferred, majority, preferred
from yoriai.knowledge.measure import Estimate
from yoriai.knowledge.split import language_of
from yoriai.records import Vote
from yoriai.responders.registry import Registry
from yoriai.store import votes as rows
from yoriai.store.database import Database
from yoriai.types import Context, Language, Responder

_MOST_VOTES = 20_000
_ORDER = 20  # seed of which pairs are read
_OF_VOTES: Mapping[str, Preferred] = {"model_a": "first", "model_b": "second", "tie": "tie", "bothbad": "tie"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A pair of answers to one question, and what people say of it."""

    question: str
    first: str
    second: str
    people: Preferred


class Calibration:
    """`path`: the file of what was measured."""

    def __init__(self, database: Database, registry: Registry, path: Path) -> None:
        self._database, self._registry, self._path = database, registry, path

    async def measure(self, context: Context, judge: str, limit: int) -> Agreement:
        """On votes that this user may see. Raises: NotFoundError: no such judge. UsageError: no votes with texts."""
        responder = await self._registry.get(judge, context.user)
        theirs = list(owners(context.user))
        votes = await self._database.read(lambda c: rows.page(c, theirs, "", _MOST_VOTES))
        found = await calibrated(pairs_of(votes), responder, context, limit)
        key = await self._key(judge)
        kept = self._kept() | {key: asdict(found)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        files.write(self._path, json.dumps(kept, indent=1).encode())
        return found

    async def of(self, judge: str) -> Agreement | None:
        """None: nobody has measured it."""
        found = self._kept().get(await self._key(judge))
        return Agreement(**found | {"kappa": Estimate(**found["kappa"])}) if found else None

    async def _key(self, judge: str) -> str:
        return f"{judge} {await self._registry.digest(judge)}".strip()

    def _kept(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text("utf8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


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
