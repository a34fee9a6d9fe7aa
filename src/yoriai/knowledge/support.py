"""Whether what an answer cites bears it out, sentence by sentence: words, numbers, names, and meaning where it can.

A number or a name that neither the passage nor the question has makes a sentence unsupported, however near the rest
is. Otherwise the share of its words that the passage has decides; where both are in different languages, the cosine
of their meanings may make it weak, never supported. Knows no model: vectors come from a function.
Thresholds: chosen on half of the articles of JSQuAD and XQuAD, see docs/log.md and benchmarks/answers.py.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from yoriai.knowledge.nearness import stands_apart, units
from yoriai.knowledge.numerals import numbers
from yoriai.knowledge.sentences import Span, sentences, trimmed
from yoriai.knowledge.split import language_of
from yoriai.knowledge.tokens import names, tokens
from yoriai.types import Citation, SentenceSupport, Support

SUPPORTED, WEAK = 0.7, 0.5  # of a sentence's words
ATTACHED = 0.8  # from here on a passage is named that the answer doesn't name itself
NEAR = 0.79  # cosine of E5 across languages: the right passage 0.80 to 0.87, another one 0.72 to 0.78
_ECHO = 0.25  # what a word counts that the question brought …
_ECHOED = 0.4  # … and so many of those that a sentence repeats its document must have: else it speaks of something else
_BELOW = 0.49  # short of weak
_DOUBTED = 0.69  # short of supported
CITED = re.compile(r"\[(\d{1,3})\]")
_LEADING = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+[。．.]?")
_ONLY_CITED = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+[。．.]?\s*")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MARKER = re.compile(r"\d{1,2}[.)．]")  # of a list
_MARKUP = re.compile(r"^\s*(?:[-*+•・]|\d{1,2}[.)])\s+|[*_`#>]")

# Say nothing that a passage could bear out, as `tokens` spells them.
_EMPTY_ENGLISH = (
    "a an the and or but nor so of in on at to from by for with as is are was were be been being has have had do doe "
    "did it it's this that these those there which who whom what when where how than then also veri not no yes its "
    "their his her they he she we you i can could will would may might shall should must into onto about over under "
    "accord passag document text state mention describ provid base answer question"
)
_EMPTY_JAPANESE = (
    "はい いいえ 為る 有る 居る 成る 言う 事 物 此れ 其れ 其の 此の 様 資料 文書 依る 記載 述べる 答え 質問 因る "
    "基づく よる こと つく よう 於く おく"
)
_EMPTY = frozenset(f"{_EMPTY_ENGLISH} {_EMPTY_JAPANESE}".split())

Verdict = Literal["supported", "weak", "unsupported", "uncited"]
# Vectors of length 1 of texts, [n, d]; None: they can't be had now.
Embed = Callable[[Sequence[str]], Awaitable[npt.NDArray[np.float32] | None]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a text can be compared."""

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    language: str
    around: frozenset[str] = frozenset()  # words of the other passages of its document
    units: tuple[frozenset[str], ...] = ()  # words of its sentences and rows


def facts(text: str) -> Facts:
    plain = _MARKUP.sub(" ", CITED.sub(" ", text))
    found = frozenset(numbers(plain))
    words = frozenset(tokens(plain)) - _EMPTY
    return Facts(
        words=words, numbers=found, names=frozenset(names(plain)) & words, language=language_of(plain)
    )


def score(claim: Facts, passage: Facts, question: Facts) -> float:
    """Share of the claim's words that the passage has, 0..1; 0 where it has a number or a name from nowhere.

    Of the words that the question didn't bring, at least as large a share must be there. A claim that repeats what the
    question is about, which the document doesn't have, is one about something else with a value from the document; one
    whose value stands beside nothing that it is about is doubted.
    """
    if claim.numbers - passage.numbers - question.numbers:
        return 0.0
    is_same_language = claim.language == passage.language
    if is_same_language and claim.names - passage.words - question.words:
        return 0.0
    weights = {word: _ECHO if word in question.words else 1.0 for word in claim.words}
    total = sum(weights.values())
    if not total:
        return 0.0
    shared = sum(weight for word, weight in weights.items() if word in passage.words) / total
    said, echoed = claim.words - question.words, claim.words & question.words
    value = min(shared, len(said & passage.words) / len(said)) if said else shared
    if is_same_language and stands_apart(said, echoed, passage.units):
        value = min(value, _DOUBTED)
    is_elsewhere = len(echoed & (passage.words | passage.around)) < _ECHOED * len(echoed)
    return min(value, _BELOW) if is_elsewhere and is_same_language else value


class Checker:
    """Checks sentences of one answer against its passages; reads each passage once."""

    def __init__(self, citations: Sequence[Citation], question: str) -> None:
        self._passages = {each.number: each for each in citations}
        self._facts: dict[int, Facts] = {}
        self._question = facts(question)

    def score(self, sentence: str, number: int) -> float:
        """By words, of one passage."""
        return score(facts(sentence), self._fact(number), self._question)

    def best(self, sentence: str) -> tuple[int, float]:
        """The passage that bears it out best, by words; (0, 0.0) where there is none, or nothing is said."""
        claim = facts(sentence)
        if not claim.words - self._question.words:
            return 0, 0.0
        scores = [(score(claim, self._fact(number), self._question), -number) for number in self._passages]
        best, number = max(scores, default=(0.0, 0))
        return -number, best

    def settle(self, sentence: str, cited: tuple[int, ...]) -> tuple[int, ...]:
        """Of the numbers that a sentence cites, those whose passages may bear it out; else the one that does.

        Across languages words can't tell: there the model's word stands.
        """
        claim = facts(sentence)
        if not claim.words:
            return cited
        foreign = [number for number in cited if self._fact(number).language != claim.language]
        good = [n for n in cited if n in foreign or score(claim, self._fact(n), self._question) >= WEAK]
        if not good and self._together(sentence, cited) >= WEAK:
            return cited
        if good:
            return tuple(good)
        number, value = self.best(sentence)
        return (number,) if value >= ATTACHED else ()

    async def check(self, answer: str, embed: Embed) -> Support:
        """Of every sentence of `answer`."""
        return Support(
            sentences=tuple([await self._sentence(answer, span, embed) for span in claims(answer)])
        )

    async def _sentence(self, answer: str, span: Span, embed: Embed) -> SentenceSupport:
        text = answer[span[0] : span[1]]
        cited = tuple(dict.fromkeys(n for n in cited_in(text) if n in self._passages))
        if not facts(text).words:
            said = any(character.isalpha() for character in CITED.sub("", text))
            # "Yes [1].": nothing that could be compared. A number alone says nothing at all.
            verdict: Verdict = "uncited" if not cited else "weak" if said else "unsupported"
            return SentenceSupport(start=span[0], end=span[1], verdict=verdict, citations=cited)
        value = self._together(text, cited)
        if cited and value < WEAK:
            value = max(value, await self._by_meaning(text, cited, embed))
        return SentenceSupport(
            start=span[0], end=span[1], verdict=_verdict(value) if cited else "uncited", citations=cited,
            score=round(value, 3),
        )  # fmt: skip

    def _together(self, sentence: str, cited: Sequence[int]) -> float:
        """By words, of the cited passages as one."""
        parts = [self._fact(number) for number in cited]
        if not parts:
            return 0.0
        whole = Facts(
            words=frozenset().union(*(part.words for part in parts)),
            numbers=frozenset().union(*(part.numbers for part in parts)),
            names=frozenset(), language=parts[0].language,
            around=frozenset().union(*(part.around for part in parts)),
            units=tuple(unit for part in parts for unit in part.units),
        )  # fmt: skip
        return score(facts(sentence), whole, self._question)

    async def _by_meaning(self, sentence: str, cited: Sequence[int], embed: Embed) -> float:
        """`WEAK` where a part of a cited passage in another language means about the same; else 0.

        Not within a language: there, a wrong answer about the right thing is as near as a true one.
        """
        claim = facts(sentence)
        passages = [self._fact(number) for number in cited]
        if claim.numbers - self._question.numbers - frozenset().union(*(each.numbers for each in passages)):
            return 0.0
        if any(claim.language == each.language for each in passages):
            return 0.0
        plain = CITED.sub("", sentence)
        vectors = await embed([plain, *(part for n in cited for part in _parts(self._passages[n].text))])
        if vectors is None:
            return 0.0
        return WEAK if float((vectors[1:] @ vectors[0]).max(initial=0)) >= NEAR else 0.0

    def _fact(self, number: int) -> Facts:
        if number not in self._facts:
            passage = self._passages[number]
            beside = (
                each.text for each in self._passages.values() if each.document_id == passage.document_id
            )
            self._facts[number] = replace(
                facts(f"{passage.document}\n{passage.text}"),
                around=frozenset(tokens("\n".join(beside))),
                units=units(passage.text),
            )
        return self._facts[number]


def cited_in(text: str) -> list[int]:
    return [int(number) for number in CITED.findall(text)]


def claims(answer: str) -> list[Span]:
    """The sentences of an answer, each with the citations that follow it; code and headings are none."""
    found: list[Span] = []
    for first, last in _prose(answer):
        at = first
        for line in answer[first:last].splitlines(keepends=True):
            if found and _ONLY_CITED.fullmatch(line):  # on a line of its own: of what stands above
                found[-1] = (found[-1][0], at + len(line.rstrip()))
            elif not line.lstrip().startswith("#"):
                found += _of_line(answer, at, at + len(line))
            at += len(line)
    return found


def _of_line(answer: str, start: int, end: int) -> list[Span]:
    found: list[Span] = []
    for first, last in sentences(answer, start, end):
        leading = _LEADING.match(answer, first, last) if found else None
        if leading:  # 「…です。[1]」: the number belongs to what stands before it
            found[-1] = (found[-1][0], first + len(leading.group().rstrip()))
        if rest := trimmed(answer, leading.end() if leading else first, last):
            start_of = found.pop()[0] if found and _MARKER.fullmatch(answer, *found[-1]) else rest[0]
            found.append((start_of, rest[1]))
    return found


def _prose(answer: str) -> list[Span]:
    spans, at = [], 0
    for fence in _FENCE.finditer(answer):
        spans.append((at, fence.start()))
        at = fence.end()
    return [*spans, (at, len(answer))]


def _parts(text: str, most: int = 6) -> list[str]:
    """Sentences of a passage, few of them: a vector costs a tenth of a second and more."""
    spans = sentences(text)
    step = -(-len(spans) // most)
    return [
        text[spans[i][0] : spans[min(i + step, len(spans)) - 1][1]]
        for i in range(0, len(spans), max(1, step))
    ]


def _verdict(value: float) -> Verdict:
    if value >= SUPPORTED:
        return "supported"
    return "weak" if value >= WEAK else "unsupported"
