"""Names that people give: to collections here, to assistants in `responders`. The callers say it in their own words."""

from __future__ import annotations

from collections.abc import Collection as Group
from typing import Protocol

from yoriai.errors import ConflictError, UsageError

LONGEST_NAME = 200  # characters


class Owned(Protocol):
    @property
    def owner_id(self) -> str: ...


def checked_name(name: str, key: str) -> str:
    """As it is kept: on one line, of what can be seen. Raises: UsageError, with `key`: empty or too long."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not shown or len(shown) > LONGEST_NAME:
        raise UsageError(key, param="name", longest=LONGEST_NAME)
    return shown


def check_free(same: Owned | None, mine: Group[str], name: str, key: str) -> None:
    """`same`: what has the name. Raises: ConflictError, with `key`: it is one's own."""
    if same and same.owner_id in mine:
        raise ConflictError(key, param="name", name=name)
