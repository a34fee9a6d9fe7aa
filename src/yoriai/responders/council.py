"""A council: several responders answer independently, may review each other or debate, and one answer comes of it.

Puts its steps together: `members` answer, `reviewing`, `debate`, then `voting`,
`voting_by_tests` or `claims` and `chair`. What happens is
told as stages, as reasoning (every member's answer) and as a `Deliberation`; then comes the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from yoriai.deliberation import Contribution, Deliberation
from yoriai.errors import EngineBusyError, NotFoundError, UnsupportedError
from yoriai.records import Council
from yoriai.responders.chair import finish, name_the_missing, settle, stand_in
from yoriai.responders.claims import compare
from yoriai.responders.comparing import answer_line
from yoriai.responders.council_shelf import COUNCIL
from yoriai.responders.debate import debate
from yoriai.responders.emitting import Emit, emitted
from yoriai.responders.members import answer
from yoriai.responders.question_tests import asked_tests
from yoriai.responders.reviewing import review
from yoriai.responders.search.calls import Calls, Limits
from yoriai.responders.sitting import Seat, Sitting
from yoriai.responders.voting import vote
from yoriai.responders.voting_by_tests import vote_by_tests
from yoriai.sandbox.sandbox import Sandbox
from yoriai.types import ChatRequest, Context, Event, FinishReason, Responder, Stage


class CouncilResponder:
    """For one user: `seats` are the members that they may ask. `chair`: None where it is gone.

    `sandbox`: where programs are run that are voted on.
    """

    def __init__(
        self, council: Council, seats: Sequence[Seat], chair: Responder | None, sandbox: Sandbox
    ) -> None:
        self._council, self._seats, self._sandbox = council, seats, sandbox
        self._chair = chair or next((seat.responder for seat in seats if seat.responder), None)

    @property
    def name(self) -> str:
        return COUNCIL + self._council.name

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Stages, reasoning and snapshots of the deliberation; the answer; Finish and Usage of all calls.

        Raises:
            UnsupportedError: several choices, or tools. NotFoundError: none of its members is there.
            EngineBusyError: no member was in time. Else what the first member raises, where all failed.
        """
        self._check(request)
        async with aclosing(emitted(lambda emit: self._sit(request, context, emit))) as events:
            async for event in events:
                yield event

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return await self._present_chair().count_tokens(request)

    async def _sit(self, request: ChatRequest, context: Context, emit: Emit) -> None:
        question = next((each.text() for each in reversed(request.messages) if each.role == "user"), "")
        limits = Limits(
            tokens=self._council.max_tokens, seconds=self._council.max_seconds, call_tokens=self._member_tokens()
        )  # fmt: skip
        sitting = Sitting(
            council=self._council, seats=self._seats, chair=self._present_chair(), question=question, emit=emit,
            request=self._asked(request), calls=Calls(context, emit, limits), context=context,
            state=Deliberation(method=self._council.mode), tests=asked_tests(request.messages),
        )  # fmt: skip
        await answer(sitting, self._first_requests(sitting, request))
        if not sitting.answers():
            seconds = round(self._council.member_seconds)
            late = EngineBusyError("responders.council_too_late", name=self.name, seconds=seconds)
            raise sitting.errors[0] if sitting.errors else late
        if self._council.mode == "debate":
            await debate(sitting)
        if self._council.reviews:
            await review(sitting)
        reason = await self._settled(sitting, request)
        name_the_missing(sitting, request)
        self._reckon(sitting)
        finish(sitting, reason)

    async def _settled(self, sitting: Sitting, request: ChatRequest) -> FinishReason:
        found = await self._voted(sitting) if self._council.mode == "vote" else None
        if found:
            return stand_in(sitting, *found)
        if len(sitting.answers()) > 1:
            sitting.emit(Stage(name="settling", detail=sitting.chair.name))
            await compare(sitting)
        return await settle(sitting, request)

    async def _voted(self, sitting: Sitting) -> tuple[Contribution, str] | None:
        if sitting.tests:
            return await vote_by_tests(sitting, self._sandbox, sitting.tests)
        return vote(sitting)

    def _reckon(self, sitting: Sitting) -> None:
        """The last snapshot: what all of it took, and what its best member alone did."""
        best = sitting.best()
        first = next(each for each in sitting.state.contributions if each.label == best.label)
        sitting.tell(is_urgent=True, single=first.cost, single_name=best.name)

    def _member_tokens(self) -> int:
        """Of one answer: no more than leaves the others, and the chair, as much of the whole budget."""
        return min(self._council.member_tokens, max(1, self._council.max_tokens // (len(self._seats) + 1)))

    def _asked(self, request: ChatRequest) -> ChatRequest:
        """As members are asked: within a member's budget, in prose unless their answers are what is voted on."""
        most = self._member_tokens()
        wanted = request.max_completion_tokens or request.max_tokens or most
        changes: dict[str, object] = {
            "max_completion_tokens": min(wanted, most), "max_tokens": None, "tools": None,
            "tool_choice": None, "stream": False, "stream_options": None, "logprobs": False, "top_logprobs": None,
        }  # fmt: skip
        if self._council.mode != "vote":
            changes["response_format"] = None
        if request.seed is not None:
            changes["reads_anew"] = True
        return request.model_copy(update=changes)

    def _first_requests(self, sitting: Sitting, request: ChatRequest) -> list[ChatRequest]:
        """Where answers can be compared, each has to state its own."""
        asked = sitting.request
        is_prose = request.response_format is None or request.response_format.type == "text"
        line = answer_line(sitting.question)
        if is_prose and line not in sitting.question and sitting.compares:
            asked = asked.model_copy(update={"messages": sitting.messages(line)})
        return [asked] * len(self._seats)

    def _present_chair(self) -> Responder:
        if self._chair is None:
            first = next((seat.error for seat in self._seats if seat.error), None)
            raise first or NotFoundError("responders.council_empty", param="model", name=self.name)
        return self._chair

    def _check(self, request: ChatRequest) -> None:
        if request.n > 1:
            raise UnsupportedError("responders.council_one_choice", param="n")
        if request.server_tools or (request.tools and request.tool_choice != "none"):
            raise UnsupportedError("responders.council_no_tools", param="tools", name=self.name)
