"""What an answer rests on, as the OpenAI routes tell it: annotations, and our own field `yoriai` beside them.

`annotations` is OpenAI's `file_citation` (platform.openai.com/docs/api-reference/responses): one for each [number] in
the text, `index` its place in characters. `yoriai` has the passages themselves and the verdict on each sentence; of a
council's or a reasoner's answer `deliberation`: who said what, and what it cost; of calls that the server carries out
`tool_uses`. While those are at work, deltas without words tell their `stage` and each call's state as `tool_use`.
Clients that don't know the field leave it alone.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from yoriai.api.encoding import json_text
from yoriai.deliberation import Deliberation
from yoriai.knowledge.support import CITED
from yoriai.tool_use import ToolUse
from yoriai.types import Citation, Sources, Stage, Support

_TOLD_STAGES = frozenset(
    {"parts", "members", "reviewing", "settling", "sampling", "scoring", "exploring", "repairing"}
)


class Grounds:
    """Gathers them for one answer; `shape` is None where there is nothing to tell."""

    def __init__(self) -> None:
        self.sources: Sources | None = None
        self.support: Support | None = None
        self.deliberation: Deliberation | None = None
        self.tool_uses: dict[str, ToolUse] = {}

    def take(self, event: Sources | Support | Deliberation | ToolUse) -> None:
        if isinstance(event, Sources):
            self.sources = event
        elif isinstance(event, Support):
            self.support = event
        elif isinstance(event, ToolUse):
            self.tool_uses[event.id] = event
        else:
            self.deliberation = event

    def shape(self, text: str) -> dict[str, Any] | None:
        """Fields of the message, or of the last delta, whose text is `text`."""
        told: dict[str, Any] = {}
        if self.sources is not None:
            told |= {
                "sources": asdict(self.sources),
                "support": asdict(self.support) if self.support else None,
            }
        if self.deliberation is not None:
            told |= {"deliberation": orjson.loads(json_text(asdict(self.deliberation)))}
        if self.tool_uses:
            told |= {"tool_uses": [orjson.loads(json_text(asdict(each))) for each in self.tool_uses.values()]}
        if not told:
            return None
        annotations = {"annotations": _annotations(text, self.sources)} if self.sources else {}
        return annotations | {"yoriai": told}


def stage_shape(stage: Stage) -> dict[str, Any] | None:
    """Of a delta that tells what a composite is doing; None: nothing that only a composite does."""
    if stage.name not in _TOLD_STAGES:
        return None
    told = {"name": stage.name, "detail": stage.detail, "progress": stage.progress}
    return {"yoriai": {"stage": told}}


def use_shape(use: ToolUse) -> dict[str, Any]:
    """Of a delta that tells how a call stands."""
    return {"yoriai": {"tool_use": asdict(use)}}


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
