"""How conversations and messages begin, and how those of a user are found. Used by `chat` and `comparisons`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from yoriai.access import Action, Thing, require
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.errors import ForbiddenError, NotFoundError
from yoriai.store import conversations as rows
from yoriai.store import users
from yoriai.store.database import Connection
from yoriai.types import Sampling, User

LONGEST_TITLE = 60  # characters of a title that is taken from the first question


def new_conversation(
    user: User, *, model: str, system_prompt: str, sampling: Sampling | None
) -> Conversation:
    moment = now()
    return Conversation(
        id=new_id(), user_id=user.id, title="", model=model, system_prompt=system_prompt,
        sampling=sampling or Sampling(), leaf_id=None, created_at=moment, updated_at=moment,
    )  # fmt: skip


def empty_reply(conversation: Conversation, parent_id: str | None, moment: datetime) -> ConversationMessage:
    return ConversationMessage(
        id=new_id(), conversation_id=conversation.id, parent_id=parent_id, role="assistant", content="",
        created_at=moment, status="running", model=conversation.model, sampling=conversation.sampling,
    )  # fmt: skip


def check_account(connection: Connection, user: User) -> None:
    """Raises: ForbiddenError: the local operator has no account to keep it in."""
    if users.by_id(connection, user.id) is None:
        raise ForbiddenError("chat.needs_account")


def found(connection: Connection, user: User, conversation_id: str, action: Action) -> Conversation:
    """Raises: NotFoundError."""
    conversation = rows.find(connection, user.id, conversation_id)
    if conversation is None:
        raise NotFoundError("access.not_found")
    require(user, action, Thing(owner_id=conversation.user_id))
    return conversation


def message_in(
    connection: Connection, user: User, conversation_id: str, message_id: str
) -> ConversationMessage:
    """Raises: NotFoundError."""
    message = rows.find_message(connection, user.id, message_id)
    if message is None or message.conversation_id != conversation_id:
        raise NotFoundError("access.not_found")
    return message


def one_line(text: str, longest: int) -> str:
    line = " ".join(text[: 10 * longest].split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def new_id() -> str:
    return secrets.token_hex(16)


def now() -> datetime:
    return datetime.now(UTC)
