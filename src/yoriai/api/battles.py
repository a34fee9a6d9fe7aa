"""/api/arena/battles: two responders, names hidden, one question, a vote. Names are told with the vote, not before."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.api.comparisons import AskedList, ComparedShape, Name, Text, asked_shape, shape
from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.arena import questions
from yoriai.arena.battles import Battle
from yoriai.records import Comparison, Winner

router = APIRouter(route_class=StrictRoute, tags=["Arena"], responses=ERRORS)


class NewBattle(Body):
    text: Text
    among: list[Name] = Field([], max_length=100, description="Whom to draw from; none: every model.")
    pairing: Literal["random", "active"] = Field(
        "random", description="active: the two whose vote would tell most."
    )


class FurtherQuestion(Body):
    text: Text


class Ballot(Body):
    winner: Winner


class BattleShape(ComparedShape):
    """`columns` name who answered once `is_voted`; until then they are A and B."""

    is_voted: bool
    can_vote: bool


class BattleList(BaseModel):
    battles: list[Comparison]


class QuestionList(BaseModel):
    questions: list[str]


def _shape(battle: Battle) -> BattleShape:
    compared = shape(battle.compared)
    return BattleShape(
        comparison=compared.comparison,
        columns=compared.columns,
        is_voted=battle.is_voted,
        can_vote=battle.can_vote,
    )


@router.get("/api/arena/battles")
async def list_battles(user: CurrentUser, services: TheServices) -> BattleList:
    """Your battles, newest first."""
    return BattleList(battles=await services.comparisons.of(user, "blind"))


@router.post("/api/arena/battles", status_code=202)
async def begin_battle(body: NewBattle, context: CurrentContext, services: TheServices) -> BattleShape:
    """Draw two and ask them. Each reply is followed by its own id (`GET /api/replies/{reply_id}/events`)."""
    battle = await services.battles.begin(
        context, body.text, among=body.among, telling=body.pairing == "active"
    )
    return _shape(battle)


@router.get("/api/arena/questions")
async def list_questions(
    context: CurrentContext, services: TheServices, source: Literal["own", "earlier"] = "own"
) -> QuestionList:
    """To begin battles with: our small set in your language, or what you have asked earlier."""
    if source == "earlier":
        return QuestionList(questions=await services.battles.earlier(context.user))
    return QuestionList(questions=questions.own(context.language))


@router.get("/api/arena/battles/{battle_id}")
async def show_battle(battle_id: str, user: CurrentUser, services: TheServices) -> BattleShape:
    """One battle as it stands."""
    return _shape(await services.battles.get(user, battle_id))


@router.post("/api/arena/battles/{battle_id}/messages", status_code=202)
async def ask_further(
    battle_id: str, body: FurtherQuestion, context: CurrentContext, services: TheServices
) -> AskedList:
    """A further question to both, before the vote."""
    return asked_shape(await services.battles.ask(context, battle_id, body.text), context.language)


@router.post("/api/arena/battles/{battle_id}/stop", status_code=204, response_class=Response)
async def stop_battle(battle_id: str, user: CurrentUser, services: TheServices) -> None:
    """Stop both answers; what was said stays."""
    await services.battles.stop(user, battle_id)


@router.post("/api/arena/battles/{battle_id}/vote")
async def vote(battle_id: str, body: Ballot, user: CurrentUser, services: TheServices) -> BattleShape:
    """Vote, and learn who answered."""
    return _shape(await services.battles.vote(user, battle_id, body.winner))


@router.delete("/api/arena/battles/{battle_id}/vote")
async def take_vote_back(battle_id: str, user: CurrentUser, services: TheServices) -> BattleShape:
    """It counts no more; there is no other vote on this battle."""
    return _shape(await services.battles.take_back(user, battle_id))


@router.delete("/api/arena/battles/{battle_id}", status_code=204, response_class=Response)
async def delete_battle(battle_id: str, user: CurrentUser, services: TheServices) -> None:
    """Give a battle up, or forget it; a vote that was cast stays."""
    await services.battles.remove(user, battle_id)
