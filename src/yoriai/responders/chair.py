"""The chair writes the one answer: from the members' answers as data, with their letters as references.

It knows letters, not names, so that it has no favourites. When it fails before its first word, the best member's answer
stands in for it, word for word.
"""

from __future__ import annotations

import logging
import re

from yoriai.deliberation import Contribution
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import harmless
from yoriai.knowledge.split import language_of
from yoriai.responders.members import why_left_out
from yoriai.responders.quoting import ask_about, letters
from yoriai.responders.sitting import Sitting, mean_ranks
from yoriai.types import ChatRequest, Event, Finish, FinishReason, ReasoningDelta, TextDelta

_log = logging.getLogger("yoriai.responders")
_REFERENCE = re.compile(r"\[[A-Z](?:, ?[A-Z])*\]")
_TOKENS = 1024  # of the answer, where the request sets no limit


async def settle(sitting: Sitting, request: ChatRequest) -> FinishReason:
    """Write the answer. `request`: what was asked of the council.

    Raises: what the chair raises, after its first word.
    """
    answers = sitting.answers()
    if len(answers) == 1:
        reason = text("responders.reason_only_one", sitting.language, label=answers[0].label)
        return stand_in(sitting, answers[0], reason)
    sitting.tell(is_urgent=True, chair=sitting.chair.name)
    said = False

    def follow(event: Event) -> None:
        nonlocal said
        if isinstance(event, TextDelta):
            said = said or bool(event.text.strip())
            sitting.emit(TextDelta(text=event.text))
        elif isinstance(event, ReasoningDelta):
            sitting.emit(event)

    sitting.say(text("responders.settling_heading", sitting.language), sitting.state.reason)
    try:
        reply = await ask_about(
            sitting,
            sitting.chair,
            letters(answers),
            lambda quoted: _request(sitting, request, quoted),
            follow,
        )
    except (YoriaiError, TimeoutError) as error:
        if said and sitting.state.stopped:
            return "length"
        if said:
            raise
        _log.warning("the chair %s failed: %s", sitting.chair.name, error)
    if said:
        if _is_prose(request) and not _REFERENCE.search(reply.text):
            sitting.emit(TextDelta(text="".join(f"\n\n{line}" for line in summary(sitting))))
        return reply.reason
    best = sitting.best()
    key = "reason_spent" if sitting.state.stopped else "reason_chair_failed"
    reason = text(f"responders.{key}", sitting.language, name=sitting.chair.name, label=best.label)
    return stand_in(sitting, best, reason)


def stand_in(sitting: Sitting, contribution: Contribution, reason: str) -> FinishReason:
    """A member's answer as the council's, with the documents that it rests on."""
    reply = sitting.replies[contribution.label, contribution.round]
    sitting.tell(is_urgent=True, reason=reason)
    if reply.sources:
        sitting.emit(reply.sources)
    sitting.emit(TextDelta(text=contribution.text))
    if reply.support:
        sitting.emit(reply.support)
    return reply.reason


def name_the_missing(sitting: Sitting, request: ChatRequest) -> None:
    """Below an answer in prose, who had no part in it."""
    for each in sitting.left_out() if _is_prose(request) else ():
        sitting.emit(TextDelta(text=f"\n\n*{why_left_out(each, sitting)}*"))


def summary(sitting: Sitting) -> list[str]:
    """Where the members agree and differ, and why it was decided so; for a chair that refers to nobody."""
    everyone = {each.label for each in sitting.answers()}
    kinds: dict[str, list[str]] = {"agreed": [], "disputed": [], "some_say": []}
    for claim in sitting.state.claims:
        kind = "disputed" if claim.differ else "agreed" if everyone == set(claim.agree) else "some_say"
        against = " ≠ [{}]".format(", ".join(claim.differ)) if claim.differ else ""
        kinds[kind].append(f"{claim.text.rstrip('.。')} [{', '.join(claim.agree)}]{against}")
    lines = [
        text(f"responders.{kind}", sitting.language, claims="; ".join(found)) for kind, found in kinds.items() if found
    ]  # fmt: skip
    if lines and sitting.state.reason:
        lines.append(text("responders.decided", sitting.language, reason=sitting.state.reason))
    return lines


def finish(sitting: Sitting, reason: FinishReason) -> None:
    sitting.emit(Finish(reason=reason))
    sitting.emit(sitting.calls.usage)


def _request(sitting: Sitting, request: ChatRequest, quoted: str) -> ChatRequest:
    language = language_of(sitting.question)
    task = text(
        "responders.chair_prose" if _is_prose(request) else "responders.chair_format", language, answers=quoted,
        findings=_findings(sitting),
    )  # fmt: skip
    wanted = request.max_completion_tokens or request.max_tokens or _TOKENS
    changes = {
        "model": sitting.chair.name, "messages": sitting.messages(task), "max_completion_tokens": wanted,
        "response_format": request.response_format, "stop": request.stop,
    }  # fmt: skip
    return sitting.seeded(sitting.request.model_copy(update=changes), len(sitting.seats) + 1)


def _is_prose(request: ChatRequest) -> bool:
    return request.response_format is None or request.response_format.type == "text"


def _findings(sitting: Sitting) -> str:
    """What reviews and comparison have shown, as short as it gets."""
    language = language_of(sitting.question)
    parts = []
    for claim in sitting.state.claims:
        differ = text("responders.claim_differ", language, labels=", ".join(claim.differ))
        parts.append(f"- {harmless(claim.text)} [{', '.join(claim.agree)}]{differ if claim.differ else ''}")
    ranks = sorted(mean_ranks(sitting.state.reviews).items(), key=lambda item: item[1])
    if ranks:
        order = ", ".join(label for label, _ in ranks)
        parts.append("- " + text("responders.ranks", language, order=order))
    if sitting.state.reason:
        parts.append(f"- {harmless(sitting.state.reason)}")
    return "\n".join(parts)
