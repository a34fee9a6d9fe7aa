"""A follow-up question made to stand alone, so that search finds what it is about: "and for part-timers?".

A rule first: a short question is searched together with the words of the one before. Where a word points back to
something that was said ("it", 「それ」), only the model knows to what: it is asked through a function, and what it
says is only ever a query. Knows no model; `responders.assistant` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from yoriai.knowledge.tokens import tokens

LONGEST = 400  # characters of a query made here
_CHAIN = 8  # questions that may go on from one another
_FEW_WORDS = 3
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers)\b"
    r"|\b(?:this|that|these|those)(?=\s*(?:[?.,]|$)|\s+(?:is|are|was|were|does|do|did|apply|mean|cost|case|one)\b)"
    r"|それ|これ|あれ|その|この|あの|そこ|ここ|彼|同じ|両方|どちら",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^\s*(?:and|or|but|so|then|also|what about|how about|why)\b"
    r"|^\s*(?:では|じゃあ|それなら|また|あと|なら|ちなみに)|(?:は|だと|なら|の場合は?|については?)\s*[?？]?\s*$",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"^(?:(?:standalone |rewritten )?question|質問|書き換え(?:た質問)?)\s*[:：]\s*", re.IGNORECASE
)

Ask = Callable[[], Awaitable[str]]


def by_rule(questions: Sequence[str]) -> tuple[str, ...]:
    """What to search for, for the last of `questions`: itself; and with the one before, where it goes on from it."""
    last = questions[-1].strip()
    if len(questions) < 2 or not _goes_on(last):
        return (last,)
    before = ""
    for question in map(str.strip, questions[-_CHAIN:-1]):
        before = f"{before[-LONGEST:]} {question}" if before and _goes_on(question) else question
    return last, f"{before[-LONGEST:]} {last}"


def needs_model(questions: Sequence[str]) -> bool:
    """Whether a word of the last question points back to what no rule can name."""
    return len(questions) > 1 and bool(_POINTS_BACK.search(questions[-1]))


async def condensed(questions: Sequence[str], ask: Ask) -> tuple[str, ...]:
    """The queries for the last of `questions`. `ask` has the model write it anew; nonsense is not used."""
    if not needs_model(questions):
        return by_rule(questions)
    return joined(questions, await ask())


def joined(questions: Sequence[str], written: str) -> tuple[str, ...]:
    """The model's question and the rule's; the rule's alone where the model wrote no question."""
    question = _NOISE.sub("", next(iter(written.strip().splitlines()), "")).strip(" \"'「」")
    if not question or len(question) > LONGEST or not tokens(question):
        return by_rule(questions)
    return question, by_rule(questions)[-1]


def _goes_on(question: str) -> bool:
    return bool(
        _POINTS_BACK.search(question) or _GOES_ON.search(question) or len(set(tokens(question))) <= _FEW_WORDS
    )
