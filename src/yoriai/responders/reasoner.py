"""A responder that searches over another: best of N, self-consistency, tree search, check and repair.

Puts `naming` (what is wanted), `search` (how it is found) and the budget together. Its thinking is events: stages,
every sample as reasoning, the search so far as a `Deliberation`; then the answer that stands, word for word as it was
drawn, with its documents. Samples of a request with a seed are drawn one after the other and each reads its prompt
anew: calls that an engine answers at the same time, and prompts that it has read in other portions, change the last
digits of probabilities, and with them, now and then, a word.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from yoriai.deliberation import Contribution, Deliberation
from yoriai.errors import EngineBusyError, UnsupportedError, UsageError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.split import language_of
from yoriai.responders.comparing import answer_line, kind_of
from yoriai.responders.emitting import Emit, emitted
from yoriai.responders.naming import Plan
from yoriai.responders.question_tests import Tests, asked_tests
from yoriai.responders.search import best_of, by_tests, consistency, repair, scorers, tree
from yoriai.responders.search.calls import Calls, Limits
from yoriai.responders.search.samples import Search, single
from yoriai.responders.search.scorers import Score
from yoriai.responders.search.steps import with_task
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import ReasonerSettings
from yoriai.types import ChatRequest, Context, Event, Finish, Responder, Stage, TextDelta


class ReasonerResponder:
    """`judge` grades where the plan says so; `at_once`: samples at the same time, of requests without a seed.

    `sandbox`: where programs are run that are scored by tests.
    """

    def __init__(
        self, plan: Plan, inner: Responder, judge: Responder, settings: ReasonerSettings, sandbox: Sandbox, *,
        at_once: int,
    ) -> None:  # fmt: skip
        self._plan, self._inner, self._judge, self._settings = plan, inner, judge, settings
        self._sandbox, self._at_once = sandbox, at_once

    @property
    def name(self) -> str:
        return self._plan.name

    async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Stages, reasoning and snapshots of the search; the answer; Finish and Usage of all calls.

        Raises:
            UnsupportedError: several choices, tools, or structured output step by step.
            UsageError: code is to be scored by tests, and the question has none. PrerequisiteError: nor can it be run.
            EngineBusyError: the time was over before any answer came. Else what the inner responder raises, where
            all samples failed.
        """
        self._check(request)
        tests = await self._tests(request)
        async with aclosing(emitted(lambda emit: self._search(request, context, emit, tests))) as events:
            async for event in events:
                yield event

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        return await self._inner.count_tokens(request)

    async def _search(self, request: ChatRequest, context: Context, emit: Emit, tests: Tests | None) -> None:
        limits = Limits(
            tokens=self._settings.max_tokens, seconds=self._settings.max_seconds,
            call_tokens=self._settings.sample_tokens,
        )  # fmt: skip
        question = next((each.text() for each in reversed(request.messages) if each.role == "user"), "")
        search = Search(
            plan=self._plan, request=self._drawn(request, question), question=question, inner=self._inner,
            calls=Calls(context, emit, limits), emit=emit, language=context.language,
            at_once=1 if request.seed is not None else self._at_once,
            continues=getattr(self._inner, "goes_on", False) is True,
            state=Deliberation(method=self._plan.method, scorer=self._plan.scorer),
        )  # fmt: skip
        search.tell(is_urgent=True)
        chosen = await self._tested(search, tests) if tests else await self._chosen(search)
        if chosen is None:
            raise self._failure(search)
        emit(Stage(name="settling", detail=chosen.label))
        search.tell(is_urgent=True, single=single(search), single_name=self._inner.name)
        _answer(search, chosen, request)

    async def _tests(self, request: ChatRequest) -> Tests | None:
        """What the plan scores by; None: by something else. Raises: as `respond`."""
        if self._plan.scorer != "tests":
            return None
        tests = asked_tests(request.messages)
        if tests is None:
            raise UsageError("responders.no_tests", param="messages", name=self.name)
        await self._sandbox.require()
        return tests

    async def _tested(self, search: Search, tests: Tests) -> Contribution | None:
        if self._plan.method == "repair":
            return await repair.repair(search, None, by_tests.check(search, self._sandbox, tests))
        return await best_of.best_of(search, by_tests.score(search, self._sandbox, tests))

    async def _chosen(self, search: Search) -> Contribution | None:
        score = self._score(search)
        if self._plan.scorer == "pairs":
            return await best_of.by_pairs(
                search, scorers.by_pairs(search.calls, self._judge, search.question, search.request.seed)
            )
        if self._plan.method == "best_of":
            return await best_of.best_of(search, score)
        if self._plan.method == "tree":
            return await tree.search_tree(search, score)
        if self._plan.method == "repair":
            return await repair.repair(search, score)
        return await consistency.vote(search)

    def _score(self, search: Search) -> Score | None:
        """None: agreement, or checks alone."""
        if self._plan.scorer == "judge":
            return scorers.by_judge(search.calls, self._judge, search.question, search.request.seed)
        return scorers.by_citations() if self._plan.scorer == "citations" else None

    def _drawn(self, request: ChatRequest, question: str) -> ChatRequest:
        """As samples are drawn: they have to differ, and where answers are compared each has to state its own."""
        changes: dict[str, object] = {"stream": False, "stream_options": None}
        if request.seed is not None:
            changes["reads_anew"] = True
        if self._plan.method != "repair":
            changes["temperature"] = request.temperature or self._settings.temperature
        is_plain = request.response_format is None or request.response_format.type == "text"
        line = answer_line(question)
        if (
            is_plain
            and self._plan.scorer == "agreement"
            and kind_of(question) != "text"
            and line not in question
        ):
            task = text("responders.reason_then", language_of(question), line=line)
            changes["messages"] = with_task(request.messages, task)
        return request.model_copy(update=changes)

    def _check(self, request: ChatRequest) -> None:
        if request.n > 1:
            raise UnsupportedError("responders.reasoner_one_choice", param="n")
        if request.server_tools or (request.tools and request.tool_choice != "none"):
            raise UnsupportedError("responders.reasoner_no_tools", param="tools", name=self.name)
        is_plain = request.response_format is None or request.response_format.type == "text"
        if self._plan.method == "tree" and not is_plain:
            raise UnsupportedError("responders.tree_no_format", param="response_format", name=self.name)

    def _failure(self, search: Search) -> Exception:
        if search.errors:
            return search.errors[0]
        seconds = round(self._settings.max_seconds)
        return EngineBusyError("responders.reasoner_too_late", name=self.name, seconds=seconds)


def _answer(search: Search, chosen: Contribution, request: ChatRequest) -> None:
    """The answer as it was drawn, with what it rests on."""
    reply = search.replies[chosen.label]
    if reply.sources:
        search.emit(reply.sources)
    is_whole = reply.text == chosen.text  # else its beginning came from another sample
    logprobs = reply.logprobs if request.logprobs and is_whole else None
    search.emit(TextDelta(text=chosen.text, logprobs=logprobs or None))
    if reply.support:
        search.emit(reply.support)
    search.emit(Finish(reason=reply.reason))
    search.emit(search.calls.usage)
