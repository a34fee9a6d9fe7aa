"""/api/setup, /api/login, /api/logout, /api/password, /api/me: the only setter of the session cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from yoriai.accounts.accounts import SESSION_COOKIE
from yoriai.api.principal import CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.types import Role, User

router = APIRouter(route_class=StrictRoute, tags=["Session"], responses=ERRORS)
Name = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[str, Field(min_length=1, max_length=1000)]


class SetUp(Body):
    secret: Annotated[str, Field(min_length=1, max_length=500)]
    name: Name
    password: Password


class Login(Body):
    name: Name
    password: Password


class PasswordChange(Body):
    old: Password
    new: Password


class Done(BaseModel):
    ok: bool


class Me(BaseModel):
    id: str
    name: str
    role: Role


@router.post("/api/setup", response_model=Me)
async def set_up(body: SetUp, request: Request, services: TheServices) -> Response:
    """Make the first administrator, with the one-time secret that the terminal shows, and sign them in."""
    secret, user = await services.accounts.set_up(body.secret, body.name, body.password)
    return _signed_in(secret, user, request, services)


@router.post("/api/login", response_model=Me)
async def login(body: Login, request: Request, services: TheServices) -> Response:
    """Sign in; the answer sets the session cookie."""
    secret, user = await services.accounts.sign_in(body.name, body.password, address_of(request))
    return _signed_in(secret, user, request, services)


@router.post("/api/logout", response_model=Done)
async def logout(request: Request, _: CurrentUser, services: TheServices) -> Response:
    """End this session."""
    secret = request.cookies.get(SESSION_COOKIE)
    if secret:
        await services.accounts.sign_out(secret)
    response = JSONResponse({"ok": True})
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.post("/api/password", response_model=Me)
async def change_password(
    body: PasswordChange, request: Request, user: CurrentUser, services: TheServices
) -> Response:
    """Change your password. All your sessions end but this one; API tokens stay."""
    await services.accounts.sign_in(user.name, body.old, address_of(request))
    await services.accounts.set_password(user.id, body.new)
    await services.accounts.sign_out_everywhere(user)
    secret, user = await services.accounts.sign_in(user.name, body.new, address_of(request))
    return _signed_in(secret, user, request, services)


@router.get("/api/me")
async def me(user: CurrentUser) -> Me:
    """Who you are."""
    return Me(id=user.id, name=user.name, role=user.role)


def address_of(request: Request) -> str:
    """The peer's address, from the socket: headers can be forged."""
    return request.client.host if request.client else ""


def _signed_in(secret: str, user: User, request: Request, services: TheServices) -> Response:
    response = JSONResponse({"id": user.id, "name": user.name, "role": user.role.value})
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        httponly=True,
        samesite="lax",
        path="/",
        secure=request.url.scheme == "https",
        max_age=int(services.settings.accounts.session_absolute_s),
    )
    return response
