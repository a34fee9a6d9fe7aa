"""Each member looks at the others' answers: who wrote them isn't told, and each sees them in another order.

The verdict is JSON that a grammar enforces. A reviewer that fails or is late has no say; nobody is left out for it.
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Mapping

from yoriai.deliberation import Contribution, Review
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.split import language_of
from yoriai.responders.quoting import ask_about
from yoriai.responders.search.samples import label_of
from yoriai.responders.sitting import Sitting, together
from yoriai.types import ChatRequest, Responder, ResponseFormat, Stage

_log = logging.getLogger("yoriai.responders")
_COMMENT = 400  # characters
_REVIEW_TOKENS = 400


async def review(sitting: Sitting) -> None:
    """By all members that answered, of what the others answered. Nothing to do for fewer than two."""
    answers = sitting.answers()
    if len(answers) < 2:
        return
    done = 0

    async def one(place: int, own: Contribution) -> None:
        nonlocal done
        await _by(sitting, place, own, [each for each in answers if each is not own])
        done += 1
        sitting.emit(Stage(name="reviewing", detail=f"{done}/{len(answers)}", progress=done / len(answers)))

    sitting.emit(Stage(name="reviewing", detail=f"0/{len(answers)}", progress=0.0))
    await together(sitting, [one(place, own) for place, own in enumerate(answers)])
    ordered = sorted(sitting.state.reviews, key=lambda each: (len(each.reviewer), each.reviewer))
    sitting.tell(reviews=tuple(ordered))


async def _by(sitting: Sitting, place: int, own: Contribution, others: list[Contribution]) -> None:
    responder = next(
        seat.responder
        for at, seat in enumerate(sitting.seats)
        if label_of(at) == own.label and seat.responder
    )
    seed = sitting.request.seed
    # What a reviewer sees first it likes better: no two see the same order.
    order = random.Random(f"{seed}/{own.label}" if seed is not None else None)  # noqa: S311 — not a secret
    order.shuffle(others)
    shown = {str(number): each.label for number, each in enumerate(others, 1)}
    try:
        reply = await ask_about(
            sitting, responder, [(str(number), each.text) for number, each in enumerate(others, 1)],
            lambda answers: sitting.seeded(_request(sitting, responder, answers, shown), place),
        )  # fmt: skip
    except (YoriaiError, TimeoutError) as error:
        _log.warning("no review by %s: %s", own.name, error)
        return
    found = read(reply.text, own.label, shown)
    if found:
        sitting.tell(reviews=(*sitting.state.reviews, found))
        ranking = " > ".join(found.ranking)
        title = text("responders.review_heading", sitting.language, label=own.label)
        sitting.say(title, f"{ranking}\n\n{found.text}")


def read(said: str, reviewer: str, shown: Mapping[str, str]) -> Review | None:
    """The review in a reply; who isn't ranked comes last, in the order that was shown. None: it is none at all."""
    try:
        found = json.loads(said)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    given = found.get("ranking")
    ranked = [shown[str(each)] for each in given if str(each) in shown] if isinstance(given, list) else []
    comment = " ".join(str(found.get("comment") or "").split())[:_COMMENT]
    return Review(
        reviewer=reviewer, ranking=tuple(dict.fromkeys([*ranked, *shown.values()])), text=_labelled(comment, shown)
    )  # fmt: skip


def _labelled(comment: str, shown: Mapping[str, str]) -> str:
    """What the reviewer calls "Answer 2" is [B] for everybody else."""
    return re.sub(
        r"(?:[Aa]nswers?|答え|回答)\s*[#(（]?([1-9])[)）]?",
        lambda match: f"[{shown[match[1]]}]" if match[1] in shown else match[0], comment,
    )  # fmt: skip


def _request(sitting: Sitting, reviewer: Responder, answers: str, shown: Mapping[str, str]) -> ChatRequest:
    task = text(
        "responders.review", language_of(sitting.question), answers=answers, numbers=", ".join(shown)
    )  # fmt: skip
    return sitting.request.model_copy(
        update={
            "model": reviewer.name, "messages": sitting.messages(task), "response_format": _format(list(shown)),
            "max_completion_tokens": min(_REVIEW_TOKENS, sitting.council.member_tokens), "stop": None,
        }
    )  # fmt: skip


def _format(numbers: list[str]) -> ResponseFormat:
    schema = {
        "type": "object",
        "properties": {
            "comment": {"type": "string", "maxLength": _COMMENT},
            "ranking": {
                "type": "array", "items": {"enum": numbers}, "minItems": len(numbers), "maxItems": len(numbers),
            },
        },
        "required": ["comment", "ranking"], "additionalProperties": False,
    }  # fmt: skip
    return ResponseFormat.model_validate(
        {"type": "json_schema", "json_schema": {"name": "review", "schema": schema, "strict": True}}
    )
