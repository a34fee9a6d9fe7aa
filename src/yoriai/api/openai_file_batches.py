"""/v1/vector_stores/{id}/file_batches: several files at once, in OpenAI's shape.

A batch is only a list to ask about while its files are read: it is remembered until the server ends, the documents
that came of it are not forgotten.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from yoriai.api.pages import Limit, Order, page_of
from yoriai.api.principal import CurrentContext
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.api.vector_store_shapes import (
    Attributes,
    FileCounts,
    Text,
    VectorStoreFile,
    VectorStoreFileList,
    file_shape,
)
from yoriai.bootstrap import Services
from yoriai.errors import NotFoundError, UsageError
from yoriai.types import Language, User

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"], responses=ERRORS)
_MOST_BATCHES = 100  # of one user


class BatchFile(BaseModel):
    file_id: Text
    attributes: Attributes | None = None


class NewBatch(BaseModel):
    file_ids: Annotated[list[Text], Field(max_length=500)] = []
    files: Annotated[list[BatchFile], Field(max_length=500)] = []
    attributes: Attributes | None = None


class FileBatch(BaseModel):
    id: str
    object: Literal["vector_store.files_batch"] = "vector_store.files_batch"
    created_at: int
    vector_store_id: str
    status: Literal["in_progress", "completed", "cancelled", "failed"]
    file_counts: FileCounts


@dataclass(frozen=True, kw_only=True, slots=True)
class _Batch:
    id: str
    store_id: str
    file_ids: tuple[str, ...]
    created_at: int


@router.post("/v1/vector_stores/{vector_store_id}/file_batches")
async def create_file_batch(
    vector_store_id: str, body: NewBatch, request: Request, context: CurrentContext, services: TheServices
) -> FileBatch:
    """Make documents of several uploaded files."""
    wanted = [(file_id, body.attributes) for file_id in body.file_ids]
    wanted += [(file.file_id, file.attributes) for file in body.files]
    if not wanted:
        raise UsageError("api.batch_empty", param="file_ids")
    user, knowledge = context.user, services.knowledge
    await knowledge.collections.get(user, vector_store_id)
    files = [(await knowledge.files.get(user, file_id), attributes) for file_id, attributes in wanted]
    for file, attributes in files:
        await knowledge.adding.attach(user, vector_store_id, file, attributes=attributes)
    batch = _Batch(
        id=f"vsfb_{secrets.token_hex(12)}", store_id=vector_store_id,
        file_ids=tuple(file.id for file, _ in files), created_at=int(time.time()),
    )  # fmt: skip
    remembered = _remembered(request, user)
    remembered[batch.id] = batch
    while len(remembered) > _MOST_BATCHES:
        remembered.popitem(last=False)
    return await _shape(services, user, batch, context.language)


@router.get("/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}")
async def show_file_batch(
    vector_store_id: str, batch_id: str, request: Request, context: CurrentContext, services: TheServices
) -> FileBatch:
    """How far a batch is."""
    batch = _found(request, context.user, vector_store_id, batch_id)
    return await _shape(services, context.user, batch, context.language)


@router.get("/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files")
async def list_file_batch(
    vector_store_id: str, batch_id: str, request: Request, context: CurrentContext, services: TheServices, *,
    limit: Limit = 20, order: Order = "desc", after: str = "",
) -> VectorStoreFileList:  # fmt: skip
    """The documents of a batch."""
    batch = _found(request, context.user, vector_store_id, batch_id)
    files = await _files(services, context.user, batch, context.language)
    return VectorStoreFileList(**page_of(files, limit=limit, order=order, after=after))


@router.post("/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel")
async def cancel_file_batch(
    vector_store_id: str, batch_id: str, request: Request, context: CurrentContext, services: TheServices
) -> FileBatch:
    """Remove from the collection what of a batch was not read yet."""
    user = context.user
    batch = _found(request, user, vector_store_id, batch_id)
    await services.knowledge.collections.remove_waiting(user, vector_store_id, batch.file_ids)
    return await _shape(services, user, batch, context.language)


def _remembered(request: Request, user: User) -> OrderedDict[str, _Batch]:
    """The user's own, the oldest first: nobody's push out another's."""
    state: Any = request.app.state
    if not hasattr(state, "batches"):
        state.batches = defaultdict(OrderedDict)
    batches: OrderedDict[str, _Batch] = state.batches[user.id]
    return batches


def _found(request: Request, user: User, store_id: str, batch_id: str) -> _Batch:
    batch = _remembered(request, user).get(batch_id)
    if batch is None or batch.store_id != store_id:
        raise NotFoundError("access.not_found", param="batch_id")
    return batch


async def _files(services: Services, user: User, batch: _Batch, language: Language) -> list[VectorStoreFile]:
    """Newest first; those that were removed meanwhile are left out."""
    listed = await services.knowledge.collections.documents(user, batch.store_id)
    mine = [document for document in listed if document.file_id in batch.file_ids]
    mine.sort(key=lambda document: (document.added_at, document.id), reverse=True)
    return [file_shape(document, language) for document in mine]


async def _shape(services: Services, user: User, batch: _Batch, language: Language) -> FileBatch:
    states = [file.status for file in await _files(services, user, batch, language)]
    waiting, gone = states.count("in_progress"), len(set(batch.file_ids)) - len(states)
    return FileBatch(
        id=batch.id, created_at=batch.created_at, vector_store_id=batch.store_id,
        status="in_progress" if waiting else "cancelled" if gone and not states else "completed",
        file_counts=FileCounts(
            in_progress=waiting, completed=states.count("completed"), failed=states.count("failed"),
            cancelled=gone + states.count("cancelled"), total=len(set(batch.file_ids)),
        ),
    )  # fmt: skip
