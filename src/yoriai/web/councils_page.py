"""The page of councils: which ones the visitor may ask, and a form to make and change them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from yoriai.access import Action, can, owners
from yoriai.bootstrap import Services
from yoriai.models import POOLED
from yoriai.records import Council, Group
from yoriai.responders.council_shelf import COUNCIL
from yoriai.responders.councils import FEWEST_MEMBERS, Draft
from yoriai.types import User
from yoriai.web import layout, measured_minds, sharing_words
from yoriai.web.cleaning import clean_text
from yoriai.web.council_form import CouncilForm, changes
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor


class CouncilsPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._services, self._visitor = services, visitor
        self._councils = services.councils
        self._handling = Handling(visitor, ui.context.client)
        self._changed: Council | None = None  # what the form is about; None: a new one

    async def build(self) -> None:
        user = await self._visitor.user()
        infos = [each for each in await self._services.registry.list(user) if each.kind not in POOLED]
        with layout.subpage(self._visitor, self._visitor.text("councils")):
            ui.label(self._visitor.text("councils_help")).classes("y-note")
            if len(infos) < FEWEST_MEMBERS:
                ui.label(self._visitor.text("councils_too_few")).classes("y-note")
            if can(user, Action.KEEP_COUNCILS):
                self._build_form([each.name for each in infos], await self._services.groups.listed(user))
            measured_minds.build(self._visitor)
            self._cards = ui.element("ul").classes("y-cards")
        await self._refresh(user)

    def _build_form(self, names: list[str], groups: list[Group]) -> None:
        save, cancel = self._handling.safely(self._save), self._handling.safely(self._cancel)
        with ui.expansion(self._visitor.text("councils_new"), icon="group_add").classes(
            "y-plan"
        ) as self._panel:
            self._form = CouncilForm(self._visitor, names, save, cancel, groups)

    # ---- what there is -------------------------------------------------------------------------------------
    async def _refresh(self, user: User) -> None:
        listed = await self._councils.usable(user)
        self._cards.clear()
        with self._cards:
            for council in listed:
                with ui.element("li"), ui.element("article").classes("y-card") as card:
                    card.props(f'data-id="{council.id}"')
                    self._build_card(council, user)

    def _build_card(self, council: Council, user: User) -> None:
        name = clean_text(council.name)
        with ui.element("header"):
            ui.label(name).props("role=heading aria-level=2").classes("y-card-title")
            ui.label(self._visitor.text(f"councils_mode_{council.mode}")).classes("y-tag")
            ui.label(clean_text(sharing_words.tag(council, user, self._visitor))).classes("y-tag")
        members = ", ".join(clean_text(each) for each in council.members)
        ui.label(self._visitor.text("councils_card_members", names=members))
        chair = clean_text(council.chair or council.members[0])
        if council.mode != "vote":
            ui.label(self._visitor.text("councils_card_chair", name=chair)).classes("y-facts")
        budget = self._visitor.text(
            "councils_card_budget", tokens=f"{council.member_tokens:,}", seconds=f"{council.member_seconds:g}"
        )
        ui.label(budget).classes("y-facts")
        ui.label(clean_text(sharing_words.seen(council, user, self._visitor))).classes("y-facts y-seen")
        with ui.element("footer"):
            self._button("ask", "forum", name, lambda: self._ask(council)).props("unelevated")
            if council.owner_id in owners(user):
                self._button("change", "edit", name, lambda: self._change(council)).props("flat")
                self._button("remove", "delete", name, lambda: self._remove(council)).props("flat")

    def _button(self, word: str, icon: str, name: str, work: Callable[[], Awaitable[None]]) -> ui.button:
        label = self._visitor.text("remove" if word == "remove" else f"councils_{word}")
        button = ui.button(label, icon=icon, on_click=self._handling.safely(work)).props("no-caps dense")
        button.props["aria-label"] = f"{label}: {name}"
        return button

    # ---- what the visitor does -----------------------------------------------------------------------------
    async def _save(self) -> None:
        user, wanted = await self._visitor.user(), self._form.value()
        if self._changed is None:
            await self._councils.create(user, Draft(**wanted))
        else:
            before = self._changed
            await self._councils.change(user, before.id, **changes(before, wanted))
        await self._cancel()
        await self._refresh(user)

    async def _cancel(self) -> None:
        """The form is for a new one again."""
        self._changed = None
        self._form.show(None)
        self._panel.set_text(self._visitor.text("councils_new"))
        self._panel.close()

    async def _change(self, council: Council) -> None:
        self._changed = await self._councils.get(await self._visitor.user(), council.id)
        self._form.show(self._changed)
        self._panel.set_text(self._visitor.text("councils_changing", name=clean_text(council.name)))
        self._panel.open()
        self._panel.run_method("$el.scrollIntoView")

    async def _remove(self, council: Council) -> None:
        question = self._visitor.text("councils_remove_question", name=clean_text(council.name))
        if not await layout.confirm(self._visitor, question):
            return
        user = await self._visitor.user()
        await self._councils.remove(user, council.id)
        if self._changed and self._changed.id == council.id:
            await self._cancel()
        await self._refresh(user)

    async def _ask(self, council: Council) -> None:
        """A new conversation with it."""
        user = await self._visitor.user()
        conversation = await self._services.chat.create(user, model=COUNCIL + council.id)
        self._handling.go(f"/c/{conversation.id}")
