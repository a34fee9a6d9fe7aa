"""The vote of a council on code: members' programs are run on the tests in the question; who passes most wins.

A tie goes to the outcome of the most (which tests fail, and what the program gives there), then to the answer that the
reviewers rank higher, without reviews to that of the member who comes first.
"""

from __future__ import annotations

from dataclasses import replace

from yoriai.deliberation import Ballot, Contribution
from yoriai.errors import PrerequisiteError
from yoriai.i18n.catalogue import error_text, text
from yoriai.responders.question_tests import Tests
from yoriai.responders.sitting import Sitting, mean_ranks
from yoriai.responders.testing_code import Outcome, said, tested
from yoriai.sandbox.sandbox import Sandbox
from yoriai.types import Stage


async def vote_by_tests(sitting: Sitting, sandbox: Sandbox, tests: Tests) -> tuple[Contribution, str] | None:
    """Whose answer stands, and why; None: no program passes anything, or none can be run here, which is said."""
    try:
        outcomes = [(each, await _tested(sitting, sandbox, tests, each)) for each in sitting.answers()]
    except PrerequisiteError as error:
        why = error_text(error, sitting.language)
        _say(sitting, text("responders.tests_untested", sitting.language, why=why))
        return None
    ranks = mean_ranks(sitting.state.reviews)
    outcomes.sort(key=lambda each: ranks.get(each[0].label, 0.0))
    groups: dict[str, list[tuple[Contribution, Outcome]]] = {}
    for each in outcomes:
        groups.setdefault(repr(sorted(each[1].failures.items())), []).append(each)
    ordered = sorted(groups.values(), key=lambda group: (-group[0][1].passed, -len(group)))
    sitting.tell(ballots=tuple(_ballot(group, len(outcomes)) for group in ordered))
    winner, outcome = ordered[0][0]
    if not outcome.passed:
        return None
    return winner, _reason(sitting, ordered, has_ranks=bool(ranks))


async def _tested(sitting: Sitting, sandbox: Sandbox, tests: Tests, answer: Contribution) -> Outcome:
    await sandbox.require()
    sitting.emit(Stage(name="scoring", detail=answer.label))
    outcome = await tested(sandbox, answer.text, tests)
    sitting.put(replace(answer, score=outcome.share))
    heading = text("responders.tests_heading", sitting.language, label=answer.label)
    sitting.say(heading, said(outcome, tests, sitting.language))
    return outcome


def _ballot(group: list[tuple[Contribution, Outcome]], total: int) -> Ballot:
    outcome = group[0][1]
    labels = tuple(each.label for each, _ in group)
    return Ballot(answer=f"{outcome.passed}/{outcome.total}", labels=labels, share=len(labels) / total)


def _reason(sitting: Sitting, ordered: list[list[tuple[Contribution, Outcome]]], *, has_ranks: bool) -> str:
    group, others = ordered[0], ordered[1:]
    label, outcome = group[0][0].label, group[0][1]
    language = sitting.language
    reason = text(
        "responders.reason_tests", language, label=label, passed=outcome.passed, total=outcome.total
    )
    level = [each for each in others if each[0][1].passed == outcome.passed]
    if level and len(level[0]) < len(group):
        return f"{reason} {text('responders.reason_tests_agree', language)}"
    if level or len(group) > 1:
        key = "reason_tie_reviews" if has_ranks else "reason_tie"
        return f"{reason} {text(f'responders.{key}', language, label=label)}"
    return reason


def _say(sitting: Sitting, words: str) -> None:
    sitting.say(text("responders.votes_heading", sitting.language), words)
