"""The collections page: which collections of documents the visitor may read, and a form for a new one."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from yoriai.access import Action, can
from yoriai.bootstrap import Services
from yoriai.knowledge.jail_words import jail_words
from yoriai.web import collection_words, layout, sharing_words
from yoriai.web.collection_shelf import CollectionShelf
from yoriai.web.handling import Handling
from yoriai.web.places import collection_href
from yoriai.web.visitor import Visitor

_EVERY_S = 2.0


class CollectionsPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._services = services
        self._collections, self._groups = services.knowledge.collections, services.groups
        self._visitor = visitor
        self._handling = Handling(visitor, ui.context.client)
        self._told: list[dict[str, Any]] | None = None
        self._is_ready = False

    async def build(self) -> None:
        user = await self._visitor.user()
        groups = await self._groups.listed(user)
        with layout.subpage(self._visitor, self._visitor.text("collections")):
            self._shelf = CollectionShelf(
                self._visitor, makes=can(user, Action.KEEP_DOCUMENTS), groups=groups
            )
        self._handling.on(self._shelf, "ready", self._ready)
        self._handling.on(self._shelf, "create", self._create, "name", "sharing", "groups")
        ui.timer(_EVERY_S, self._handling.safely(self._refresh), immediate=False)

    async def _ready(self) -> None:
        """A browser is there, for the first time or again: it knows nothing yet."""
        self._is_ready, self._told = True, None
        await self._refresh()
        if can(await self._visitor.user(), Action.MANAGE_MODELS):
            await self._tell_reading()

    async def _tell_reading(self) -> None:
        """How files are read here: whoever runs the server is to know."""
        confinement = await self._services.knowledge.confinement()
        allows = self._services.settings.knowledge.allow_unjailed_reading
        self._shelf.tell_reading(jail_words(confinement, allows, self._visitor.language))

    async def _refresh(self) -> None:
        user = await self._visitor.user()
        if not self._is_ready:
            return
        listed = await self._collections.readable(user)
        states = await self._collections.statuses(user, listed)
        cards = [collection_words.card(status, user, self._visitor) for status in states]
        if cards != self._told:
            self._told = cards
            self._shelf.tell(cards)

    async def _create(self, name: str, sharing: str, groups: str) -> None:
        wanted, group_ids = sharing_words.wish(sharing, groups)
        collection = await self._collections.create(await self._visitor.user(), name, wanted, group_ids)
        self._shelf.created()
        self._handling.go(collection_href(collection.id))
