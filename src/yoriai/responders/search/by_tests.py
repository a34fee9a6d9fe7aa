"""What code is worth by the tests in its question: the share that its program passes in the sandbox.

`best_of` takes `score`, `repair` takes `check`, which also says what failed. Running them costs no tokens.
"""

from __future__ import annotations

from yoriai.knowledge.split import language_of
from yoriai.responders.question_tests import Tests
from yoriai.responders.search.calls import Reply
from yoriai.responders.search.repair import Check
from yoriai.responders.search.samples import Search
from yoriai.responders.search.scorers import Score
from yoriai.responders.testing_code import Outcome, faults, said, tested
from yoriai.sandbox.sandbox import Sandbox


def score(search: Search, sandbox: Sandbox, tests: Tests) -> Score:
    async def share(answer: str, reply: Reply) -> float:
        label = next(each for each, there in search.replies.items() if there is reply)
        return (await _tested(search, sandbox, tests, label, answer)).share

    return share


def check(search: Search, sandbox: Sandbox, tests: Tests) -> Check:
    async def found(label: str, answer: str) -> tuple[float | None, list[str]]:
        outcome = await _tested(search, sandbox, tests, label, answer)
        return outcome.share, faults(outcome, tests, language_of(search.question))

    return found


async def _tested(search: Search, sandbox: Sandbox, tests: Tests, label: str, answer: str) -> Outcome:
    outcome = await tested(sandbox, answer, tests)
    search.think("responders.tests_heading", said(outcome, tests, search.language), label=label)
    return outcome
