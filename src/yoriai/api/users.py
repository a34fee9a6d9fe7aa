"""/api/users: the accounts of this server, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yoriai.api.principal import Administrator
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.session import Name, Password
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.errors import NotFoundError
from yoriai.types import Role, User

router = APIRouter(route_class=StrictRoute, tags=["Users"], responses=ERRORS)


class NewUser(Body):
    name: Name
    password: Password
    role: Role = Role.MEMBER


class UserChange(Body):
    active: bool | None = None
    role: Role | None = None
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


class UserList(BaseModel):
    users: list[User]


@router.get("/api/users")
async def list_users(_: Administrator, services: TheServices) -> UserList:
    """Everybody with an account."""
    return UserList(users=await services.accounts.users())


@router.post("/api/users", status_code=201)
async def create_user(body: NewUser, _: Administrator, services: TheServices) -> User:
    """Make an account."""
    return await services.accounts.create_user(body.name, body.password, body.role)


@router.patch("/api/users/{user_id}")
async def change_user(user_id: str, body: UserChange, _: Administrator, services: TheServices) -> User:
    """Disable or enable an account, change its role, set a new password (which ends its sessions)."""
    accounts = services.accounts
    user = await _user(services, user_id)
    if body.role is not None:
        await accounts.set_role(user_id, body.role)
    if body.password is not None:
        await accounts.set_password(user_id, body.password)
        await accounts.sign_out_everywhere(user)
    if body.active is not None:
        await accounts.set_active(user_id, body.active)
    return await _user(services, user_id)


async def _user(services: TheServices, user_id: str) -> User:
    for user in await services.accounts.users():
        if user.id == user_id:
            return user
    raise NotFoundError("api.user_unknown", id=user_id)
