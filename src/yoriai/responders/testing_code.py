"""The program of an answer, run in the sandbox on the tests in its question: how many pass, and what the others gave.

A program never runs anywhere else; a machine that can't isolate it says why (`Sandbox.require`). `reasoner` scores with
it, `voting` counts with it. What comes back was written by strangers: data for whoever reads it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from yoriai.i18n.catalogue import text
from yoriai.responders.programs import program_of
from yoriai.responders.question_tests import GAVE, Tests
from yoriai.sandbox.grading import Grade, grade
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox
from yoriai.types import Language

_LIMITS = CodeLimits(wall_s=10, files=0, files_bytes=0)
_ALL_S = 30  # of one program on tests that are run apart; those it has no time for are not passed
_LONGEST = 200  # characters of what is said of a failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Of one program. `failures`: by the place of the test, its cause and what is known of it."""

    passed: int
    total: int
    program: str
    failures: dict[int, tuple[str, str]]

    @property
    def share(self) -> float:
        return self.passed / self.total


async def tested(sandbox: Sandbox, answer: str, tests: Tests) -> Outcome:
    """All tests at once; where they don't pass, each apart, so that one failure doesn't hide what works.

    Raises:
        PrerequisiteError: this machine can't isolate code.
    """
    program, total = program_of(answer, tests.name), len(tests.sources)
    found = await grade(sandbox, program=program, tests="\n".join(tests.sources), limits=_LIMITS)
    if found.is_passed:
        return Outcome(passed=total, total=total, program=program, failures={})
    if total == 1:
        return Outcome(passed=0, total=1, program=program, failures={0: _failure(found)})
    failures, start = {}, time.monotonic()
    for at, source in enumerate(tests.sources):
        if time.monotonic() - start > _ALL_S:
            failures[at] = ("timeout", "")
            continue
        found = await grade(sandbox, program=program, tests=source, limits=_LIMITS)
        if not found.is_passed:
            failures[at] = _failure(found)
    return Outcome(passed=total - len(failures), total=total, program=program, failures=failures)


def faults(outcome: Outcome, tests: Tests, language: Language) -> list[str]:
    """In words for whoever repairs it."""
    return [
        text("responders.test_failed", language, test=tests.shown[at], detail=_words(*why, language))
        for at, why in outcome.failures.items()
    ]


def said(outcome: Outcome, tests: Tests, language: Language) -> str:
    """In words for whoever follows."""
    lines = [text("responders.tests_passed", language, passed=outcome.passed, total=outcome.total)]
    return "\n".join([*lines, *(f"- {each}" for each in faults(outcome, tests, language))])


def _failure(found: Grade) -> tuple[str, str]:
    detail = " ".join(found.detail.split())
    if found.cause == "failed":
        detail = detail.rpartition(GAVE)[2] if GAVE in detail else ""
    return found.cause, detail[:_LONGEST]


def _words(cause: str, detail: str, language: Language) -> str:
    if cause == "failed" and detail:
        return text("responders.test_gave", language, value=detail)
    known = {"failed": "not_held", "timeout": "timeout", "memory": "memory"}.get(cause, "broke")
    return text(f"responders.test_{known}", language, detail=detail or cause)
