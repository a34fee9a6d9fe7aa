"""What a composite responder (council, reasoner) did on the way to its answer, and what that cost. Values only.

`responders` makes them, `chat` and `store` keep them with the reply, the surfaces show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Method = Literal["synthesise", "vote", "debate", "best_of", "self_consistency", "tree", "repair"]
ContributionState = Literal["waiting", "running", "done", "failed", "late"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What answering took. `swaps`: models that had to be loaded meanwhile."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0  # from the first call to the end of the last, as a clock on the wall has it
    swaps: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """One answer that the final one rests on: a member's, or a sample's."""

    label: str  # "A", "B" …: what reviews, claims and the chair call it
    name: str  # the responder that gave it
    text: str = ""
    reasoning: str = ""  # its thinking; never part of an answer
    round: int = 1  # of a debate
    state: ContributionState = "done"
    error_key: str | None = None  # why it was left out
    error_values: dict[str, Any] = field(default_factory=dict)
    key: str = ""  # the answer as it is compared: a number, a choice; empty: it can't be
    score: float | None = None  # 0..1, by the scorer
    cost: Cost = Cost()


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What one member said of the others' answers, whose authors it didn't know."""

    reviewer: str  # label
    ranking: tuple[str, ...]  # labels, the best first
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Something that members say or deny. Who is in neither list says nothing of it."""

    text: str
    agree: tuple[str, ...]  # labels
    differ: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """An answer that can be compared, and who gave it."""

    answer: str
    labels: tuple[str, ...]
    share: float  # 0..1 of the votes


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A step of a search tree."""

    id: int
    parent: int | None  # None: the root
    text: str
    value: float  # 0..1, the mean over its visits
    visits: int
    prior: float
    is_end: bool = False  # it holds an answer
    is_chosen: bool = False  # on the way to the answer that was given


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliberation:
    """The whole of it so far. Each event of this kind replaces the one before; the last comes before `Finish`."""

    method: Method
    scorer: str = ""  # "judge", "pairs", "agreement", "citations", "checks", "tests"; empty: none
    contributions: tuple[Contribution, ...] = ()
    reviews: tuple[Review, ...] = ()
    claims: tuple[Claim, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    nodes: tuple[Node, ...] = ()
    chair: str = ""  # the responder that settled
    reason: str = ""  # why it settled so
    stopped: Literal["", "decided", "tokens", "time"] = ""  # before everything was tried: why
    cost: Cost = Cost()
    single: Cost | None = None  # what the best single member took, or would have taken
    single_name: str = ""
