"""How likely a model's next token is each of several letters, by its own log-probabilities.

One token is asked for, and the likeliest twenty are told with it. Knows no exam; `evaluation.exams` hands it on.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from yoriai.errors import UnsupportedError
from yoriai.types import CompletionRequest, Context, Event, TextDelta

Complete = Callable[[CompletionRequest, Context], AsyncGenerator[Event, None]]
_MOST = 20  # likeliest tokens that an engine tells, OpenAI's limit


async def next_letters(
    complete: Complete, model: str, context: Context, text: str, letters: Sequence[str]
) -> list[float]:
    """Log-probability, in nats, that the text goes on with each letter; minus infinity: it is none of the likeliest.

    A letter is a token with or without a space before it; both are counted.

    Raises:
        UnsupportedError: who is asked tells no log-probabilities. Else whatever it raises.
    """
    request = CompletionRequest(model=model, prompt=text, max_tokens=1, temperature=0, logprobs=_MOST)
    told: list[dict[str, Any]] = []
    async with aclosing(complete(request, context)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                told += event.logprobs or []
    if not told:
        raise UnsupportedError("evaluation.no_likelihood", name=model)
    first = told[0].get("top_logprobs") or []
    return [_sum([top["logprob"] for top in first if top["token"].strip() == letter]) for letter in letters]


def _sum(logprobs: Sequence[float]) -> float:
    return math.log(sum(map(math.exp, logprobs))) if logprobs else -math.inf
