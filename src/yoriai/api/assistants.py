"""/api/assistants: models with a role and documents, to be asked as `assistant:NAME` wherever a model is named."""

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
from yoriai.knowledge.naming import LONGEST_NAME
from yoriai.records import Assistant, Sharing
from yoriai.responders.assistants import MOST_COLLECTIONS, Draft, Mode
from yoriai.types import Sampling, ToolName

router = APIRouter(route_class=StrictRoute, tags=["Assistants"], responses=ERRORS)
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
ModelName = Annotated[str, Field(max_length=256)]
Prompt = Annotated[str, Field(max_length=1_000_000)]
Ids = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MOST_COLLECTIONS)]

ToolNames = Annotated[list[ToolName], Field(max_length=64)]


class NewAssistant(Body):
    name: Name
    sharing: Sharing = "owner"
    group_ids: GroupIds = Field(default_factory=list)
    model: ModelName = ""
    system_prompt: Prompt = ""
    sampling: Sampling = Sampling()
    collection_ids: Ids = Field(default_factory=list)
    mode: Mode = "passages"
    only_documents: bool = True
    checks_support: bool = True
    judge: ModelName = ""
    tools: ToolNames = Field(default_factory=list)


class AssistantChange(Body):
    name: Name | None = None
    sharing: Sharing | None = None
    group_ids: GroupIds | None = None
    model: ModelName | None = None
    system_prompt: Prompt | None = None
    sampling: Sampling | None = None
    collection_ids: Ids | None = None
    mode: Mode | None = None
    only_documents: bool | None = None
    checks_support: bool | None = None
    judge: ModelName | None = None
    tools: ToolNames | None = None


class AssistantList(BaseModel):
    assistants: list[Assistant]


@router.get("/api/assistants")
async def list_assistants(user: CurrentUser, services: TheServices, name: str = "") -> AssistantList:
    """Yours and those that are shared, or the one that `name` names; of their collections those that you may read."""
    if name:
        return AssistantList(assistants=[await services.assistants.named(user, name)])
    return AssistantList(assistants=await services.assistants.usable(user))


@router.post("/api/assistants", status_code=201)
async def create_assistant(body: NewAssistant, user: CurrentUser, services: TheServices) -> Assistant:
    """Make one. Sharing it shares none of its documents: each answers from those that its asker may read."""
    return await services.assistants.create(
        user, Draft(**{name: getattr(body, name) for name in body.model_fields_set})
    )


@router.get("/api/assistants/{assistant_id}")
async def show_assistant(assistant_id: str, user: CurrentUser, services: TheServices) -> Assistant:
    """One assistant."""
    return await services.assistants.get(user, assistant_id)


@router.patch("/api/assistants/{assistant_id}")
async def change_assistant(
    assistant_id: str, body: AssistantChange, user: CurrentUser, services: TheServices
) -> Assistant:
    """Change what is given."""
    changes = {name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None}
    return await services.assistants.change(user, assistant_id, **changes)


@router.delete("/api/assistants/{assistant_id}", status_code=204, response_class=Response)
async def delete_assistant(assistant_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete one; conversations with it stay."""
    await services.assistants.remove(user, assistant_id)
