"""Runs one program of a stranger in a jail of its own and gives back what it printed and left.

Knows nothing of models or exams. Callers: tools that run code; for code with tests see `grading`.
"""

from __future__ import annotations

from collections.abc import Sequence

from yoriai.sandbox.leaving import CodeFile
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.running import CodeOutcome, Program, run_program
from yoriai.sandbox.sandbox import Sandbox


async def run_code(
    sandbox: Sandbox, source: str, *, files: Sequence[CodeFile] = (), limits: CodeLimits | None = None
) -> CodeOutcome:
    """Run Python 3 source, with numpy, pandas and matplotlib at hand and `files` in its working folder.

    Raises:
        PrerequisiteError: this machine can't isolate code; it says why and how to mend it.
        UsageError: a file's name is none.
    """
    profile = await sandbox.require()
    given = {**sandbox.work_files(files), **await sandbox.configuration()}
    async with sandbox.turn():
        with sandbox.user_id() as uid:
            program = Program(source=source, files=given, limits=limits or CodeLimits())
            return await run_program(profile, uid, program)
