"""One reply from passages as it streams: citations put right, held back where only the documents may speak.

With the gate, nothing is shown before a sentence came that a passage bears out whose document has what the question
names; where none ever comes, the reply is "not in the documents". `assistant` feeds it.
"""

from __future__ import annotations

from dataclasses import replace

from yoriai.i18n.catalogue import LANGUAGES, text
from yoriai.knowledge.mention import mentioning
from yoriai.knowledge.support import WEAK, Checker, Embed, claims
from yoriai.responders.citing import CitationStream
from yoriai.responders.turns import Grounded
from yoriai.types import Event, Finish, Language, SentenceSupport, Support, TextDelta, Usage


class CitedReply:
    """`is_gated`: nothing is shown before a sentence that the documents bear out; from there on everything is."""

    def __init__(self, grounded: Grounded, *, is_gated: bool) -> None:
        citations = grounded.sources.citations
        self._language = grounded.language
        self._checker = Checker(citations, grounded.question)
        self._fitting = mentioning(grounded.question, citations) if is_gated else frozenset()
        fitting = [each for each in citations if each.number in self._fitting]
        self._gate = Checker(fitting, grounded.question)
        self._stream = CitationStream({each.number for each in citations}, self._checker.settle)
        self._is_open = not is_gated
        self._held = ""
        self._judged = 0  # sentences of what is held that were looked at

    @property
    def text(self) -> str:
        """All of it so far, as the sentences of a check are counted in it."""
        return self._stream.text

    def feed(self, text: str) -> str:
        """What may be shown now."""
        return self._through(self._stream.feed(text), is_end=False)

    def finish(self) -> str:
        return self._through(self._stream.finish(), is_end=True)

    async def check(self, embed: Embed) -> tuple[Support, str]:
        """What bears out the sentences; and, with the gate still closed, what is shown instead of the reply."""
        answer = self._stream.text
        support = await self._checker.check(answer, embed)
        if self._is_open:
            return Support(sentences=tuple(self._marked(each) for each in support.sentences)), ""
        if not is_refusal(answer) and any(map(self._is_borne_out, support.sentences)):
            return support, self._held
        return Support(sentences=()), text("responders.not_in_documents", self._language)

    def _through(self, given: str, *, is_end: bool) -> str:
        if self._is_open:
            return given
        self._held += given
        spans = claims(self._held)
        for start, end in spans[self._judged : len(spans) if is_end else -1]:
            self._judged += 1
            sentence = self._held[start:end]
            if not is_refusal(self._held) and self._gate.best(sentence)[1] >= WEAK:
                self._is_open = True
                return self._held
        return ""

    def _is_borne_out(self, sentence: SentenceSupport) -> bool:
        return sentence.verdict in {"supported", "weak"} and not self._fitting.isdisjoint(sentence.citations)

    def _marked(self, sentence: SentenceSupport) -> SentenceSupport:
        """Told apart where the citation is ours and not the model's; one that was taken away had nothing to it."""
        is_added = any(sentence.start <= place < sentence.end for place in self._stream.added)
        is_removed = any(sentence.start <= place < sentence.end for place in self._stream.removed)
        verdict = "unsupported" if is_removed else sentence.verdict
        return replace(sentence, is_added=is_added, verdict=verdict)


def is_refusal(answer: str) -> bool:
    """The sentence that the model was told to say where the passages have no answer, in either language."""
    said = _letters(answer)
    return any(_letters(text("responders.not_in_documents", language)) in said for language in LANGUAGES)


def refusal(language: Language) -> list[Event]:
    """A reply that says no more than that."""
    return [
        TextDelta(text=text("responders.not_in_documents", language)),
        Support(sentences=()),
        Finish(reason="stop"),
        Usage(prompt_tokens=0, completion_tokens=0),
    ]


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
