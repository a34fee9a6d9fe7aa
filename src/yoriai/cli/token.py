"""`yoriai token create|list|revoke`: API tokens of this data folder's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yoriai.cli.terminal import note, print_json, result, say, show
from yoriai.cli.user import AsJson, with_accounts

if TYPE_CHECKING:
    from yoriai.accounts.accounts import Accounts
    from yoriai.types import ApiToken

Owner = Annotated[str, typer.Option("--user", help=say("token_user"))]


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("create", help=say("token_create"))(create)
    app.command("list", help=say("token_list"))(list_tokens)
    app.command("revoke", help=say("token_revoke"))(revoke)
    return app


def create(
    name: Annotated[str, typer.Argument(help=say("token_name"))], user: Owner, as_json: AsJson = False
) -> None:
    async def make(accounts: Accounts) -> tuple[ApiToken, str]:
        return await accounts.create_token(await accounts.user_named(user), name)

    token, secret = with_accounts(make)
    if as_json:
        print_json({"token": secret, "id": token.id, "name": token.name})
        return
    result(secret)
    note(say("token_once"))


def list_tokens(user: Owner, as_json: AsJson = False) -> None:
    async def find(accounts: Accounts) -> list[ApiToken]:
        return await accounts.tokens(await accounts.user_named(user))

    tokens = with_accounts(find)
    rows = [
        (
            t.name,
            t.id,
            f"{t.created_at:%Y-%m-%d}",
            f"{t.last_used_at:%Y-%m-%d %H:%M}" if t.last_used_at else "–",
        )
        for t in tokens
    ]
    show(as_json, {"tokens": tokens}, ("name", "id", "created", "last_used"), lambda: rows)


def revoke(token_id: Annotated[str, typer.Argument(help=say("token_id"))], user: Owner) -> None:
    async def end(accounts: Accounts) -> None:
        await accounts.revoke_token(await accounts.user_named(user), token_id)

    with_accounts(end)
    result(say("token_revoked", id=token_id))
