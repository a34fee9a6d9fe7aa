"""A tool: what a model is told of it, what it may touch, and the function behind it. Values only.

Every kind of tool (built in, of an MCP server) is one of these; `toolbox` runs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from yoriai.tool_use import Effect, ToolFile
from yoriai.types import Context, Function
from yoriai.types import Tool as WireTool


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a call gave. `text` is data: it is shown as it is, and never obeyed."""

    text: str
    is_error: bool = False
    files: tuple[ToolFile, ...] = ()


class ToolError(Exception):
    """What the model did wrong, in a sentence that helps it to do better."""


Run = Callable[[dict[str, Any], Context], Awaitable[Result]]
Note = Callable[[Context], Awaitable[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """`is_foreign`: its results hold words of strangers, who may want the model to call something else."""

    name: str
    description: str  # for the model
    parameters: dict[str, Any] = field(hash=False)  # JSON schema of an object
    run: Run
    effects: frozenset[Effect] = frozenset({"reads"})
    is_foreign: bool = False
    timeout_s: float | None = None  # None: as the settings have it
    note: Note | None = (
        None  # what the model is told of it beside the description, here and now; words of strangers
    )
    retries: int = 0  # times that a model has to correct a call that failed, before it may give up
    source: str = ""  # the MCP server that offers it; empty: built in

    @property
    def only_reads(self) -> bool:
        return self.effects <= {"reads"}

    @property
    def fingerprint(self) -> str:
        """Changes with everything that a person who allowed it has seen."""
        return fingerprint(self.name, self.description, self.parameters, sorted(self.effects))

    def wire(self, note: str = "") -> WireTool:
        """As OpenAI's clients describe a function."""
        description = f"{self.description} {note}".strip()
        told = Function(name=self.name, description=description, parameters=self.parameters)
        return WireTool(type="function", function=told)


def fingerprint(*parts: Any) -> str:
    """SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(
        json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf8", "replace")
    ).hexdigest()


def parameters(required: tuple[str, ...] = (), /, **properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False,
    }  # fmt: skip


def text_of(arguments: dict[str, Any], name: str, most: int, default: str | None = None) -> str:
    """A text argument. Raises: ToolError: it is missing, of another type, or too long."""
    value = arguments.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise ToolError(f'The argument "{name}" must be a text.')
    if len(value) > most:
        raise ToolError(f'The argument "{name}" is longer than {most} characters.')
    return value
