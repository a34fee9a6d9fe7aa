"""One's own questions: sets of them, edited, approved, taken in from files; each an exam.

Carries out what the visitor does, through the Questions service.
"""

from __future__ import annotations

from typing import Any

from nicegui import events, ui

from yoriai.bootstrap import Services
from yoriai.evaluation import question_files
from yoriai.evaluation.questions import Draft, is_hidden
from yoriai.records import OwnQuestion
from yoriai.web import layout
from yoriai.web.cleaning import clean_text
from yoriai.web.handling import Handling
from yoriai.web.question_form import QuestionForm, buttons
from yoriai.web.visitor import Visitor


class QuestionsPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._questions, self._visitor = services.exams.questions, visitor
        self._handling = Handling(visitor, ui.context.client)

    async def build(self) -> None:
        await self._visitor.user()
        with layout.subpage(self._visitor, self._say("title"), back="/exams"):
            ui.label(self._say("help")).classes("y-note")
            with ui.element("div").classes("y-row"):
                self._name = ui.input(self._say("new_set")).props("outlined dense maxlength=100")
                ui.button(
                    self._say("create"), icon="add", on_click=self._handling.safely(self._create)
                ).props("flat no-caps dense")
            self._sets = ui.select({}, label=self._say("set"), on_change=self._handling.safely(self._show))
            self._sets.props("outlined dense options-dense")
            self._list = ui.element("section")
        await self._refresh()

    async def _refresh(self, chosen: str = "") -> None:
        sets = await self._questions.sets(await self._visitor.user())
        options = {found.id: f"own:{found.name} ({count})" for found, count in sets}
        value = chosen or (self._sets.value if self._sets.value in options else next(iter(options), None))
        self._sets.set_options(options, value=value)
        await self._show()

    async def _show(self) -> None:
        user = await self._visitor.user()
        if not self._sets.value:
            self._list.clear()
            with self._list:
                ui.label(self._say("nothing")).classes("y-nothing")
            return
        found, questions = await self._questions.get(user, self._sets.value)
        self._list.clear()  # after the waiting: whoever came in meanwhile has filled it
        with self._list:
            with ui.element("div").classes("y-row"):
                self._button("add", "add", self._edit)
                self._button("delete_set", "delete", self._remove_set)
            ui.upload(
                label=self._say("import"), auto_upload=True, max_file_size=question_files.MOST_BYTES,
                on_upload=self._import,
            ).props("accept=.csv,.jsonl,.ndjson flat bordered").classes("y-upload")  # fmt: skip
            ui.label(self._say("version", version=found.version, name=found.name)).classes("y-note")
            for each in questions:
                self._row(each)

    def _row(self, each: OwnQuestion) -> None:
        with ui.element("div").classes("y-row y-own-question"):
            with ui.element("div").classes("y-question-text"):
                ui.label(clean_text(each.question)[:300])
                half = self._say("hidden" if is_hidden(each.id) else "open")
                facts = f"{self._say(f'check_{each.check}')} · {half}"
                if each.origin:
                    facts += f" · {clean_text(each.origin)}"
                ui.label(facts).classes("y-facts")
            if not each.is_approved:
                self._button("approve", "check", self._approve, question=each)
            self._button("edit", "edit", self._edit, question=each)
            self._button("delete", "delete", self._drop, question=each)

    def _button(self, word: str, icon: str, work: Any, **values: Any) -> None:
        ui.button(
            self._say(word), icon=icon, on_click=lambda: self._handling.safely(work)(**values)
        ).props("flat no-caps dense")  # fmt: skip

    # ---- what the visitor does ---------------------------------------------------------------------------------
    async def _create(self) -> None:
        made = await self._questions.create(await self._visitor.user(), str(self._name.value or ""))
        self._name.value = ""
        await self._refresh(made.id)

    async def _edit(self, question: OwnQuestion | None = None) -> None:
        set_id = str(self._sets.value)
        with self._list, ui.dialog() as dialog, ui.card().classes("y-question-card"):
            form = QuestionForm(self._visitor)
            form.show(question)

            async def save() -> None:
                user = await self._visitor.user()
                if question is None:
                    await self._questions.add(user, set_id, [form.draft()])
                else:
                    await self._questions.change(user, set_id, question.id, form.draft())
                dialog.submit(True)

            buttons(self._visitor, self._handling, save, dialog)
        if await dialog:
            await self._refresh()

    async def _approve(self, question: OwnQuestion) -> None:
        approved = Draft(
            question=question.question, check=question.check, expected=question.expected, messages=question.messages,
            details=question.details, origin=question.origin,
        )  # fmt: skip
        await self._questions.change(await self._visitor.user(), question.set_id, question.id, approved)
        await self._refresh()

    async def _drop(self, question: OwnQuestion) -> None:
        await self._questions.drop(await self._visitor.user(), question.set_id, question.id)
        await self._refresh()

    async def _remove_set(self) -> None:
        if await layout.confirm(self._visitor, self._say("delete_set_question")):
            await self._questions.remove(await self._visitor.user(), str(self._sets.value))
            await self._refresh()

    async def _import(self, event: events.UploadEventArguments) -> None:
        content = await event.file.read()

        async def take_in() -> None:
            drafts = question_files.read(event.file.name, content)
            await self._questions.add(await self._visitor.user(), str(self._sets.value), drafts)
            await self._refresh()

        await self._handling.safely(take_in)()

    def _say(self, key: str, /, **values: object) -> str:
        return self._visitor.text(f"questions_{key}", **values)
