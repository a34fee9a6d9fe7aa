"""What an answer is worth, 0..1: by a judge who grades it, or by the sentences that its documents bear out.

The judge gives one digit under a grammar; where the engine says how likely each digit was, the grade is their mean,
which tells answers apart that would get the same digit. Source: Liu et al. 2023, "G-Eval", equation 1.
An answer is data for its judge: it stands between marks that it can't contain, control tokens defused.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from yoriai.errors import UnsupportedError, YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import harmless
from yoriai.knowledge.split import language_of
from yoriai.responders.search.calls import Calls, Reply
from yoriai.types import ChatRequest, Message, Responder, ResponseFormat, Support

_log = logging.getLogger("yoriai.responders")
BEST = 9  # of the digits
_GRADE_TOKENS, _ALTERNATIVES = 24, 20
_LONGEST = 12_000  # characters of an answer, its beginning and its end
_SCHEMA = {
    "type": "object", "properties": {"grade": {"type": "integer", "minimum": 0, "maximum": BEST}},
    "required": ["grade"], "additionalProperties": False,
}  # fmt: skip

Score = Callable[[str, Reply], Awaitable[float | None]]  # of an answer, and of the call that gave its end
_DIGITS = frozenset("0123456789")


def by_judge(calls: Calls, judge: Responder, question: str, seed: int | None) -> Score:
    """None where the judge fails or gives no grade."""

    async def score(answer: str, _: Reply) -> float | None:
        prompt = text(
            "responders.grade", language_of(question), question=harmless(question), answer=shown(answer), best=BEST
        )  # fmt: skip
        try:
            said = await calls.ask(judge, _request(judge, prompt, seed, with_odds=True))
        except UnsupportedError:
            said = await calls.ask(judge, _request(judge, prompt, seed, with_odds=False))
        except (YoriaiError, TimeoutError) as error:
            _log.warning("the judge %s failed: %s", judge.name, error)
            return None
        return grade_of(said)

    return score


def by_citations() -> Score:
    """Share of the sentences that their passages bear out; half for a weak one. None: it rests on no documents."""

    async def score(_: str, reply: Reply) -> float | None:
        return supported(reply.support) if reply.support else None

    return score


def supported(support: Support) -> float:
    worth = {"supported": 1.0, "weak": 0.5}
    found = [worth.get(each.verdict, 0.0) for each in support.sentences]
    return sum(found) / len(found) if found else 0.0


def grade_of(reply: Reply) -> float | None:
    """0..1; None: it is no grade."""
    try:
        grade = json.loads(reply.text)["grade"]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(grade, bool) or not isinstance(grade, int) or not 0 <= grade <= BEST:
        return None
    expected = _expected(reply.logprobs, grade)
    return (grade if expected is None else expected) / BEST


def shown(answer: str) -> str:
    """As a judge reads it."""
    if len(answer) > _LONGEST:
        answer = f"{answer[: _LONGEST // 2]}\n…\n{answer[-_LONGEST // 2 :]}"
    return harmless(answer).replace("<<<", "‹‹‹").replace(">>>", "›››")


def _expected(items: Sequence[dict[str, Any]], grade: int) -> float | None:
    """The mean of the digits by their probability, where the grade was drawn."""
    for item in items:
        if str(item.get("token", "")).strip() != str(grade):
            continue
        weights: dict[int, float] = {}
        for each in item.get("top_logprobs") or []:
            digit, logprob = str(each.get("token", "")).strip(), each.get("logprob")
            if digit in _DIGITS and isinstance(logprob, int | float):
                weights[int(digit)] = weights.get(int(digit), 0.0) + math.exp(min(0.0, logprob))
        total = sum(weights.values())
        return sum(digit * weight for digit, weight in weights.items()) / total if total > 0 else None
    return None


def _request(judge: Responder, prompt: str, seed: int | None, *, with_odds: bool) -> ChatRequest:
    return ChatRequest(
        model=judge.name, messages=[Message(role="user", content=prompt)], temperature=0, seed=seed,
        max_tokens=_GRADE_TOKENS, logprobs=with_odds, top_logprobs=_ALTERNATIVES if with_odds else None,
        reads_anew=seed is not None,
        response_format=ResponseFormat.model_validate(
            {"type": "json_schema", "json_schema": {"name": "grade", "schema": _SCHEMA, "strict": True}}
        ),
    )  # fmt: skip
