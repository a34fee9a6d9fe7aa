"""/v1/vector_stores: collections, their documents and their search, in OpenAI's shapes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from yoriai.api.pages import Limit, Order, page_of
from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.api.vector_store_filters import condition_of
from yoriai.api.vector_store_shapes import (
    Deleted,
    FileAttributes,
    FileContent,
    FileStatus,
    NewVectorStore,
    NewVectorStoreFile,
    SearchQuery,
    SearchResults,
    TextContent,
    VectorStore,
    VectorStoreChange,
    VectorStoreFile,
    VectorStoreFileList,
    VectorStoreList,
    file_shape,
    hit_shape,
    store_shape,
)
from yoriai.bootstrap import Services
from yoriai.errors import ConflictError
from yoriai.knowledge.passage import FoundPassage
from yoriai.knowledge.search import Filters, SearchMethod
from yoriai.records import Collection
from yoriai.types import User

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"], responses=ERRORS)
Filter = Annotated[FileStatus | None, Query()]


@router.post("/v1/vector_stores")
async def create_vector_store(body: NewVectorStore, user: CurrentUser, services: TheServices) -> VectorStore:
    """Make a collection, of files that were uploaded."""
    files = [await services.knowledge.files.get(user, file_id) for file_id in body.file_ids]
    collection = await _created(services, user, body.name.strip() or "vector store", body.metadata)
    for file in files:
        await services.knowledge.adding.attach(user, collection.id, file)
    return await _store(services, user, collection.id)


@router.get("/v1/vector_stores")
async def list_vector_stores(
    user: CurrentUser, services: TheServices, limit: Limit = 20, order: Order = "desc", after: str = ""
) -> VectorStoreList:
    """Collections that you may read."""
    listed = await services.knowledge.collections.readable(user)
    listed.sort(key=lambda collection: (collection.created_at, collection.id), reverse=True)
    page = page_of(listed, limit=limit, order=order, after=after)
    statuses = await services.knowledge.collections.statuses(user, page["data"])
    return VectorStoreList(**page | {"data": [store_shape(status) for status in statuses]})


@router.get("/v1/vector_stores/{vector_store_id}")
async def show_vector_store(vector_store_id: str, user: CurrentUser, services: TheServices) -> VectorStore:
    """A collection, and how far its documents are."""
    return await _store(services, user, vector_store_id)


@router.post("/v1/vector_stores/{vector_store_id}")
async def change_vector_store(
    vector_store_id: str, body: VectorStoreChange, user: CurrentUser, services: TheServices
) -> VectorStore:
    """Rename a collection, or note something of it."""
    metadata = body.metadata or {} if "metadata" in body.model_fields_set else None
    await services.knowledge.collections.change(user, vector_store_id, name=body.name, metadata=metadata)
    return await _store(services, user, vector_store_id)


@router.delete("/v1/vector_stores/{vector_store_id}")
async def delete_vector_store(vector_store_id: str, user: CurrentUser, services: TheServices) -> Deleted:
    """Delete a collection with its documents; files that were uploaded stay."""
    await services.knowledge.collections.remove(user, vector_store_id)
    return Deleted(id=vector_store_id, object="vector_store.deleted")


@router.post("/v1/vector_stores/{vector_store_id}/files")
async def attach_file(
    vector_store_id: str, body: NewVectorStoreFile, context: CurrentContext, services: TheServices
) -> VectorStoreFile:
    """Make an uploaded file a document; it is read in the background."""
    user = context.user
    await services.knowledge.collections.get(user, vector_store_id)
    file = await services.knowledge.files.get(user, body.file_id)
    document = await services.knowledge.adding.attach(user, vector_store_id, file, attributes=body.attributes)
    return file_shape(document, context.language)


@router.get("/v1/vector_stores/{vector_store_id}/files")
async def list_vector_store_files(
    vector_store_id: str,
    context: CurrentContext,
    services: TheServices,
    *,
    limit: Limit = 20,
    order: Order = "desc",
    after: str = "",
    filter: Filter = None,
) -> VectorStoreFileList:
    """The documents of a collection."""
    documents = await services.knowledge.collections.documents(context.user, vector_store_id)
    documents.sort(key=lambda document: (document.added_at, document.id), reverse=True)
    shapes = [file_shape(document, context.language) for document in documents]
    wanted = [shape for shape in shapes if filter in {None, shape.status}]
    return VectorStoreFileList(**page_of(wanted, limit=limit, order=order, after=after))


@router.get("/v1/vector_stores/{vector_store_id}/files/{file_id}")
async def show_vector_store_file(
    vector_store_id: str, file_id: str, context: CurrentContext, services: TheServices
) -> VectorStoreFile:
    """One document, and why it could not be read, if it couldn't."""
    document = await services.knowledge.collections.document(context.user, vector_store_id, file_id)
    return file_shape(document, context.language)


@router.post("/v1/vector_stores/{vector_store_id}/files/{file_id}")
async def change_vector_store_file(
    vector_store_id: str, file_id: str, body: FileAttributes, context: CurrentContext, services: TheServices
) -> VectorStoreFile:
    """Set a document's attributes."""
    document = await services.knowledge.collections.tag(
        context.user, vector_store_id, file_id, attributes=body.attributes or {}
    )
    return file_shape(document, context.language)


@router.delete("/v1/vector_stores/{vector_store_id}/files/{file_id}")
async def detach_file(
    vector_store_id: str, file_id: str, user: CurrentUser, services: TheServices
) -> Deleted:
    """Remove a document; a file that was uploaded stays."""
    await services.knowledge.collections.remove_documents(user, vector_store_id, [file_id])
    return Deleted(id=file_id, object="vector_store.file.deleted")


@router.get("/v1/vector_stores/{vector_store_id}/files/{file_id}/content")
async def vector_store_file_content(
    vector_store_id: str, file_id: str, user: CurrentUser, services: TheServices
) -> FileContent:
    """The text that was read, page by page."""
    pages = await services.knowledge.collections.pages(user, vector_store_id, file_id)
    return FileContent(data=[TextContent(text=page.text) for page in pages])


@router.post("/v1/vector_stores/{vector_store_id}/search")
async def search_vector_store(
    vector_store_id: str, body: SearchQuery, user: CurrentUser, services: TheServices
) -> SearchResults:
    """The best passages; of several queries each passage with its best score."""
    queries = [body.query] if isinstance(body.query, str) else body.query
    filters = Filters(condition=condition_of(body.filters))
    method: SearchMethod | None = "hybrid" if body.ranking_options.ranker == "none" else None
    hits: dict[str, FoundPassage] = {}
    for query in queries:
        found = await services.knowledge.search.search(
            user, [vector_store_id], query, limit=body.max_num_results, method=method, filters=filters
        )
        for hit in found.passages:
            if hit.passage_id not in hits or hits[hit.passage_id].score < hit.score:
                hits[hit.passage_id] = hit
    best = sorted(hits.values(), key=lambda hit: -hit.score)[: body.max_num_results]
    kept = [hit_shape(hit) for hit in best if hit.score >= body.ranking_options.score_threshold]
    return SearchResults(search_query=queries, data=kept)


async def _store(services: Services, user: User, collection_id: str) -> VectorStore:
    return store_shape(await services.knowledge.collections.status(user, collection_id))


async def _created(services: Services, user: User, name: str, metadata: dict[str, str] | None) -> Collection:
    """OpenAI's names may be given twice, ours are told apart."""
    for number in range(1, 1000):
        try:
            suffix = f" ({number})" if number > 1 else ""
            numbered = name[: 200 - len(suffix)] + suffix
            return await services.knowledge.collections.create(user, numbered, metadata=metadata)
        except ConflictError:
            continue
    raise ConflictError("knowledge.collection_exists", param="name", name=name)
