"""What the answering routes share: counting what passes, and sending an answer whole or as a stream."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from yoriai.api.chunks import Answer
from yoriai.api.streaming import close, until_disconnect
from yoriai.telemetry import Metrics
from yoriai.tool_use import ToolUse
from yoriai.types import Event, ReasoningDelta, TextDelta, ToolCall, Usage

CLIENT_LEFT = 499  # nobody reads it; the metrics do


def json_response(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


async def counted(events: AsyncIterator[Event], model: str, metrics: Metrics) -> AsyncIterator[Event]:
    """`events`, with the time to the first token and the tokens used counted."""
    start = time.perf_counter()
    waiting = True
    try:
        async for event in events:
            if waiting and isinstance(event, TextDelta | ReasoningDelta | ToolCall | ToolUse):
                waiting = False
                metrics.first_token(model, time.perf_counter() - start)
            if isinstance(event, Usage):
                metrics.usage(model, event)
            yield event
    finally:
        await close(events)


async def whole(
    request: Request, events: AsyncIterator[Event], shape: Callable[[Answer], dict[str, Any]]
) -> Response:
    """The answer in one piece; the work ends when the client leaves."""

    async def gather() -> Answer:
        try:
            return await Answer().gather(events)
        finally:
            await close(events)

    answer = await until_disconnect(request.receive, gather)
    return json_response(shape(answer)) if answer else Response(status_code=CLIENT_LEFT)
