"""The Toolbox service: which tools there are, what their users decided of them, and one call from wish to result.

`responders.tool_user` calls tools through it; API, page and terminal list them and decide. Scoped by user.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from yoriai.errors import NotFoundError, YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.settings import ToolSettings
from yoriai.store import tools as rows
from yoriai.store.database import Database
from yoriai.tool_use import ToolUse
from yoriai.tools.approval import Decision, Desk, Kept, decide
from yoriai.tools.files import ToolFiles
from yoriai.tools.tool import Result, Tool, ToolError
from yoriai.types import Context, ToolCall, User

_log = logging.getLogger("yoriai.tools")
_LARGEST_ARGUMENTS = 100_000  # characters
More = Callable[[], Awaitable[Sequence[Tool]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A tool, and what a user decided of it; None: nothing."""

    tool: Tool
    kept: Kept | None


class Toolbox:
    """`built_in` tools are always there; `more` gives those of MCP servers."""

    def __init__(
        self, database: Database, files: ToolFiles, settings: ToolSettings, built_in: Sequence[Tool],
        more: More | None = None,
    ) -> None:  # fmt: skip
        self.settings, self.files = settings, files
        self._database, self._desk = database, Desk()
        self._built_in, self._more = tuple(built_in), more

    async def offers(self, user: User) -> list[Offer]:
        """Every tool, the built-in ones first."""
        kept = await self._kept(user)
        return [Offer(tool=each, kept=_kept_of(each, kept)) for each in await self._tools()]

    async def named(self, names: Sequence[str]) -> dict[str, Tool]:
        """Raises: NotFoundError: there is no such tool, or it was changed and nobody has approved it since."""
        by_name = {each.name: each for each in await self._tools()}
        for name in names:
            if name not in by_name:
                raise NotFoundError("tools.unknown", param="server_tools", name=name)
        return {name: by_name[name] for name in names}

    async def notes(self, tools: Mapping[str, Tool], context: Context) -> dict[str, str]:
        """What is to be told of them beside their descriptions."""
        noted = {name: await tool.note(context) for name, tool in tools.items() if tool.note}
        return {name: note for name, note in noted.items() if note}

    async def present(self) -> frozenset[str]:
        """The names of all tools that are there now."""
        return frozenset(each.name for each in await self._tools())

    async def permit(self, user: User, name: str, decision: Kept | None) -> None:
        """Keep what a user decides of a tool; None: as if nothing had been decided. Raises: NotFoundError."""
        tool = (await self.named([name]))[name]
        if decision is None:
            await self._database.write(lambda connection: rows.forget(connection, user.id, name))
            return
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: rows.permit(
                connection, user.id, name, fingerprint=tool.fingerprint, decision=decision, now=now
            )
        )

    def decide(self, user: User, call_id: str, decision: Decision) -> None:
        """On a call that waits. Raises: NotFoundError: no call of this user's waits by that id."""
        self._desk.decide(user, call_id, decision)

    async def carry_out(
        self, call: ToolCall, tools: Mapping[str, Tool], context: Context, *, foreign: bool, may_ask: bool
    ) -> AsyncGenerator[ToolUse, None]:
        """Each state of one call. The last one is done, failed or refused, and says to the model what came of it.

        Args:
            foreign: words of strangers stand before the model.
            may_ask: somebody follows who can be asked.
        """
        call_id = f"call_{secrets.token_hex(12)}"  # ours: a model could choose the id of another's call
        tool = tools.get(call.name)
        use = ToolUse(
            id=call_id, name=call.name[:128], arguments=call.arguments[:_LARGEST_ARGUMENTS], state="running"
        )
        if tool is None:
            told = f"There is no tool {use.name}. There are: {', '.join(tools)}."
            yield replace(use, state="failed", result=told)
            return
        use = replace(use, effects=tuple(sorted(tool.effects)), is_foreign=tool.is_foreign)
        kept = _kept_of(tool, await self._kept(context.user))
        verdict, reason = decide(only_reads=tool.only_reads, kept=kept, foreign=foreign, may_ask=may_ask)
        if verdict == "ask":
            yield replace(use, state="asking", reason=reason)
            verdict, reason = await self._asked(context.user, tool, call_id)
        if verdict == "refuse":
            yield replace(use, state="refused", reason=reason, result=_REFUSED[reason])
            return
        yield use
        begun = time.perf_counter()
        result = await self._run(tool, call.arguments, context)
        yield replace(
            use, state="failed" if result.is_error else "done", result=self._cut(result.text), files=result.files,
            seconds=round(time.perf_counter() - begun, 3),
        )  # fmt: skip

    async def _asked(self, user: User, tool: Tool, call_id: str) -> tuple[Any, Any]:
        decision = await self._desk.ask(user, call_id, self.settings.approval_timeout_s)
        if decision in {"always", "never"}:
            await self.permit(user, tool.name, cast(Kept, decision))
        if decision is None:
            return "refuse", "late"
        return ("run", "") if decision in {"once", "always"} else ("refuse", "declined")

    async def _run(self, tool: Tool, arguments: str, context: Context) -> Result:
        """What it gives, or what went wrong, in words for the model. Never raises but for cancellation."""
        limit = tool.timeout_s or self.settings.timeout_s
        try:
            async with asyncio.timeout(limit):
                return await tool.run(_object(arguments), context)
        except ToolError as error:
            return Result(text=f"Error: {error}", is_error=True)
        except TimeoutError:
            return Result(text=f"Error: the tool gave nothing within {limit:g} seconds.", is_error=True)
        except YoriaiError as error:
            return Result(text=f"Error: {error_text(error, 'en')}", is_error=True)
        except Exception:  # the handler of tools: a model can ask for anything
            _log.exception("the tool %s failed", tool.name)
            return Result(text="Error: the tool failed.", is_error=True)

    async def _tools(self) -> list[Tool]:
        return [*self._built_in, *(await self._more() if self._more else ())]

    async def _kept(self, user: User) -> dict[str, tuple[str, str]]:
        return await self._database.read(lambda connection: rows.permissions(connection, user.id))

    def _cut(self, text: str) -> str:
        most = self.settings.max_result_chars
        return text if len(text) <= most else f"{text[:most]}\n[cut: {len(text) - most} more characters]"


_REFUSED = {
    "never": "Refused: the user never allows this tool.", "nobody": "Refused: nobody is there to allow this call.",
    "late": "Refused: nobody allowed this call in time.", "declined": "Refused: the user declined this call.",
}  # fmt: skip


def _kept_of(tool: Tool, kept: Mapping[str, tuple[str, str]]) -> Kept | None:
    """What was decided of the tool as it is; of one that has changed, only a refusal holds."""
    fingerprint, decision = kept.get(tool.name, ("", ""))
    if not decision or (fingerprint != tool.fingerprint and decision == "always"):
        return None
    return cast(Kept, decision)


def _object(arguments: str) -> dict[str, Any]:
    if len(arguments) > _LARGEST_ARGUMENTS:
        raise ToolError(f"The arguments are longer than {_LARGEST_ARGUMENTS} characters.")
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        raise ToolError("The arguments are not a JSON object.") from error
    if not isinstance(value, dict):
        raise ToolError("The arguments are not a JSON object.")
    return value
