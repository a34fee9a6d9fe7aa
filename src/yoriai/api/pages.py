"""How OpenAI's routes give a list in parts: `limit`, `order`, `after`. The list arrives newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol, TypeVar

from fastapi import Query


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=_HasId)
Limit = Annotated[int, Query(ge=1, le=10_000)]
Order = Literal["asc", "desc"]


def page_of(items: Sequence[Item], *, limit: int, order: Order, after: str) -> dict[str, Any]:
    """The part that begins behind `after`; an id that isn't in the list begins at the beginning."""
    ordered = list(items) if order == "desc" else list(reversed(items))
    ids = [item.id for item in ordered]
    start = ids.index(after) + 1 if after in ids else 0
    data = ordered[start : start + limit]
    return {
        "data": data,
        "first_id": data[0].id if data else None,
        "last_id": data[-1].id if data else None,
        "has_more": start + limit < len(ordered),
    }
