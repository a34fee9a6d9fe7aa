"""The page side by side: one question to two to six responders, their answers in columns. Carries out what is done.

What is compared is kept: reloaded or opened again, the page goes on where the answers are.
"""

from __future__ import annotations

from nicegui import ui

from yoriai.bootstrap import Services
from yoriai.chat.comparisons import LEAST, MOST, Asked, Compared
from yoriai.i18n.catalogue import error_text
from yoriai.models import POOLED
from yoriai.web import layout
from yoriai.web.columns import Columns
from yoriai.web.composer import Composer
from yoriai.web.earlier import Act, Earlier
from yoriai.web.handling import Handling
from yoriai.web.reasoner_menu import ReasonerMenu
from yoriai.web.visitor import Visitor


class ComparePage:
    """One browser tab. `comparison_id`: what its address names; empty: a new one."""

    def __init__(self, services: Services, visitor: Visitor, comparison_id: str) -> None:
        self._services, self._visitor = services, visitor
        self._comparisons = services.comparisons
        self._handling = Handling(visitor, ui.context.client)
        self._id = comparison_id
        self._compared: Compared | None = None

    async def build(self) -> None:
        """Lay the page out and fill it. Raises: NotFoundError: no such comparison of this visitor's."""
        user = await self._visitor.user()
        if self._id:
            self._compared = await self._comparisons.get(user, self._id)
        with layout.subpage(self._visitor, self._visitor.text("compare")).classes("y-full"):
            self._beginning = ui.element("div").classes("y-beginning")
            with self._beginning:
                await self._build_beginning()
            self._columns = Columns(
                self._services, self._visitor, self._handling, on_end=self._ended, on_adopt=self._adopt
            )
        with ui.footer(bordered=False).classes("y-footer"):
            self._composer = Composer(self._visitor)
        self._handling.on(self._composer, "send", self._send, "text")
        self._handling.on(self._composer, "stop", self._stop)
        await self._show()

    async def _build_beginning(self) -> None:
        """Whom to ask, and what was compared before."""
        user = await self._visitor.user()
        infos = [each for each in await self._services.registry.list(user) if each.kind not in POOLED]
        ui.label(self._visitor.text("compare_help", least=LEAST, most=MOST)).classes("y-note")
        chosen = [each.name for each in infos if each.kind == "chat"][:LEAST]
        self._chosen = ui.select(
            [each.name for each in infos], value=chosen, multiple=True, with_input=True,
            new_value_mode="add-unique", label=self._visitor.text("compare_responders"),
        )  # fmt: skip
        self._chosen.props(f"outlined use-chips max-values={MOST} options-dense").classes("y-chosen")
        with self._chosen.add_slot("after"):
            ReasonerMenu(self._visitor, self._services.registry, lambda: "", self._add)
        if len(infos) < LEAST:
            ui.label(self._visitor.text("compare_too_few")).classes("y-note")
        remove = Act(icon="delete", label="remove", question="compare_remove_question", work=self._remove)
        self._earlier = Earlier(
            self._visitor, self._handling, "compare_earlier", "/compare", acts=[remove]
        )  # fmt: skip
        self._earlier.show(await self._comparisons.of(user))

    async def _add(self, name: str) -> None:
        """A reasoner stands in no list until somebody has put it together."""
        chosen = list(dict.fromkeys([*(self._chosen.value or []), name]))
        self._chosen.set_options(list(dict.fromkeys([*self._chosen.options, *chosen])), value=chosen)

    async def _remove(self, comparison_id: str) -> None:
        user = await self._visitor.user()
        await self._comparisons.remove(user, comparison_id)
        self._earlier.show(await self._comparisons.of(user))

    async def _show(self) -> None:
        """As the database has it."""
        compared = self._compared
        self._beginning.set_visibility(compared is None)
        self._composer.set_conversation(f"compare-{self._id or 'new'}")
        if compared is None:
            return
        names = [each.conversation.model for each in compared.columns]
        await self._columns.show(compared.columns, names=names, is_open=True)
        self._composer.set_running(self._columns.is_running)
        ui.page_title(f"{compared.comparison.title or self._visitor.text('compare')} · Yoriai")

    # ---- what the visitor does -----------------------------------------------------------------------------
    async def _send(self, text: str) -> None:
        try:
            if self._compared is None:
                await self._begin()
            asked = await self._comparisons.ask(await self._visitor.context(), self._id, text)
        except Exception:
            self._composer.refused()
            raise
        self._composer.accepted()
        await self._reload()
        self._columns.scroll_to_newest()
        self._tell_failures(asked)

    async def _begin(self) -> None:
        user = await self._visitor.user()
        made = await self._comparisons.create(user, list(self._chosen.value or []))
        self._id, self._compared = made.comparison.id, made
        with self._columns.place:
            ui.navigate.history.replace(f"/compare/{self._id}")

    async def _stop(self) -> None:
        await self._comparisons.stop(await self._visitor.user(), self._id)

    async def _adopt(self, conversation_id: str) -> None:
        user = await self._visitor.user()
        adopted = await self._comparisons.adopt(user, self._id, conversation_id)
        self._handling.go(f"/c/{adopted.id}")

    async def _reload(self) -> None:
        self._compared = await self._comparisons.get(await self._visitor.user(), self._id)
        await self._show()

    async def _ended(self) -> None:
        self._composer.set_running(self._columns.is_running)

    def _tell_failures(self, asked: list[Asked]) -> None:
        for each in asked:
            if each.error:
                self._handling.say(error_text(each.error, self._visitor.language))
