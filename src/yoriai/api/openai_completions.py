"""POST /v1/completions: OpenAI's legacy shape; text in, its continuation out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from yoriai.api import echo
from yoriai.api.answering import CLIENT_LEFT, counted, json_response, whole
from yoriai.api.chunks import TextChunks
from yoriai.api.principal import CurrentContext
from yoriai.api.reading import StrictRoute
from yoriai.api.shapes import STREAMED, TextCompletion
from yoriai.api.state import TheMetrics, TheServices
from yoriai.api.streaming import EventStream, until_disconnect
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
        said = await until_disconnect(request.receive, lambda: echo.answer(body, services))
        return json_response(said) if said else Response(status_code=CLIENT_LEFT)
    if not isinstance(body.prompt, str) or body.max_tokens == 0:
        raise UnsupportedError("api.only_with_echo", param="prompt")
    events = counted(services.registry.complete(body, context), body.model, metrics)
    before = body.prompt if body.echo else ""
    if not body.stream:
        return await whole(request, events, lambda answer: answer.text_shape(body.model, before))
    include_usage = bool(body.stream_options and body.stream_options.include_usage)
    return EventStream(events, TextChunks(body.model, include_usage, before), b"loading")
