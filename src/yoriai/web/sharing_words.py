"""Whom things are shared with, in words, and what the pickers offer. Pure. Used by pages on collections and councils.

Who may share with whom the services know; what a browser sends back is only a wish.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from yoriai.access import LOCAL_OPERATOR_ID, Shared, owners
from yoriai.records import Group, GroupName, Sharing
from yoriai.types import User
from yoriai.web.visitor import Visitor

LABELS = ("sharing", "sharing_owner", "sharing_groups", "sharing_which", "sharing_everyone")


def tag(shared: Shared, user: User, visitor: Visitor) -> str:
    """A few words beside its name."""
    if shared.owner_id not in owners(user):
        return visitor.text("collections_of_another")
    if shared.sharing == "groups":
        return visitor.text("sharing_tag_groups", names=_names(shared.groups))
    return (
        unshared(shared, visitor)
        if shared.sharing == "owner"
        else visitor.text("collections_sharing_everyone")
    )


def unshared(shared: Shared, visitor: Visitor) -> str:
    """Whose it is, while it is shared with nobody: what was made on the terminal belongs to all administrators."""
    return visitor.text("collections_sharing_local" if _is_local(shared) else "collections_sharing_owner")


def seen(shared: Shared, user: User, visitor: Visitor) -> str:
    """Who can see it, as a sentence."""
    names = _names(shared.groups)
    if shared.owner_id not in owners(user):
        return visitor.text(f"sharing_seen_of_another_{shared.sharing}", names=names)
    if _is_local(shared):
        return visitor.text(f"sharing_seen_local_{shared.sharing}", names=names)
    return visitor.text(f"sharing_seen_{shared.sharing}", names=names)


def offered(groups: Sequence[Group], shared: Shared | None = None) -> list[dict[str, Any]]:
    """Groups to choose from: those that the visitor may share with, and those that it is shared with already."""
    left = [] if shared is None else [each for each in shared.groups if each.id not in {g.id for g in groups}]
    names: Iterable[Group | GroupName] = (*groups, *left)
    return [{"id": each.id, "name": each.name} for each in names]


def wish(sharing: str, groups: str) -> tuple[Sharing, list[str]]:
    """What a picker sent: never wider than it says."""
    if sharing == "everyone":
        return "everyone", []
    if sharing == "groups" and groups.split():
        return "groups", groups.split()
    return "owner", []


def _is_local(shared: Shared) -> bool:
    return shared.owner_id == LOCAL_OPERATOR_ID


def _names(groups: Iterable[GroupName]) -> str:
    return ", ".join(each.name for each in groups)
