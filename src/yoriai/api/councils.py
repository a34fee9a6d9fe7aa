"""/api/councils: responders that answer together, to be asked as `council:NAME` wherever a model is named."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.api.groups import GroupIds
from yoriai.api.principal import CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.records import Council, Sharing
from yoriai.responders.councils import (
    FEWEST_MEMBERS,
    LONGEST_NAME,
    MOST_MEMBERS,
    MOST_ROUNDS,
    MOST_SECONDS,
    MOST_SECONDS_IN_ALL,
    MOST_TOKENS,
    MOST_TOKENS_IN_ALL,
    Draft,
    Mode,
)

router = APIRouter(route_class=StrictRoute, tags=["Councils"], responses=ERRORS)
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Members = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=256)]],
    Field(min_length=FEWEST_MEMBERS, max_length=MOST_MEMBERS),
]
Chair = Annotated[str, Field(max_length=256)]
Rounds = Annotated[int, Field(ge=1, le=MOST_ROUNDS)]
MemberTokens = Annotated[int, Field(ge=16, le=MOST_TOKENS)]
MemberSeconds = Annotated[float, Field(ge=1, le=MOST_SECONDS)]
MaxTokens = Annotated[int, Field(ge=64, le=MOST_TOKENS_IN_ALL)]
MaxSeconds = Annotated[float, Field(ge=1, le=MOST_SECONDS_IN_ALL)]


class NewCouncil(Body):
    name: Name
    members: Members
    sharing: Sharing = "owner"
    group_ids: GroupIds = Field(default_factory=list)
    chair: Chair = ""
    mode: Mode = "synthesise"
    reviews: bool = False
    rounds: Rounds = 1
    member_tokens: MemberTokens = 1024
    member_seconds: MemberSeconds = 300
    max_tokens: MaxTokens = 65_536
    max_seconds: MaxSeconds = 3600


class CouncilChange(Body):
    name: Name | None = None
    members: Members | None = None
    sharing: Sharing | None = None
    group_ids: GroupIds | None = None
    chair: Chair | None = None
    mode: Mode | None = None
    reviews: bool | None = None
    rounds: Rounds | None = None
    member_tokens: MemberTokens | None = None
    member_seconds: MemberSeconds | None = None
    max_tokens: MaxTokens | None = None
    max_seconds: MaxSeconds | None = None


class CouncilList(BaseModel):
    councils: list[Council]


@router.get("/api/councils")
async def list_councils(user: CurrentUser, services: TheServices, name: str = "") -> CouncilList:
    """Yours and those that are shared, or the one that `name` names."""
    if name:
        return CouncilList(councils=[await services.councils.named(user, name)])
    return CouncilList(councils=await services.councils.usable(user))


@router.post("/api/councils", status_code=201)
async def create_council(body: NewCouncil, user: CurrentUser, services: TheServices) -> Council:
    """Make one. Sharing it shares none of its members: askers get the answers of those that they may ask themselves."""
    return await services.councils.create(
        user, Draft(**{name: getattr(body, name) for name in NewCouncil.model_fields})
    )


@router.get("/api/councils/{council_id}")
async def show_council(council_id: str, user: CurrentUser, services: TheServices) -> Council:
    """One council."""
    return await services.councils.get(user, council_id)


@router.patch("/api/councils/{council_id}")
async def change_council(
    council_id: str, body: CouncilChange, user: CurrentUser, services: TheServices
) -> Council:
    """Change what is given."""
    changes = {name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None}
    return await services.councils.change(user, council_id, **changes)


@router.delete("/api/councils/{council_id}", status_code=204, response_class=Response)
async def delete_council(council_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete one; conversations with it stay."""
    await services.councils.remove(user, council_id)
