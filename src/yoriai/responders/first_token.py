"""What a model's first token may be, by its own log-probabilities. Used where one token is asked for and weighed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from yoriai.types import Event, TextDelta

MOST = 20  # likeliest tokens that an engine tells, OpenAI's limit


async def likeliest(events: AsyncGenerator[Event, None]) -> list[dict[str, Any]] | None:
    """OpenAI's `top_logprobs` of the first token of a reply; None: who replies tells none. Raises: as `events`."""
    told: list[dict[str, Any]] = []
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                told += event.logprobs or []
    return (told[0].get("top_logprobs") or []) if told else None
