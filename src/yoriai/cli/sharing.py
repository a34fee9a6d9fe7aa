"""`--share owner | everyone | group:NAME …`: whom something is shared with, as people type it and as it is shown.

Used by `kb`, `assistant` and `council`. Who may share with which group the services know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yoriai.errors import UsageError

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

PLAIN = ("owner", "everyone")
GROUP = "group:"


def check(share: Sequence[str] | None) -> None:
    """Raises: UsageError: not one of these, or several that exclude each other."""
    wanted = share or ()
    for each in wanted:
        is_group = each.startswith(GROUP) and each.removeprefix(GROUP).strip()
        if each not in PLAIN and not is_group:
            raise UsageError("cli.share_form", value=each)
    if len(wanted) > 1 and not set(PLAIN).isdisjoint(wanted):
        raise UsageError("cli.share_one", values=", ".join(wanted))


async def wish(shelf: Shelf, share: Sequence[str] | None) -> dict[str, Any]:
    """The fields of the API; none where nothing was said. Raises: NotFoundError: no such group; as `check`."""
    check(share)
    if not share:
        return {}
    if share[0] in PLAIN:
        return {"sharing": share[0]}
    return {"sharing": "groups", "group_ids": [await _id_of(shelf, each) for each in share]}


def shown(thing: dict[str, Any]) -> str:
    """As it could be typed."""
    if thing["sharing"] == "groups":
        return ", ".join(GROUP + each["name"] for each in thing["groups"])
    return str(thing["sharing"])


async def _id_of(shelf: Shelf, share: str) -> str:
    found = await shelf.ask("GET", "/api/groups", params={"name": share.removeprefix(GROUP)})
    return str(found["groups"][0]["id"])
