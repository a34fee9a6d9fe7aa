"""POST /v1/chat/completions: OpenAI's shape around any responder."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from yoriai.api.answering import counted, whole
from yoriai.api.chunks import ChatChunks
from yoriai.api.principal import CurrentContext
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import STREAMED, ChatCompletion
from yoriai.api.state import TheMetrics, TheServices
from yoriai.api.streaming import EventStream
from yoriai.types import ChatRequest

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"])


@router.post("/v1/chat/completions", response_model=ChatCompletion, responses=STREAMED)
async def chat_completions(
    body: ChatRequest, request: Request, context: CurrentContext, services: TheServices, metrics: TheMetrics
) -> Response:
    """Answer a conversation. `model` is any name from `/v1/models`."""
    responder = await services.registry.get(body.model, context.user)
    events = counted(responder.respond(body, context), responder.name, metrics)
    if not body.stream:
        return await whole(request, events, lambda answer: answer.chat_shape(body.model))
    include_usage = bool(body.stream_options and body.stream_options.include_usage)
    return EventStream(events, ChatChunks(body.model, include_usage), b"loading")
