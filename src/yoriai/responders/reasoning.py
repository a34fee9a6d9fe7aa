"""Tells reasoning (`<think>…</think>`) from the answer, where the engine has not done so. Pure.

Only at the beginning of an answer: a text that merely speaks of the tag stays as it is.
"""

from __future__ import annotations

from yoriai.types import Event, ReasoningDelta, TextDelta

_OPENING, _CLOSING = "<think>", "</think>"


class ReasoningSplitter:
    """For one choice. Feed it every text delta; `finish` gives what was held back."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._held = ""
        self._reasoned = False
        self._place = "start"  # then "reasoning", "gap" (blank lines after it) and "answer"

    def feed(self, delta: TextDelta) -> list[Event]:
        if self._place == "answer" and not self._held:
            return [delta]
        text, self._held = self._held + delta.text, ""
        events: list[Event] = []
        if self._place == "start":
            text = self._open(text)
        if self._place == "reasoning":
            text = self._reason(text, events)
        if self._place == "gap":
            text = text.lstrip()
            self._place = "answer" if text else "gap"
        if self._place == "answer" and text:
            events.append(TextDelta(text=text, index=self._index, logprobs=delta.logprobs))
        return events

    def finish(self) -> list[Event]:
        held, self._held = self._held, ""
        if not held:
            return []
        if self._place == "reasoning":
            return [ReasoningDelta(text=held, index=self._index)]
        return [TextDelta(text=held, index=self._index)]

    def _open(self, text: str) -> str:
        begun = text.lstrip()
        if begun.startswith(_OPENING):
            self._place = "reasoning"
            return begun.removeprefix(_OPENING)
        if _OPENING.startswith(begun):
            self._held = text
            return ""
        self._place = "answer"
        return text

    def _reason(self, text: str, events: list[Event]) -> str:
        text = text if self._reasoned else text.lstrip("\n")
        reasoning, closing, rest = text.partition(_CLOSING)
        if closing:
            self._place = "gap"
        else:
            keep = _overlap(reasoning, _CLOSING)
            self._held = reasoning[len(reasoning) - keep :]
            reasoning = reasoning[: len(reasoning) - keep]
        if reasoning:
            self._reasoned = True
            events.append(ReasoningDelta(text=reasoning, index=self._index))
        return rest


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
