"""/api/comparisons: one question to two to six responders at once; everything the page does side by side."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.api.conversations import Prompt
from yoriai.api.errors import body_of
from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.chat.comparisons import LEAST, MOST, Asked, Compared
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.records import Comparison
from yoriai.types import Language, Sampling

router = APIRouter(route_class=StrictRoute, tags=["Comparisons"], responses=ERRORS)
Id = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=10_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class NewComparison(Body):
    responders: list[Name] = Field(min_length=LEAST, max_length=MOST)
    system_prompt: Prompt = ""
    sampling: Sampling = Sampling()


class ComparedQuestion(Body):
    text: Text
    conversation_id: Id | None = Field(None, description="Only this one of them; none: all.")


class Adoption(Body):
    conversation_id: Id


class ComparisonList(BaseModel):
    comparisons: list[Comparison]


class ColumnShape(BaseModel):
    conversation: Conversation
    messages: list[ConversationMessage]


class ComparedShape(BaseModel):
    """From left to right."""

    comparison: Comparison
    columns: list[ColumnShape]


class AskedShape(BaseModel):
    """What became of the question in one column; `error` where it could not be asked."""

    conversation_id: str
    question: ConversationMessage | None
    reply: ConversationMessage | None
    error: dict[str, Any] | None


class AskedList(BaseModel):
    asked: list[AskedShape]


def shape(compared: Compared) -> ComparedShape:
    columns = [
        ColumnShape(conversation=each.conversation, messages=list(each.messages)) for each in compared.columns
    ]
    return ComparedShape(comparison=compared.comparison, columns=columns)


def asked_shape(asked: list[Asked], language: Language) -> AskedList:
    return AskedList(
        asked=[
            AskedShape(
                conversation_id=each.conversation_id, question=each.question, reply=each.reply,
                error=body_of(each.error, language)["error"] if each.error else None,
            )
            for each in asked
        ]
    )  # fmt: skip


@router.get("/api/comparisons")
async def list_comparisons(user: CurrentUser, services: TheServices) -> ComparisonList:
    """Your comparisons side by side, newest first."""
    return ComparisonList(comparisons=await services.comparisons.of(user))


@router.post("/api/comparisons", status_code=201)
async def create_comparison(body: NewComparison, user: CurrentUser, services: TheServices) -> ComparedShape:
    """Begin one. Each responder gets a conversation of its own."""
    made = await services.comparisons.create(
        user, body.responders, system_prompt=body.system_prompt, sampling=body.sampling
    )
    return shape(made)


@router.get("/api/comparisons/{comparison_id}")
async def show_comparison(comparison_id: str, user: CurrentUser, services: TheServices) -> ComparedShape:
    """One comparison with all messages."""
    return shape(await services.comparisons.get(user, comparison_id))


@router.post("/api/comparisons/{comparison_id}/messages", status_code=202)
async def ask_comparison(
    comparison_id: str, body: ComparedQuestion, context: CurrentContext, services: TheServices
) -> AskedList:
    """Ask all of them, or one. Each reply is followed by its own id (`GET /api/replies/{reply_id}/events`)."""
    asked = await services.comparisons.ask(
        context, comparison_id, body.text, conversation_id=body.conversation_id
    )
    return asked_shape(asked, context.language)


@router.post("/api/comparisons/{comparison_id}/stop", status_code=204, response_class=Response)
async def stop_comparison(comparison_id: str, user: CurrentUser, services: TheServices) -> None:
    """Stop every answer that is being written; what was said stays."""
    await services.comparisons.stop(user, comparison_id)


@router.post("/api/comparisons/{comparison_id}/adopt")
async def adopt_conversation(
    comparison_id: str, body: Adoption, user: CurrentUser, services: TheServices
) -> Conversation:
    """Go on with one: it leaves the comparison and becomes a conversation like any other."""
    return await services.comparisons.adopt(user, comparison_id, body.conversation_id)


@router.delete("/api/comparisons/{comparison_id}", status_code=204, response_class=Response)
async def delete_comparison(comparison_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete one with its conversations."""
    await services.comparisons.remove(user, comparison_id)
