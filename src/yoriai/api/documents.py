"""/api/collections/…/documents: what becomes of single documents, their pages, pictures of these, their files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from yoriai.api.answering import CLIENT_LEFT
from yoriai.api.openai_files import attachment
from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.api.streaming import until_disconnect
from yoriai.i18n.catalogue import text
from yoriai.knowledge.collections import PageRow
from yoriai.knowledge.parsing.parse import Box
from yoriai.records import KnownDocument
from yoriai.types import Language

router = APIRouter(route_class=StrictRoute, tags=["Collections"], responses=ERRORS)
Tag = Annotated[str, Field(min_length=1, max_length=200)]
Tags = Annotated[list[Tag], Field(max_length=50)]
PageNumber = Annotated[int, InPath(ge=1, le=2**31 - 1)]


class DocumentShown(BaseModel):
    """A document; `message` says what became of it, in the reader's language."""

    document: KnownDocument
    message: str
    warnings: list[str]


class DocumentList(BaseModel):
    documents: list[DocumentShown]


class DocumentChange(Body):
    tags: Tags


class Boxes(BaseModel):
    boxes: list[Box]


@router.get("/api/collections/{collection_id}/documents")
async def list_documents(collection_id: str, context: CurrentContext, services: TheServices) -> DocumentList:
    """All documents of a collection, by name."""
    documents = await services.knowledge.collections.documents(context.user, collection_id)
    return DocumentList(documents=[shown(document, context.language) for document in documents])


@router.get("/api/collections/{collection_id}/documents/{document_id}")
async def show_document(
    collection_id: str, document_id: str, context: CurrentContext, services: TheServices
) -> DocumentShown:
    """One document."""
    document = await services.knowledge.collections.document(context.user, collection_id, document_id)
    return shown(document, context.language)


@router.patch("/api/collections/{collection_id}/documents/{document_id}")
async def change_document(
    collection_id: str, document_id: str, body: DocumentChange, context: CurrentContext, services: TheServices
) -> DocumentShown:
    """Set a document's tags."""
    document = await services.knowledge.collections.tag(context.user, collection_id, document_id, body.tags)
    return shown(document, context.language)


@router.post("/api/collections/{collection_id}/documents/{document_id}/retry", status_code=202)
async def retry_document(
    collection_id: str, document_id: str, context: CurrentContext, services: TheServices
) -> DocumentShown:
    """Read a document again that could not be read."""
    document = await services.knowledge.collections.retry(context.user, collection_id, document_id)
    return shown(document, context.language)


@router.delete(
    "/api/collections/{collection_id}/documents/{document_id}", status_code=204, response_class=Response
)
async def delete_document(
    collection_id: str, document_id: str, user: CurrentUser, services: TheServices
) -> None:
    """Remove a document with all that was made of it."""
    await services.knowledge.collections.remove_documents(user, collection_id, [document_id])


@router.get("/api/collections/{collection_id}/documents/{document_id}/file", response_class=FileResponse)
async def download_document(
    collection_id: str, document_id: str, user: CurrentUser, services: TheServices
) -> FileResponse:
    """The file as it was added, to be saved and not shown."""
    document = await services.knowledge.collections.document(user, collection_id, document_id)
    return attachment(
        await services.knowledge.collections.copy_of(user, collection_id, document_id), document.name
    )


@router.get("/api/collections/{collection_id}/documents/{document_id}/pages/{number}")
async def show_page(
    collection_id: str, document_id: str, number: PageNumber, user: CurrentUser, services: TheServices
) -> PageRow:
    """The text of a page, to which places in citations refer."""
    return await services.knowledge.collections.page(user, collection_id, document_id, number)


@router.get(
    "/api/collections/{collection_id}/documents/{document_id}/pages/{number}/image",
    response_class=Response, responses={200: {"content": {"image/png": {}}}},
)  # fmt: skip
async def page_image(
    collection_id: str, document_id: str, number: PageNumber, request: Request, *, user: CurrentUser,
    services: TheServices, width: Annotated[int, Query(ge=50, le=3000)] = 1000,
) -> Response:  # fmt: skip
    """A page of a PDF, or a picture, as PNG."""
    viewing = services.knowledge.viewing
    path = await services.knowledge.collections.copy_of(user, collection_id, document_id)
    png = await until_disconnect(request.receive, lambda: viewing.picture(user, path, number, width_px=width))
    return Response(png, media_type="image/png") if png else Response(status_code=CLIENT_LEFT)


@router.get("/api/collections/{collection_id}/documents/{document_id}/pages/{number}/boxes")
async def page_boxes(
    collection_id: str, document_id: str, number: PageNumber, request: Request, *, user: CurrentUser,
    services: TheServices, start: Annotated[int, Query(ge=0, le=10_000_000)],
    end: Annotated[int, Query(ge=0, le=10_000_000)],
) -> Boxes:  # fmt: skip
    """Where a range of a page's text stands on its picture."""
    path = await services.knowledge.collections.copy_of(user, collection_id, document_id)
    viewing = services.knowledge.viewing
    boxes = await until_disconnect(request.receive, lambda: viewing.boxes(user, path, number, start, end))
    return Boxes(boxes=list(boxes or ()))


def shown(document: KnownDocument, language: Language) -> DocumentShown:
    values: dict[str, Any] = document.error_values
    return DocumentShown(
        document=document, warnings=[text(key, language) for key in document.warnings],
        message=text(document.error_key, language, **values) if document.error_key else "",
    )  # fmt: skip
