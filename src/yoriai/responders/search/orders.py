"""Choices shown in another order for each sample: what a model picks by its place then meets itself in the vote.

Small models lean to a place (the first option, or B) whatever stands there. Turned by one place for each sample, every
option stands at every place; labels are read back as the asker wrote them. `consistency` votes over it.
Source: Zheng et al. 2024, "Large Language Models Are Not Robust Multiple Choice Selectors" (cyclic permutation).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from yoriai.responders.comparing import answer_key
from yoriai.responders.options import options_in
from yoriai.types import ChatRequest

_ENDS = r"(?=[)\].:,、。．：]|[ \t]*$|です|だ|である|が|\s+is\b|\s*番)"
_BEGINS = r"(?<![A-Za-z0-9ァ-ヶ一-龠])"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A question as one sample is asked it. `labels`: as it is shown → as the asker wrote it; empty: not turned."""

    request: ChatRequest
    question: str
    labels: Mapping[str, str] = field(default_factory=dict)


def turned(request: ChatRequest, question: str, places: int) -> Shown:
    """The options of the last message moved up by `places`; as it is where they can't be told line by line."""
    plain = Shown(request=request, question=question)
    options = options_in(question)
    *before, last = request.messages
    if not options or not places % len(options) or not isinstance(last.content, str):
        return plain
    labels = list(options)
    moved = {label: labels[(at + places) % len(labels)] for at, label in enumerate(labels)}
    shown, content = _moved(question, options, moved), _moved(last.content, options, moved)
    if shown is None or content is None:
        return plain
    messages = [*before, last.model_copy(update={"content": content})]
    return Shown(request=request.model_copy(update={"messages": messages}), question=shown, labels=moved)


def as_asked(said: str, shown: Shown, question: str) -> tuple[str, str]:
    """A sample's words and its answer's label as the asker has them; of words that can't be read back, the option's."""
    key = answer_key(said, shown.question)
    if not shown.labels:
        return said, key
    key = shown.labels.get(key, "")
    names = "|".join(map(re.escape, shown.labels))
    words = re.sub(
        rf"{_BEGINS}({names}){_ENDS}", lambda match: shown.labels[match[1]], said, flags=re.MULTILINE
    )
    if not key or answer_key(words, question) == key:
        return words, key
    return f"{key}. {options_in(question)[key]}", key


def _moved(question: str, options: Mapping[str, str], moved: Mapping[str, str]) -> str | None:
    """`question` with each label before the words of another; None where a label has no line of its own."""
    lines: dict[str, re.Match[str]] = {}
    for label, words in options.items():
        mark = rf"^[ \t]*[(（\[]?{re.escape(label)}[)）\].:、．：]*[ \t　]*"
        found = [
            match for match in re.finditer(rf"(?P<mark>{mark})(?P<words>\S[^\n]*?)[ \t]*$", question, re.MULTILINE)
            if unicodedata.normalize("NFKC", match["words"]) == words
        ]  # fmt: skip
        if len(found) != 1:
            return None
        lines[label] = found[0]
    texts = {label: match["words"] for label, match in lines.items()}
    for label, match in sorted(lines.items(), key=lambda each: -each[1].start()):
        question = question[: match.start("words")] + texts[moved[label]] + question[match.end("words") :]
    return question
