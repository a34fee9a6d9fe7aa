"""`yoriai ask "…"`: one question, one answer on stdout. A document on stdin goes before the question."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from yoriai.cli.deliberation import print_deliberation, stage_line
from yoriai.cli.grounds import Grounds
from yoriai.cli.terminal import harmless, note, out, print_json, say
from yoriai.cli.tool_use import can_be_asked, tell_use
from yoriai.errors import UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.cli.talk import Talk
    from yoriai.types import ChatRequest, Event


def ask(  # noqa: PLR0917 — one parameter per option
    question: Annotated[str, typer.Argument(help=say("ask_question"))] = "",
    model: Annotated[str, typer.Option("--model", "-m", help=say("ask_model"))] = "",
    collection: Annotated[str, typer.Option("--collection", "-c", help=say("ask_collection"))] = "",
    system: Annotated[str, typer.Option(help=say("ask_system"))] = "",
    temperature: Annotated[float | None, typer.Option(min=0, max=2, help=say("temperature"))] = None,
    top_p: Annotated[float | None, typer.Option(min=0, max=1, help=say("top_p"))] = None,
    top_k: Annotated[int | None, typer.Option(min=0, max=1000, help=say("top_k"))] = None,
    min_p: Annotated[float | None, typer.Option(min=0, max=1, help=say("min_p"))] = None,
    repeat_penalty: Annotated[float | None, typer.Option(min=0.5, max=2, help=say("repeat_penalty"))] = None,
    seed: Annotated[int | None, typer.Option(min=0, help=say("seed"))] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help=say("max_tokens"))] = None,
    stop: Annotated[list[str] | None, typer.Option(help=say("stop"))] = None,
    tool: Annotated[list[str] | None, typer.Option("--tool", "-t", help=say("ask_tool"))] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=say("ask_verbose"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False,
) -> None:
    import asyncio

    sampling: dict[str, object] = {
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "min_p": min_p,
        "repeat_penalty": repeat_penalty,
        "seed": seed,
        "max_tokens": max_tokens,
        "stop": stop or None,
        "server_tools": tool or None,
        "answers_approvals": bool(tool) and not as_json and can_be_asked(),
    }
    if collection and model:
        raise UsageError("cli.ask_collection_and_model")
    text = joined(_document(), _readable(question))
    if not text:
        raise UsageError("cli.nothing_asked")
    model = f"collection:{_readable(collection)}" if collection else _readable(model)
    asyncio.run(_ask(text, model, _readable(system), sampling, as_json=as_json, verbose=verbose))


def joined(document: str, question: str) -> str:
    """The document first: what stands last is what a model answers."""
    return "\n\n".join(part.strip() for part in (document, question) if part.strip())


def _readable(argument: str) -> str:
    """Bytes of the command line that aren't UTF-8 become U+FFFD: Python hides them in lone surrogates."""
    return argument.encode("utf8", "surrogateescape").decode("utf8", "replace")


def _document() -> str:
    """What is piped in. Bytes that aren't UTF-8 become U+FFFD."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf8", "replace")


async def _ask(
    text: str, model: str, system: str, sampling: dict[str, object], *, as_json: bool, verbose: bool
) -> None:
    from yoriai.cli.talk import open_talk
    from yoriai.settings import load
    from yoriai.types import ChatRequest

    settings = load()
    async with open_talk(settings, terminal_language(settings.language)) as talk:
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": text})
        name = model or await talk.default_model()
        request = ChatRequest.model_validate({"model": name, "messages": messages, **sampling})
        await (_print_json(talk, request) if as_json else _print_text(talk, request, verbose))


async def _print_text(talk: Talk, request: ChatRequest, verbose: bool) -> None:
    from yoriai.tool_use import ToolUse
    from yoriai.types import Finish, TextDelta

    last = ""
    reason = ""
    grounds = Grounds()
    async for event in talk.answer(request):
        grounds.take(event)
        _tell_work(event, verbose)
        if isinstance(event, ToolUse):
            await tell_use(talk, event)
        if isinstance(event, TextDelta):
            last = harmless(event.text)
            out(last)
        elif isinstance(event, Finish):
            reason = event.reason
    if not last.endswith("\n"):
        out("\n")
    grounds.print()
    if grounds.deliberation:
        print_deliberation(grounds.deliberation)
    if reason == "length":
        note(say("answer_cut"))


def _tell_work(event: Event, verbose: bool) -> None:
    """Beside the answer: what a council's members say, or, for a person who waits, what is being done."""
    from yoriai.types import ReasoningDelta, Stage

    if verbose and isinstance(event, ReasoningDelta):
        sys.stderr.write(harmless(event.text))
        sys.stderr.flush()
    elif isinstance(event, Stage) and sys.stderr.isatty() and (line := stage_line(event)):
        note(line)


async def _print_json(talk: Talk, request: ChatRequest) -> None:
    from dataclasses import asdict

    from yoriai.types import Finish, ReasoningDelta, TextDelta, Usage

    content, reasoning, reason, usage = "", "", "", None
    grounds = Grounds()
    async for event in talk.answer(request):
        grounds.take(event)
        if isinstance(event, TextDelta):
            content += event.text
        elif isinstance(event, ReasoningDelta):
            reasoning += event.text
        elif isinstance(event, Finish):
            reason = event.reason
        elif isinstance(event, Usage):
            usage = asdict(event)
    print_json(
        {
            "model": request.model,
            "content": content,
            "reasoning": reasoning,
            "finish_reason": reason,
            "usage": usage,
            "sources": asdict(grounds.sources) if grounds.sources else None,
            "support": asdict(grounds.support) if grounds.support else None,
            "deliberation": asdict(grounds.deliberation) if grounds.deliberation else None,
            "tool_uses": [asdict(each) for each in grounds.tool_uses.values()],
        }
    )
