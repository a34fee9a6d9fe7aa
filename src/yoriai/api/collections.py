"""/api/collections: everything the page and the terminal do with collections and their documents."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.access import Action, Thing, require
from yoriai.api.documents import DocumentShown, Tag, Tags, shown
from yoriai.api.groups import GroupIds
from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import Body, StrictRoute, name_of
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.api.streaming import until_disconnect
from yoriai.errors import UsageError
from yoriai.knowledge.collections import Status
from yoriai.knowledge.evaluating import MOST_QUESTIONS, Evaluation, Question
from yoriai.knowledge.search import LONGEST_QUERY, MOST_HITS, Filters, Found, SearchMethod
from yoriai.knowledge.spread import MOST as MOST_SPREAD
from yoriai.knowledge.spread import PassageSeen, spread
from yoriai.records import Collection, Job, Sharing

router = APIRouter(route_class=StrictRoute, tags=["Collections"], responses=ERRORS)
Name = Annotated[str, Field(min_length=1, max_length=200)]
PathText = Annotated[str, Field(min_length=1, max_length=4096)]
Id = Annotated[str, Field(max_length=64)]


class NewCollection(Body):
    name: Name
    sharing: Sharing = "owner"
    group_ids: GroupIds = Field(default_factory=list)


class CollectionChange(Body):
    name: Name | None = None
    sharing: Sharing | None = None
    group_ids: GroupIds | None = None


class CollectionList(BaseModel):
    collections: list[Status]


class Paths(Body):
    paths: Annotated[list[PathText], Field(min_length=1, max_length=1000)]
    watch: bool = True
    tags: Tags = Field(default_factory=list)


class PathsAdded(BaseModel):
    new: int
    changed: int
    unchanged: int
    job: Job


class PastedText(Body):
    title: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(min_length=1, max_length=10_000_000)]


class WebPage(Body):
    address: Annotated[str, Field(min_length=8, max_length=4000)]
    tags: Tags = Field(default_factory=list)


class SearchWish(Body):
    collections: Annotated[list[Id], Field(min_length=1, max_length=100)]
    query: Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY)]
    limit: int = Field(10, ge=1, le=MOST_HITS)
    method: SearchMethod | None = None  # the best there is
    documents: Annotated[list[Id], Field(max_length=1000)] = Field(default_factory=list)
    tags: Tags = Field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None


class PassagesSeen(BaseModel):
    passages: list[PassageSeen]


class QuestionAsked(BaseModel):
    question: Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY)]
    document: Annotated[str, Field(max_length=1000)] = ""
    page: int | None = None
    text: Annotated[str, Field(max_length=100_000)] = ""
    answer: Annotated[str, Field(max_length=100_000)] = ""


class Questions(Body):
    questions: Annotated[list[QuestionAsked], Field(min_length=1, max_length=MOST_QUESTIONS)]


@router.get("/api/collections")
async def list_collections(user: CurrentUser, services: TheServices, name: str = "") -> CollectionList:
    """Collections that you may read, or the one that `name` names, and how far each is."""
    collections = services.knowledge.collections
    listed = [await collections.named(user, name)] if name else await collections.readable(user)
    return CollectionList(collections=await collections.statuses(user, listed))


@router.post("/api/collections", status_code=201)
async def create_collection(body: NewCollection, user: CurrentUser, services: TheServices) -> Collection:
    """Make an empty collection."""
    return await services.knowledge.collections.create(user, body.name, body.sharing, body.group_ids)


@router.post("/api/collections/search")
async def search_collections(body: SearchWish, user: CurrentUser, services: TheServices) -> Found:
    """The best passages of several collections together, with the scores of both halves."""
    filters = Filters(
        documents=tuple(body.documents), tags=tuple(body.tags), since=_zoned("since", body.since),
        until=_zoned("until", body.until),
    )  # fmt: skip
    return await services.knowledge.search.search(
        user, body.collections, body.query, limit=body.limit, method=body.method, filters=filters
    )


@router.get("/api/collections/{collection_id}")
async def show_collection(collection_id: str, user: CurrentUser, services: TheServices) -> Status:
    """A collection and how far it is."""
    return await services.knowledge.collections.status(user, collection_id)


@router.patch("/api/collections/{collection_id}")
async def change_collection(
    collection_id: str, body: CollectionChange, user: CurrentUser, services: TheServices
) -> Collection:
    """Rename it, share it with everyone, or with groups that you are in."""
    return await services.knowledge.collections.change(
        user, collection_id, name=body.name, sharing=body.sharing, group_ids=body.group_ids
    )


@router.delete("/api/collections/{collection_id}", status_code=204, response_class=Response)
async def delete_collection(collection_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete a collection with all its documents."""
    await services.knowledge.collections.remove(user, collection_id)


@router.get("/api/collections/{collection_id}/passages")
async def spread_passages(
    collection_id: str, user: CurrentUser, services: TheServices, *,
    limit: Annotated[int, Query(ge=1, le=MOST_SPREAD)] = 100, seed: Annotated[int, Query(ge=0)] = 0,
) -> PassagesSeen:  # fmt: skip
    """Passages of as many documents as there are, the same ones for the same seed: to draft questions from."""
    collections = services.knowledge.collections
    return PassagesSeen(passages=await spread(user, collection_id, collections, count=limit, seed=seed))


@router.post("/api/collections/{collection_id}/evaluation")
async def evaluate_collection(
    collection_id: str, body: Questions, request: Request, user: CurrentUser, services: TheServices
) -> Evaluation:
    """How well questions with known answers are found, by every method. It ends when whoever asked leaves."""
    questions = [
        Question(question=q.question, document=q.document, page=q.page, text=q.text, answer=q.answer)
        for q in body.questions
    ]
    evaluating = services.knowledge.evaluating
    found = await until_disconnect(
        request.receive, lambda: evaluating.evaluate(user, collection_id, questions)
    )
    return found or Evaluation(questions=0, without_answer=[], methods=[])


# ---- what is added ----------------------------------------------------------------------------------------
@router.post("/api/collections/{collection_id}/documents", status_code=202)
async def upload_document(
    collection_id: str,
    file: Annotated[UploadFile, File()],
    context: CurrentContext,
    services: TheServices,
    tags: Annotated[list[Tag] | None, Form()] = None,
) -> DocumentShown:
    """Add a file, or the new content of one of the same name; it is read in the background."""
    document = await services.knowledge.adding.upload(
        context.user, collection_id, name_of(file), file.file, tags=tags or ()
    )
    return shown(document, context.language)


@router.post("/api/collections/{collection_id}/paths", status_code=202)
async def add_paths(collection_id: str, body: Paths, user: CurrentUser, services: TheServices) -> PathsAdded:
    """Add files and folders of the server's machine; only its own terminal may."""
    paths = [Path(path) for path in body.paths]
    added, job = await services.knowledge.adding.paths(
        user, collection_id, paths, watch=body.watch, tags=body.tags
    )
    return PathsAdded(new=added.new, changed=added.changed, unchanged=added.unchanged, job=job)


@router.delete("/api/collections/{collection_id}/folders", status_code=204, response_class=Response)
async def stop_watching(
    collection_id: str, folder: Annotated[str, Query(max_length=4096)], user: CurrentUser, services: TheServices
) -> None:  # fmt: skip
    """Stop watching a folder; its documents stay."""
    await services.knowledge.adding.unwatch(user, collection_id, folder)


@router.post("/api/collections/{collection_id}/text", status_code=202)
async def add_text(
    collection_id: str, body: PastedText, context: CurrentContext, services: TheServices
) -> DocumentShown:
    """Add pasted text."""
    document = await services.knowledge.adding.text(context.user, collection_id, body.title, body.text)
    return shown(document, context.language)


@router.post("/api/collections/{collection_id}/web_pages", status_code=202)
async def add_web_page(
    collection_id: str, body: WebPage, context: CurrentContext, services: TheServices
) -> DocumentShown:
    """Add a page of the web, from a host that an administrator opened; added again, it is fetched again."""
    document = await services.knowledge.adding.address(
        context.user, collection_id, body.address, tags=body.tags
    )
    return shown(document, context.language)


# ---- work -------------------------------------------------------------------------------------------------
@router.get("/api/jobs/{job_id}")
async def show_job(job_id: str, user: CurrentUser, services: TheServices) -> Job:
    """How far long work of yours is."""
    job = await services.jobs.get(job_id)
    require(user, Action.READ, Thing(owner_id=job.owner_id))
    return job


@router.delete("/api/jobs/{job_id}", status_code=204, response_class=Response)
async def cancel_job(job_id: str, user: CurrentUser, services: TheServices) -> None:
    """Stop it; what it has done stays."""
    require(user, Action.CHANGE, Thing(owner_id=(await services.jobs.get(job_id)).owner_id))
    await services.knowledge.work.stop(job_id)


def _zoned(param: str, moment: datetime | None) -> datetime | None:
    """Without a zone it is this machine's. Raises: UsageError: there is no such moment in it."""
    try:
        return moment.astimezone() if moment and moment.tzinfo is None else moment
    except (ValueError, OverflowError, OSError):
        raise UsageError("api.no_such_moment", param=param, value=str(moment)) from None
