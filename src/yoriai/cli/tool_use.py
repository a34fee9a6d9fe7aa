"""Calls of tools on the terminal: what was called with what, and the question whether it may. For `ask` and `chat`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from yoriai.cli.terminal import harmless, note, say
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.cli.talk import Talk
    from yoriai.tool_use import ToolUse

_WORDS = {"o": "once", "a": "always", "r": "refuse", "n": "never"}
_SHOWN = 500  # characters of arguments and results


def can_be_asked() -> bool:
    """Whether a person sits there, whose input isn't the document."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


async def tell_use(talk: Talk, use: ToolUse) -> None:
    """One line when a call begins or waits, one when it ends; asks for a word where it waits."""
    language = terminal_language()
    if use.state == "running":
        return
    state = text(f"web.tool_state_{use.state}", language)
    note(f"[{harmless(use.name)}] {_line(use.arguments)} – {state}")
    if use.reason:
        note(f"  {text(f'web.tool_reason_{use.reason}', language)}")
    if use.result:
        note(f"  {_line(use.result)}")
    if use.state == "asking":
        await talk.decide(use.id, await _word())


async def _word() -> str:
    import asyncio

    sys.stderr.write(say("tool_ask"))
    sys.stderr.flush()
    said = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return _WORDS.get(said.strip().lower()[:1], "refuse")


def _line(untrusted: str) -> str:
    line = " ".join(harmless(untrusted).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
