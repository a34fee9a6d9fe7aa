"""An answer's citations while it streams: one spelling, none that names no passage, the right one where it is known.

Text is held back only from a bracket to its end, and from the end of a sentence to the beginning of the next.
`assistant` feeds it; what bears a sentence out is `knowledge.support`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from yoriai.knowledge.support import cited_in, claims

_WHOLE = re.compile(
    r"[\[［【]\s*\^?\s*(?:(?:資料|文書|出典|passages?|sources?|documents?)\s*)?"
    r"(\d{1,4}(?:\s*[,、，;；~〜–-]\s*\d{1,4})*)\s*[\]］】]",
    re.IGNORECASE,
)
_BEGUN = re.compile(r"[\[［【][\s^]*[a-z資料文書出典]*[\s\d,、，;；~〜–-]*$", re.IGNORECASE)
_LONGEST = 40  # characters of a citation that isn't closed yet
_OPENING = re.compile(r"[\[［【]")
_RANGE = re.compile(r"(\d+)\s*[~〜–-]\s*(\d+)")
_ENDING = re.compile(r"(?:\s*\[\d+\])*(?:[。．｡！？!?.…]+[」』）)\"'”’]*)?(?:\s*\[\d+\])*\s*$")

_SPACED_CITED = re.compile(r"\s*\[\d{1,3}\]")

# Of a sentence and the numbers it cites: those that are to be shown.
Settle = Callable[[str, tuple[int, ...]], tuple[int, ...]]


class CitationStream:
    """Of one answer. `valid`: numbers that passages have; `settle` decides on each sentence when it is complete."""

    def __init__(self, valid: Collection[int], settle: Settle) -> None:
        self._valid = frozenset(valid)
        self._settle = settle
        self._raw = ""  # may still become a citation
        self._open = ""  # the sentence that is being written …
        self._shown = 0  # … and how much of it was given out
        self._was_citation = False
        self.added: list[int] = []  # places in the answer of numbers that the model had not named …
        self.removed: list[int] = []  # … and where it had named some, of which none is shown
        self.text = ""  # all that was given out

    def feed(self, text: str) -> str:
        """What of the answer may be shown by now that wasn't before."""
        self._raw += text
        return self._give(self._settled(is_end=False), is_end=False)

    def finish(self) -> str:
        return self._give(self._settled(is_end=True), is_end=True)

    def _settled(self, *, is_end: bool) -> str:
        """Take from the raw text what can be no part of a citation any more, citations in their one spelling."""
        done = ""
        while opening := _OPENING.search(self._raw):
            done += self._plain(self._raw[: opening.start()])
            self._raw = self._raw[opening.start() :]
            if match := _WHOLE.match(self._raw):
                citation = self._citation(match, sentence=self._open + done)
                done = done + citation if citation else self._without_space(done)
                self._raw = self._raw[match.end() :]
            elif not is_end and len(self._raw) < _LONGEST and _BEGUN.match(self._raw):
                return done
            else:
                done += self._plain(self._raw[0])
                self._raw = self._raw[1:]
        done += self._plain(self._raw)
        self._raw = ""
        return done

    def _without_space(self, done: str) -> str:
        """Nothing stands where a citation was: not the space before it either."""
        if not done.rstrip(" "):
            self._open = self._open[: max(self._shown, len(self._open.rstrip(" ")))]
        return done.rstrip(" ")

    def _plain(self, text: str) -> str:
        """No citation becomes the text of a link: `[1](…)`, or the name of one: `[1]: …`."""
        if text:
            text = f" {text}" if self._was_citation and text[0] in "(:" else text
            self._was_citation = False
        return text

    def _citation(self, match: re.Match[str], sentence: str) -> str:
        passed = self.text + sentence[self._shown :]
        if passed.count("```") % 2 or passed.rpartition("\n")[2].count("`") % 2:
            return match.group()  # code: `values[1]`
        numbers = [number for number in _numbers(match.group(1)) if number in self._valid]
        self._was_citation = bool(numbers)
        named = cited_in(sentence[claims(sentence)[-1][0] :]) if claims(sentence) else []
        fresh = [number for number in dict.fromkeys(numbers) if number not in named]
        return "".join(f"[{number}]" for number in fresh)

    def _is_code(self) -> bool:
        return self.text.count("```") % 2 == 1

    def _give(self, text: str, *, is_end: bool) -> str:
        self._open += text
        given = ""
        while True:
            end = self._end_of_sentence(is_end=is_end)
            if end is None:
                break
            given += self._close(end)
        hold = len(self._open.rstrip()) if is_end else self._safe()
        if hold > self._shown:
            given += self._out(self._open[self._shown : hold])
            self._shown = hold
        return given

    def _end_of_sentence(self, *, is_end: bool) -> int | None:
        """Where the first sentence of the open text ends, once another has begun (or the answer has ended)."""
        spans = claims(self._open)
        if self._is_code() or not spans:
            return None
        return spans[0][1] if len(spans) > 1 or is_end else None

    def _close(self, end: int) -> str:
        """Give out the rest of a sentence, with the numbers that are to stand at its end."""
        sentence, tail = self._open[:end], self._open[self._shown : end]
        cited = tuple(dict.fromkeys(cited_in(sentence)))
        settled = self._settle(sentence, cited)
        if settled == cited or "`" in tail:
            given = self._out(tail)
        else:
            given = self._out(_SPACED_CITED.sub("", tail).rstrip())
            shown = cited_in(sentence[: self._shown])
            given += self._marks([number for number in settled if number not in shown], cited)
            if not settled and not shown:
                self.removed.append(len(self.text) - 1)
        self._open, self._shown = self._open[end:], max(0, self._shown - end)
        return given

    def _marks(self, numbers: list[int], cited: tuple[int, ...]) -> str:
        given = self._out(" ") if numbers and self.text[-1:].isascii() else ""
        for number in numbers:
            if number not in cited:
                self.added.append(len(self.text))
            given += self._out(f"[{number}]")
        return given

    def _safe(self) -> int:
        if self._is_code():
            return len(self._open)
        match = _ENDING.search(self._open)
        return max(self._shown, match.start() if match else len(self._open))

    def _out(self, text: str) -> str:
        self.text += text
        return text


def _numbers(written: str) -> list[int]:
    found: list[int] = []
    for part in re.split(r"[,、，;；]", written):
        if spread := _RANGE.search(part):
            first, last = int(spread[1]), int(spread[2])
            found += range(first, min(last, first + 20) + 1)
        elif part.strip().isdecimal():
            found.append(int(part))
    return found
