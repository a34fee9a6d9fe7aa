"""`yoriai kb eval --answers`: asks the questions, and shows how good the replies are. `kb` calls it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yoriai.cli.terminal import is_interactive, note, say

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf
    from yoriai.evaluation.answers import Answered

COLUMNS = ("measure", "value")
_LONGEST_REPLY_TOKENS = 300
_SHARES = ("correct", "char_f1", "held_back", "abstained", "citations_hold")


async def measured(shelf: Shelf, responder: str, questions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Figures of all questions, asked one by one, and each with its reply. Raises: as asking does."""
    from yoriai.evaluation.answers import accuracy

    answered = []
    for number, question in enumerate(questions, 1):
        if is_interactive():
            note(say("kb_eval_asking", number=number, count=len(questions)))
        answered.append(await _asked(shelf, responder, question))
    replies = [
        {"question": question["question"], "reply": each.reply}
        for question, each in zip(questions, answered, strict=True)
    ]
    return {"responder": responder, **asdict(accuracy(answered)), "replies": replies}


def cells(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows for people."""
    counts = [(say("kb_eval_responder"), str(figures["responder"]))]
    counts += [(say(f"kb_eval_{name}"), str(figures[name])) for name in ("questions", "unanswerable")]
    shares = [(say(f"kb_eval_{name}"), _percent(figures[name])) for name in _SHARES]
    return [*counts, *shares, (say("kb_eval_median_s"), f"{figures['median_s']:.1f}")]


async def _asked(shelf: Shelf, responder: str, question: dict[str, Any]) -> Answered:
    from yoriai.evaluation.answers import Answered

    begun = time.perf_counter()
    body = {
        "model": responder, "messages": [{"role": "user", "content": question["question"]}], "temperature": 0,
        "max_tokens": _LONGEST_REPLY_TOKENS,
    }  # fmt: skip
    message = (await shelf.ask("POST", "/v1/chat/completions", json=body))["choices"][0]["message"]
    sources = (message.get("yoriai") or {}).get("sources") or {"citations": []}
    texts = {citation["number"]: citation["text"] for citation in sources["citations"]}
    numbers = dict.fromkeys(each["number"] for each in message.get("annotations") or [])
    return Answered(
        answers=right_of(question), reply=message["content"] or "", cited=tuple(texts[each] for each in numbers),
        elapsed_s=time.perf_counter() - begun,
    )  # fmt: skip


def right_of(question: dict[str, Any]) -> tuple[str, ...]:
    """What counts as right; nothing where the documents have no answer."""
    if question.get("unanswerable"):
        return ()
    return tuple(question.get("answers") or ()) or ((question["answer"],) if question.get("answer") else ())


def _percent(figure: dict[str, float]) -> str:
    return f"{100 * figure['value']:.1f} % ({100 * figure['low']:.1f}–{100 * figure['high']:.1f})"
