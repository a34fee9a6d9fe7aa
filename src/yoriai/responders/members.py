"""The members of a council at work on one question: who is asked what, within which budget, and what each has said.

`Sitting` is what all steps of a council share. A member that fails, says nothing or is late is left out and named.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from yoriai.deliberation import Contribution, Deliberation, Review
from yoriai.errors import EngineError, YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.records import Council
from yoriai.responders.comparing import answer_key, kind_of
from yoriai.responders.emitting import Emit
from yoriai.responders.search.calls import Calls, Reply
from yoriai.responders.search.samples import label_of
from yoriai.types import ChatRequest, Context, Event, Language, Message, ReasoningDelta, Responder, Stage

_APART_S = 0.2  # between two snapshots that nobody waits for
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
    replies: dict[tuple[str, int], Reply] = field(default_factory=dict)  # by label and round
    errors: list[YoriaiError] = field(default_factory=list)
    _told: float = 0.0
    _due: asyncio.TimerHandle | None = None  # of a snapshot that comes later

    @property
    def language(self) -> Language:
        """Of those who follow; what is put before a model is in the question's."""
        return self.context.language

    @property
    def compares(self) -> bool:
        """Whether answers are a number or a choice, or at least are to be voted on: then each has to state its own."""
        return self.council.mode == "vote" or kind_of(self.question) != "text"

    def tell(self, *, is_urgent: bool = False, **changes: Any) -> None:
        """Change the state; followers get a snapshot, at most five a second."""
        self.state = replace(self.state, **changes, cost=self.calls.cost)
        wait_s = 0 if is_urgent else self._told + _APART_S - time.monotonic()
        if wait_s <= 0:
            self._show()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(wait_s, self._show)

    def _show(self) -> None:
        if self._due:
            self._due.cancel()
        self._due, self._told = None, time.monotonic()
        self.emit(self.state)

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

        Raises: what the responder raises; TimeoutError.
        """
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


async def answer(sitting: Sitting, requests: Sequence[ChatRequest], round_: int = 1) -> None:
    """Every member answers its request, the one at its place."""
    sitting.tell(is_urgent=True, contributions=(*sitting.state.contributions, *_waiting(sitting, round_)))
    done = 0

    async def one(place: int, request: ChatRequest) -> None:
        nonlocal done
        await _contribute(sitting, place, sitting.seeded(request, place), round_)
        done += 1
        _progress(sitting, done)

    _progress(sitting, 0)
    await together(sitting, [one(place, request) for place, request in enumerate(requests)])


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


async def _contribute(sitting: Sitting, place: int, request: ChatRequest, round_: int) -> None:
    seat = sitting.seats[place]
    contribution = Contribution(label=label_of(place), name=seat.name, round=round_, state="running")

    def follow(event: Event) -> None:
        if not (isinstance(event, Stage) and event.name in {"queued", "loading"}):
            there = next(each for each in sitting.state.contributions if _is_same(each, contribution))
            if there.state == "waiting":
                sitting.put(contribution)

    try:
        if seat.responder is None:
            raise seat.error or EngineError("responders.member_silent", name=seat.name)
        reply = await sitting.ask(seat.responder, request, follow)
        if not reply.text.strip():
            raise EngineError("responders.member_silent", name=seat.name)
    except TimeoutError:
        contribution = replace(contribution, state="late")
    except YoriaiError as error:
        sitting.errors.append(error)
        values = {
            name: value if isinstance(value, int | float) else str(value)
            for name, value in error.values.items()
        }
        contribution = replace(contribution, state="failed", error_key=error.key, error_values=values)
    else:
        sitting.replies[contribution.label, round_] = reply
        contribution = replace(
            contribution, state="done", text=reply.text, reasoning=reply.reasoning, cost=reply.cost,
            key=answer_key(reply.text, sitting.question) if sitting.compares else "",
        )  # fmt: skip
    sitting.put(contribution)
    _tell_of(sitting, contribution)


def _tell_of(sitting: Sitting, contribution: Contribution) -> None:
    heading = f"{contribution.label} · {contribution.name}"
    if contribution.round > 1:
        heading += " · " + text("responders.round", sitting.language, number=contribution.round)
    if contribution.state == "done":
        sitting.say(heading, contribution.text)
    else:
        sitting.say(heading, why_left_out(contribution, sitting))


def why_left_out(contribution: Contribution, sitting: Sitting) -> str:
    """A sentence with its name."""
    key = "late" if contribution.state == "late" else "failed"
    seconds = round(sitting.council.member_seconds)
    values = {"label": contribution.label, "name": contribution.name, "seconds": seconds}
    return text(f"responders.left_out_{key}", sitting.language, **values)


def _waiting(sitting: Sitting, round_: int) -> list[Contribution]:
    return [
        Contribution(label=label_of(place), name=seat.name, round=round_, state="waiting")
        for place, seat in enumerate(sitting.seats)
    ]


def _progress(sitting: Sitting, done: int) -> None:
    members = len(sitting.seats)
    sitting.emit(Stage(name="members", detail=f"{done}/{members}", progress=done / members))


def _is_same(a: Contribution, b: Contribution) -> bool:
    return (a.label, a.round) == (b.label, b.round)
