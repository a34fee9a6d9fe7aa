"""What an answer from documents rests on, as the OpenAI routes tell it: annotations, and our own field beside them.

`annotations` is OpenAI's `file_citation` (platform.openai.com/docs/api-reference/responses): one for each [number] in
the text, `index` its place in characters. `yoriai` has the passages themselves and the verdict on each sentence.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from yoriai.knowledge.support import CITED
from yoriai.types import Citation, Sources, Support


class Grounds:
    """Gathers them for one answer; `shape` is None where it doesn't rest on documents."""

    def __init__(self) -> None:
        self.sources: Sources | None = None
        self.support: Support | None = None

    def take(self, event: Sources | Support) -> None:
        if isinstance(event, Sources):
            self.sources = event
        else:
            self.support = event

    def shape(self, text: str) -> dict[str, Any] | None:
        """Fields of the message, or of the last delta, whose text is `text`."""
        if self.sources is None:
            return None
        support = asdict(self.support) if self.support else None
        return {
            "annotations": _annotations(text, self.sources),
            "yoriai": {"sources": asdict(self.sources), "support": support},
        }


def _annotations(text: str, sources: Sources) -> list[dict[str, Any]]:
    by_number = {citation.number: citation for citation in sources.citations}
    found = [(match.start(), int(match.group(1))) for match in CITED.finditer(text)]
    return [_annotation(place, by_number[number]) for place, number in found if number in by_number]


def _annotation(place: int, citation: Citation) -> dict[str, Any]:
    return {
        "type": "file_citation",
        "index": place,
        "file_id": citation.file_id or citation.document_id,
        "filename": citation.document,
        "number": citation.number,
        "page": citation.page,
    }
