"""/api/groups: accounts that things are shared with together. Administrators make them; who is in one sees it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.accounts.groups import LONGEST_NAME
from yoriai.accounts.sharing import MOST_GROUPS
from yoriai.api.principal import CurrentUser, GroupManager
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.records import Group

router = APIRouter(route_class=StrictRoute, tags=["Groups"], responses=ERRORS)
Name = Annotated[
    str, Field(min_length=1, max_length=4 * LONGEST_NAME)
]  # the service looks at what is shown of it
Id = Annotated[str, Field(max_length=64)]
GroupIds = Annotated[list[Id], Field(max_length=MOST_GROUPS)]


class NewGroup(Body):
    name: Name
    member_ids: Annotated[list[Id], Field(max_length=1000)] = Field(default_factory=list)


class GroupChange(Body):
    name: Name


class GroupList(BaseModel):
    groups: list[Group]


@router.get("/api/groups")
async def list_groups(user: CurrentUser, services: TheServices, name: str = "") -> GroupList:
    """The groups that you are in, with the people in them, or the one that `name` names. Administrators see all."""
    if name:
        return GroupList(groups=[await services.groups.named(user, name)])
    return GroupList(groups=await services.groups.listed(user))


@router.post("/api/groups", status_code=201)
async def create_group(body: NewGroup, user: GroupManager, services: TheServices) -> Group:
    """Make one, with these accounts in it."""
    return await services.groups.create(user, body.name, body.member_ids)


@router.get("/api/groups/{group_id}")
async def show_group(group_id: str, user: CurrentUser, services: TheServices) -> Group:
    """One group that you are in."""
    return await services.groups.get(user, group_id)


@router.patch("/api/groups/{group_id}")
async def change_group(group_id: str, body: GroupChange, user: GroupManager, services: TheServices) -> Group:
    """Rename it; what is shared with it stays so."""
    return await services.groups.rename(user, group_id, body.name)


@router.delete("/api/groups/{group_id}", status_code=204, response_class=Response)
async def delete_group(group_id: str, user: GroupManager, services: TheServices) -> None:
    """Remove it. What was shared with it is its owner's alone again, or stays with other groups."""
    await services.groups.remove(user, group_id)


@router.put("/api/groups/{group_id}/members/{user_id}")
async def add_member(group_id: str, user_id: str, user: GroupManager, services: TheServices) -> Group:
    """Put an account into it."""
    return await services.groups.add_members(user, group_id, [user_id])


@router.delete("/api/groups/{group_id}/members/{user_id}")
async def remove_member(group_id: str, user_id: str, user: GroupManager, services: TheServices) -> Group:
    """Take an account out of it; what others share with it ends for them at once."""
    return await services.groups.remove_members(user, group_id, [user_id])
