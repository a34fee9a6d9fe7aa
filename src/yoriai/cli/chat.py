"""`yoriai chat [MODEL]`: a conversation on the terminal. Ctrl-C stops the reply, Ctrl-D leaves."""

from __future__ import annotations

import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli.deliberation import print_deliberation
from yoriai.cli.grounds import Grounds
from yoriai.cli.terminal import harmless, note, out, result, say
from yoriai.cli.tool_use import tell_use
from yoriai.errors import UsageError, YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyBindings

    from yoriai.cli.talk import Talk
    from yoriai.types import ChatRequest, Language

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def chat(
    model: Annotated[str, typer.Argument(help=say("ask_model"))] = "",
    model_option: Annotated[str, typer.Option("--model", "-m", help=say("ask_model"))] = "",
    system: Annotated[str, typer.Option(help=say("ask_system"))] = "",
    tool: Annotated[list[str] | None, typer.Option("--tool", "-t", help=say("ask_tool"))] = None,
) -> None:
    if model and model_option and model != model_option:
        raise UsageError("cli.two_models", first=model, second=model_option)
    if not sys.stdin.isatty():
        raise UsageError("cli.chat_needs_terminal")
    import asyncio

    asyncio.run(_chat(model_option or model, system, tool or []))


async def _chat(model: str, system: str, tools: list[str]) -> None:
    from yoriai.cli.talk import open_talk
    from yoriai.settings import load

    settings = load()
    language = terminal_language(settings.language)
    async with open_talk(settings, language) as talk:
        session = Session(talk, model or await talk.default_model(), system, language, tools)
        result(say("chat_welcome", model=session.model))
        await session.run(_prompt(settings.home))


class Session:
    """One conversation: its messages, and what the commands change."""

    def __init__(
        self, talk: Talk, model: str, system: str, language: Language, tools: Sequence[str] = ()
    ) -> None:
        self.model = model
        self._talk = talk
        self._tools = {"server_tools": list(tools), "answers_approvals": True} if tools else {}
        self._system = system
        self._language = language
        self._turns: list[dict[str, str]] = []

    async def run(self, prompt: PromptSession[str]) -> None:
        while True:
            try:
                line = (await prompt.prompt_async("> ")).strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if line.startswith("/"):
                await self.command(line)
            elif line:
                await self.ask(line)

    async def ask(self, question: str) -> None:
        """Answer on the screen; Ctrl-C stops the answer, and what was said stays in the conversation."""
        from yoriai.types import ChatRequest

        self._turns.append({"role": "user", "content": question})
        said: list[str] = []
        request = ChatRequest.model_validate(
            {"model": self.model, "messages": self._messages(), **self._tools}
        )
        try:
            await _stoppable(self._show(request, said))
        except YoriaiError as error:
            note(harmless(error_text(error, self._language)))
        if said:
            self._turns.append({"role": "assistant", "content": "".join(said)})
        else:
            self._turns.pop()

    async def _show(self, request: ChatRequest, said: list[str]) -> None:
        from yoriai.tool_use import ToolUse
        from yoriai.types import ReasoningDelta, Stage, TextDelta, Usage

        dim = False
        grounds = Grounds()
        async for event in self._talk.answer(request):
            grounds.take(event)
            if isinstance(event, TextDelta):
                out((_PLAIN + "\n" if dim else "") + harmless(event.text))
                dim = False
                said.append(event.text)
            elif isinstance(event, ReasoningDelta):
                out(("" if dim else _DIM) + harmless(event.text))
                dim = True
            elif isinstance(event, ToolUse):
                await tell_use(self._talk, event)
            elif isinstance(event, Stage) and event.name == "loading" and not said:
                note(f"{_DIM}{say('loading', model=self.model)}{_PLAIN}")
            elif isinstance(event, Usage) and event.tokens_per_s:
                speed = say("speed", tokens=event.completion_tokens, speed=f"{event.tokens_per_s:.1f}")
                out(f"{_PLAIN}\n{_DIM}{speed}{_PLAIN}")
        out(f"{_PLAIN}\n")
        grounds.print()
        if grounds.deliberation:
            print_deliberation(grounds.deliberation)

    async def command(self, line: str) -> None:
        """/help /model /system /clear /save"""
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word == "/model":
            await self._choose_model(rest)
        elif word == "/system":
            self._system = rest
            note(say("chat_system_set" if rest else "chat_system_empty"))
        elif word == "/clear":
            self._turns.clear()
            note(say("chat_cleared"))
        elif word == "/save":
            self._save(rest)
        else:
            note(say("chat_help_text"))

    async def _choose_model(self, name: str) -> None:
        models = await self._talk.models()
        if name in models:
            self.model = name
        for each in models:
            result(("* " if each == self.model else "  ") + harmless(each))
        if name and name not in models:
            note(say("chat_model_unknown", name=name))

    def _save(self, name: str) -> None:
        path = Path(name or "chat.md").expanduser()
        parts = [f"**{turn['role']}**\n\n{turn['content']}\n" for turn in self._messages()]
        try:
            with path.open("x", encoding="utf8") as file:  # never over something that is there
                file.write("\n".join(parts))
        except OSError as error:
            note(say("chat_not_saved", path=path, detail=error.strerror))
            return
        note(say("chat_saved", path=path))

    def _messages(self) -> list[dict[str, str]]:
        system = [{"role": "system", "content": self._system}] if self._system else []
        return system + self._turns


async def _stoppable(work: Coroutine[Any, Any, None]) -> None:
    """Run until done or Ctrl-C."""
    import asyncio

    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(task.cancel))
    try:
        await task
    except asyncio.CancelledError:
        out(f"{_PLAIN}\n")
        note(say("chat_stopped"))
    finally:
        signal.signal(signal.SIGINT, before)


def _prompt(home: Path) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    path = home / "chat_history"
    path.touch(mode=0o600)
    return PromptSession(history=FileHistory(str(path)), key_bindings=_keys(), multiline=True)


def _keys() -> KeyBindings:
    """Enter sends; Alt+Enter, or a backslash before Enter, makes a line; pasted lines stay lines."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.char_before_cursor == "\\":
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
