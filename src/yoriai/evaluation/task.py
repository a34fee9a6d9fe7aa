"""What an exam is, in Inspect's words: a Task has Samples, a Solver gets an Output, a Scorer gives a Score.

Values and signatures only. `evaluation.tasks` holds the exams, `evaluation.runner` lets somebody sit one.
Source: the vocabulary of github.com/UKGovernmentBEIS/inspect_ai.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from yoriai.records import RunOptions
from yoriai.types import Context, Language, Message, Responder, ToolCall, Usage

Kind = Literal["code", "choice", "number", "reading", "judge", "functions", "own"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One question. `metadata`: what only its own scorer understands."""

    id: str
    input: tuple[Message, ...]
    target: str = ""
    choices: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """What was asked and what came. Several turns: the texts of all, the last one in `text`."""

    prompt: tuple[Message, ...]
    text: str
    turns: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    cited: tuple[str, ...] = ()  # texts of passages that the reply names
    likelihoods: tuple[float, ...] = ()  # of the choices, in nats
    finish_reason: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """`values` by measure, each 0..1; the task's first measure is the headline."""

    values: dict[str, float]
    answer: str = ""  # what was read out of the output
    explanation: str = ""


class Grade(Protocol):
    """Runs code apart from everything. Raises: PrerequisiteError: this machine can't."""

    async def __call__(self, code: str, tests: str) -> tuple[bool, str]:
        """Whether all tests pass, and why not."""
        ...


Likelihood = Callable[[str, Sequence[str]], Awaitable[list[float]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """Who is examined, and what solver and scorer may use."""

    responder: Responder
    context: Context
    options: RunOptions
    max_tokens: int
    likelihood: Likelihood  # (what stands before, letters) -> nats of each
    grade: Grade | None = None
    judge: Responder | None = None


Solver = Callable[[Sample, Bench, int], Awaitable[Output]]  # the last: a seed
Scorer = Callable[[Sample, Output, Bench], Awaitable[Score]]
Files = Mapping[str, Path]
Metric = Literal["mean", "pass_at_k"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFile:
    """A file that an exam needs: `name` below `folder`, from a package or an address.

    `package`: the distribution and the path in it, where one ships this very file.
    """

    folder: str
    name: str
    url: str = ""
    sha256: str = ""
    package: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HumanBaseline:
    """How people did, as it was published."""

    value: float  # 0..1, of the first measure
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """An exam. A change of prompt or scoring is another `version`: runs of different ones aren't compared."""

    name: str
    kind: Kind
    language: Language
    source: str  # address of data and scoring
    licence: str  # of the data
    samples: Callable[[Files], list[Sample]]
    solver: Solver
    scorer: Scorer
    files: tuple[DataFile, ...] = ()
    measures: tuple[str, ...] = ("accuracy",)
    metric: Metric = "mean"
    max_tokens: int = 512
    version: int = 1
    human: HumanBaseline | None = None
    needs: frozenset[Literal["sandbox", "judge"]] = frozenset()
