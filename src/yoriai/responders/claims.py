"""What the members' answers claim, and which of them say or deny it: the table behind "where they agree".

The chair fills it in, as JSON that a grammar enforces; words and numbers check it: a member whose answer doesn't bear
a claim out isn't said to agree. Where answers can be compared, the table begins with them, whatever the chair says.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from typing import Any

from anyio import to_thread

from yoriai.deliberation import Claim, Contribution
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.split import language_of
from yoriai.knowledge.support import WEAK, facts, score
from yoriai.responders.options import plain
from yoriai.responders.quoting import ask_about, letters
from yoriai.responders.sitting import Sitting
from yoriai.types import ChatRequest, ResponseFormat

_log = logging.getLogger("yoriai.responders")
_MOST, _LONGEST, _REASON = 5, 160, 300  # claims; characters of one, and of the reason
_TOKENS = 700
_SENTENCE_END = re.compile(r"[.。!！?？:：]\s|[。！？\n]")
_AGREES, _DIFFERS, _SILENT = "agrees", "differs", "silent"


async def compare(sitting: Sitting) -> None:
    """Fill the table of claims; without a chair's help only with what can be compared."""
    answers = sitting.answers()
    found, reason = await _by_chair(sitting, answers)
    claims = await to_thread.run_sync(checked, found, answers, sitting.question)
    sitting.tell(claims=(*by_key(sitting, answers), *claims), reason=reason)
    if sitting.state.claims:
        rows = "\n".join(_row(sitting, claim) for claim in sitting.state.claims)
        sitting.say(text("responders.claims_heading", sitting.language), rows)


def by_key(sitting: Sitting, answers: Sequence[Contribution]) -> list[Claim]:
    """One claim for each answer that can be compared; nothing where all say the same by other means."""
    keys = list(dict.fromkeys(each.key for each in answers if each.key))
    claims = []
    for key in keys:
        agree = tuple(each.label for each in answers if each.key == key)
        differ = tuple(each.label for each in answers if each.key and each.key != key)
        claims.append(
            Claim(text=text("responders.answer_is", sitting.language, answer=key), agree=agree, differ=differ)
        )
    return claims


def checked(found: Sequence[Claim], answers: Sequence[Contribution], question: str) -> list[Claim]:
    """Without repetitions, and without agreement that a member's words and numbers don't bear out.

    Who says a claim as a sentence of their own agrees with it, whatever the chair made of it.
    """
    asked = facts(question)
    said = {each.label: facts(each.text) for each in answers}
    sentences = {each.label: {plain(part) for part in _SENTENCE_END.split(each.text)} for each in answers}
    kept: dict[str, Claim] = {}
    for claim in found:
        claimed = facts(claim.text)
        agree = tuple(
            label for label, own in said.items()
            if plain(claim.text) in sentences[label]
            or (label in claim.agree and (score(claimed, own, asked) >= WEAK or claimed.language != own.language))
        )  # fmt: skip
        differ = tuple(label for label in claim.differ if label in said and label not in agree)
        if agree:
            kept.setdefault(plain(claim.text), Claim(text=claim.text, agree=agree, differ=differ))
    return list(kept.values())


def read(said: str, labels: Sequence[str]) -> tuple[list[Claim], str]:
    """Claims and reason of a chair's reply; nothing where it isn't what was asked for."""
    try:
        found = json.loads(said)
    except ValueError:
        return [], ""
    if not isinstance(found, dict):
        return [], ""
    rows = found.get("claims")
    claims = [_claim(row, labels) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    reason = _whole(" ".join(str(found.get("reason") or "").split())[:_REASON])
    return [claim for claim in claims if claim.text and (claim.agree or claim.differ)][:_MOST], reason


def _whole(words: str) -> str:
    """Up to the end of its last sentence, where the limit cut it off."""
    if len(words) < _REASON - 2 or words.endswith((".", "。")):
        return words
    end = max(words.rfind(". "), words.rfind("。"))
    return words[: end + 1] if end > 0 else words


async def _by_chair(sitting: Sitting, answers: Sequence[Contribution]) -> tuple[list[Claim], str]:
    labels = [each.label for each in answers]
    place = len(sitting.seats)
    try:
        reply = await ask_about(
            sitting, sitting.chair, letters(answers),
            lambda quoted: sitting.seeded(_request(sitting, quoted, labels), place),
        )  # fmt: skip
    except (YoriaiError, TimeoutError) as error:
        _log.warning("no table of claims by %s: %s", sitting.chair.name, error)
        return [], ""
    return read(reply.text, labels)


def _claim(row: dict[str, Any], labels: Sequence[str]) -> Claim:
    words = " ".join(str(row.get("claim") or "").split())[:_LONGEST]
    return Claim(
        text=words,
        agree=tuple(label for label in labels if row.get(label) == _AGREES),
        differ=tuple(label for label in labels if row.get(label) == _DIFFERS),
    )


def _request(sitting: Sitting, answers: str, labels: Sequence[str]) -> ChatRequest:
    task = text("responders.claims", language_of(sitting.question), answers=answers, most=_MOST)
    return sitting.request.model_copy(
        update={
            "model": sitting.chair.name, "messages": sitting.messages(task), "response_format": _format(labels),
            "max_completion_tokens": _TOKENS, "temperature": 0.0, "stop": None,
        }
    )  # fmt: skip


def _format(labels: Sequence[str]) -> ResponseFormat:
    """A verdict for every member: a list of those that agree would be filled with all of them."""
    row = {
        "type": "object",
        "properties": {"claim": {"type": "string", "minLength": 1, "maxLength": _LONGEST}}
        | {label: {"enum": [_AGREES, _DIFFERS, _SILENT]} for label in labels},
        "required": ["claim", *labels], "additionalProperties": False,
    }  # fmt: skip
    schema = {
        "type": "object",
        "properties": {
            "claims": {"type": "array", "items": row, "minItems": 1, "maxItems": _MOST},
            "reason": {"type": "string", "maxLength": _REASON},
        },
        "required": ["claims", "reason"], "additionalProperties": False,
    }  # fmt: skip
    return ResponseFormat.model_validate(
        {"type": "json_schema", "json_schema": {"name": "claims", "schema": schema, "strict": True}}
    )


def _row(sitting: Sitting, claim: Claim) -> str:
    differ = text("responders.claim_differ", sitting.language, labels=", ".join(claim.differ))
    return f"- {claim.text} [{', '.join(claim.agree)}]{differ if claim.differ else ''}"
