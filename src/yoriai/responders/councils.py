"""The Councils service: who may use which, and what it is made of; for API, page and terminal.

Everything takes the user and is scoped in the query. Members are kept by names that last and shown by those that
people know. A council that is shared shares no member: whoever asks gets the answers of those they may ask themselves.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from yoriai.access import Action, owners, require
from yoriai.accounts import sharing as sharings
from yoriai.errors import ConflictError, UsageError
from yoriai.records import Council, Sharing
from yoriai.responders.council_shelf import CouncilShelf, found
from yoriai.responders.registry import Registry
from yoriai.store import councils as rows
from yoriai.store.collections import name_key
from yoriai.store.database import Connection, Database
from yoriai.types import User

LONGEST_NAME = 200  # characters
FEWEST_MEMBERS, MOST_MEMBERS = 2, 8
MOST_ROUNDS = 4
MOST_TOKENS, MOST_SECONDS = 32_768, 3600
MOST_TOKENS_IN_ALL, MOST_SECONDS_IN_ALL = 1_000_000, 6 * 3600
Mode = Literal["synthesise", "vote", "debate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a person decides of a council."""

    name: str
    members: Sequence[str]  # names of responders, the most trusted first
    sharing: Sharing = "owner"
    group_ids: Sequence[str] = ()  # of sharing "groups"
    chair: str = ""  # empty: the first member
    mode: Mode = "synthesise"
    reviews: bool = False
    rounds: int = 1
    member_tokens: int = 1024
    member_seconds: float = 300
    max_tokens: int = 65_536
    max_seconds: float = 3600


class Councils:
    """All councils of this server."""

    def __init__(self, database: Database, shelf: CouncilShelf, registry: Registry) -> None:
        self._database, self._shelf, self._registry = database, shelf, registry

    async def usable(self, user: User) -> list[Council]:
        """One's own and what is shared, by name."""
        return [await self._shown(user, each) for each in await self._shelf.usable(user)]

    async def get(self, user: User, council_id: str) -> Council:
        """Raises: NotFoundError."""
        return await self._shown(user, await self._shelf.get(user, council_id))

    async def named(self, user: User, name: str) -> Council:
        """By name, one's own before what others share, or by id. Raises: NotFoundError."""
        return await self._shown(user, await self._shelf.named(user, name))

    async def create(self, user: User, draft: Draft) -> Council:
        """Keep a new one.

        Raises:
            ForbiddenError: a guest. ConflictError: one has a council of that name. NotFoundError: there is no such
            responder. UsageError: too few or too many members, or a member that makes embeddings only.
        """
        require(user, Action.KEEP_COUNCILS)
        council = await self._lasting(user, _new(user, draft))

        def work(connection: Connection) -> Council:
            _check_free(connection, user, council.name)
            shared = sharings.audience(connection, user, draft.sharing, draft.group_ids)
            kept = replace(council, **shared)
            rows.add(connection, kept)
            return kept

        return await self._shown(user, await self._database.write(work))

    async def change(self, user: User, council_id: str, **changes: Any) -> Council:
        """Change what is given of a `Draft`'s fields.

        Raises: as `create`; NotFoundError: it is another's; UsageError: it would be a member of itself.
        """
        before = await self._database.read(
            lambda connection: found(connection, user, council_id, Action.CHANGE)
        )
        sharing, group_ids = changes.pop("sharing", None), changes.pop("group_ids", None)
        parts = {"members", "chair"} & set(changes)  # what is left as it is may be gone meanwhile
        after = _checked(replace(before, **changes), is_new="name" in changes)
        if parts:
            after = await self._lasting(user, after, parts)

        def work(connection: Connection) -> None:
            now = found(connection, user, council_id, Action.CHANGE)
            if name_key(after.name) != name_key(before.name):
                _check_free(connection, user, after.name)
            values = {name: getattr(after, name) for name in changes}
            values |= sharings.changes(connection, user, now, sharing, group_ids)
            rows.change(connection, council_id, updated_at=datetime.now(UTC), **values)

        await self._database.write(work)
        return await self.get(user, council_id)

    async def remove(self, user: User, council_id: str) -> None:
        """Conversations with it stay. Raises: NotFoundError."""

        def work(connection: Connection) -> None:
            found(connection, user, council_id, Action.DELETE)
            rows.remove(connection, council_id)

        await self._database.write(work)

    async def _lasting(
        self, user: User, council: Council, parts: Sequence[str] | set[str] = ("members", "chair")
    ) -> Council:
        """With names that last, each of which answers. Raises: NotFoundError, UsageError, UnsupportedError."""
        members, chair = council.members, council.chair
        if "members" in parts:
            members = tuple([await self._registry.lasting_member(each, user, council.id) for each in members])
        if "chair" in parts and chair:
            chair = await self._registry.lasting_member(chair, user, council.id)
        return replace(council, members=members, chair=chair)

    async def _shown(self, user: User, council: Council) -> Council:
        members = tuple([await self._registry.present_name(each, user) for each in council.members])
        chair = await self._registry.present_name(council.chair, user) if council.chair else ""
        return replace(council, members=members, chair=chair)


def _new(user: User, draft: Draft) -> Council:
    now = datetime.now(UTC)
    council = Council(
        id=f"council_{secrets.token_hex(12)}", owner_id=user.id, name=draft.name, sharing="owner",
        members=tuple(draft.members), chair=draft.chair, mode=draft.mode, reviews=draft.reviews, rounds=draft.rounds,
        member_tokens=draft.member_tokens, member_seconds=draft.member_seconds, max_tokens=draft.max_tokens,
        max_seconds=draft.max_seconds, created_at=now, updated_at=now,
    )  # fmt: skip
    return _checked(council, is_new=True)


def _checked(council: Council, *, is_new: bool) -> Council:
    """Raises: UsageError: a name, a number of members or a budget that can't be."""
    if not FEWEST_MEMBERS <= len(council.members) <= MOST_MEMBERS:
        raise UsageError(
            "responders.council_size", param="members", members=len(council.members), fewest=FEWEST_MEMBERS,
            most=MOST_MEMBERS,
        )  # fmt: skip
    limits = {
        "rounds": (1, MOST_ROUNDS),
        "member_tokens": (16, MOST_TOKENS),
        "member_seconds": (1, MOST_SECONDS),
        "max_tokens": (64, MOST_TOKENS_IN_ALL),
        "max_seconds": (1, MOST_SECONDS_IN_ALL),
    }
    for field, (least, most) in limits.items():
        if not least <= getattr(council, field) <= most:
            raise UsageError("responders.council_limit", param=field, field=field, least=least, most=most)
    return replace(council, name=_checked_name(council.name)) if is_new else council


def _checked_name(name: str) -> str:
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not shown or len(shown) > LONGEST_NAME:
        raise UsageError("responders.council_bad_name", param="name", longest=LONGEST_NAME)
    return shown


def _check_free(connection: Connection, user: User, name: str) -> None:
    mine = owners(user)
    same = rows.named(connection, mine, name)
    if same and same.owner_id in mine:
        raise ConflictError("responders.council_exists", param="name", name=name)
