"""/api/conversations: the Chat service over HTTP; everything the page does with conversations."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, RootModel
from starlette.responses import Response

from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.api.streaming import EventStream
from yoriai.chat.chat import LONGEST_SEARCH
from yoriai.chat.reply import ReplyUpdate
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.types import Sampling, ToolName

router = APIRouter(route_class=StrictRoute, tags=["Conversations"], responses=ERRORS)
Title = Annotated[str, Field(max_length=200)]
ModelName = Annotated[str, Field(max_length=256)]
Prompt = Annotated[str, Field(max_length=1_000_000)]
ToolNames = Annotated[list[ToolName], Field(max_length=64)]


class NewConversation(Body):
    title: Title = ""
    model: ModelName = ""
    system_prompt: Prompt = ""
    sampling: Sampling = Sampling()
    tools: ToolNames = Field(default_factory=list)


class ConversationChange(Body):
    title: Title | None = None
    model: ModelName | None = None
    system_prompt: Prompt | None = None
    sampling: Sampling | None = None
    tools: ToolNames | None = None
    leaf_id: Annotated[str, Field(max_length=64)] | None = None


class Question(Body):
    text: Annotated[str, Field(min_length=1, max_length=10_000_000)]
    parent_id: Annotated[str, Field(max_length=64)] | None = Field(
        None,
        description="Message to go on from; none: the end of the branch last looked at; `root`: anew.",
    )


class ConversationList(BaseModel):
    conversations: list[Conversation]


class Tree(BaseModel):
    conversation: Conversation
    messages: list[ConversationMessage]


class Asked(BaseModel):
    question: ConversationMessage
    reply: ConversationMessage


@router.get("/api/conversations")
async def list_conversations(
    user: CurrentUser, services: TheServices, search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> ConversationList:
    """Your conversations, newest first; `search` looks into titles and messages."""
    return ConversationList(conversations=await services.chat.conversations(user, search))


@router.post("/api/conversations", status_code=201)
async def create_conversation(
    body: NewConversation, user: CurrentUser, services: TheServices
) -> Conversation:
    """Begin a conversation."""
    return await services.chat.create(
        user, model=body.model, system_prompt=body.system_prompt, sampling=body.sampling, title=body.title,
        tools=body.tools,
    )  # fmt: skip


@router.get("/api/conversations/{conversation_id}")
async def show_conversation(conversation_id: str, user: CurrentUser, services: TheServices) -> Tree:
    """A conversation with its whole tree of messages."""
    conversation, messages = await services.chat.get(user, conversation_id)
    return Tree(conversation=conversation, messages=messages)


@router.patch("/api/conversations/{conversation_id}")
async def change_conversation(
    conversation_id: str, body: ConversationChange, user: CurrentUser, services: TheServices
) -> Conversation:
    """Change what is given: title, model, system prompt, sampling, the branch last looked at."""
    changes = {name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None}
    return await services.chat.update(user, conversation_id, **changes)


@router.delete("/api/conversations/{conversation_id}", status_code=204, response_class=Response)
async def delete_conversation(conversation_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete a conversation with all its messages."""
    await services.chat.delete(user, conversation_id)


@router.post("/api/conversations/{conversation_id}/messages", status_code=202)
async def ask(conversation_id: str, body: Question, context: CurrentContext, services: TheServices) -> Asked:
    """Ask; the reply runs on whoever leaves. Editing a question is asking with the same parent."""
    question, reply = await services.chat.ask(context, conversation_id, body.text, parent_id=body.parent_id)
    return Asked(question=question, reply=reply)


@router.post("/api/replies/{reply_id}/regenerate", status_code=202)
async def regenerate(reply_id: str, context: CurrentContext, services: TheServices) -> ConversationMessage:
    """Another reply to the same question, as a sibling."""
    return await services.chat.regenerate(context, reply_id)


@router.post("/api/replies/{reply_id}/stop", status_code=204, response_class=Response)
async def stop(reply_id: str, user: CurrentUser, services: TheServices) -> None:
    """Stop a running reply; what it said so far stays."""
    await services.chat.stop(user, reply_id)


@router.get("/api/replies/{reply_id}/events", responses={200: {"content": {"text/event-stream": {}}}})
async def follow(reply_id: str, user: CurrentUser, services: TheServices) -> Response:
    """Follow a reply as server-sent events: `snapshot` first, `end` at last.

    Between them `delta`, `stage`, of an answer from documents `sources`, of a council's or a reasoner's `deliberation`,
    of calls of tools `tools`: all of them as they stand.
    """
    return EventStream(services.chat.follow(user, reply_id), ReplyEvents(), b"waiting")


class ReplyEvents:
    """Encodes the updates of a followed reply."""

    def encode(self, item: ReplyUpdate) -> bytes:
        data: dict[str, Any] = {
            "offset": item.offset,
            "text": item.text,
            "reasoning_offset": item.reasoning_offset,
            "reasoning": item.reasoning,
            "stage": item.stage,
            "sources": item.sources,
            "deliberation": item.deliberation,
            "tool_uses": item.tool_uses,
            "message": _message(item.message),
        }
        return b"event: " + item.kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"

    def end(self) -> bytes:
        return b""


def _message(message: ConversationMessage | None) -> orjson.Fragment | None:
    if message is None:
        return None
    return orjson.Fragment(RootModel[ConversationMessage](message).model_dump_json())
