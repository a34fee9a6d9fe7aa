"""A call of a tool that this server carries out itself: how it stands, what it gave. Values only.

`tools` makes them, `chat` and `store` keep them with the reply, the surfaces show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Effect = Literal["reads", "writes", "network"]
ToolUseState = Literal["asking", "running", "done", "failed", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolFile:
    """Something that a tool made, or that was handed to it; its bytes are asked for by id."""

    id: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolUse:
    """A call that this server carries out itself. Each event of one id takes the place of the one before."""

    id: str
    name: str
    arguments: str  # a JSON object
    state: ToolUseState
    effects: tuple[Effect, ...] = ("reads",)
    reason: Literal["", "asks", "foreign", "never", "nobody", "late", "declined", "gone"] = (
        ""  # why asked or refused
    )
    result: str = ""  # text; of a call that failed, why
    is_foreign: bool = False  # the result holds words of strangers
    files: tuple[ToolFile, ...] = ()
    seconds: float = 0.0
