"""What an answer rests on, for the terminal: its sources, the sentences not to trust, how it was deliberated.

`ask` and `chat` print it under an answer. Knows types only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yoriai.cli.terminal import harmless, note, result, say

if TYPE_CHECKING:
    from yoriai.deliberation import Deliberation
    from yoriai.tool_use import ToolUse
    from yoriai.types import Citation, Event, Sources, Support

_CITED = re.compile(r"\[(\d{1,3})\]")
_LONGEST_SENTENCE = 160  # characters that are shown of one


class Grounds:
    """Gathers them from the events of one answer."""

    def __init__(self) -> None:
        self.sources: Sources | None = None
        self.support: Support | None = None
        self.deliberation: Deliberation | None = None
        self.tool_uses: dict[str, ToolUse] = {}
        self._text = ""

    def take(self, event: Event) -> None:
        from yoriai.deliberation import Deliberation
        from yoriai.tool_use import ToolUse
        from yoriai.types import Sources, Support, TextDelta

        if isinstance(event, TextDelta):
            self._text += event.text
        elif isinstance(event, Sources):
            self.sources = event
        elif isinstance(event, Support):
            self.support = event
        elif isinstance(event, Deliberation):
            self.deliberation = event
        elif isinstance(event, ToolUse):
            self.tool_uses[event.id] = event

    def print(self) -> None:
        """Nothing where the answer doesn't rest on documents."""
        if self.sources is None:
            return
        cited = {int(number) for number in _CITED.findall(self._text)}
        shown = [citation for citation in self.sources.citations if citation.number in cited]
        if shown:
            result("\n" + say("ask_sources"))
        for citation in shown:
            result(_line(citation))
        self._print_doubts()
        sources = self.sources
        note(
            say(
                "ask_budget", found=sources.found, used=len(sources.citations), left_out=sources.left_out,
                tokens=sources.tokens, budget=sources.budget,
            )
        )  # fmt: skip

    def _print_doubts(self) -> None:
        sentences = self.support.sentences if self.support else ()
        doubtful = [each for each in sentences if each.verdict != "supported"]
        if doubtful:
            result("\n" + say("ask_doubts"))
        for each in doubtful:
            sentence = " ".join(harmless(self._text[each.start : each.end]).split())
            cut = sentence if len(sentence) <= _LONGEST_SENTENCE else sentence[:_LONGEST_SENTENCE] + "…"
            result(f"  {say(f'ask_verdict_{each.verdict}')}: {cut}")


def _line(citation: Citation) -> str:
    place = say("ask_source", document=harmless(citation.document).replace("\n", " "), page=citation.page)
    return f"  [{citation.number}] {place}"
