"""Whether the passages state what is asked, by the model's own word before it answers: one token, yes or no.

It reads what it reads for the answer, up to the question, so that the engine's cache holds it: the cost is the question
once more. It is believed only where it leans far to no, and only of what asks; a model that tells no probabilities, or
thinks before its first word, refuses nothing. `assistant` asks. Figures in docs/log.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from yoriai.i18n.catalogue import text
from yoriai.knowledge.mention import asks
from yoriai.knowledge.split import language_of
from yoriai.responders import first_token
from yoriai.responders.turns import Grounded
from yoriai.types import ChatRequest, Context, Message, Responder

REFUSED = 1.0  # ln P(no) - ln P(yes), from here on: halves of the measured articles gave 0.6 and 1.9
_YES, _NO = ("yes", "はい"), ("no", "いいえ")
_FLOOR = 1e-6  # what a word has at least: it is among what isn't told


async def is_doubted(grounded: Grounded, inner: Responder, context: Context) -> bool:
    """Whether `inner` says that the passages don't state the answer. Raises: as `inner`."""
    if not asks(grounded.question):
        return False
    *before, last = grounded.request.messages
    request = ChatRequest(
        model=inner.name, messages=[*before, _asked(last, grounded.question)], max_tokens=1, temperature=0, seed=1,
        logprobs=True, top_logprobs=first_token.MOST,
    )  # fmt: skip
    told = await first_token.likeliest(inner.respond(request, context))
    return told is not None and leaning(told) >= REFUSED


def leaning(likeliest: Sequence[dict[str, Any]]) -> float:
    """ln P(no) - ln P(yes) of a first token that begins one of the words, in either language; 0: neither is likely."""
    yes, no = _share(likeliest, _YES), _share(likeliest, _NO)
    return math.log(max(no, _FLOOR)) - math.log(max(yes, _FLOOR))


def _share(likeliest: Sequence[dict[str, Any]], words: Sequence[str]) -> float:
    tokens = ((str(each["token"]).strip().casefold(), each["logprob"]) for each in likeliest)
    return sum(
        math.exp(value) for token, value in tokens if token and any(w.startswith(token) for w in words)
    )


def _asked(message: Message, question: str) -> Message:
    """`message` with its passages as they are, and another request behind them."""
    language, said = language_of(question), message.text()
    wanted = text("responders.ask_question", language, passages="", question=question)
    quoted = said.removesuffix(wanted) if said.endswith(wanted) else ""
    asked = text("responders.ask_stated", language, passages=quoted, question=question)
    return Message(role="user", content=asked.strip())
