"""A debate: in each round every member sees what the others have answered, and answers anew.

It ends early when all give the same answer that can be compared: further rounds could only undo that.
"""

from __future__ import annotations

from yoriai.i18n.catalogue import text
from yoriai.knowledge.split import language_of
from yoriai.responders.members import answer
from yoriai.responders.quoting import quoted
from yoriai.responders.search.samples import label_of
from yoriai.responders.sitting import Sitting
from yoriai.responders.turns import UNKNOWN_CONTEXT
from yoriai.types import ChatRequest

_QUOTED = UNKNOWN_CONTEXT // 3  # tokens of the others' answers


async def debate(sitting: Sitting) -> None:
    """Further rounds after the first answers."""
    for round_ in range(2, sitting.council.rounds + 2):
        if is_agreed(sitting):
            sitting.tell(stopped="decided")
            return
        requests = [_request(sitting, label_of(place)) for place in range(len(sitting.seats))]
        await answer(sitting, requests, round_)


def is_agreed(sitting: Sitting) -> bool:
    keys = {each.key for each in sitting.answers()}
    return len(keys) == 1 and "" not in keys


def _request(sitting: Sitting, label: str) -> ChatRequest:
    """With the others' last answers under numbers, and one's own."""
    answers = sitting.answers()
    others = [(str(number), each.text) for number, each in enumerate(answers, 1) if each.label != label]
    own = next((each.text for each in answers if each.label == label), "")
    if not others:
        return sitting.request
    task = text(
        "responders.debate", language_of(sitting.question), answers=quoted(others, _QUOTED),
        own=quoted([("you", own)], _QUOTED / 2),
    )  # fmt: skip
    return sitting.request.model_copy(update={"messages": sitting.messages(task)})
