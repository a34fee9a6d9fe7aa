"""Groups of accounts: administrators make them and say who is in; who is in one knows of it and of its people.

Knows nothing of what is shared with them; `sharing` and the queries of `store.shares` do. Called by API, page, CLI and
the arena's boards. Who leaves a group, or is disabled, loses at once what it gave.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from yoriai.access import Action, can, group, require
from yoriai.accounts.passwords import clean_name, name_key
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.records import Group
from yoriai.store import groups as rows
from yoriai.store import users
from yoriai.store.database import Connection, Database
from yoriai.types import User

LONGEST_NAME = 64  # characters
_LONGEST_TOLD = 200
# Letters and marks that show nothing. Source: Unicode, DerivedCoreProperties, Default_Ignorable_Code_Point; U+2800.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


class Groups:
    """All groups of this server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self, user: User) -> list[Group]:
        """All for administrators, else those that the user is in, by name."""

        def work(connection: Connection) -> list[Group]:
            if can(user, Action.MANAGE_GROUPS):
                return rows.everything(connection)
            return [_seen(each) for each in rows.of_user(connection, user.id)]

        return await self._database.read(work)

    async def get(self, user: User, group_id: str) -> Group:
        """Raises: NotFoundError."""
        return await self._database.read(lambda connection: found(connection, user, group_id))

    async def named(self, user: User, name: str) -> Group:
        """By name or id. Raises: NotFoundError."""

        def work(connection: Connection) -> Group:
            known = rows.by_name(connection, _key(name)) or rows.by_id(connection, name)
            try:
                return found(connection, user, known.id if known else "")
            except NotFoundError:
                raise NotFoundError(
                    "accounts.group_unknown", param="group", name=name[:_LONGEST_TOLD]
                ) from None

        return await self._database.read(work)

    async def create(self, user: User, name: str, member_ids: Sequence[str] = ()) -> Group:
        """A new one, with these accounts in it.

        Raises:
            ForbiddenError. ConflictError: the name is taken. UsageError: it won't do. NotFoundError: no such account.
        """
        require(user, Action.MANAGE_GROUPS)
        made = Group(id=f"grp_{secrets.token_hex(12)}", name=_checked(name), created_at=datetime.now(UTC))

        def work(connection: Connection) -> Group:
            _check_free(connection, made)
            rows.add(connection, made, _key(made.name))
            for member_id in member_ids:
                _add(connection, made.id, member_id)
            return found(connection, user, made.id)

        return await self._database.write(work)

    async def rename(self, user: User, group_id: str, name: str) -> Group:
        """Raises: as `create`; NotFoundError."""
        require(user, Action.MANAGE_GROUPS)
        shown = _checked(name)

        def work(connection: Connection) -> Group:
            before = found(connection, user, group_id)
            _check_free(connection, replace(before, name=shown))
            rows.rename(connection, group_id, shown, _key(shown))
            return found(connection, user, group_id)

        return await self._database.write(work)

    async def remove(self, user: User, group_id: str) -> None:
        """What was shared with it stays its owner's. Raises: ForbiddenError, NotFoundError."""
        require(user, Action.MANAGE_GROUPS)

        def work(connection: Connection) -> None:
            found(connection, user, group_id)
            rows.remove(connection, group_id)

        await self._database.write(work)

    async def add_members(self, user: User, group_id: str, member_ids: Sequence[str]) -> Group:
        """All or none; who is in it already stays. Raises: ForbiddenError; NotFoundError: also of an account."""
        require(user, Action.MANAGE_GROUPS)

        def work(connection: Connection) -> Group:
            found(connection, user, group_id)
            for member_id in member_ids:
                _add(connection, group_id, member_id)
            return found(connection, user, group_id)

        return await self._database.write(work)

    async def remove_members(self, user: User, group_id: str, member_ids: Sequence[str]) -> Group:
        """All or none. What they own stays shared as they left it. Raises: ForbiddenError; NotFoundError: not in it."""
        require(user, Action.MANAGE_GROUPS)

        def work(connection: Connection) -> Group:
            found(connection, user, group_id)
            for member_id in member_ids:
                if not rows.remove_member(connection, group_id, member_id):
                    raise NotFoundError("access.not_found", param="user_id")
            return found(connection, user, group_id)

        return await self._database.write(work)


def found(connection: Connection, user: User, group_id: str) -> Group:
    """A group that the user may know of. Raises: NotFoundError."""
    known = rows.by_id(connection, group_id)
    if known and can(user, Action.MANAGE_GROUPS):
        return known
    now = replace(user, group_ids=rows.ids_of_user(connection, user.id))
    if known is None or not can(now, Action.READ, group(group_id)):
        raise NotFoundError("access.not_found", param="group_id")
    return _seen(known)


def _seen(known: Group) -> Group:
    """As its members see it: whose account is disabled is between them and the administrators."""
    return replace(known, members=tuple(each for each in known.members if each.active))


def _add(connection: Connection, group_id: str, user_id: str) -> None:
    if users.by_id(connection, user_id) is None:
        raise NotFoundError("access.not_found", param="user_id")
    rows.add_member(connection, group_id, user_id, datetime.now(UTC))


def _check_free(connection: Connection, wanted: Group) -> None:
    same = rows.by_name(connection, _key(wanted.name))
    if same and same.id != wanted.id:
        raise ConflictError("accounts.group_exists", param="name", name=same.name)


def _checked(name: str) -> str:
    """As it is shown. Raises: UsageError."""
    shown = clean_name(name)
    if not set(shown).isdisjoint(_UNSEEN):
        raise UsageError("accounts.name_invalid", param="name", longest=LONGEST_NAME)
    return shown


def _key(name: str) -> str:
    """Names with the same key look the same: width, case, spaces and the variants of a sign make no other name."""
    plain = "".join(c for c in name if not unicodedata.name(c, "").startswith("VARIATION SELECTOR"))
    return name_key(plain)
