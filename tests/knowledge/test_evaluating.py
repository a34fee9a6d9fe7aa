"""Evaluations cost no more than they may, and count what answers a question."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import ANNA, BEN, Shelf, shelf

from yoriai.errors import ConflictError, UsageError
from yoriai.knowledge.evaluating import MOST_QUESTIONS, Evaluating, Evaluation, Question
from yoriai.records import Collection

pytestmark = pytest.mark.anyio
LEAVE = Question(question="How many days of leave?", document="leave.txt", text="ten days of leave")
PAY = Question(question="When is pay day?", answer="pay day is Friday")


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path) as kept:
        yield kept


@pytest.fixture
async def rules(kept: Shelf) -> Collection:
    rules = await kept.knowledge.collections.create(ANNA, "rules", "everyone")
    await kept.upload(ANNA, rules, "office/leave.txt", "There are ten days of leave a year.")
    await kept.upload(ANNA, rules, "pay.txt", "Pay day is Friday.")
    return rules


@pytest.mark.parametrize("document", ["leave.txt", "office/leave.txt", ""])
async def test_a_document_may_be_named_in_full_in_short_or_not_at_all(
    kept: Shelf, rules: Collection, document: str
) -> None:
    asked = Question(question=LEAVE.question, document=document, text=LEAVE.text)
    lost = Question(question="?", document="pay.txt", text=LEAVE.text)
    found = await kept.knowledge.evaluating.evaluate(ANNA, rules.id, [asked, PAY, lost])
    assert (found.questions, found.without_answer) == (2, ["?"])
    assert found.methods[0].quality.recall[1].value == 1


async def test_one_user_has_one_evaluation_at_a_time(kept: Shelf, rules: Collection) -> None:
    evaluate = kept.knowledge.evaluating.evaluate
    first, second, other = await asyncio.gather(
        *(evaluate(user, rules.id, [PAY]) for user in (ANNA, ANNA, BEN)), return_exceptions=True
    )
    assert isinstance(first, Evaluation)
    assert isinstance(second, ConflictError)
    assert isinstance(other, Evaluation)
    assert isinstance(await evaluate(ANNA, rules.id, [PAY]), Evaluation)


async def test_an_evaluation_ends_in_time(kept: Shelf, rules: Collection) -> None:
    hurried = Evaluating(kept.knowledge.collections, kept.knowledge.search, most_s=0)
    with pytest.raises(UsageError) as refused:
        await hurried.evaluate(ANNA, rules.id, [PAY])
    assert refused.value.key == "knowledge.evaluation_long"


async def test_so_many_questions_are_too_many(kept: Shelf, rules: Collection) -> None:
    with pytest.raises(UsageError):
        await kept.knowledge.evaluating.evaluate(ANNA, rules.id, [PAY] * (MOST_QUESTIONS + 1))
