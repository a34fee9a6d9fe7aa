"""Where questions are written. The keys and the draft are the browser's; used by `chat_page`."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from yoriai.tool_use import ToolFile
from yoriai.web.cleaning import clean_text
from yoriai.web.visitor import Visitor

LONGEST_QUESTION = 300_000  # characters: what one websocket message carries, and more than any context holds


class Composer(ui.element, component="composer.js"):
    """Events: send {text}, stop; where it takes files: attach, attached."""

    def __init__(self, visitor: Visitor, *, takes_files: bool = False) -> None:
        super().__init__()
        self.props["takes-files"] = takes_files
        self.props["labels"] = {
            "placeholder": visitor.text("placeholder"),
            "send": visitor.text("send"),
            "stop": visitor.text("stop"),
            "attach": visitor.text("attach"),
            "attached": visitor.text("attached"),
            "detach": visitor.text("detach"),
            "sending": visitor.text("attaching"),
            "unreachable": visitor.text("attach_failed"),
            "tooLong": visitor.text("question_too_long", limit=f"{LONGEST_QUESTION:,}"),
        }
        self.props["limit"] = LONGEST_QUESTION
        self.set_conversation("")

    def set_running(self, running: bool) -> None:
        """Whether there is a reply to stop."""
        self.props["running"] = running

    def set_conversation(self, conversation_id: str) -> None:
        """Whose draft this is."""
        self.props["draft-key"] = f"yoriai-draft-{conversation_id or 'new'}"

    def show_files(self, files: Sequence[ToolFile]) -> None:
        """What was handed to this conversation's tools."""
        self.props["files"] = [{"id": each.id, "name": clean_text(each.name)} for each in files]

    def upload_to(self, conversation_id: str) -> None:
        """Send the files that were chosen there."""
        self.run_method("upload", f"/api/conversations/{conversation_id}/files")

    def accepted(self) -> None:
        """The question is in the database: the text may go."""
        self.run_method("accepted")

    def refused(self) -> None:
        """It is not: the text stays."""
        self.run_method("refused")

    def fill(self, text: str) -> None:
        """Put a text there, to be changed or sent."""
        self.run_method("fill", text)
