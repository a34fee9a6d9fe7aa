"""One run of an exam, sample by sample: what was asked, what came, how it was scored, how long it took."""

from __future__ import annotations

from nicegui import ui

from yoriai.bootstrap import Services
from yoriai.evaluation.exams import Shown
from yoriai.i18n.catalogue import text
from yoriai.records import ExamSample
from yoriai.web import exam_words, layout
from yoriai.web.cleaning import clean_text
from yoriai.web.handling import Handler, Handling
from yoriai.web.visitor import Visitor

_PAGE = 50  # samples at a time
_FILTERS = ("all", "wrong", "right")


class ExamRunPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor, run_id: str) -> None:
        self._exams, self._visitor, self._id = services.exams, visitor, run_id
        self._handling = Handling(visitor, ui.context.client)
        self._samples: list[ExamSample] = []
        self._shown_count = _PAGE

    async def build(self) -> None:
        """Raises: NotFoundError: no such run of this visitor's."""
        user = await self._visitor.user()
        shown = await self._exams.get(user, self._id)
        self._samples = await self._exams.samples(user, self._id)
        with layout.subpage(
            self._visitor, f"{shown.run.task} · {clean_text(shown.run.model)}", back="/exams"
        ):
            self._summary(shown)
            if shown.run.options.judge:
                await self._trust(shown.run.options.judge)
            self._filter = ui.toggle(
                {each: self._say(f"filter_{each}") for each in _FILTERS}, value="all",
                on_change=self._handling.safely(self._narrow),
            ).props("no-caps dense")  # fmt: skip
            self._list = ui.element("div")
            self._show()

    def _summary(self, shown: Shown) -> None:
        run = shown.run
        ui.label(exam_words.score(shown)).classes("y-welcome-title")
        for figure in shown.result.figures[1:]:
            ui.label(f"{figure.measure}: {exam_words.percent(figure)} ({exam_words.interval(figure)})")
        options = run.options
        facts = [
            self._say(f"state_{run.state}"), f"{shown.done} / {run.total}", exam_words.cost(shown, self._visitor),
            self._say("settings", seed=options.seed, temperature=f"{options.temperature:g}", epochs=options.epochs,
                      parallel=options.parallel),
            *([self._say("judged_by", name=clean_text(options.judge))] if options.judge else []),
            *([self._say("digest", digest=run.digest[:12])] if run.digest else []),
        ]  # fmt: skip
        ui.label(" · ".join(facts)).classes("y-note")
        if failure := exam_words.failure(shown, self._visitor):
            ui.label(failure).classes("y-failure")
        with ui.element("div").classes("y-row"):
            if run.state in {"failed", "cancelled"}:
                self._button("resume", "play_arrow", self._resume)
            if run.state in {"queued", "running"}:
                self._button("stop", "stop", self._stop)
            else:
                self._button("delete", "delete", self._delete)

    async def _trust(self, judge: str) -> None:
        """How far the judge agrees with people, as it was measured."""
        found = await self._exams.calibration.of(judge)
        if found is None:
            ui.label(self._say("judge_unknown", name=clean_text(judge))).classes("y-failure")
            return
        words = self._say(
            "judge_trusted" if found.is_trusted else "judge_not_trusted", name=clean_text(judge), pairs=found.pairs,
            kappa=f"{found.kappa.value:.2f}", low=f"{found.kappa.low:.2f}", high=f"{found.kappa.high:.2f}",
        )  # fmt: skip
        ui.label(words).classes("y-note" if found.is_trusted else "y-failure")

    def _button(self, word: str, icon: str, work: Handler) -> None:
        ui.button(self._say(word), icon=icon, on_click=self._handling.safely(work)).props(
            "flat no-caps dense"
        )

    def _show(self) -> None:
        wanted = [each for each in self._samples if self._is_wanted(each)]
        self._list.clear()
        with self._list:
            if not wanted:
                ui.label(self._say("no_samples")).classes("y-nothing")
            for each in wanted[: self._shown_count]:
                sample(each, self._visitor)
            if len(wanted) > self._shown_count:
                self._button("more", "expand_more", self._more)

    def _is_wanted(self, each: ExamSample) -> bool:
        wanted = self._filter.value
        return bool(wanted == "all" or (value(each) >= 1) == (wanted == "right"))

    # ---- what the visitor does ---------------------------------------------------------------------------------
    async def _narrow(self) -> None:
        await self._visitor.user()
        self._shown_count = _PAGE
        self._show()

    async def _more(self) -> None:
        await self._visitor.user()
        self._shown_count += _PAGE
        self._show()

    async def _resume(self) -> None:
        await self._exams.resume(await self._visitor.user(), self._id)
        self._handling.go("/exams")

    async def _stop(self) -> None:
        await self._exams.cancel(await self._visitor.user(), self._id)
        self._handling.reload()

    async def _delete(self) -> None:
        if await layout.confirm(self._visitor, self._say("delete_question")):
            await self._exams.remove(await self._visitor.user(), self._id)
            self._handling.go("/exams")

    def _say(self, key: str, /, **values: object) -> str:
        return self._visitor.text(f"exams_{key}", **values)


def value(each: ExamSample) -> float:
    return next(iter(each.values.values()), 0.0)


def sample(each: ExamSample, visitor: Visitor) -> None:
    """A fold: closed its score and answer, open everything."""
    mark = "✓" if value(each) >= 1 else "✗" if value(each) <= 0 else f"{value(each):.2f}"
    epoch = f" #{each.epoch}" if each.epoch > 1 else ""
    answer = " ".join(clean_text(each.answer).split())[:80]
    with ui.expansion(f"{mark} {clean_text(each.sample_id)}{epoch} — {answer}").classes("y-sample") as fold:
        fold.props("dense")
        for message in each.prompt:
            block(visitor.text(f"exams_role_{message['role']}"), str(message["content"]))
        block(visitor.text("exams_output"), each.output)
        if each.target:
            block(visitor.text("exams_target"), each.target)
        if each.explanation:
            block(visitor.text("exams_explanation"), each.explanation)
        if each.error_key:
            block(visitor.text("exams_failed"), text(each.error_key, visitor.language, **each.error_values))
        scores = ", ".join(f"{name} {found:.3g}" for name, found in each.values.items())
        ui.label(
            visitor.text(
                "exams_sample_facts", scores=scores, tokens=each.completion_tokens, seconds=f"{each.solving_s:.1f}",
                scoring=f"{each.scoring_s:.1f}", seed=each.seed, reason=each.finish_reason or "–",
            )
        ).classes("y-facts")  # fmt: skip


def block(title: str, content: str) -> None:
    """Untrusted text, as it is: never rendered."""
    ui.label(title).classes("y-facts")
    with ui.element("pre").classes("y-said"):
        ui.label(clean_text(content))
