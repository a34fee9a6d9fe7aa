"""Whether what a sentence says of something stands beside it in a passage: in one sentence, one row, under one heading.

A value of the right passage about another thing is the mistake that counting words can't see. Knows words only;
`support` asks. Figures in docs/log.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from yoriai.knowledge.sentences import sentences
from yoriai.knowledge.tokens import tokens

Words = frozenset[str]
_HEADING = re.compile(r"[^,\t|。．.!?！？]{1,60}")  # a short line that is neither a sentence nor a row


def units(text: str) -> tuple[Words, ...]:
    """The words of every sentence and row, with those of the heading above it."""
    return tuple(_units(text))


def stands_apart(said: Words, echoed: Words, passage: Sequence[Words]) -> bool:
    """Does nothing of what the sentence is about stand where most of what it says of that stands?

    Args:
        said: its words that the question didn't bring.
        echoed: its words that the question brought.
    """
    most = max((len(said & unit) for unit in passage), default=0)
    if not most or not echoed:
        return False
    return all(not unit & echoed for unit in passage if len(said & unit) == most)


def _units(text: str) -> Iterator[Words]:
    heading: Words = frozenset()
    for line in text.splitlines():
        if _HEADING.fullmatch(line.strip()):
            heading = frozenset(tokens(line))
        for start, end in sentences(line):
            yield frozenset(tokens(line[start:end])) | heading
