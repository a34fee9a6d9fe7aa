"""Who asks. The only reader of credentials; every route but the open ones is closed before its body is read.

A credential is a Bearer token, the session cookie, or the key of the local operator (`run/server.json`,
readable only by the account that runs the server). A wrong Bearer token never falls back to the cookie.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from yoriai.access import Action, require
from yoriai.accounts.accounts import SESSION_COOKIE, Accounts
from yoriai.api.errors import language_of, response_to
from yoriai.bootstrap import LOCAL_OPERATOR
from yoriai.errors import AuthenticationError, YoriaiError
from yoriai.types import Context, User

OPEN_PATHS = frozenset(
    {"/health", "/api/setup", "/api/login", "/docs", "/docs/oauth2-redirect", "/openapi.json"}
)
OPEN_FOLDERS = ("/static-offline-docs/",)


class Principals:
    """Finds the user behind a request's credential."""

    def __init__(self, accounts: Accounts, local_key: str) -> None:
        self._accounts = accounts
        self._local_key = local_key.encode()

    async def of(self, scope: Scope) -> User:
        """Raises: AuthenticationError."""
        bearer, cookie = _credentials(scope)
        if bearer is not None:
            if self._local_key and hmac.compare_digest(bearer.encode(), self._local_key):
                return LOCAL_OPERATOR
            return await self._accounts.user_of_token(bearer)
        if cookie:
            return await self._accounts.user_of_session(cookie)
        raise AuthenticationError("access.not_signed_in")


class Closed:
    """ASGI: lets a request pass when it has a principal or its path is open.

    Args:
        valid_for_s: so long a stream may go on before its credential is looked at again.
    """

    def __init__(self, app: ASGIApp, principals: Principals, valid_for_s: float = 5.0) -> None:
        self.app = app
        self._principals = principals
        self._valid_for_s = valid_for_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_open(scope["path"]):
            try:
                scope["yoriai.user"] = await self._principals.of(scope)
            except YoriaiError as error:
                await response_to(error, language_of(scope))(scope, receive, send)
                return
            await self._while_valid(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _while_valid(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; a stream whose reader was disabled or signed out meanwhile is cut off."""
        request = asyncio.current_task()
        watching = asyncio.create_task(self._watch(scope, request))
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not watching.done():  # the server is ending, or the client has left
                raise
        finally:
            watching.cancel()

    async def _watch(self, scope: Scope, request: asyncio.Task[None] | None) -> None:
        while True:
            await asyncio.sleep(self._valid_for_s)
            try:
                await self._principals.of(scope)
            except YoriaiError:
                if request:
                    request.cancel()
                return


def is_open(path: str) -> bool:
    """May nobody in particular ask for this path?"""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def _credentials(scope: Scope) -> tuple[str | None, str | None]:
    bearer = cookie = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, secret = value.decode("latin-1").partition(" ")
            bearer = secret.strip() if scheme.lower() == "bearer" else ""
        elif name == b"cookie":
            cookie = cookie_parser(value.decode("latin-1")).get(SESSION_COOKIE, cookie)
    return bearer, cookie


def current_user(request: Request) -> User:
    """The principal that `Closed` found. A route that is open by mistake fails here, it doesn't leak."""
    user = request.scope.get("yoriai.user")
    if not isinstance(user, User):
        raise AuthenticationError("access.not_signed_in")
    return user


def current_context(request: Request) -> Context:
    return Context(user=current_user(request), language=language_of(request.scope))


def allowed(action: Action) -> Callable[[User], User]:
    """A dependency that lets pass whom the policy lets do `action`."""

    def check(user: CurrentUser) -> User:
        require(user, action)
        return user

    return check


CurrentUser = Annotated[User, Depends(current_user)]
CurrentContext = Annotated[Context, Depends(current_context)]
Administrator = Annotated[User, Depends(allowed(Action.MANAGE_USERS))]
GroupManager = Annotated[User, Depends(allowed(Action.MANAGE_GROUPS))]
ModelManager = Annotated[User, Depends(allowed(Action.MANAGE_MODELS))]
ToolManager = Annotated[User, Depends(allowed(Action.MANAGE_TOOLS))]
MetricsReader = Annotated[User, Depends(allowed(Action.SEE_METRICS))]
