"""POST /v1/completions: OpenAI's legacy shape; text in, its continuation out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from yoriai.api.answering import counted, whole
from yoriai.api.chunks import TextChunks
from yoriai.api.principal import CurrentContext
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import STREAMED, TextCompletion
from yoriai.api.state import TheMetrics, TheServices
from yoriai.api.streaming import EventStream
from yoriai.errors import UnsupportedError
from yoriai.types import CompletionRequest

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"])


@router.post("/v1/completions", response_model=TextCompletion, responses=STREAMED)
async def completions(
    body: CompletionRequest,
    request: Request,
    context: CurrentContext,
    services: TheServices,
    metrics: TheMetrics,
) -> Response:
    """Continue a text."""
    if body.echo and body.logprobs is not None:
        raise UnsupportedError("api.echo_logprobs", param="echo")
    events = counted(services.registry.complete(body, context), body.model, metrics)
    echo = body.prompt if body.echo else ""
    if not body.stream:
        return await whole(request, events, lambda answer: answer.text_shape(body.model, echo))
    include_usage = bool(body.stream_options and body.stream_options.include_usage)
    return EventStream(events, TextChunks(body.model, include_usage, echo), b"loading")
