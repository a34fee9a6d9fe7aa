"""`yoriai user create|list|disable|enable|password`: the accounts of this data folder."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from yoriai.cli.local import with_services
from yoriai.cli.terminal import is_interactive, note, result, say, show
from yoriai.errors import UsageError

if TYPE_CHECKING:
    from yoriai.accounts.accounts import Accounts
    from yoriai.types import User

Result = TypeVar("Result")
Name = Annotated[str, typer.Argument(help=say("user_name"))]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help=say("password_stdin"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]


class RoleName(StrEnum):
    """`types.Role`, without what importing it costs on every `--help`; a test keeps them equal."""

    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    GUEST = "guest"


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("create", help=say("user_create"))(create)
    app.command("list", help=say("user_list"))(list_users)
    app.command("disable", help=say("user_disable"))(disable)
    app.command("enable", help=say("user_enable"))(enable)
    app.command("password", help=say("user_password"))(password)
    return app


def create(
    name: Name,
    role: Annotated[RoleName, typer.Option(help=say("user_role"))] = RoleName.MEMBER,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    from yoriai.types import Role

    secret = read_password(password_stdin)
    user = with_accounts(lambda accounts: accounts.create_user(name, secret, Role(role.value)))
    _show([user], as_json)


def list_users(as_json: AsJson = False) -> None:
    _show(with_accounts(lambda accounts: accounts.users()), as_json)


def disable(name: Name) -> None:
    with_accounts(lambda accounts: _set_active(accounts, name, active=False))
    result(say("user_disabled", name=name))


def enable(name: Name) -> None:
    with_accounts(lambda accounts: _set_active(accounts, name, active=True))
    result(say("user_enabled", name=name))


def password(name: Name, password_stdin: PasswordStdin = False) -> None:
    secret = read_password(password_stdin)

    async def change(accounts: Accounts) -> None:
        user = await accounts.user_named(name)
        await accounts.set_password(user.id, secret)
        await accounts.sign_out_everywhere(user)

    with_accounts(change)
    result(say("password_set", name=name))


def with_accounts(work: Callable[[Accounts], Awaitable[Result]]) -> Result:
    """Run `work` on this data folder's accounts."""
    return with_services(lambda services: work(services.accounts))


def read_password(from_stdin: bool) -> str:
    """From stdin's first line, or asked for twice without echo."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not is_interactive():
        raise UsageError("cli.password_needs_terminal")
    import getpass

    first = getpass.getpass(say("password_prompt"))
    if first != getpass.getpass(say("password_again")):
        note(say("passwords_differ"))
        raise typer.Exit(2)
    return first


async def _set_active(accounts: Accounts, name: str, *, active: bool) -> None:
    user = await accounts.user_named(name)
    await accounts.set_active(user.id, active)


def _show(users: list[User], as_json: bool) -> None:
    rows = [
        (user.name, user.role.value, say("yes_word" if user.active else "no_word"), user.id) for user in users
    ]
    show(as_json, {"users": users}, ("name", "role", "active", "id"), lambda: rows)
