"""Lets only those who are signed in reach the page and its websocket. Pure ASGI, in front of NiceGUI.

The page itself looks again at each action; here nobody in particular is turned away before anything is built.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from yoriai.accounts.accounts import SESSION_COOKIE, Accounts
from yoriai.errors import AuthenticationError

OPEN_PATHS = frozenset({"/login", "/setup", "/yoriai.css", "/plain_page.js", "/sign_in.js", "/favicon.ico"})


class Door:
    """Wraps the page's application."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self.app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS or await self._is_signed_in(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await RedirectResponse("/login", 303)(scope, receive, send)

    async def _is_signed_in(self, scope: Scope) -> bool:
        try:
            await self._accounts.user_of_session(HTTPConnection(scope).cookies.get(SESSION_COOKIE, ""))
        except AuthenticationError:
            return False
        return True
