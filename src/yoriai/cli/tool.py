"""`yoriai tool list|allow`: tools that this server runs itself, and whether they may when you use them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli.kb import with_shelf
from yoriai.cli.terminal import harmless, say, show

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

_SHOWN = 80  # characters of a description


class KeptName(StrEnum):
    """`tools.approval.Kept`, and back to the beginning."""

    ALWAYS = "always"
    ASK = "ask"
    NEVER = "never"
    DEFAULT = "default"


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("list", help=say("tool_list"))(list_tools)
    app.command("allow", help=say("tool_allow"))(allow)
    return app


def list_tools(as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False) -> None:
    async def work(shelf: Shelf) -> Any:
        return await shelf.ask("GET", "/api/tools")

    listed = with_shelf(work)
    show(
        as_json,
        listed,
        ("name", "effects", "runs", "about"),
        lambda: [_row(each) for each in listed["tools"]],
    )


def allow(
    name: Annotated[str, typer.Argument(metavar="NAME", help=say("tool_name"))],
    decision: Annotated[KeptName, typer.Argument(help=say("tool_decision"))],
) -> None:
    kept = None if decision is KeptName.DEFAULT else decision.value

    async def work(shelf: Shelf) -> None:
        await shelf.ask("PUT", f"/api/tools/{name}/permission", json={"decision": kept})

    with_shelf(work)


def _row(tool: dict[str, Any]) -> tuple[str, ...]:
    runs = {"by itself": "tool_runs", "asks": "tool_asks", "never": "tool_never"}[tool["runs"]]
    about = " ".join(harmless(tool["description"]).split())
    return tool["name"], ", ".join(tool["effects"]), say(runs), about[:_SHOWN]
