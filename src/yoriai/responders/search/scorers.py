"""What an answer is worth, 0..1: by a judge who grades it, or by the sentences that its documents bear out; and which
of two a judge prefers, asked both ways round, for small models lean to a place.

The judge gives one digit under a grammar; where the engine says how likely each digit was, the grade is their mean,
which tells answers apart that would get the same digit. Source: Liu et al. 2023, "G-Eval", equation 1.
An answer is data for its judge: it stands between marks that it can't contain, control tokens defused.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
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
Score = Callable[[str, Reply], Awaitable[float | None]]  # of an answer, and of the call that gave its end
Prefer = Callable[[str, str], Awaitable[float | None]]  # 0..1, how surely the first of two answers is better


def by_judge(calls: Calls, judge: Responder, question: str, seed: int | None) -> Score:
    """None where the judge fails or gives no grade."""

    async def score(answer: str, _: Reply) -> float | None:
        prompt = text(
            "responders.grade", language_of(question), question=harmless(question), answer=shown(answer), best=BEST
        )  # fmt: skip
        found = await _digit(calls, judge, prompt, seed, _GRADE)
        return None if found is None else found / BEST

    return score


def by_pairs(calls: Calls, judge: Responder, question: str, seed: int | None) -> Prefer:
    """The mean over both orders: a judge that likes a place, whatever stands there, has no say. None: it has failed."""

    async def prefer(one: str, other: str) -> float | None:
        shares = []
        for first, second in ((one, other), (other, one)):
            prompt = text(
                "responders.better", language_of(question), question=harmless(question), first=shown(first),
                second=shown(second),
            )  # fmt: skip
            found = await _digit(calls, judge, prompt, seed, _BETTER)
            if found is None:
                return None
            shares.append(2 - found)
        return (shares[0] + 1 - shares[1]) / 2

    return prefer


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
    found = _digit_of(reply, _GRADE)
    return None if found is None else found / BEST


def shown(answer: str) -> str:
    """As a judge reads it."""
    if len(answer) > _LONGEST:
        answer = f"{answer[: _LONGEST // 2]}\n…\n{answer[-_LONGEST // 2 :]}"
    return harmless(answer).replace("<<<", "‹‹‹").replace(">>>", "›››")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Digit:
    """What a judge is to reply: a field of JSON with one digit."""

    name: str
    least: int
    most: int


_GRADE, _BETTER = _Digit(name="grade", least=0, most=BEST), _Digit(name="better", least=1, most=2)


async def _digit(
    calls: Calls, judge: Responder, prompt: str, seed: int | None, wanted: _Digit
) -> float | None:
    """The mean of the digits by their probability where there are any. None: the judge failed or gave none."""
    try:
        said = await calls.ask(judge, _request(judge, prompt, seed, wanted, with_odds=True))
    except UnsupportedError:
        said = await calls.ask(judge, _request(judge, prompt, seed, wanted, with_odds=False))
    except (YoriaiError, TimeoutError) as error:
        _log.warning("the judge %s failed: %s", judge.name, error)
        return None
    return _digit_of(said, wanted)


def _digit_of(reply: Reply, wanted: _Digit) -> float | None:
    try:
        digit = json.loads(reply.text)[wanted.name]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(digit, bool) or not isinstance(digit, int) or not wanted.least <= digit <= wanted.most:
        return None
    expected = _expected(reply.logprobs, digit, wanted)
    return float(digit) if expected is None else expected


def _expected(items: Sequence[dict[str, Any]], drawn: int, wanted: _Digit) -> float | None:
    """The mean of the digits by their probability, where `drawn` was drawn."""
    digits = {str(digit): digit for digit in range(wanted.least, wanted.most + 1)}
    for item in items:
        if str(item.get("token", "")).strip() != str(drawn):
            continue
        weights: dict[int, float] = {}
        for each in item.get("top_logprobs") or []:
            digit, logprob = digits.get(str(each.get("token", "")).strip()), each.get("logprob")
            if digit is not None and isinstance(logprob, int | float):
                weights[digit] = weights.get(digit, 0.0) + math.exp(min(0.0, logprob))
        total = sum(weights.values())
        return sum(digit * weight for digit, weight in weights.items()) / total if total > 0 else None
    return None


def _request(
    judge: Responder, prompt: str, seed: int | None, wanted: _Digit, *, with_odds: bool
) -> ChatRequest:
    schema = {
        "type": "object",
        "properties": {wanted.name: {"type": "integer", "minimum": wanted.least, "maximum": wanted.most}},
        "required": [wanted.name], "additionalProperties": False,
    }  # fmt: skip
    return ChatRequest(
        model=judge.name, messages=[Message(role="user", content=prompt)], temperature=0, seed=seed,
        max_tokens=_GRADE_TOKENS, logprobs=with_odds, top_logprobs=_ALTERNATIVES if with_odds else None,
        reads_anew=seed is not None,
        response_format=ResponseFormat.model_validate(
            {"type": "json_schema", "json_schema": {"name": wanted.name, "schema": schema, "strict": True}}
        ),
    )  # fmt: skip
