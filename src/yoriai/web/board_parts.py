"""The board itself, and the buttons for files of votes. Used by `board_page`."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from yoriai.web.visitor import Visitor

_COLUMNS = (
    "rank", "model", "rating", "interval", "votes", "outcomes", "openness", "parameters", "size", "maker", "country",
    "speed", "table", "heat",
)  # fmt: skip


class BoardTable(ui.element, component="board_table.js"):
    """Events: ready."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        labels = {name: visitor.text(f"board_{name}") for name in _COLUMNS}
        self.props["labels"] = labels | {"heatHelp": visitor.text("board_heat_help")}

    def tell(self, board: dict[str, Any]) -> None:
        """Show this one."""
        self.run_method("tell", board)


class VoteFiles(ui.element, component="vote_files.js"):
    """Events: changed: votes were taken in."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        self.props["language"] = visitor.language
        self.props["labels"] = {
            "import": visitor.text("board_import"),
            "export": visitor.text("board_export"),
            "imported": visitor.text("board_imported", votes="{votes}", new="{new}"),
            "unreachable": visitor.text("unreachable"),
        }
