"""What may be known of a blind conversation before the vote: what was said, and nothing of who said it.

Built from what is allowed, so that a field that is new tells nothing either. Called wherever `chat` gives something
out, and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from yoriai.chat.reply import ReplyUpdate
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.errors import YoriaiError
from yoriai.types import Sampling, Stage

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FAILED = "chat.masked_failure"


def letter(place: int | None) -> str:
    """What a responder is called by its place: A, B …"""
    return _LETTERS[(place or 0) % len(_LETTERS)]


def conversation(known: Conversation) -> Conversation:
    """As its user may see it."""
    if not known.is_masked:
        return known
    return replace(known, model="", system_prompt="", sampling=Sampling())


def message(known: ConversationMessage, of: Conversation) -> ConversationMessage:
    """A message of conversation `of`, as its user may see it. Reasoning is hidden too: councils name members there."""
    if not of.is_masked:
        return known
    return ConversationMessage(
        id=known.id, conversation_id=known.conversation_id, parent_id=known.parent_id, role=known.role,
        content=known.content, created_at=known.created_at, status=known.status, finish_reason=known.finish_reason,
        model=None if known.role == "user" else letter(of.place), error_key=_FAILED if known.error_key else None,
    )  # fmt: skip


def update(known: ReplyUpdate, of: Conversation) -> ReplyUpdate | None:
    """What a follower may learn; None: nothing. What is being done tells whether the model was loaded."""
    if not of.is_masked:
        return known
    waiting = Stage(name="queued", detail=letter(of.place)) if known.stage else None
    if known.kind in {"snapshot", "end"} and known.message:
        return ReplyUpdate(kind=known.kind, message=message(known.message, of), stage=waiting)
    if known.kind == "delta" and known.text:
        return ReplyUpdate(kind="delta", offset=known.offset, text=known.text)
    if known.kind == "stage":
        return ReplyUpdate(kind="stage", stage=waiting)
    return None


def failure(error: YoriaiError, of: Conversation) -> YoriaiError:
    """An error that may name the responder."""
    return type(error)(_FAILED) if of.is_masked else error
