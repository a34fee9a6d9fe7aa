"""The page of one collection: its documents and what becomes of them, search, sharing, the way into a conversation.

Files come through the API's upload, everything else through the same services as the API. What is worked on goes on
without the page.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from anyio import to_thread
from nicegui import ui

from yoriai.access import Action, can
from yoriai.bootstrap import Services
from yoriai.errors import NotFoundError, YoriaiError
from yoriai.knowledge.collections import Status
from yoriai.records import Group, KnownDocument
from yoriai.responders.assistants import Mode
from yoriai.types import User
from yoriai.web import asking, collection_words, layout, sharing_words
from yoriai.web.collection_desk import CollectionDesk
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor

_EVERY_S = 1.0
_SHOWN = 100  # documents to begin with
_MOST_SHOWN = 5000
_HITS = 10
_FIRST = {"failed": 0, "stopped": 1, "queued": 2}  # what there is to see comes first


class CollectionPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor, collection_id: str) -> None:
        self._services = services
        self._knowledge = services.knowledge
        self._visitor = visitor
        self._id = collection_id
        self._handling = Handling(visitor, ui.context.client)
        self._told: dict[str, Any] = {}
        self._listed: tuple[object, ...] = ()
        self._words, self._limit = "", _SHOWN
        self._is_ready = False
        self._groups: list[Group] = []  # that the visitor may share with
        self._asked = 0  # how often the browser was told to forget what was chosen

    async def build(self) -> None:
        """Raises: NotFoundError."""
        user = await self._visitor.user()
        collection = await self._knowledge.collections.get(user, self._id)
        with layout.subpage(self._visitor, collection.name, back="/collections"):
            most_bytes = self._services.settings.knowledge.max_file_bytes
            chooses = can(user, Action.KEEP_ASSISTANTS)
            self._desk = CollectionDesk(self._visitor, self._id, most_bytes=most_bytes, chooses=chooses)
        self._listen()
        ui.timer(_EVERY_S, self._handling.safely(self._refresh), immediate=False)

    def _listen(self) -> None:
        on, desk = self._handling.on, self._desk
        on(desk, "ready", self._ready)
        on(desk, "ask", self._ask, "mode", "only")
        on(desk, "share", self._share, "sharing", "groups")
        on(desk, "rename", self._rename, "name")
        on(desk, "remove", self._remove)
        on(desk, "stop", self._stop, "id")
        on(desk, "resume", self._resume)
        on(desk, "text", self._add_text, "title", "text")
        on(desk, "page", self._add_page, "address")
        on(desk, "unwatch", self._unwatch, "folder")
        on(desk, "search", self._search, "query")
        on(desk, "list", self._list, "words", "limit")
        on(desk, "discard", self._discard, "id", "name")
        on(desk, "retry", self._retry, "id")

    # ---- what is shown -------------------------------------------------------------------------------------
    async def _ready(self) -> None:
        """A browser is there, for the first time or again: it knows nothing yet."""
        self._is_ready, self._told, self._listed = True, {}, ()
        user = await self._visitor.user()
        collection = await self._knowledge.collections.get(user, self._id)
        self._groups = await self._services.groups.listed(user)
        self._desk.tell_ways(await asking.only_documents(self._services, user, collection))
        await self._refresh()

    async def _refresh(self) -> None:
        """What has changed since the last time."""
        user = await self._visitor.user()
        if not self._is_ready:
            return
        try:
            status = await self._knowledge.collections.status(user, self._id)
        except NotFoundError:  # it is gone, or not this visitor's to read any more
            self._handling.go("/collections")
            return
        state = collection_words.state(status, user, self._visitor, self._groups) | {"asked": self._asked}
        if state != self._told:
            self._told = state
            self._desk.tell(state)
        await self._list_documents(user, status)

    async def _list_documents(self, user: User, status: Status) -> None:
        """Read again only where something has happened: a collection may have thousands."""
        details = tuple(job.detail for job in status.jobs)
        seen = (status.collection.revision, status.documents, details, self._words, self._limit)
        if seen == self._listed:
            return
        self._listed = seen
        everything = await self._knowledge.collections.documents(user, self._id)
        words = self._words.casefold().split()
        wanted = [each for each in everything if all(word in each.name.casefold() for word in words)]
        wanted.sort(key=lambda each: _FIRST.get(each.status, 3))
        items = [
            collection_words.document(each, status.jobs, self._visitor) for each in wanted[: self._limit]
        ]
        self._desk.tell_documents(items, len(wanted))

    async def _list(self, words: str, limit: str) -> None:
        self._words = words[:200]
        self._limit = min(int(limit), _MOST_SHOWN) if limit.isdecimal() else _SHOWN
        await self._refresh()

    async def _search(self, query: str) -> None:
        try:
            user = await self._visitor.user()
            found = await self._knowledge.search.search(user, [self._id], query, limit=_HITS)
        except YoriaiError:
            self._desk.tell_found(None)
            raise
        self._desk.tell_found(await to_thread.run_sync(collection_words.hits, found, query, self._visitor))

    # ---- what the visitor does -----------------------------------------------------------------------------
    async def _ask(self, mode: str, only: str) -> None:
        """A conversation with an assistant that answers from this collection."""
        user = await self._visitor.user()
        collection = await self._knowledge.collections.get(user, self._id)
        wanted: Mode = "whole" if mode == "whole" else "passages"
        name = self._visitor.text("collections_whole_name", name=collection.name[:150])
        way = asking.Way(
            name=name if wanted == "whole" else collection.name, mode=wanted, only_documents=only != "False"
        )
        model = await asking.assistant_for(self._services, user, collection, way)
        conversation = await self._services.chat.create(user, model=model)
        self._handling.go(f"/c/{quote(conversation.id)}")

    async def _share(self, sharing: str, groups: str) -> None:
        wanted, group_ids = sharing_words.wish(sharing, groups)
        if wanted == "everyone" and not await self._agrees("collections_share_question"):
            self._asked += 1  # the browser shows what was chosen
        else:
            user = await self._visitor.user()
            await self._knowledge.collections.change(user, self._id, sharing=wanted, group_ids=group_ids)
        await self._refresh()

    async def _rename(self, name: str) -> None:
        await self._knowledge.collections.change(await self._visitor.user(), self._id, name=name)
        self._handling.reload()

    async def _remove(self) -> None:
        name = str(self._told.get("name", ""))
        if await layout.confirm(self._visitor, self._visitor.text("collections_remove_question", name=name)):
            await self._knowledge.collections.remove(await self._visitor.user(), self._id)
            self._handling.go("/collections")

    async def _discard(self, id: str, name: str) -> None:
        if await layout.confirm(self._visitor, self._visitor.text("collections_drop_question", name=name)):
            await self._knowledge.collections.remove_documents(await self._visitor.user(), self._id, [id])
            await self._refresh()

    async def _retry(self, id: str) -> None:
        await self._knowledge.collections.retry(await self._visitor.user(), self._id, id)
        await self._refresh()

    async def _stop(self, id: str) -> None:
        await self._may_change()
        status = await self._knowledge.collections.status(await self._visitor.user(), self._id)
        if any(job.id == id for job in status.jobs):
            await self._knowledge.work.stop(id)
        await self._refresh()

    async def _resume(self) -> None:
        await self._knowledge.work.resume(await self._visitor.user(), self._id)
        await self._refresh()

    async def _add_text(self, title: str, text: str) -> None:
        await self._added(
            await self._knowledge.adding.text(await self._visitor.user(), self._id, title, text)
        )

    async def _add_page(self, address: str) -> None:
        await self._added(await self._knowledge.adding.address(await self._visitor.user(), self._id, address))

    async def _added(self, _: KnownDocument) -> None:
        self._desk.added()
        await self._refresh()

    async def _unwatch(self, folder: str) -> None:
        await self._knowledge.adding.unwatch(await self._visitor.user(), self._id, folder)
        await self._refresh()

    async def _may_change(self) -> None:
        """Raises: NotFoundError."""
        await self._knowledge.collections.get(await self._visitor.user(), self._id, Action.CHANGE)

    async def _agrees(self, question: str) -> bool:
        return await layout.confirm(self._visitor, self._visitor.text(question), yes="collections_share")
