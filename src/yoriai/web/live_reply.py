"""A running reply on the page: turns what it says into patches of rendered blocks. Used by `chat_page`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from anyio import to_thread

from yoriai.chat.reply import ReplyUpdate
from yoriai.deliberation import Deliberation
from yoriai.web import sources
from yoriai.web.deliberations import references
from yoriai.web.markdown import StreamingMarkdown
from yoriai.web.transcript import Transcript, deliberation_panel, labels_for, stage_text, tools_panel
from yoriai.web.visitor import Visitor


class LiveReply:
    """From the snapshot on; each update becomes at most one patch."""

    def __init__(self, reply_id: str, transcript: Transcript, visitor: Visitor) -> None:
        self._id = reply_id
        self._transcript = transcript
        self._visitor = visitor
        self._rendering = StreamingMarkdown(labels_for(visitor.language))
        self._text = ""
        self._reasoning_units = 0  # UTF-16 code units, as the browser counts
        self._stage = ""

    async def take(self, update: ReplyUpdate) -> None:
        """Whatever kind but the end. Rendered beside the loop, one update at a time."""
        reasoning = update.reasoning
        found, deliberation, uses = update.sources, update.deliberation, update.tool_uses
        if update.kind == "snapshot" and update.message:
            found, deliberation = update.message.sources, update.message.deliberation
            uses = update.message.tool_uses
            self._text, reasoning = update.message.content, update.message.reasoning
            self._stage = stage_text(update.stage, self._visitor)
        elif update.kind == "tools":
            self._stage = ""
        elif update.kind == "delta":
            self._text += update.text
            self._stage = ""
        elif update.kind == "stage":
            self._stage = stage_text(update.stage, self._visitor)
        if found:
            self._note(sources=sources.notes(found, None, self._visitor.language).sources)
        if deliberation and not self._rendering.notes.members:
            self._note(members=references(deliberation, self._visitor.language))
        first, blocks = await to_thread.run_sync(self._rendering.update, self._text)
        panel = await to_thread.run_sync(self._panel, deliberation)
        tools = await to_thread.run_sync(tools_panel, uses, self._visitor.language) if uses else None
        offset = self._reasoning_units
        self._reasoning_units += len(reasoning.encode("utf-16-le", "surrogatepass")) // 2
        self._transcript.patch(
            self._id,
            first,
            blocks,
            offset=offset,
            reasoning=reasoning,
            stage=self._stage,
            found=found,
            deliberation=panel,
            tools=tools,
        )

    def _note(self, **changes: Any) -> None:
        self._rendering.notes = replace(self._rendering.notes, **changes)

    def _panel(self, deliberation: Deliberation | None) -> dict[str, Any] | None:
        return deliberation_panel(deliberation, self._visitor.language, running=True)
