"""The list of collections and the form for a new one. Used by `collections_page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from yoriai.knowledge.jail_words import JailWords
from yoriai.knowledge.naming import LONGEST_NAME
from yoriai.records import Group
from yoriai.web import sharing_words
from yoriai.web.visitor import Visitor

_LABELS = ("name", "new", "create", "none", "guest", *sharing_words.LABELS)


class CollectionShelf(ui.element, component="collection_shelf.js"):
    """Events: ready, create {name, sharing, groups}. `groups`: that the visitor may share with."""

    def __init__(self, visitor: Visitor, *, makes: bool, groups: Sequence[Group]) -> None:
        super().__init__()
        self.props["labels"] = {name: visitor.text(f"collections_{name}") for name in _LABELS}
        self.props["limit"] = LONGEST_NAME
        self.props["makes"] = makes
        self.props["groups"] = sharing_words.offered(groups)

    def tell(self, cards: list[dict[str, Any]]) -> None:
        """Which collections there are, and how far each is."""
        self.run_method("tell", cards)

    def tell_reading(self, words: JailWords) -> None:
        """How the process that reads files is kept in."""
        reading = {"message": words.message, "mend": words.mend, "safe": words.is_safe}
        self.run_method("tellReading", reading)

    def created(self) -> None:
        """The form may be empty again."""
        self.run_method("created")
