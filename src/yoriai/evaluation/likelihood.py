"""How likely a model's next token is each of several letters, by its own log-probabilities.

One token is asked for, and the likeliest twenty are told with it. Knows no exam; `evaluation.exams` hands it on.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Sequence

from yoriai.errors import UnsupportedError
from yoriai.responders import first_token
from yoriai.types import CompletionRequest, Context, Event

Complete = Callable[[CompletionRequest, Context], AsyncGenerator[Event, None]]


async def next_letters(
    complete: Complete, model: str, context: Context, text: str, letters: Sequence[str]
) -> list[float]:
    """Log-probability, in nats, that the text goes on with each letter; minus infinity: it is none of the likeliest.

    A letter is a token with or without a space before it; both are counted.

    Raises:
        UnsupportedError: who is asked tells no log-probabilities. Else whatever it raises.
    """
    request = CompletionRequest(
        model=model, prompt=text, max_tokens=1, temperature=0, logprobs=first_token.MOST
    )
    told = await first_token.likeliest(complete(request, context))
    if told is None:
        raise UnsupportedError("evaluation.no_likelihood", name=model)
    return [_sum([top["logprob"] for top in told if top["token"].strip() == letter]) for letter in letters]


def _sum(logprobs: Sequence[float]) -> float:
    return math.log(sum(map(math.exp, logprobs))) if logprobs else -math.inf
