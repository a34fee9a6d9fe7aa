"""Whether documents speak of what a question names: people, places, products. Knows words only.

Where only the documents may answer, a question about something that none of them mentions has no answer there, and a
sentence about something else is none. `cited_reply` and `assistant` ask. Figures in docs/log.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from yoriai.knowledge.sentences import sentences
from yoriai.knowledge.split import language_of
from yoriai.knowledge.tokens import names, tokens
from yoriai.types import Citation

_LEAST = 0.5  # of the names: one may be misspelt, or be the asker's own
_ASKS = re.compile(r"(?:[?？]|か[。．.]?)[」』)）]?\s*$")


def mentioning(question: str, passages: Sequence[Citation]) -> frozenset[int]:
    """Numbers of the passages whose document has at least half of the names in `question`.

    All of them where it names nothing; one in another language, where names are spelt in another way, always.
    """
    asked = _asking(question)
    named = names(asked) & set(tokens(asked))
    if not named:
        return frozenset(each.number for each in passages)
    language = language_of(question)
    words: dict[str, set[str]] = defaultdict(set)
    for each in passages:
        words[each.document_id] |= set(tokens(f"{each.document}\n{each.text}"))
    return frozenset(
        each.number for each in passages
        if language_of(each.text) != language or len(named & words[each.document_id]) >= _LEAST * len(named)
    )  # fmt: skip


def asks(text: str) -> bool:
    """Whether a sentence of `text` is a question."""
    return any(_ASKS.search(text[start:end]) for start, end in sentences(text))


def _asking(question: str) -> str:
    """The sentences that ask: what somebody tells of themselves before need not be in a document."""
    found = [question[start:end] for start, end in sentences(question)]
    return " ".join(filter(_ASKS.search, found)) or question
