"""Check and repair: an answer, what is wrong with it, a new one, until nothing is or all revisions are used.

The checks that need no model come first; then a check that says what it found (`by_tests`), or the scorer's grade, and
a critique where that is low. The version that passes stands, else the one with the fewest faults and the best grade: a
repair that makes things worse isn't given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from yoriai.deliberation import Contribution
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.split import language_of
from yoriai.responders.search.checks import problems
from yoriai.responders.search.samples import Search, finish
from yoriai.responders.search.scorers import Score, shown
from yoriai.responders.search.steps import with_task
from yoriai.types import ChatRequest, Message, Stage

PASSES = 0.75  # a grade from here on asks for no repair
_CRITIQUE_TOKENS = 300
Check = Callable[
    [str, str], Awaitable[tuple[float | None, list[str]]]
]  # of a label and its answer: score, faults


async def repair(search: Search, score: Score | None, check: Check | None = None) -> Contribution | None:
    """At most `plan.size` revisions. Without `score` and `check`: only what can be told from the answer itself."""
    versions: list[tuple[Contribution, int]] = []  # with how many faults
    request = search.request
    for revision in range(search.plan.size + 1):
        if versions and search.calls.ended:
            break
        progress = revision / (search.plan.size + 1)
        search.emit(Stage(name="repairing", detail=f"{revision}/{search.plan.size}", progress=progress))
        answer = await search.sample(revision, request)
        if answer.state != "done":
            break
        answer, faults = await _checked(search, answer, score, check)
        versions.append((answer, len(faults)))
        if not faults or revision == search.plan.size or search.calls.ended:
            break
        request = _revision(search, answer, faults)
    finish(search, is_decided=bool(versions) and not versions[-1][1])
    return _best(search, versions)


async def _checked(
    search: Search, answer: Contribution, score: Score | None, check: Check | None
) -> tuple[Contribution, list[str]]:
    """The answer with its grade, and what is wrong with it."""
    language = language_of(search.question)
    faults = problems(answer.text, search.request, language)
    if not faults and check:
        search.emit(Stage(name="scoring", detail=answer.label))
        value, faults = await check(answer.label, answer.text)
        answer = replace(answer, score=value)
    elif not faults and score and not search.calls.ended:
        search.emit(Stage(name="scoring", detail=answer.label))
        value = await score(answer.text, search.replies[answer.label])
        answer = replace(answer, score=value)
        if value is not None and value < PASSES:
            faults = [await _critique(search, answer.text) or text("responders.low_grade", language)]
    else:
        answer = replace(answer, score=0.0 if faults else 1.0)
    search.put(answer)
    if faults:
        search.think("responders.critique_heading", "\n".join(faults), label=answer.label)
    return answer, faults


async def _critique(search: Search, answer: str) -> str:
    """What the responder itself finds wrong; empty where it can't say."""
    if search.calls.ended:
        return ""
    task = text("responders.criticise", language_of(search.question), answer=shown(answer))
    request = search.request.model_copy(
        update={
            "messages": with_task(search.request.messages, task), "max_completion_tokens": _CRITIQUE_TOKENS,
            "response_format": None, "temperature": 0,
        }
    )  # fmt: skip
    try:
        return (await search.calls.ask(search.inner, request)).text.strip()
    except (YoriaiError, TimeoutError):
        return ""


def _revision(search: Search, answer: Contribution, faults: list[str]) -> ChatRequest:
    language = language_of(search.question)
    task = text("responders.revise", language, faults=shown("\n".join(f"- {each}" for each in faults)))
    messages = [
        *search.request.messages,
        Message(role="assistant", content=answer.text),
        Message(role="user", content=task),
    ]
    return search.request.model_copy(update={"messages": messages})


def _best(search: Search, versions: list[tuple[Contribution, int]]) -> Contribution | None:
    if not versions:
        return None
    best, faults = min(versions, key=lambda each: (each[1] > 0, -(each[0].score or 0.0)))
    key = "responders.reason_unrepaired" if faults else "responders.reason_repaired"
    reason = text(key, search.language, label=best.label, revisions=len(versions) - 1)
    search.tell(reason=reason)
    return best
