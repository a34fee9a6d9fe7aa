"""One collection: overview, handing in, search, documents. What it shows is told. Used by `collection_page`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from yoriai.i18n.figures import size
from yoriai.knowledge.naming import LONGEST_NAME
from yoriai.responders.assistants import Mode
from yoriai.web import sharing_words
from yoriai.web.visitor import Visitor

_LABELS = (
    "overview", "name", "rename", "remove", "ask", *sharing_words.LABELS, "stop",
    "resume", "watched", "unwatch", "add", "drop", "files", "folder", "paste", "title", "text", "add_text", "page",
    "add_page", "sent", "stop_sending", "clear", "upload_waiting", "upload_sending", "upload_sent", "upload_failed",
    "upload_stopped", "from", "from_passages", "from_whole", "only", "search", "look",
    "missing", "documents", "filter", "empty", "drop_document", "retry", "more",
)  # fmt: skip


class CollectionDesk(ui.element, component="collection_desk.js"):
    """Events: ready, ask {mode, only}, share {sharing, groups}, rename {name}, remove, stop {id}, resume,
    text {title, text}, page {address}, unwatch {folder}, search {query}, list {words, limit}, discard {id, name},
    retry {id}.
    """  # fmt: skip

    def __init__(self, visitor: Visitor, collection_id: str, *, most_bytes: int, chooses: bool) -> None:
        super().__init__()
        labels = {name: visitor.text(f"collections_{name}") for name in _LABELS}
        self.props["labels"] = labels | {
            "cancel": visitor.text("cancel"),
            "unreachable": visitor.text("unreachable"),
            "too_large": visitor.text("collections_too_large", limit=size(most_bytes)),
        }
        self.props["limit"] = LONGEST_NAME
        self.props["most-bytes"] = most_bytes
        self.props["chooses"] = chooses
        self.props["locale"] = visitor.language
        self.props["address"] = f"/api/collections/{collection_id}/documents"

    def tell(self, state: dict[str, Any]) -> None:
        """How far the collection is."""
        self.run_method("tell", state)

    def tell_ways(self, only_documents: Mapping[Mode, bool]) -> None:
        """By mode: whether answers keep to the documents."""
        self.run_method("tellWays", dict(only_documents))

    def tell_documents(self, items: list[dict[str, Any]], total: int) -> None:
        """The first of its documents, and how many there are."""
        self.run_method("tellDocuments", {"items": items, "total": total})

    def tell_found(self, found: dict[str, Any] | None) -> None:
        """What was found; None: the search failed, for a reason that was said."""
        self.run_method("tellFound", found)

    def added(self) -> None:
        """What was pasted is kept: the form may be empty again."""
        self.run_method("added")
