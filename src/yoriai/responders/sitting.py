"""A council at work on one question: what all of its steps share. Who is asked within which budget, what was said.

Knows no step: `members`, `reviewing`, `debate`, `claims` and `chair` ask through it and tell what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from yoriai.deliberation import Contribution, Deliberation, Review
from yoriai.errors import EngineBusyError, YoriaiError
from yoriai.records import Council
from yoriai.responders.comparing import kind_of
from yoriai.responders.emitting import Emit, Snapshots
from yoriai.responders.question_tests import Tests
from yoriai.responders.search.calls import Calls, Reply
from yoriai.types import ChatRequest, Context, Event, Language, Message, ReasoningDelta, Responder, Stage

_LONGEST_WAIT_S = 600  # for a model to be loaded, or for a turn; then the member is late all the same
_SEEDS = 2**32 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """A member; `error`: why it can't be asked at all."""

    name: str
    responder: Responder | None = None
    error: YoriaiError | None = None


@dataclass(kw_only=True)
class Sitting:
    """One question before a council. `request`: as its members are asked, without a label's seed."""

    council: Council
    seats: Sequence[Seat]
    chair: Responder
    request: ChatRequest
    question: str
    calls: Calls
    emit: Emit
    context: Context
    state: Deliberation
    tests: Tests | None = None  # that stand in the question, for code
    replies: dict[tuple[str, int], Reply] = field(default_factory=dict)  # by label and round
    errors: list[YoriaiError] = field(default_factory=list)
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots = Snapshots(self.emit)

    @property
    def language(self) -> Language:
        """Of those who follow; what is put before a model is in the question's."""
        return self.context.language

    @property
    def compares(self) -> bool:
        """Whether answers are a number or a choice, or at least are to be voted on: then each has to state its own.

        Not programs: they are compared by what they do.
        """
        return self.tests is None and (self.council.mode == "vote" or kind_of(self.question) != "text")

    def tell(self, *, is_urgent: bool = False, **changes: Any) -> None:
        """Change the state; followers get a snapshot, at most five a second."""
        self.state = replace(self.state, **changes, cost=self.calls.cost)
        self.snapshots.tell(self.state, is_urgent=is_urgent)

    def put(self, contribution: Contribution) -> None:
        """In the place of the one with its label and round, else behind the others."""
        there = {(each.label, each.round): each for each in self.state.contributions}
        there[contribution.label, contribution.round] = contribution
        self.tell(contributions=tuple(there.values()))

    def say(self, heading: str, words: str) -> None:
        """Among the reasoning, under a heading of its own."""
        self.emit(ReasoningDelta(text=f"### {heading}\n\n{words.strip()}\n\n"))

    def answers(self) -> list[Contribution]:
        """The last answer of each member that has one, in their order."""
        last: dict[str, Contribution] = {}
        for each in self.state.contributions:
            if each.state == "done" and each.round >= (last[each.label].round if each.label in last else 0):
                last[each.label] = each
        return [last[label] for label in sorted(last, key=lambda label: (len(label), label))]

    def left_out(self) -> list[Contribution]:
        """Of members that never answered, why."""
        answered = {each.label for each in self.answers()}
        failed = {each.label: each for each in self.state.contributions if each.label not in answered}
        return list(failed.values())

    def best(self) -> Contribution:
        """Of the answers: the reviewers' choice, else that of the most votes, else of the most trusted member."""
        answers = self.answers()
        ranks = mean_ranks(self.state.reviews)
        first = self.state.ballots[0].labels if self.state.ballots else ()
        return min(answers, key=lambda each: (ranks.get(each.label, 99.0), each.label not in first))

    def messages(self, task: str) -> list[Message]:
        """The conversation with more at the end of its last question."""
        *before, last = self.request.messages
        if last.role != "user" or not isinstance(last.content, str):
            return [*self.request.messages, Message(role="user", content=task)]
        return [*before, last.model_copy(update={"content": f"{last.content}\n\n{task}"})]

    def seeded(self, request: ChatRequest, place: int) -> ChatRequest:
        """Each member draws differently; all of them the same way the next time with this seed."""
        seed = self.request.seed
        return request if seed is None else request.model_copy(update={"seed": (seed + place) % _SEEDS})

    async def ask(
        self, responder: Responder, request: ChatRequest, follow: Callable[[Event], None] | None = None
    ) -> Reply:
        """Within a member's time, which doesn't run while a model is loaded or a turn waited for.

        Raises: what the responder raises; TimeoutError. EngineBusyError: the council's budget is used up.
        """
        self._check_budget()
        try:
            return await self._ask(responder, request, follow)
        except TimeoutError:
            self._check_budget()
            raise

    def _check_budget(self) -> None:
        if not self.calls.ended:
            return
        self.tell(stopped=self.calls.ended)
        council = self.council
        raise EngineBusyError(
            "responders.council_spent", name=council.name, tokens=council.max_tokens,
            seconds=round(council.max_seconds),
        )  # fmt: skip

    async def _ask(
        self, responder: Responder, request: ChatRequest, follow: Callable[[Event], None] | None
    ) -> Reply:
        clock, seconds = asyncio.get_running_loop().time, self.council.member_seconds
        async with asyncio.timeout(seconds) as deadline:
            is_waiting = False

            def seen(event: Event) -> None:
                nonlocal is_waiting
                waits = isinstance(event, Stage) and event.name in {"queued", "loading"}
                if waits and not is_waiting:
                    deadline.reschedule(clock() + seconds + _LONGEST_WAIT_S)
                elif is_waiting and not waits:
                    deadline.reschedule(clock() + seconds)
                is_waiting = waits
                if follow:
                    follow(event)

            return await self.calls.ask(responder, request, seen)


async def together(sitting: Sitting, works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """At the same time; one after the other where the request has a seed.

    Calls that an engine answers at the same time change each other's last digits, and with them a word.
    """
    if sitting.request.seed is not None:
        for work in works:
            await work
        return
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)


def mean_ranks(reviews: Sequence[Review]) -> dict[str, float]:
    """By label, of the rankings that it stands in; 1 is the best."""
    places: dict[str, list[int]] = {}
    for review in reviews:
        for place, label in enumerate(review.ranking, 1):
            places.setdefault(label, []).append(place)
    return {label: sum(found) / len(found) for label, found in places.items()}
