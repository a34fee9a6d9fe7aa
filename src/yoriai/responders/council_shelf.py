"""Councils as a user may ask them. Reads only; `registry` resolves names with it, `councils` keeps them.

An asker's rights to the members are looked at when they answer, not here.
"""

from __future__ import annotations

from yoriai.access import Action, owners, require, thing_of
from yoriai.errors import NotFoundError
from yoriai.records import Council
from yoriai.store import councils as rows
from yoriai.store.database import Connection, Database
from yoriai.types import User

COUNCIL = "council:"
_LONGEST_TOLD = 200  # characters of an unknown name


class CouncilShelf:
    """All councils of this server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def usable(self, user: User) -> list[Council]:
        """One's own and what is shared, by name."""
        return await self._database.read(lambda connection: rows.usable(connection, owners(user)))

    async def get(self, user: User, council_id: str) -> Council:
        """Raises: NotFoundError."""
        return await self._database.read(lambda connection: found(connection, user, council_id, Action.READ))

    async def named(self, user: User, name: str) -> Council:
        """By name, one's own before what others share, or by id. Raises: NotFoundError."""

        def work(connection: Connection) -> Council:
            mine = owners(user)
            council = rows.named(connection, mine, name) or rows.find(connection, mine, name)
            if council is None:
                raise NotFoundError("responders.council_unknown", param="model", name=name[:_LONGEST_TOLD])
            return council

        return await self._database.read(work)


def found(connection: Connection, user: User, council_id: str, action: Action) -> Council:
    """Raises: NotFoundError: there is none, or it is another's."""
    council = rows.find(connection, owners(user), council_id)
    if council is None:
        raise NotFoundError("access.not_found", param="council_id")
    require(user, action, thing_of(council))
    return council
