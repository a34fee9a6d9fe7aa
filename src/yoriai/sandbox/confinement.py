"""How far a child of this machine can be kept in. Found out by trying; `knowledge` and `cli.doctor` ask."""

from __future__ import annotations

import sys
import tempfile
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from yoriai.sandbox.jail import lacking
from yoriai.sandbox.limits import Limits
from yoriai.sandbox.process import EndedError, lines

_PROBE = "yoriai.sandbox.probe"
_QUICK = Limits(step_s=20, total_s=20, unjailed=True)

# jailed: files and network closed to it. unjailed: could be on Linux, isn't here. limited, watched: other systems,
# with rlimits or without. none: it doesn't start.
Level = Literal["jailed", "unjailed", "limited", "watched", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Confinement:
    """`missing`: what is not there of Linux's jail, as people call it."""

    level: Level
    missing: tuple[str, ...] = ()


async def tried() -> Confinement:
    """What holds of a child that was started for this question."""
    held: list[str] = []
    try:
        with tempfile.TemporaryFile() as nothing:
            async with aclosing(lines(_PROBE, {}, nothing, _QUICK)) as saying:
                async for said in saying:
                    held += said.get("confinement", [])
    except (EndedError, OSError):
        return Confinement(level="none")
    return _of(held, sys.platform)


def _of(held: list[str], system: str) -> Confinement:
    missing = lacking(held, system)
    if missing:
        return Confinement(level="unjailed", missing=missing)
    if system == "linux":
        return Confinement(level="jailed")
    return Confinement(level="limited" if "rlimits" in held else "watched")
