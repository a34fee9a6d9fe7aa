"""/v1/files: OpenAI's shape. A file is kept under an id of ours; `vector_stores` makes documents of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel
from starlette.responses import FileResponse

from yoriai.api.pages import Limit, Order, page_of
from yoriai.api.principal import CurrentUser
from yoriai.api.reading import StrictRoute, name_of
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.records import KeptFile

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"], responses=ERRORS)


class FileObject(BaseModel):
    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    filename: str
    purpose: str = "assistants"
    status: Literal["processed"] = "processed"


class FileList(BaseModel):
    object: Literal["list"] = "list"
    data: list[FileObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class FileDeleted(BaseModel):
    id: str
    object: Literal["file"] = "file"
    deleted: Literal[True] = True


@router.post("/v1/files")
async def upload_file(
    file: Annotated[UploadFile, File()],
    user: CurrentUser,
    services: TheServices,
    purpose: Annotated[str, Form(max_length=64)] = "assistants",
) -> FileObject:
    """Keep a file. Its name is only shown; what it may be used for is ours to know, so `purpose` changes nothing."""
    del purpose
    return shape(await services.knowledge.adding.keep_file(user, name_of(file), file.file))


@router.get("/v1/files")
async def list_files(
    user: CurrentUser, services: TheServices, limit: Limit = 100, order: Order = "desc", after: str = ""
) -> FileList:
    """Your files."""
    listed = await services.knowledge.files.readable(user)
    return FileList(**page_of([shape(file) for file in listed], limit=limit, order=order, after=after))


@router.get("/v1/files/{file_id}")
async def show_file(file_id: str, user: CurrentUser, services: TheServices) -> FileObject:
    """One of your files."""
    return shape(await services.knowledge.files.get(user, file_id))


@router.delete("/v1/files/{file_id}")
async def delete_file(file_id: str, user: CurrentUser, services: TheServices) -> FileDeleted:
    """Delete a file, and the documents that were made of it."""
    await services.knowledge.files.remove(user, file_id)
    return FileDeleted(id=file_id)


@router.get("/v1/files/{file_id}/content", response_class=FileResponse)
async def file_content(file_id: str, user: CurrentUser, services: TheServices) -> FileResponse:
    """The file itself, to be saved and not shown."""
    file = await services.knowledge.files.get(user, file_id)
    return attachment(await services.knowledge.files.copy_of(user, file_id), file.name)


def attachment(path: Any, name: str) -> FileResponse:
    """Never shown inside a page, whatever it claims to be."""
    plain = name.rpartition("/")[2] or "file"
    disposition = f"attachment; filename*=UTF-8''{quote(plain, safe='')}"
    return FileResponse(
        path, media_type="application/octet-stream", headers={"content-disposition": disposition}
    )


def shape(file: KeptFile) -> FileObject:
    return FileObject(
        id=file.id, bytes=file.size_bytes, created_at=int(file.created_at.timestamp()), filename=file.name
    )
