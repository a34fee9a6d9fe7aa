"""The account page: who you are, your password, your API tokens, your groups; administrators manage all groups.

Plain HTML; its script speaks to the same API as any program, so nothing here changes anything.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yoriai.access import Action, can
from yoriai.accounts.accounts import Accounts
from yoriai.errors import AuthenticationError
from yoriai.web import plain_page
from yoriai.web.visitor import visitor_of

_WORDS = (
    "account", "account_back", "name", "role", "cancel", "copy", "copied", "different",
    "password_change", "password_explanation", "password_old", "password_new", "password_repeat", "password_changed",
    "tokens", "tokens_explanation", "tokens_none", "token_name", "token_create", "token_secret", "token_once",
    "token_created", "token_used", "token_never", "token_revoke", "token_question",
    "groups", "group_name", "group_create", "group_nobody", "group_account", "group_add", "group_save",
    "group_rename", "group_remove", "group_disabled", "group_take_out", "group_question",
)  # fmt: skip

_SCRIPTS = ("account_page.js", "account_groups.js", "question.js", "copying.js")


def routes(accounts: Accounts) -> list[Route]:
    """All of them behind `door`."""

    async def account(request: Request) -> Response:
        visitor = visitor_of(request, accounts)
        try:
            user = await visitor.user()
        except AuthenticationError:
            return RedirectResponse("/login")
        manages = can(user, Action.MANAGE_GROUPS)
        values = {name: visitor.text(name) for name in _WORDS} | {
            "title": visitor.text("account"),
            "user_name": user.name,
            "user_role": visitor.text(f"role_{user.role.value}"),
            "manages": "yes" if manages else "",
            "groups_none": visitor.text("groups_none_at_all" if manages else "groups_none"),
            "groups_explanation": visitor.text(
                "groups_explanation_of_all" if manages else "groups_explanation"
            ),
        }
        return plain_page.render("account_page", visitor, values)

    return [Route("/account", account), *map(plain_page.file, _SCRIPTS)]
