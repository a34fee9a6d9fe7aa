"""OpenAI's shapes of vector stores, and our values in them. A vector store is a collection, its files are documents.

A file's attributes are kept as tags, `key=value`, with their types; `vector_store_filters` asks for them. Where a
passage stands is told beside what OpenAI tells, in `yoriai`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from yoriai.i18n.catalogue import text
from yoriai.knowledge.attributes import attributes_of
from yoriai.knowledge.collections import Status
from yoriai.knowledge.passage import FoundPassage
from yoriai.knowledge.search import LONGEST_QUERY
from yoriai.records import KnownDocument
from yoriai.types import Language

Text = Annotated[str, Field(max_length=512)]
Key = Annotated[str, Field(max_length=64)]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]  # what JSON carries everywhere
Attributes = Annotated[dict[Key, Text | bool | Whole | float], Field(max_length=16)]
Metadata = Annotated[dict[Key, Text], Field(max_length=16)]
Values = dict[str, str | bool | int | float]
FileStatus = Literal["in_progress", "completed", "failed", "cancelled"]
_STATUS: dict[str, FileStatus] = {
    "queued": "in_progress",
    "ready": "completed",
    "duplicate": "completed",
    "failed": "failed",
    "stopped": "cancelled",
}


class _Asked(BaseModel):
    model_config = ConfigDict(extra="ignore")


class NewVectorStore(_Asked):
    name: Annotated[str, Field(max_length=200)] = ""
    file_ids: Annotated[list[Text], Field(max_length=10_000)] = []
    metadata: Metadata | None = None


class VectorStoreChange(_Asked):
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    metadata: Metadata | None = None  # all of it; none given: it stays


class NewVectorStoreFile(_Asked):
    file_id: Text
    attributes: Attributes | None = None


class FileAttributes(_Asked):
    attributes: Attributes | None


class RankingOptions(_Asked):
    """`ranker`: "none" leaves out the reranker of the settings."""

    ranker: Literal["none", "auto", "default-2024-11-15"] = "auto"
    score_threshold: float = 0


class SearchQuery(_Asked):
    query: (
        Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY)]],
            Field(min_length=1, max_length=16),
        ]
    )
    max_num_results: int = Field(10, ge=1, le=50)
    filters: dict[str, Any] | None = None
    ranking_options: RankingOptions = RankingOptions()


class FileCounts(BaseModel):
    in_progress: int
    completed: int
    failed: int
    cancelled: int = 0
    total: int


class VectorStore(BaseModel):
    id: str
    object: Literal["vector_store"] = "vector_store"
    created_at: int
    name: str
    usage_bytes: int
    file_counts: FileCounts
    status: Literal["completed", "in_progress"]
    last_active_at: int
    metadata: dict[str, str] = {}


class VectorStoreList(BaseModel):
    object: Literal["list"] = "list"
    data: list[VectorStore]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(BaseModel):
    id: str
    object: Literal["vector_store.deleted", "vector_store.file.deleted"]
    deleted: Literal[True] = True


class LastError(BaseModel):
    code: Literal["invalid_file", "server_error"]
    message: str


class VectorStoreFile(BaseModel):
    id: str
    object: Literal["vector_store.file"] = "vector_store.file"
    created_at: int
    vector_store_id: str
    usage_bytes: int
    status: FileStatus
    last_error: LastError | None
    attributes: Values
    filename: str


class VectorStoreFileList(BaseModel):
    object: Literal["list"] = "list"
    data: list[VectorStoreFile]
    first_id: str | None
    last_id: str | None
    has_more: bool


class TextContent(BaseModel):
    type: Literal["text"] = "text"
    text: str


class FileContent(BaseModel):
    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"
    data: list[TextContent]
    has_more: Literal[False] = False
    next_page: None = None


class Place(BaseModel):
    """Where the words stand, and what either half of the search thought of them."""

    document_id: str
    passage_id: str
    page: int
    start: int  # in the page's text
    end: int
    lexical: float | None
    dense: float | None


class SearchResult(BaseModel):
    file_id: str
    filename: str
    score: float
    attributes: Values
    content: list[TextContent]
    yoriai: Place


class SearchResults(BaseModel):
    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[SearchResult]
    has_more: Literal[False] = False
    next_page: None = None


def store_shape(status: Status) -> VectorStore:
    collection, documents = status.collection, status.documents
    waiting = documents.get("queued", 0)
    completed = documents.get("ready", 0) + documents.get("duplicate", 0)
    return VectorStore(
        id=collection.id, created_at=int(collection.created_at.timestamp()), name=collection.name,
        usage_bytes=status.size_bytes, status="in_progress" if waiting else "completed",
        last_active_at=int(collection.updated_at.timestamp()), metadata=collection.metadata,
        file_counts=FileCounts(
            in_progress=waiting, completed=completed, failed=documents.get("failed", 0),
            cancelled=documents.get("stopped", 0), total=sum(documents.values()),
        ),
    )  # fmt: skip


def file_shape(document: KnownDocument, language: Language) -> VectorStoreFile:
    return VectorStoreFile(
        id=document.file_id or document.id, created_at=int(document.added_at.timestamp()),
        vector_store_id=document.collection_id, usage_bytes=document.size_bytes, status=_STATUS[document.status],
        last_error=_error(document, language), attributes=attributes_of(document), filename=document.name,
    )  # fmt: skip


def hit_shape(hit: FoundPassage) -> SearchResult:
    return SearchResult(
        file_id=hit.file_id or hit.document_id, filename=hit.document, score=hit.score, attributes=hit.attributes,
        content=[TextContent(text=hit.text)],
        yoriai=Place(
            document_id=hit.document_id, passage_id=hit.passage_id, page=hit.page, start=hit.start, end=hit.end,
            lexical=hit.lexical, dense=hit.dense,
        ),
    )  # fmt: skip


def _error(document: KnownDocument, language: Language) -> LastError | None:
    if document.status != "failed" or not document.error_key:
        return None
    message = text(document.error_key, language, **document.error_values)
    return LastError(code="invalid_file", message=message)
