"""The four votes of a blind battle, by click and by key. Used by `arena_page`."""

from __future__ import annotations

from nicegui import ui

from yoriai.web.visitor import Visitor

_WINNERS = ("model_a", "model_b", "tie", "bothbad")


class VoteBar(ui.element, component="vote_bar.js"):
    """Events: vote {winner}."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        labels = {name: visitor.text(f"vote_{name}") for name in _WINNERS}
        self.props["labels"] = labels | {name: visitor.text(f"vote_{name}") for name in ("question", "keys")}
        self.set_open(False)

    def set_open(self, is_open: bool) -> None:
        """Whether there is something to vote on."""
        self.props["open"] = is_open

    def refused(self) -> None:
        """The vote was not taken: another try is possible."""
        self.run_method("refused")
