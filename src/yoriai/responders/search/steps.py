"""An answer as a way of steps: cut into them, gone on with from any of them. A game for `tree_search`.

Where the responder goes on with an answer that was begun, a play costs only its new tokens; else it is asked to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from yoriai.deliberation import Contribution
from yoriai.errors import UsageError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import harmless
from yoriai.knowledge.split import language_of
from yoriai.responders.search.calls import Reply
from yoriai.responders.search.consistency import agreements
from yoriai.responders.search.samples import Search, label_of, mean_likelihood
from yoriai.responders.search.scorers import Score
from yoriai.responders.search.tree_search import Step
from yoriai.types import ChatRequest, Message

_SHORTEST, _MOST_STEPS = 20, 12  # characters; what comes after the last cut is one step
_NEUTRAL = 0.5  # of an end that the scorer can't judge
_LINES = re.compile(r"[^\n]*\n+|[^\n]+")
_FENCE = "```"


class Answers:
    """Answers to one question. `score` None: an end is worth the share of ends that agree with it."""

    def __init__(self, search: Search, request: ChatRequest, score: Score | None) -> None:
        self._search, self._request, self._score = search, request, score
        self._continues = search.continues
        self._scores: list[float] = []
        self.ends: list[Contribution] = []

    async def play(self, path: Sequence[str], attempt: int) -> list[Step] | None:
        begun = "".join(path)
        contribution = await self._sampled(begun, attempt)
        if contribution.state != "done":
            return None
        reply = self._search.replies[label_of(attempt)]
        if self._score:
            value = await self._score(contribution.text, reply)
            self._scores.append(_NEUTRAL if value is None else value)
        self.ends.append(contribution)
        return steps_of(reply) or [Step(text="")]

    async def values(self) -> list[float]:
        if self._score:
            return self._scores
        return agreements([each.key for each in self.ends], [each.text for each in self.ends])

    async def _sampled(self, begun: str, attempt: int) -> Contribution:
        contribution = await self._search.sample(attempt, self._continued(begun), begun)
        last = self._search.errors[-1] if self._search.errors else None
        if contribution.state == "failed" and begun and self._continues and isinstance(last, UsageError):
            self._continues = False  # its template allows no answer that was begun
            self._search.errors.pop()
            contribution = await self._search.sample(attempt, self._continued(begun), begun)
        return contribution

    def _continued(self, begun: str) -> ChatRequest:
        if not begun:
            return self._request
        messages = list(self._request.messages)
        if self._continues:
            messages.append(Message(role="assistant", content=begun))
        else:
            task = text("responders.go_on", language_of(self._search.question), begun=harmless(begun))
            messages = with_task(messages, task)
        return self._request.model_copy(update={"messages": messages})


def with_task(messages: Sequence[Message], task: str) -> list[Message]:
    """The messages with more at the end of the last question."""
    *before, last = messages
    if last.role != "user" or not isinstance(last.content, str):
        return [*messages, Message(role="user", content=task)]
    return [*before, last.model_copy(update={"content": f"{last.content}\n\n{task}"})]


def steps_of(reply: Reply) -> list[Step]:
    """Its steps with how likely each was; None where the engine gave no probabilities."""
    cuts = split(reply.text)
    parts = _by_step(reply.logprobs, cuts) if reply.logprobs else []
    likelihoods = [mean_likelihood(Reply(logprobs=part)) for part in parts] or [None] * len(cuts)
    return [
        Step(text=step, likelihood=likelihood) for step, likelihood in zip(cuts, likelihoods, strict=True)
    ]


def split(answer: str) -> list[str]:
    """Lines, code whole, none very short; together they are the answer again."""
    steps: list[str] = []
    is_open, is_code = False, False  # the last step wants more
    for line in _LINES.findall(answer):
        if line.lstrip().startswith(_FENCE):
            is_code = not is_code
        if is_open or len(steps) == _MOST_STEPS:
            steps[-1] += line
        else:
            steps.append(line)
        is_open = is_code or len(steps[-1].strip()) < _SHORTEST
    if len(steps) > 1 and is_open and not is_code:
        last = steps.pop()
        steps[-1] += last
    return steps


def _by_step(items: Sequence[dict[str, Any]], steps: Sequence[str]) -> list[list[dict[str, Any]]]:
    """Each token goes to the step in which it begins."""
    found: list[list[dict[str, Any]]] = [[] for _ in steps]
    at, step, end = 0, 0, len(steps[0]) if steps else 0
    for item in items:
        while at >= end and step + 1 < len(steps):
            step += 1
            end += len(steps[step])
        if found:
            found[step].append(item)
        at += len(str(item.get("token", "")))
    return found
