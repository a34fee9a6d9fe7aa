"""The Assistants service: who may use which, and what of it; for the registry, API, page and terminal.

Everything takes the user and is scoped in the query. An assistant that is shared shares no documents: whoever asks
gets answers from those of its collections that they may read themselves, at the moment that they ask.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from yoriai.access import Action, owners, require, thing_of
from yoriai.accounts import sharing as sharings
from yoriai.catalog.library import Library
from yoriai.engines.router import Router
from yoriai.errors import NotFoundError
from yoriai.knowledge.naming import LONGEST_NAME, check_free, checked_name
from yoriai.records import Assistant, Sharing
from yoriai.responders.model import model_responder
from yoriai.store import assistants as rows
from yoriai.store import collections
from yoriai.store.collections import name_key
from yoriai.store.database import Connection, Database
from yoriai.tools.toolbox import Toolbox
from yoriai.types import Sampling, User

MOST_COLLECTIONS = 100
Mode = Literal["passages", "whole"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a person decides of an assistant."""

    name: str
    sharing: Sharing = "owner"
    group_ids: Sequence[str] = ()  # of sharing "groups"
    model: str = ""
    system_prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    collection_ids: Sequence[str] = ()
    mode: Mode = "passages"
    only_documents: bool = True
    checks_support: bool = True
    judge: str = ""
    tools: Sequence[str] = ()


class Assistants:
    """All assistants of this server. Of their collections each user sees those that they may read."""

    def __init__(self, database: Database, router: Router, library: Library, toolbox: Toolbox) -> None:
        self._database, self._router, self._library = database, router, library
        self._toolbox = toolbox

    async def usable(self, user: User) -> list[Assistant]:
        """One's own and what is shared, by name."""

        def work(connection: Connection) -> list[Assistant]:
            readable = _readable(connection, user)
            return [_shown(each, readable) for each in rows.usable(connection, owners(user))]

        return await self._database.read(work)

    async def get(self, user: User, assistant_id: str) -> Assistant:
        """Raises: NotFoundError."""

        def work(connection: Connection) -> Assistant:
            assistant = _found(connection, user, assistant_id, Action.READ)
            return _shown(assistant, _readable(connection, user))

        return await self._database.read(work)

    async def named(self, user: User, name: str) -> Assistant:
        """By name, one's own before what others share, or by id. Raises: NotFoundError."""

        def work(connection: Connection) -> Assistant:
            return _shown(_named(connection, user, name), _readable(connection, user))

        return await self._database.read(work)

    async def asked(self, user: User, name: str) -> Assistant:
        """As `named`, with all of its collections: what answers looks at the asker's rights when it searches.

        So an assistant whose documents somebody may not read doesn't become one without documents for them.
        """
        return await self._database.read(lambda connection: _named(connection, user, name))

    async def of_collection(self, user: User, name: str) -> Assistant:
        """One that answers from a collection (its name or id) alone, and is kept nowhere. Raises: NotFoundError."""

        def work(connection: Connection) -> Assistant:
            mine = owners(user)
            found = collections.named(connection, mine, name) or collections.find(connection, mine, name)
            if found is None:
                raise NotFoundError("knowledge.collection_unknown", param="model", name=name[:LONGEST_NAME])
            return _new(user, Draft(name=found.name, collection_ids=(found.id,)))

        return await self._database.read(work)

    async def create(self, user: User, draft: Draft) -> Assistant:
        """Keep a new one.

        Raises:
            ForbiddenError: a guest. ConflictError: one has an assistant of that name. NotFoundError: there is no
            such collection or model. UsageError.
        """
        require(user, Action.KEEP_ASSISTANTS)
        assistant = _new(user, replace(draft, name=_checked(draft.name)))
        for model in (assistant.model, assistant.judge):
            await self._check_model(model)
        await self._toolbox.named(assistant.tools)

        def work(connection: Connection) -> Assistant:
            _check_free(connection, user, assistant.name)
            _check_collections(connection, user, assistant.collection_ids)
            shared = sharings.audience(connection, user, draft.sharing, draft.group_ids)
            kept = replace(assistant, **shared)
            rows.add(connection, kept)
            return kept

        return await self._database.write(work)

    async def change(self, user: User, assistant_id: str, **changes: Any) -> Assistant:
        """Change what is given of a `Draft`'s fields. Raises: as `create`; NotFoundError: it is another's."""
        if "name" in changes:
            changes["name"] = _checked(changes["name"])
        for field_name in ("model", "judge"):
            await self._check_model(changes.get(field_name, ""))
        await self._toolbox.named(changes.get("tools", ()))

        def work(connection: Connection) -> Assistant:
            before = _found(connection, user, assistant_id, Action.CHANGE)
            if name_key(changes.get("name", before.name)) != name_key(before.name):
                _check_free(connection, user, changes["name"])
            if "collection_ids" in changes:
                _check_collections(connection, user, changes["collection_ids"])
            own = {name: value for name, value in changes.items() if name not in {"sharing", "group_ids"}}
            shared = sharings.changes(
                connection, user, before, changes.get("sharing"), changes.get("group_ids")
            )
            rows.change(connection, assistant_id, updated_at=datetime.now(UTC), **own, **shared)
            return _shown(_found(connection, user, assistant_id, Action.READ), _readable(connection, user))

        return await self._database.write(work)

    async def remove(self, user: User, assistant_id: str) -> None:
        """Conversations with it stay. Raises: NotFoundError."""

        def work(connection: Connection) -> None:
            _found(connection, user, assistant_id, Action.DELETE)
            rows.remove(connection, assistant_id)

        await self._database.write(work)

    async def _check_model(self, name: str) -> None:
        """A model, not another assistant: what answers in the end is what the name says."""
        if name:
            (await model_responder(name, self._router, self._library)).check_writes()


def _new(user: User, draft: Draft) -> Assistant:
    now = datetime.now(UTC)
    return Assistant(
        id=f"asst_{secrets.token_hex(12)}", owner_id=user.id, name=draft.name, sharing="owner", model=draft.model,
        system_prompt=draft.system_prompt, sampling=draft.sampling, mode=draft.mode,
        collection_ids=tuple(dict.fromkeys(draft.collection_ids)), only_documents=draft.only_documents,
        checks_support=draft.checks_support, judge=draft.judge, tools=tuple(dict.fromkeys(draft.tools)),
        created_at=now, updated_at=now,
    )  # fmt: skip


def _found(connection: Connection, user: User, assistant_id: str, action: Action) -> Assistant:
    assistant = rows.find(connection, owners(user), assistant_id)
    if assistant is None:
        raise NotFoundError("access.not_found", param="assistant_id")
    require(user, action, thing_of(assistant))
    return assistant


def _named(connection: Connection, user: User, name: str) -> Assistant:
    mine = owners(user)
    assistant = rows.named(connection, mine, name) or rows.find(connection, mine, name)
    if assistant is None:
        raise NotFoundError("responders.assistant_unknown", param="model", name=name[:LONGEST_NAME])
    return assistant


def _readable(connection: Connection, user: User) -> frozenset[str]:
    return frozenset(each.id for each in collections.readable(connection, owners(user)))


def _shown(assistant: Assistant, readable: frozenset[str]) -> Assistant:
    return replace(
        assistant, collection_ids=tuple(each for each in assistant.collection_ids if each in readable)
    )


def _check_collections(connection: Connection, user: User, collection_ids: Sequence[str]) -> None:
    if set(collection_ids) - _readable(connection, user):
        raise NotFoundError("access.not_found", param="collection_ids")


def _check_free(connection: Connection, user: User, name: str) -> None:
    mine = owners(user)
    check_free(rows.named(connection, mine, name), mine, name, "responders.assistant_exists")


def _checked(name: str) -> str:
    return checked_name(name, "responders.assistant_bad_name")
