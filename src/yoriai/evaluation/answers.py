"""How good answers from documents are: right, held back where there is no answer, with citations that hold.

Knows questions and replies, not who answered. `yoriai kb eval --answers` calls it.
"""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from yoriai.knowledge.measure import Estimate, mean, share
from yoriai.knowledge.support import CITED
from yoriai.responders.cited_reply import is_refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A question, what counts as right, and what was said."""

    answers: tuple[str, ...]  # any of them; empty: the documents have no answer
    reply: str
    cited: tuple[str, ...] = ()  # texts of the passages that the reply cites
    elapsed_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracy:
    """With 95 % intervals. `correct` and `char_f1` are of questions that have an answer."""

    questions: int
    unanswerable: int
    correct: Estimate  # the reply contains an answer
    char_f1: Estimate  # characters that reply and nearest answer share: low for long replies
    held_back: Estimate  # "not in the documents", though there is an answer
    abstained: Estimate  # "not in the documents" where there is none
    citations: int
    citations_hold: (
        Estimate  # of those shown for questions with an answer, the share whose passage contains it
    )
    median_s: float


def accuracy(answered: Sequence[Answered]) -> Accuracy:
    """Of one responder over all questions."""
    having = [each for each in answered if each.answers]
    without = [each for each in answered if not each.answers]
    cited = [(text, each.answers) for each in having for text in each.cited]
    return Accuracy(
        questions=len(answered),
        unanswerable=len(without),
        correct=share(sum(contains(each.reply, each.answers) for each in having), len(having)),
        char_f1=mean([max(char_f1(each.reply, answer) for answer in each.answers) for each in having]),
        held_back=share(sum(is_refusal(each.reply) for each in having), len(having)),
        abstained=share(sum(is_refusal(each.reply) for each in without), len(without)),
        citations=len(cited),
        citations_hold=share(sum(contains(text, answers) for text, answers in cited), len(cited)),
        median_s=statistics.median([each.elapsed_s for each in answered] or [0.0]),
    )


def contains(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the answers stands in the text; width, case, white space and punctuation don't count."""
    letters = _letters(text)
    return any(_letters(answer) in letters for answer in answers if _letters(answer))


def char_f1(reply: str, answer: str) -> float:
    """Harmonic mean of precision and recall over characters, each as often as it stands there.

    Source: JGLUE's evaluation of JSQuAD (Kurihara et al. 2022), after SQuAD's over words.
    """
    said, right = Counter(_letters(reply)), Counter(_letters(answer))
    common = (said & right).total()
    if not common:
        return 0.0
    precision, recall = common / said.total(), common / right.total()
    return 2 * precision * recall / (precision + recall)


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", CITED.sub("", text)).casefold()
    return "".join(character for character in plain if character.isalnum())
