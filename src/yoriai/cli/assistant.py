"""`yoriai assistant add|list|show|set|rm`: models with a role and documents, with a running server or without one."""

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


class ModeName(StrEnum):
    """`responders.assistants.Mode`, without what importing it costs on every `--help`; a test keeps them equal."""

    PASSAGES = "passages"
    WHOLE = "whole"


Name = Annotated[str, typer.Argument(metavar="NAME", help=say("assistant_name"))]
Collections = Annotated[
    list[str] | None, typer.Option("--collection", "-c", help=say("assistant_collection"))
]
Model = Annotated[str | None, typer.Option("--model", "-m", help=say("assistant_model"))]
System = Annotated[str | None, typer.Option("--system", help=say("ask_system"))]
Mode = Annotated[ModeName | None, typer.Option("--mode", help=say("assistant_mode"))]
Only = Annotated[bool | None, typer.Option("--only-documents/--beyond-documents", help=say("assistant_only"))]
Check = Annotated[bool | None, typer.Option("--check/--no-check", help=say("assistant_check"))]
Judge = Annotated[str | None, typer.Option("--judge", help=say("assistant_judge"))]
Share = Annotated[list[str] | None, typer.Option("--share", help=say("assistant_share"))]
Temperature = Annotated[float | None, typer.Option(min=0, max=2, help=say("temperature"))]
MaxTokens = Annotated[int | None, typer.Option(min=1, help=say("max_tokens"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]
_COLUMNS = ("name", "model", "collections", "sharing", "id")


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("add", help=say("assistant_add"))(add)
    app.command("list", help=say("assistant_list"))(list_assistants)
    app.command("show", help=say("assistant_show"))(show_assistant)
    app.command("set", help=say("assistant_set"))(set_assistant)
    app.command("rm", help=say("assistant_rm"))(rm)
    return app


def add(  # noqa: PLR0917 — one parameter per option
    name: Name, collection: Collections = None, model: Model = None, system: System = None, mode: Mode = None,
    only_documents: Only = None, check: Check = None, judge: Judge = None, share: Share = None,
    temperature: Temperature = None, max_tokens: MaxTokens = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    wish = _wish(model=model, system=system, mode=mode, only=only_documents, check=check, judge=judge)
    sampling = _sampling(temperature, max_tokens)

    async def work(shelf: Shelf) -> Any:
        body = {"name": name, **wish, **await sharing.wish(shelf, share), "sampling": sampling}
        body["collection_ids"] = await _ids(shelf, collection or [])
        return await _described(shelf, await shelf.ask("POST", "/api/assistants", json=body))

    _show_one(with_shelf(work), as_json)


def list_assistants(as_json: AsJson = False) -> None:
    async def work(shelf: Shelf) -> list[Any]:
        listed = (await shelf.ask("GET", "/api/assistants"))["assistants"]
        return [await _described(shelf, each) for each in listed]

    listed = with_shelf(work)
    show(as_json, {"assistants": listed}, _COLUMNS, lambda: [_row(each) for each in listed])


def show_assistant(name: Name, as_json: AsJson = False) -> None:
    async def work(shelf: Shelf) -> Any:
        return await _described(shelf, await _named(shelf, name))

    _show_one(with_shelf(work), as_json)


def set_assistant(  # noqa: PLR0917 — one parameter per option
    name: Name, new_name: Annotated[str | None, typer.Option("--name", help=say("assistant_new_name"))] = None,
    collection: Collections = None, model: Model = None, system: System = None, mode: Mode = None,
    only_documents: Only = None, check: Check = None, judge: Judge = None, share: Share = None,
    temperature: Temperature = None, max_tokens: MaxTokens = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    wish = _wish(model=model, system=system, mode=mode, only=only_documents, check=check, judge=judge)
    if new_name is not None:
        wish["name"] = new_name
    sampling = _sampling(temperature, max_tokens)

    async def work(shelf: Shelf) -> Any:
        found = await _named(shelf, name)
        wish.update(await sharing.wish(shelf, share))
        if collection is not None:
            wish["collection_ids"] = await _ids(shelf, collection)
        if sampling:
            wish["sampling"] = found["sampling"] | sampling
        changed = await shelf.ask("PATCH", f"/api/assistants/{found['id']}", json=wish)
        return await _described(shelf, changed)

    _show_one(with_shelf(work), as_json)


def rm(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))] = False
) -> None:  # fmt: skip
    if not yes and not confirm(say("assistant_rm_question", name=name)):
        raise UsageError("cli.assistant_rm_needs_yes")

    async def work(shelf: Shelf) -> None:
        found = await _named(shelf, name)
        await shelf.ask("DELETE", f"/api/assistants/{found['id']}")

    with_shelf(work)
    result(say("assistant_removed", name=name))


def _wish(
    *, model: str | None, system: str | None, mode: ModeName | None, only: bool | None, check: bool | None,
    judge: str | None,
) -> dict[str, Any]:  # fmt: skip
    wish = {
        "model": model, "system_prompt": system, "mode": mode and mode.value, "only_documents": only,
        "checks_support": check, "judge": judge,
    }  # fmt: skip
    return {key: value for key, value in wish.items() if value is not None}


def _sampling(temperature: float | None, max_tokens: int | None) -> dict[str, Any]:
    given = {"temperature": temperature, "max_tokens": max_tokens}
    return {key: value for key, value in given.items() if value is not None}


async def _named(shelf: Shelf, name: str) -> dict[str, Any]:
    """By name or id; one's own come before what others share. Raises: NotFoundError."""
    listed = (await shelf.ask("GET", "/api/assistants", params={"name": name}))["assistants"]
    return dict(listed[0])


async def _ids(shelf: Shelf, names: list[str]) -> list[str]:
    """Ids of collections that are given by name or id. Raises: NotFoundError."""
    found = [await shelf.ask("GET", "/api/collections", params={"name": name}) for name in names]
    return [each["collections"][0]["collection"]["id"] for each in found]


async def _described(shelf: Shelf, assistant: dict[str, Any]) -> dict[str, Any]:
    """With the names of its collections."""
    names = []
    for collection_id in assistant["collection_ids"]:
        status = await shelf.ask("GET", f"/api/collections/{collection_id}")
        names.append(status["collection"]["name"])
    return assistant | {"collections": names}


def _show_one(assistant: dict[str, Any], as_json: bool) -> None:
    seen = assistant | {"sharing": sharing.shown(assistant)}
    rows = [(say(f"assistant_field_{key}"), _cell(seen[key])) for key in _FIELDS]
    show(as_json, assistant, ("field", "value"), lambda: rows)


_FIELDS = (
    "name", "model", "collections", "mode", "only_documents", "checks_support", "judge", "sharing",
    "system_prompt", "id",
)  # fmt: skip


def _row(assistant: dict[str, Any]) -> tuple[str, ...]:
    shown = assistant | {
        "model": assistant["model"] or say("assistant_default_model"), "sharing": sharing.shown(assistant),
    }  # fmt: skip
    return tuple(_cell(shown[key]) for key in ("name", "model", "collections", "sharing", "id"))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return say("yes_word" if value else "no_word")
    return ", ".join(value) if isinstance(value, list) else str(value)
