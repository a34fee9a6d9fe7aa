"""/api/arena/board, /api/arena/votes: what the votes tell; votes given out and brought in as files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.arena import words
from yoriai.arena.arena import TakenIn
from yoriai.arena.board import Pair
from yoriai.records import Topic, VoteFilter, Voters

router = APIRouter(route_class=StrictRoute, tags=["Arena"], responses=ERRORS)
_ATTACHMENT = {"Content-Disposition": 'attachment; filename="yoriai-votes.jsonl"'}


class BoardQuery(BaseModel):
    """Which votes count. `judge`: one voter, of votes that you cast or brought in. `group`: name or id of a group that
    you are in; what those who are in it now voted here, if they are three or more.
    """

    model_config = ConfigDict(extra="forbid")
    language: str = Field("", max_length=64)
    topic: Topic | None = None
    voters: Voters = "everyone"
    judge: str = Field("", max_length=200)
    group: str = Field("", max_length=200)
    style: bool = Field(False, description="Hold length and Markdown constant.")
    named: bool = Field(False, description="Count votes that were not blind, too.")
    leaks: bool = Field(False, description="Count votes where an answer told who wrote it, too.")


class BoardShape(BaseModel):
    """`rows`: the strongest first, ranks as ranges. `summary` says what the votes tell and what they don't."""

    rows: list[dict[str, Any]]
    pairs: list[Pair]
    votes: int
    leader: str
    more_votes: int | None
    style: dict[str, float] | None
    summary: list[str]
    languages: dict[str, int]
    topics: dict[str, int]


@router.get("/api/arena/board")
async def show_board(
    query: Annotated[BoardQuery, Query()], context: CurrentContext, services: TheServices
) -> BoardShape:
    """Ratings by all votes that count for you: your own, those you brought in, and everybody's on shared models."""
    group = (await services.groups.named(context.user, query.group)).id if query.group else ""
    wanted = VoteFilter(
        group=group, language=query.language, topic=query.topic or "", voters=query.voters, judge=query.judge,
        with_named=query.named, with_leaks=query.leaks,
    )  # fmt: skip
    board = await services.arena.board(context.user, wanted, with_style=query.style)
    facets = await services.arena.facets(context.user)
    return BoardShape(
        rows=[words.row(row) for row in board.rows], pairs=list(board.pairs), votes=board.votes, leader=board.leader,
        more_votes=board.more_votes, style=dict(board.style) if board.style else None,
        summary=words.summary(board, context.language), languages=facets["language"], topics=facets["topic"],
    )  # fmt: skip


@router.get(
    "/api/arena/votes",
    response_class=StreamingResponse,
    responses={200: {"description": "JSON Lines.", "content": {"application/jsonl": {}}}},
)
async def export_votes(user: CurrentUser, services: TheServices) -> StreamingResponse:
    """Your votes with their texts, as JSON Lines in the layout of the public Chatbot Arena conversations."""
    return StreamingResponse(
        services.arena.export(user), media_type="application/jsonl", headers=_ATTACHMENT
    )  # fmt: skip


@router.post("/api/arena/votes")
async def import_votes(
    file: Annotated[UploadFile, File()], user: CurrentUser, services: TheServices
) -> TakenIn:
    """Bring in votes in that layout, JSON Lines or a JSON array. One wrong vote, and none is taken in."""
    return await services.arena.take_in(user, file.file)
