"""Does a program pass its tests? The program in one jail, the tests in another; only data goes between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox

GRADING = CodeLimits(wall_s=10, output_bytes=256 * 1024, files=0, files_bytes=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    is_passed: bool
    cause: Literal[
        "passed", "failed", "error", "timeout", "memory", "output", "disk", "no_candidate", "ended"
    ]
    detail: str  # the assert that failed, or the exception, in one line: untrusted text
    seconds: float


async def grade(sandbox: Sandbox, *, program: str, tests: str, limits: CodeLimits = GRADING) -> Grade:
    """Run `tests` against the functions that `program` defines.

    Args:
        program: the candidate, for HumanEval the prompt and its completion. It is run with another `__name__`
            than "__main__".
        tests: Python that calls the program's functions by name and asserts, for HumanEval
            `test + "\\ncheck(entry_point)"`, for MBPP set-up code and the list of asserts, one a line.
            Passes if it ends without an exception.

    Raises:
        PrerequisiteError: this machine can't isolate code; it says why and how to mend it.
    """
    raise NotImplementedError
