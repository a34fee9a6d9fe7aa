"""`yoriai council add|list|show|set|rm`: responders that answer together, with a running server or without one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli import sharing
from yoriai.cli.kb import with_shelf
from yoriai.cli.terminal import confirm, result, say, show
from yoriai.errors import UsageError

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf


class CouncilMode(StrEnum):
    """`responders.councils.Mode`, without what importing it costs on every `--help`; a test keeps them equal."""

    SYNTHESISE = "synthesise"
    VOTE = "vote"
    DEBATE = "debate"


Name = Annotated[str, typer.Argument(metavar="NAME", help=say("council_name"))]
Members = Annotated[list[str] | None, typer.Option("--member", "-m", help=say("council_member"))]
Chair = Annotated[str | None, typer.Option("--chair", help=say("council_chair"))]
Mode = Annotated[CouncilMode | None, typer.Option("--mode", help=say("council_mode"))]
Reviews = Annotated[bool | None, typer.Option("--reviews/--no-reviews", help=say("council_reviews"))]
Rounds = Annotated[int | None, typer.Option("--rounds", min=1, help=say("council_rounds"))]
Tokens = Annotated[int | None, typer.Option("--member-tokens", min=16, help=say("council_tokens"))]
Seconds = Annotated[float | None, typer.Option("--member-seconds", min=1, help=say("council_seconds"))]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=64, help=say("council_max_tokens"))]
MaxSeconds = Annotated[float | None, typer.Option("--max-seconds", min=1, help=say("council_max_seconds"))]
Share = Annotated[list[str] | None, typer.Option("--share", help=say("council_share"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]
_COLUMNS = ("name", "mode", "members", "chair", "sharing", "id")
_FIELDS = (
    "name", "members", "chair", "mode", "reviews", "rounds", "member_tokens", "member_seconds", "max_tokens",
    "max_seconds", "sharing", "id",
)  # fmt: skip


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("add", help=say("council_add"))(add)
    app.command("list", help=say("council_list"))(list_councils)
    app.command("show", help=say("council_show"))(show_council)
    app.command("set", help=say("council_set"))(set_council)
    app.command("rm", help=say("council_rm"))(rm)
    return app


def add(  # noqa: PLR0917 — one parameter per option
    name: Name, member: Members = None, chair: Chair = None, mode: Mode = None, reviews: Reviews = None,
    rounds: Rounds = None, member_tokens: Tokens = None, member_seconds: Seconds = None, max_tokens: MaxTokens = None,
    max_seconds: MaxSeconds = None, share: Share = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    wish = _wish(
        members=member, chair=chair, mode=mode, reviews=reviews, rounds=rounds, member_tokens=member_tokens,
        member_seconds=member_seconds, max_tokens=max_tokens, max_seconds=max_seconds,
    )  # fmt: skip
    if len(member or []) < 2:
        raise UsageError("cli.council_needs_members")

    async def work(shelf: Shelf) -> Any:
        shared = await sharing.wish(shelf, share)
        return await shelf.ask("POST", "/api/councils", json={"name": name, **wish, **shared})

    _show_one(with_shelf(work), as_json)


def list_councils(as_json: AsJson = False) -> None:
    async def work(shelf: Shelf) -> Any:
        return (await shelf.ask("GET", "/api/councils"))["councils"]

    listed = with_shelf(work)
    show(as_json, {"councils": listed}, _COLUMNS, lambda: [_row(each) for each in listed])


def show_council(name: Name, as_json: AsJson = False) -> None:
    _show_one(with_shelf(lambda shelf: _named(shelf, name)), as_json)


def set_council(  # noqa: PLR0917 — one parameter per option
    name: Name, new_name: Annotated[str | None, typer.Option("--name", help=say("council_new_name"))] = None,
    member: Members = None, chair: Chair = None, mode: Mode = None, reviews: Reviews = None, rounds: Rounds = None,
    member_tokens: Tokens = None, member_seconds: Seconds = None, max_tokens: MaxTokens = None,
    max_seconds: MaxSeconds = None, share: Share = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    wish = _wish(
        name=new_name, members=member or None, chair=chair, mode=mode, reviews=reviews, rounds=rounds,
        member_tokens=member_tokens, member_seconds=member_seconds, max_tokens=max_tokens, max_seconds=max_seconds,
    )  # fmt: skip

    async def work(shelf: Shelf) -> Any:
        found = await _named(shelf, name)
        shared = await sharing.wish(shelf, share)
        return await shelf.ask("PATCH", f"/api/councils/{found['id']}", json={**wish, **shared})

    _show_one(with_shelf(work), as_json)


def rm(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))] = False
) -> None:  # fmt: skip
    if not yes and not confirm(say("council_rm_question", name=name)):
        raise UsageError("cli.council_rm_needs_yes")

    async def work(shelf: Shelf) -> None:
        found = await _named(shelf, name)
        await shelf.ask("DELETE", f"/api/councils/{found['id']}")

    with_shelf(work)
    result(say("council_removed", name=name))


def _wish(**given: Any) -> dict[str, Any]:
    """What was given, as the API takes it."""
    plain = {key: value.value if isinstance(value, StrEnum) else value for key, value in given.items()}
    return {key: value for key, value in plain.items() if value is not None}


async def _named(shelf: Shelf, name: str) -> dict[str, Any]:
    """By name or id; one's own come before what others share. Raises: NotFoundError."""
    listed = (await shelf.ask("GET", "/api/councils", params={"name": name}))["councils"]
    return dict(listed[0])


def _show_one(council: dict[str, Any], as_json: bool) -> None:
    rows = [(say(f"council_field_{key}"), _cell(_shown(council)[key])) for key in _FIELDS]
    show(as_json, council, ("field", "value"), lambda: rows)


def _row(council: dict[str, Any]) -> tuple[str, ...]:
    return tuple(_cell(_shown(council)[key]) for key in _COLUMNS)


def _shown(council: dict[str, Any]) -> dict[str, Any]:
    return council | {
        "chair": council["chair"] or say("council_first_member"), "sharing": sharing.shown(council),
    }  # fmt: skip


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return say("yes_word" if value else "no_word")
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) if isinstance(value, list) else str(value)
