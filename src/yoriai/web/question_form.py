"""The form of a question of one's own: what is asked, how an answer is checked, what is expected.

Used by `questions_page`, and by `chat_page` where a turn of a chat becomes a question.
"""

from __future__ import annotations

from typing import get_args

from nicegui import ui

from yoriai.conversations import ConversationMessage
from yoriai.evaluation.questions import Draft, Questions
from yoriai.records import Check, OwnQuestion, Turn
from yoriai.web.handling import Handler, Handling
from yoriai.web.visitor import Visitor


class QuestionForm:
    """Inside whatever it is built in."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._messages: tuple[Turn, ...] = ()
        self._origin = ""
        checks = {check: visitor.text(f"questions_check_{check}") for check in get_args(Check)}
        self._question = self._area("question")
        self._check = ui.select(
            checks, value="contains", label=visitor.text("questions_check"), on_change=self._changed
        ).props("outlined dense options-dense")  # fmt: skip
        self._expected = self._area("expected")
        self._tolerance = ui.number(visitor.text("questions_tolerance"), value=0, min=0).props(
            "outlined dense"
        )
        self._help = ui.label("").classes("y-note")
        self._changed()

    def show(self, question: OwnQuestion | Draft | None) -> None:
        """None: an empty form."""
        self._messages = question.messages if question else ()
        self._origin = question.origin if question else ""
        self._question.value = question.question if question else ""
        self._check.value = question.check if question else "contains"
        self._expected.value = question.expected if question else ""
        self._tolerance.value = float(question.details.get("tolerance", 0)) if question else 0

    def draft(self) -> Draft:
        check: Check = self._check.value or "contains"
        details = {"tolerance": f"{float(self._tolerance.value or 0):f}"} if check == "number" else {}
        return Draft(
            question=str(self._question.value or ""), check=check, expected=str(self._expected.value or ""),
            messages=self._messages, details=details, origin=self._origin,
        )  # fmt: skip

    def _area(self, name: str) -> ui.textarea:
        return (
            ui.textarea(self._visitor.text(f"questions_{name}"))
            .props("outlined dense autogrow")
            .classes("y-wide-field")
        )

    def _changed(self) -> None:
        self._help.set_text(self._visitor.text(f"questions_help_{self._check.value}"))
        self._tolerance.set_visibility(self._check.value == "number")


def drafted(branch: list[ConversationMessage], reply_id: str) -> Draft:
    """A turn of a chat as a question: what was said before it, and the reply as what is expected."""
    place = next(number for number, each in enumerate(branch) if each.id == reply_id)
    question = branch[place - 1]
    return Draft(
        question=question.content, check="contains", expected=branch[place].content, origin="chat",
        messages=tuple(Turn(role=each.role, content=each.content) for each in branch[: place - 1]),
    )  # fmt: skip


async def keep(questions: Questions, visitor: Visitor, handling: Handling, draft: Draft) -> None:
    """Ask which set it goes into and what is expected, then keep it."""
    first = visitor.text("questions_first_set")
    sets = [found.name for found, _ in await questions.sets(await visitor.user())] or [first]
    with ui.dialog() as dialog, ui.card().classes("y-question-card"):
        ui.label(visitor.text("questions_make")).classes("y-heading")
        into = ui.select(
            sets, value=sets[0], label=visitor.text("questions_set"), with_input=True, new_value_mode="add-unique"
        ).props("outlined dense options-dense")  # fmt: skip
        form = QuestionForm(visitor)
        form.show(draft)

        async def save() -> None:
            user, name = await visitor.user(), str(into.value or first)
            if name not in [found.name for found, _ in await questions.sets(user)]:
                await questions.create(user, name)
            await questions.add(user, name, [form.draft()])
            dialog.submit(True)

        buttons(visitor, handling, save, dialog)
    if await dialog:
        ui.notify(visitor.text("questions_kept"))
    dialog.delete()


def buttons(visitor: Visitor, handling: Handling, save: Handler, dialog: ui.dialog) -> None:
    with ui.row():
        ui.button(visitor.text("cancel"), on_click=lambda: dialog.submit(False)).props("flat no-caps")
        ui.button(visitor.text("questions_save"), on_click=handling.safely(save)).props(
            "unelevated no-caps color=primary"
        )
