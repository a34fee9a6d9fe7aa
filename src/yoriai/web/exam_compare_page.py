"""Two runs of one exam side by side: what a paired test says, and every sample that they differ on."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from yoriai.bootstrap import Services
from yoriai.errors import UsageError
from yoriai.i18n.catalogue import error_text
from yoriai.records import ExamSample
from yoriai.web import exam_words, layout
from yoriai.web.cleaning import clean_text
from yoriai.web.exam_run_page import block, value
from yoriai.web.visitor import Visitor

_MOST = 100
_Pairs = Sequence[tuple[ExamSample, ExamSample]]


class ExamComparePage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor, run_id: str, other_id: str) -> None:
        self._exams, self._visitor = services.exams, visitor
        self._ids = run_id, other_id

    async def build(self) -> None:
        """Raises: NotFoundError: no such runs of this visitor's."""
        user = await self._visitor.user()
        try:
            found = await self._exams.side_by_side(user, *self._ids)
        except UsageError as error:
            with layout.subpage(self._visitor, self._say("title"), back="/exams"):
                ui.label(error_text(error, self._visitor.language)).classes("y-nothing")
            return
        names = [clean_text(each.run.model) for each in (found.first, found.second)]
        with layout.subpage(self._visitor, f"{found.first.run.task}: {names[0]} – {names[1]}", back="/exams"):
            for name, each in zip(names, (found.first, found.second), strict=True):
                with ui.element("div").classes("y-row"):
                    ui.link(name, f"/exams/runs/{each.run.id}")
                    ui.label(exam_words.score(each))
            ui.label(exam_words.verdict(found, self._visitor))
            won = [pair for pair in found.samples if value(pair[0]) > value(pair[1])]
            lost = [pair for pair in found.samples if value(pair[0]) < value(pair[1])]
            self._section(self._say("only_first", name=names[0], count=len(won)), won, names)
            self._section(self._say("only_second", name=names[1], count=len(lost)), lost, names)
            if not won and not lost:
                ui.label(self._say("no_differences")).classes("y-nothing")

    def _section(self, title: str, pairs: _Pairs, names: Sequence[str]) -> None:
        if not pairs:
            return
        ui.label(title).classes("y-heading").props("role=heading aria-level=2")
        for first, second in pairs[:_MOST]:
            self._pair(first, second, names)

    def _pair(self, first: ExamSample, second: ExamSample, names: Sequence[str]) -> None:
        with ui.expansion(clean_text(first.sample_id)).classes("y-sample").props("dense"):
            block(self._say("role_user"), str(first.prompt[0]["content"]) if first.prompt else "")
            with ui.element("div").classes("y-exam-pair"):
                for name, each in zip(names, (first, second), strict=True):
                    with ui.element("div"):
                        block(f"{name}: {value(each):.2g}", each.output)
                        if each.explanation:
                            block(self._say("explanation"), each.explanation)

    def _say(self, key: str, /, **values: object) -> str:
        return self._visitor.text(f"exams_{key}", **values)
