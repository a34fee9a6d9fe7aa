"""Runs one program of a stranger in a jail of its own and gives back what it printed and left.

Knows nothing of models or exams. Callers: tools that run code, `grading` beside it for code with tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox

Killed = Literal["timeout", "memory", "output", "disk"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeFile:
    """Goes in or comes out. The name is a file's name without folders, checked on the way out."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeOutcome:
    stdout: str
    stderr: str
    exit_code: int | None  # None: it was ended from outside
    killed: Killed | None
    files: tuple[CodeFile, ...]
    dropped: (
        int  # files that it left and that were not taken: too many, too large, odd names, no ordinary files
    )
    seconds: float


async def run_code(
    sandbox: Sandbox, source: str, *, files: Sequence[CodeFile] = (), limits: CodeLimits | None = None
) -> CodeOutcome:
    """Run Python 3 source, with numpy, pandas and matplotlib at hand and `files` in its working folder.

    Raises:
        PrerequisiteError: this machine can't isolate code; it says why and how to mend it.
    """
    raise NotImplementedError
