"""/api/tools: which tools there are, what one decided of them, calls that wait, files of calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from yoriai.api.principal import CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.tool_use import ToolFile
from yoriai.tools.approval import Decision, Kept
from yoriai.tools.toolbox import Offer

router = APIRouter(route_class=StrictRoute, tags=["Tools"], responses=ERRORS)
# Nothing that a tool made may run or load anything, whatever it is taken for.
_FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


class ToolShape(BaseModel):
    name: str
    description: str
    parameters: dict[str, Any]
    effects: list[str]
    source: str
    decision: Kept | None
    runs: Literal["by itself", "asks", "never"]


class ToolList(BaseModel):
    tools: list[ToolShape]


class Permission(Body):
    decision: Kept | None


class Word(Body):
    decision: Decision


class FileList(BaseModel):
    files: list[ToolFile]


@router.get("/api/tools")
async def list_tools(user: CurrentUser, services: TheServices) -> ToolList:
    """Every tool, with what you decided of it."""
    return ToolList(tools=[tool_shape(each) for each in await services.toolbox.offers(user)])


@router.put("/api/tools/{name}/permission", status_code=204, response_class=Response)
async def permit(name: str, body: Permission, user: CurrentUser, services: TheServices) -> None:
    """Let a tool always run, ask each time, or never run, when you use it; null: as if you had decided nothing."""
    await services.toolbox.permit(user, name, body.decision)


@router.post("/api/tool-calls/{call_id}", status_code=204, response_class=Response)
async def decide(call_id: str, body: Word, user: CurrentUser, services: TheServices) -> None:
    """Your word on a call that waits for it: run it once, always from now on, refuse it, never again."""
    services.toolbox.decide(user, call_id, body.decision)


@router.get("/api/conversations/{conversation_id}/files")
async def list_uploads(conversation_id: str, user: CurrentUser, services: TheServices) -> FileList:
    """What was handed to the tools of a conversation."""
    return FileList(files=await services.toolbox.files.uploads(user, conversation_id))


@router.post(
    "/api/conversations/{conversation_id}/files", status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)  # fmt: skip
async def upload(
    conversation_id: str, request: Request, user: CurrentUser, services: TheServices,
    name: Annotated[str, Query(min_length=1, max_length=400)],
) -> ToolFile:  # fmt: skip
    """Hand a file to the tools of a conversation; the body is the file."""
    return await services.toolbox.files.upload(user, conversation_id, name, await request.body())


@router.get("/api/tool-files/{file_id}", responses={200: {"content": {"application/octet-stream": {}}}})
async def content(file_id: str, user: CurrentUser, services: TheServices) -> Response:
    """A file that was handed to tools or made by them. Only pictures are shown, everything else is to be saved."""
    file, data = await services.toolbox.files.content(user, file_id)
    shown = "inline" if file.media_type == "image/png" else "attachment"
    headers = {
        "Content-Disposition": f"{shown}; filename*=utf-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": _FILE_POLICY,
    }
    return Response(data, media_type=file.media_type, headers=headers)


@router.delete("/api/tool-files/{file_id}", status_code=204, response_class=Response)
async def remove_file(file_id: str, user: CurrentUser, services: TheServices) -> None:
    """Remove one."""
    await services.toolbox.files.remove(user, file_id)


def tool_shape(offer: Offer) -> ToolShape:
    tool, kept = offer.tool, offer.kept
    runs: Literal["by itself", "asks", "never"] = "asks"
    if kept == "never":
        runs = "never"
    elif kept == "always" or (kept is None and tool.only_reads):
        runs = "by itself"
    return ToolShape(
        name=tool.name, description=tool.description, parameters=tool.parameters, effects=sorted(tool.effects),
        source=tool.source, decision=kept, runs=runs,
    )  # fmt: skip
