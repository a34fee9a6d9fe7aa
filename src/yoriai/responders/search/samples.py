"""Answers drawn from one responder: several at once where nothing has to be reproducible, until enough are there.

`best_of` and `consistency` choose among them. The shared state of a search is `Search`; what it has found so far is
told as a `Deliberation` whenever something changed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from yoriai.deliberation import Contribution, Cost, Deliberation
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.responders.comparing import stated_answer
from yoriai.responders.emitting import Emit, Snapshots
from yoriai.responders.naming import Plan
from yoriai.responders.search.calls import Calls, Reply
from yoriai.responders.search.orders import Shown, as_asked
from yoriai.types import ChatRequest, Language, ReasoningDelta, Responder, Stage


@dataclass(kw_only=True)
class Search:
    """One search for one request: whom it asks, what it may spend, what it has found."""

    plan: Plan
    request: ChatRequest  # with the temperature that samples are drawn at
    question: str
    inner: Responder
    calls: Calls
    emit: Emit
    language: Language
    at_once: int  # calls at the same time
    continues: bool  # whether the responder goes on with an answer that was begun
    state: Deliberation
    replies: dict[str, Reply] = field(default_factory=dict)  # by label
    errors: list[YoriaiError] = field(default_factory=list)
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots = Snapshots(self.emit)

    def tell(self, *, is_urgent: bool = False, **changes: Any) -> None:
        """Change the state; followers get a snapshot, at most five a second. `is_urgent`: now, before what follows."""
        self.state = replace(self.state, **changes, cost=self.calls.cost)
        self.snapshots.tell(self.state, is_urgent=is_urgent)

    def put(self, contribution: Contribution) -> None:
        """In the place of the one with its label, else behind the others."""
        there = {each.label: each for each in self.state.contributions}
        self.tell(contributions=tuple((there | {contribution.label: contribution}).values()))

    def seeded(self, request: ChatRequest, number: int) -> ChatRequest:
        """Each call of a search draws differently; all of them the same way in the next one with this seed."""
        if self.request.seed is None:
            return request
        return request.model_copy(update={"seed": (self.request.seed + number) % (2**32 - 1)})

    async def sample(
        self, number: int, request: ChatRequest, begin: str = "", shown: Shown | None = None
    ) -> Contribution:
        """The answer to `request` as a contribution, failed or late ones too.

        `begin`: what it goes on with. `shown`: the question as this sample is asked it.
        """
        shown = shown or Shown(request=request, question=self.question)
        contribution = Contribution(label=label_of(number), name=self.inner.name, state="running")
        self.put(contribution)
        try:
            reply = await self.calls.ask(self.inner, self.seeded(shown.request, number))
        except TimeoutError:
            contribution = replace(contribution, state="late")
        except YoriaiError as error:
            self.errors.append(error)
            values = {name: str(value) for name, value in error.values.items()}
            contribution = replace(contribution, state="failed", error_key=error.key, error_values=values)
        else:
            self.replies[contribution.label] = reply
            said, key = self._read(begin + reply.text, reply, shown)
            contribution = replace(
                contribution, state="done", text=said, reasoning=reply.reasoning, cost=reply.cost, key=key
            )
            self.think("responders.sample_heading", said, label=contribution.label)
        self.put(contribution)
        return contribution

    def _read(self, said: str, reply: Reply, shown: Shown) -> tuple[str, str]:
        """Its words and its key. Of an answer that was cut off only what it had stated: its last number is any."""
        is_cut = reply.reason == "length" and not stated_answer(said)
        words, key = as_asked(said, shown, self.question)
        return words, "" if is_cut else key

    def think(self, heading: str, words: str, **values: object) -> None:
        """Among the reasoning, under a heading of its own."""
        title = text(heading, self.language, **values)
        self.emit(ReasoningDelta(text=f"### {title}\n\n{words.strip()}\n\n"))

    def done(self) -> list[Contribution]:
        return [each for each in self.state.contributions if each.state == "done"]


Settled = Callable[[], bool]
Judge = Callable[[Contribution], Awaitable[None]]


async def draw(
    search: Search, show: Callable[[int], Shown], *, settled: Settled, judge: Judge | None = None
) -> None:
    """`plan.size` samples, `at_once` at the same time, each judged at once. `show`: how a sample is asked.

    Ends earlier when `settled()` or the budget is spent; what runs then is cancelled and left out.
    """
    total, numbers = search.plan.size, iter(range(search.plan.size))
    search.emit(Stage(name="sampling", detail=f"0/{total}", progress=0.0))

    async def worker() -> None:
        for number in numbers:
            if settled() or search.calls.ended:
                break
            contribution = await search.sample(number, search.request, shown=show(number))
            if judge and contribution.state == "done":
                await judge(contribution)
            ended = sum(each.state != "running" for each in search.state.contributions)
            search.emit(Stage(name="sampling", detail=f"{ended}/{total}", progress=ended / total))
            if settled():
                for task in tasks:
                    if task is not asyncio.current_task():
                        task.cancel()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker()) for _ in range(min(search.at_once, total))]
    finish(search, is_decided=settled())


def finish(search: Search, *, is_decided: bool) -> None:
    """Say why it ended early, where it did; leave out what was still running."""
    ended = [each for each in search.state.contributions if each.state != "running"]
    missing = len(ended) < search.plan.size or any(each.state == "late" for each in ended)
    early = "decided" if is_decided else search.calls.ended
    search.tell(contributions=tuple(sorted(ended, key=_order)), stopped=early if missing else "")


def single(search: Search) -> Cost:
    """What one sample took, the mean of those that came to their end."""
    done = search.done()
    count = max(1, len(done))
    return Cost(
        calls=max(1, round(sum(each.cost.calls for each in done) / count)),
        prompt_tokens=round(sum(each.cost.prompt_tokens for each in done) / count),
        completion_tokens=round(sum(each.cost.completion_tokens for each in done) / count),
        seconds=round(sum(each.cost.seconds for each in done) / count, 3),
    )


def label_of(number: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def mean_likelihood(reply: Reply) -> float | None:
    """exp of the mean log-probability of its tokens, 0..1; None where the engine gave none."""
    found = [
        float(item["logprob"]) for item in reply.logprobs if isinstance(item.get("logprob"), int | float)
    ]
    return math.exp(min(0.0, sum(found) / len(found))) if found else None


def _order(contribution: Contribution) -> tuple[int, str]:
    return len(contribution.label), contribution.label
