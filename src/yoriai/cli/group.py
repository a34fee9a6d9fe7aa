"""`yoriai group create|list|show|rename|add|remove|rm`: groups of accounts that things are shared with together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from yoriai.cli.local import with_services
from yoriai.cli.terminal import confirm, result, say, show
from yoriai.errors import UsageError

if TYPE_CHECKING:
    from yoriai.bootstrap import Services
    from yoriai.records import Group
    from yoriai.types import User

Result = TypeVar("Result")
Name = Annotated[str, typer.Argument(metavar="GROUP", help=say("group_name"))]
People = Annotated[list[str], typer.Argument(metavar="USER…", help=say("group_users"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("create", help=say("group_create"))(create)
    app.command("list", help=say("group_list"))(list_groups)
    app.command("show", help=say("group_show"))(show_group)
    app.command("rename", help=say("group_rename"))(rename)
    app.command("add", help=say("group_add"))(add)
    app.command("remove", help=say("group_remove"))(remove)
    app.command("rm", help=say("group_rm"))(rm)
    return app


def create(
    name: Name,
    member: Annotated[list[str] | None, typer.Option("--member", "-m", help=say("group_member"))] = None,
    as_json: AsJson = False,
) -> None:
    async def work(services: Services, operator: User) -> Group:
        return await services.groups.create(operator, name, await _ids(services, member or []))

    _show_one(_with_groups(work), as_json)


def list_groups(as_json: AsJson = False) -> None:
    listed = _with_groups(lambda services, operator: services.groups.listed(operator))
    rows = [(each.name, len(each.members), _names(each), each.id) for each in listed]
    show(as_json, {"groups": listed}, ("name", "people", "members", "id"), lambda: rows)


def show_group(name: Name, as_json: AsJson = False) -> None:
    _show_one(_with_groups(lambda services, operator: services.groups.named(operator, name)), as_json)


def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help=say("group_new_name"))],
    as_json: AsJson = False,
) -> None:
    async def work(services: Services, operator: User) -> Group:
        found = await services.groups.named(operator, name)
        return await services.groups.rename(operator, found.id, new_name)

    _show_one(_with_groups(work), as_json)


def add(name: Name, users: People, as_json: AsJson = False) -> None:
    async def work(services: Services, operator: User) -> Group:
        found = await services.groups.named(operator, name)
        return await services.groups.add_members(operator, found.id, await _ids(services, users))

    _show_one(_with_groups(work), as_json)


def remove(name: Name, users: People, as_json: AsJson = False) -> None:
    async def work(services: Services, operator: User) -> Group:
        found = await services.groups.named(operator, name)
        return await services.groups.remove_members(operator, found.id, await _ids(services, users))

    _show_one(_with_groups(work), as_json)


def rm(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))] = False) -> None:
    if not yes and not confirm(say("group_rm_question", name=name)):
        raise UsageError("cli.group_rm_needs_yes")

    async def work(services: Services, operator: User) -> None:
        await services.groups.remove(operator, (await services.groups.named(operator, name)).id)

    _with_groups(work)
    result(say("group_removed", name=name))


def _with_groups(work: Callable[[Services, User], Awaitable[Result]]) -> Result:
    """As the operator of this machine."""

    async def run(services: Services) -> Result:
        from yoriai.bootstrap import LOCAL_OPERATOR

        return await work(services, LOCAL_OPERATOR)

    return with_services(run)


async def _ids(services: Services, names: list[str]) -> list[str]:
    return [(await services.accounts.user_named(name)).id for name in names]


def _show_one(group: Group, as_json: bool) -> None:
    rows = [(each.name, say("yes_word" if each.active else "no_word"), each.id) for each in group.members]
    if not as_json:
        result(say("group_shown", name=group.name, count=len(rows), id=group.id))
    if rows or as_json:
        show(as_json, group, ("name", "active", "id"), lambda: rows)


def _names(group: Group) -> str:
    return ", ".join(each.name for each in group.members)
