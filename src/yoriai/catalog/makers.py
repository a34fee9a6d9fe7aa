"""Who made a model, and where: the package's `makers.yaml`, as records, and how a model's name leads to its maker.

`arena` shows it on boards, and knows by these names whether an answer tells who wrote it. `bootstrap` loads it once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from yoriai.catalog import package_files

_PIECE = re.compile(r"[^\W\d_]+|\d+")


class Maker(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    names: tuple[str, ...] = ()  # that it also goes under
    models: tuple[str, ...] = ()  # words that its models are known by


@cache
def load() -> tuple[Maker, ...]:
    """Raises: ValueError: the package's own file isn't right (a test reads it)."""
    document = package_files.read("makers.yaml")
    return tuple(Maker(name=name, **fields) for name, fields in document.items())


def maker_of(makers: Sequence[Maker], *names: str) -> Maker | None:
    """Of a model that goes under these names, family or own, the surest first; None: nobody knows."""
    for name in names:
        pieces = _pieces(name)
        found = (
            maker for maker in makers if any(_within(_pieces(word), pieces) for word in maker.models)
        )  # fmt: skip
        if (maker := next(found, None)) is not None:
            return maker
    return None


def _pieces(name: str) -> list[str]:
    """ "Qwen2.5-Coder" is qwen, 2, 5, coder: so "qwen" is one of its words and "wen" isn't."""
    return _PIECE.findall(name.casefold())


def _within(part: list[str], whole: list[str]) -> bool:
    return any(whole[i : i + len(part)] == part for i in range(len(whole) - len(part) + 1))
