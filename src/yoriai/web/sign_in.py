"""The pages before the chat: signing in, and making the first administrator with the terminal's one-time link.

Plain HTML: whoever isn't signed in gets nothing that costs the server memory or a websocket.
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from yoriai.accounts.accounts import Accounts
from yoriai.accounts.passwords import SHORTEST
from yoriai.errors import AuthenticationError
from yoriai.web import plain_page
from yoriai.web.visitor import Visitor, visitor_of

_WORDS = ("name", "password", "repeat", "different")


def routes(accounts: Accounts) -> list[Route]:
    """All that `door` leaves open."""

    async def login(request: Request) -> Response:
        visitor = visitor_of(request, accounts)
        try:
            await visitor.user()
        except AuthenticationError:
            return _page(visitor, "login")
        return RedirectResponse("/")

    def setup(request: Request) -> Response:
        return _page(visitor_of(request, accounts), "setup", request.query_params.get("secret", "")[:500])

    files = map(plain_page.file, ("yoriai.css", "plain_page.js", "sign_in.js"))
    return [Route("/login", login), Route("/setup", setup), *files]


def _page(visitor: Visitor, kind: Literal["login", "setup"], secret: str = "") -> HTMLResponse:
    is_new = kind == "setup"
    values = {name: visitor.text(name) for name in _WORDS} | {
        "title": visitor.text(f"{kind}_title"),
        "explanation": visitor.text("setup_explanation") if is_new else "",
        "submit": visitor.text(f"{kind}_submit"),
        "path": f"/api/{kind}",
        "secret": secret,
        "autocomplete": "new-password" if is_new else "current-password",
        "shortest": str(SHORTEST if is_new else 1),
        "repeat_hidden": "" if is_new else "hidden",
    }
    return plain_page.render("sign_in", visitor, values)
