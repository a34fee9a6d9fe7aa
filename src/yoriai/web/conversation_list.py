"""The visitor's conversations: search, choose, rename, delete. Used by `chat_page`."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from yoriai.conversations import Conversation
from yoriai.web.visitor import Visitor

_LABELS = (
    "conversations", "search", "no_conversations", "nothing_found", "untitled", "more", "rename", "remove",
    "today", "yesterday", "week", "older",
)  # fmt: skip


class ConversationList(ui.element, component="conversation_list.js"):
    """Events: choose {id}, back {id} (empty: a new one), rename {id, title}, remove {id}, search {words}."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        self.props["labels"] = {name: visitor.text(name) for name in _LABELS}
        self.set_items(())
        self.set_active("")

    def set_items(self, conversations: Sequence[Conversation]) -> None:
        self.props["items"] = [
            {"id": each.id, "title": each.title, "updated": each.updated_at.isoformat()}
            for each in conversations
        ]

    def set_active(self, conversation_id: str) -> None:
        """The one that is shown; empty: none."""
        self.props["active"] = conversation_id
