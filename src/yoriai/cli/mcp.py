"""`yoriai mcp add|list|tools|approve|rm|serve`: MCP servers whose tools may be called; Yoriai as one, over stdio."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli.kb import with_shelf
from yoriai.cli.terminal import confirm, harmless, note, result, say, show
from yoriai.errors import UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

Name = Annotated[str, typer.Argument(metavar="NAME", help=say("mcp_name"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))]


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("add", help=say("mcp_add"), context_settings={"allow_interspersed_args": False})(add)
    app.command("list", help=say("mcp_list"))(list_servers)
    app.command("tools", help=say("mcp_tools"))(tools)
    app.command("approve", help=say("mcp_approve"))(approve)
    app.command("rm", help=say("mcp_rm"))(rm)
    app.command("serve", help=say("mcp_serve"))(serve)
    return app


def add(
    name: Name,
    command: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", help=say("mcp_command"))] = None,
    url: Annotated[str, typer.Option(help=say("mcp_url"))] = "",
    trusted: Annotated[bool, typer.Option("--trusted", help=say("mcp_trusted"))] = False,
    as_json: AsJson = False,
) -> None:
    body = {
        "name": name,
        "command": [each for place, each in enumerate(command or []) if place or each != "--"],
        "url": url,
        "is_trusted": trusted,
    }

    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("POST", "/api/mcp/servers", json=body)

    added = with_shelf(work)
    show(as_json, added, ("name", "runs"), lambda: [_row(added)])
    if not as_json:
        note(say("mcp_added", name=name))


def list_servers(as_json: AsJson = False) -> None:
    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("GET", "/api/mcp/servers")

    listed = with_shelf(work)
    show(as_json, listed, ("name", "runs"), lambda: [_row(each) for each in listed["servers"]])


def tools(name: Name, as_json: AsJson = False) -> None:
    looks = with_shelf(lambda shelf: _look(shelf, name))
    if as_json:
        show(True, {"tools": looks}, (), list)
        return
    for each in looks:
        _print(each)


def approve(
    name: Name,
    tool: Annotated[list[str] | None, typer.Argument(metavar="TOOL", help=say("mcp_tool"))] = None,
    reads: Annotated[list[str] | None, typer.Option("--reads", help=say("mcp_reads"))] = None,
    yes: Yes = False,
) -> None:
    async def work(shelf: Shelf) -> None:
        looks = [each for each in await _look(shelf, name) if each["standing"] in {"new", "changed"}]
        chosen = [each for each in looks if not tool or each["name"] in tool]
        for each in chosen:
            _print(each)
        if not chosen:
            note(say("mcp_nothing"))
            return
        if not yes and not confirm(say("mcp_approve_question")):
            raise UsageError("cli.mcp_needs_yes")
        body = {"tools": {each["name"]: each["fingerprint"] for each in chosen}, "reads": reads or []}
        await shelf.ask("POST", f"/api/mcp/servers/{name}/approve", json=body)
        result(say("mcp_approved", count=len(chosen)))

    with_shelf(work)


def rm(name: Name, yes: Yes = False) -> None:
    if not yes and not confirm(say("mcp_rm_question", name=name)):
        raise UsageError("cli.mcp_needs_yes")

    async def work(shelf: Shelf) -> None:
        await shelf.ask("DELETE", f"/api/mcp/servers/{name}")

    with_shelf(work)


def serve() -> None:
    """Each line of standard input is a message, put to the same server that others find at /mcp."""

    async def work(shelf: Shelf) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
            for answer in await shelf.pass_on("/mcp", line):
                sys.stdout.buffer.write(answer + b"\n")
                sys.stdout.buffer.flush()

    with_shelf(work)


async def _look(shelf: Shelf, name: str) -> list[dict[str, Any]]:
    looks: list[dict[str, Any]] = (await shelf.ask("GET", f"/api/mcp/servers/{name}/tools"))["tools"]
    return looks


def _row(server: dict[str, Any]) -> tuple[str, ...]:
    runs = server["url"] or " ".join(server["command"])
    return server["name"], harmless(runs) + (f" ({say('mcp_is_trusted')})" if server["is_trusted"] else "")


def _print(look: dict[str, Any]) -> None:
    """All of what a model will be told; of one that has changed, what was approved as well."""
    effects = say("mcp_only_reads" if look["only_reads"] else "mcp_does_more")
    result(f"{harmless(look['name'])}  [{say('mcp_standing_' + look['standing'])}]  {effects}")
    for sign, told in (("-", look["before"]), ("+" if look["before"] else " ", look)):
        if told:
            schema = json.dumps(told["parameters"], ensure_ascii=terminal_language() == "en")
            for line in [*told["description"].splitlines(), schema]:
                result(f"  {sign} {harmless(line)}")
