"""Whom a thing may be shared with, for everything that can be shared. Called by the services that keep such things.

Nobody shares with a group that they are not in; administrators, who manage the groups, may with any. A group that a
thing is shared with already may stay, though its owner has left it: they see it there and may take it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoriai.access import Action, Shared, group, require
from yoriai.errors import NotFoundError, UsageError
from yoriai.records import GroupName, Sharing
from yoriai.store import groups
from yoriai.store.database import Connection
from yoriai.types import User

MOST_GROUPS = 100  # of one thing


def audience(
    connection: Connection, user: User, sharing: Sharing, group_ids: Sequence[str] | None,
    before: Sequence[GroupName] = (),
) -> dict[str, Any]:  # fmt: skip
    """`sharing` and `groups` of a thing, as its record has them. `before`: groups that it is shared with now.

    Raises:
        UsageError: groups are named that nothing is shared with, or none. NotFoundError: no such group, or not theirs.
    """
    if sharing != "groups":
        if group_ids:
            raise UsageError("accounts.sharing_without_groups", param="group_ids", sharing=sharing)
        return {"sharing": sharing, "groups": ()}
    known = {each.id for each in before}
    wanted = known if group_ids is None else set(group_ids)
    if not wanted or len(wanted) > MOST_GROUPS:
        raise UsageError("accounts.sharing_needs_groups", param="group_ids", most=MOST_GROUPS)
    found = groups.names(connection, wanted)
    if len(found) < len(wanted):
        raise NotFoundError("accounts.group_not_yours", param="group_ids")
    for group_id in wanted - known:
        try:
            require(user, Action.SHARE_WITH, group(group_id))
        except NotFoundError:
            raise NotFoundError("accounts.group_not_yours", param="group_ids") from None
    return {"sharing": "groups", "groups": tuple(found)}


def changes(
    connection: Connection, user: User, before: Shared, sharing: Sharing | None, group_ids: Sequence[str] | None
) -> dict[str, Any]:  # fmt: skip
    """What a thing's rows are to be given; nothing where nothing is said. Groups alone mean sharing with them.

    Raises: as `audience`.
    """
    if sharing is None and group_ids is None:
        return {}
    wanted = audience(connection, user, sharing or "groups", group_ids, before.groups)
    return {"sharing": wanted["sharing"], "group_ids": [each.id for each in wanted["groups"]]}
