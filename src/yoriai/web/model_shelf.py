"""Filters and a card per model. Which models there are stands in its properties; what changes is told.

Used by `models_page`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from yoriai.catalog.openness import VERDICTS
from yoriai.web.model_words import Card
from yoriai.web.visitor import Visitor

_LABELS = (
    "search", "filters", "fit", "fit_any", "fit_here", "fit_runs", "fit_fits_described", "fit_runs_described",
    "language", "any", "licence", "kind", "largest", "shown", "none", "reset", "this", "described", "looking",
    "why", "openness", "chain", "freedoms", "components", "questions", "unverified",
    "pull", "pull_title", "pull_size", "pull_sources", "pull_licence", "pull_limits", "pull_no_limits", "pull_no_room",
    "resume", "cancel", "stopping", "discard", "unload", "remove", "installed", "loaded", "loaded_none", "plan_only",
    "not_allowed", "kept", "details",
)  # fmt: skip


class ModelShelf(ui.element, component="model_shelf.js"):
    """Events: ready, openness {name}, pull {name}, cancel {name}, discard {name}, unload {name}, remove {name}."""

    def __init__(self, visitor: Visitor, *, manages: bool) -> None:
        super().__init__()
        self.props["labels"] = {name: visitor.text(f"models_{name}") for name in _LABELS}
        self.props["words"] = {
            "verdicts": {name: visitor.text(f"models_verdict_{name}") for name in VERDICTS},
            "kinds": {
                name: visitor.text(f"models_kind_{name}")
                for name in ("chat", "completion", "embedding", "reranker")
            },
            "cancel": visitor.text("cancel"),
        }
        self.props["locale"] = visitor.language
        self.props["manages"] = manages
        self.set_cards(())

    def set_cards(self, cards: Sequence[Card]) -> None:
        """Which models there are."""
        self.props["cards"] = list(cards)

    def tell_states(self, states: dict[str, Any]) -> None:
        """What is installed, loaded, being pulled, and how full the disk is."""
        self.run_method("tellStates", states)

    def tell_fits(self, machines: Sequence[str], fits: Sequence[dict[str, Any]]) -> None:
        """What this machine can do with each model, and what the described one, if there is one."""
        self.run_method("tellFits", list(machines), list(fits)[: len(machines)])

    def tell_openness(self, name: str, report: dict[str, Any]) -> None:
        self.run_method("tellOpenness", name, report)
