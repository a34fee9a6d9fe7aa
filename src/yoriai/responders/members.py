"""The members of a council answer one question; `council` and `debate` call it.

A member that fails, says nothing or is late is left out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from yoriai.deliberation import Contribution
from yoriai.errors import EngineError, YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.responders.comparing import answer_key
from yoriai.responders.search.samples import label_of
from yoriai.responders.sitting import Sitting, together
from yoriai.types import ChatRequest, Event, Stage


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
