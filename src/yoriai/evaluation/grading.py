"""Exams of code in the sandbox: whether a program passes its tests, in the words that exams use."""

from __future__ import annotations

from yoriai.evaluation.task import Grade
from yoriai.sandbox.grading import grade
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox

# A busy machine must not fail a right program: time limits are there for those that never end.
_LIMITS = CodeLimits(wall_s=60, output_bytes=256 * 1024, files=0, files_bytes=0)


def grader(sandbox: Sandbox) -> Grade:
    async def graded(code: str, tests: str) -> tuple[bool, str]:
        found = await grade(sandbox, program=code, tests=tests, limits=_LIMITS)
        return found.is_passed, "" if found.is_passed else f"{found.cause}: {found.detail}"

    return graded
