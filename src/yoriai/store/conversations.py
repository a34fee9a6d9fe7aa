"""Rows of conversations and messages. Whatever looks up or changes by id takes the user and sees only theirs.

Messages are added and saved by whoever found their conversation, or asks for its reply, as that user.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.sql import Select

from yoriai.conversations import Conversation, ConversationMessage
from yoriai.deliberation import Deliberation
from yoriai.store.tables import conversations, messages
from yoriai.tool_use import ToolUse
from yoriai.types import Citation, Sampling, SentenceSupport, Sources, Support, Usage

_ESCAPE = "\\"


def search_key(text: str) -> str:
    """How texts are compared in a search: full and half width, and cases, are the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def add(connection: Connection, conversation: Conversation) -> None:
    connection.execute(
        insert(conversations).values(
            id=conversation.id, user_id=conversation.user_id, title=conversation.title,
            title_key=search_key(conversation.title), model=conversation.model,
            system_prompt=conversation.system_prompt, sampling=_sampling_row(conversation.sampling),
            leaf_id=conversation.leaf_id, created_at=conversation.created_at, updated_at=conversation.updated_at,
            comparison_id=conversation.comparison_id, place=conversation.place, is_masked=conversation.is_masked,
            tools=list(conversation.tools),
        )
    )  # fmt: skip


def of_user(connection: Connection, user_id: str, search: str = "") -> list[Conversation]:
    """Newest first, without those of comparisons; with `search` whose title or messages contain every word of it."""
    found = select(conversations).where(
        conversations.c.user_id == user_id, conversations.c.comparison_id.is_(None)
    )
    for word in search_key(search).split():
        pattern = f"%{_escaped(word)}%"
        inside = select(messages.c.conversation_id).where(
            messages.c.content_key.like(pattern, escape=_ESCAPE)
        )
        title = conversations.c.title_key.like(pattern, escape=_ESCAPE)
        found = found.where(or_(title, conversations.c.id.in_(inside)))
    ordered = found.order_by(conversations.c.updated_at.desc(), conversations.c.id)
    return [_conversation(row) for row in connection.execute(ordered)]


def of_comparison(connection: Connection, user_id: str, comparison_id: str) -> list[Conversation]:
    """In their places."""
    found = select(conversations).where(
        conversations.c.user_id == user_id, conversations.c.comparison_id == comparison_id
    )
    return [
        _conversation(row)
        for row in connection.execute(found.order_by(conversations.c.place, conversations.c.id))
    ]


def find(connection: Connection, user_id: str, conversation_id: str) -> Conversation | None:
    mine = (conversations.c.id == conversation_id) & (conversations.c.user_id == user_id)
    row = connection.execute(select(conversations).where(mine)).first()
    return _conversation(row) if row else None


def change(connection: Connection, user_id: str, conversation_id: str, **values: Any) -> None:
    """Set columns; `sampling` as a Sampling."""
    if "sampling" in values:
        values["sampling"] = _sampling_row(values["sampling"])
    if "tools" in values:
        values["tools"] = list(values["tools"])
    if "title" in values:
        values["title_key"] = search_key(values["title"])
    mine = (conversations.c.id == conversation_id) & (conversations.c.user_id == user_id)
    connection.execute(update(conversations).where(mine).values(**values))


def remove(connection: Connection, user_id: str, conversation_id: str) -> None:
    """With all its messages."""
    mine = (conversations.c.id == conversation_id) & (conversations.c.user_id == user_id)
    connection.execute(delete(conversations).where(mine))


def messages_of(connection: Connection, user_id: str, conversation_id: str) -> list[ConversationMessage]:
    """The whole tree, oldest first."""
    found = _messages(user_id).where(messages.c.conversation_id == conversation_id)
    return [_message(row) for row in connection.execute(found.order_by(messages.c.created_at, messages.c.id))]


def first_questions(connection: Connection, user_id: str, most: int) -> list[str]:
    """Questions that conversations began with, each once, newest first."""
    begun = _messages(user_id).where(messages.c.role == "user", messages.c.parent_id.is_(None))
    rows = connection.execute(begun.order_by(messages.c.created_at.desc()).limit(4 * most))
    return list(dict.fromkeys(row.content for row in rows))[:most]


def find_message(connection: Connection, user_id: str, message_id: str) -> ConversationMessage | None:
    row = connection.execute(_messages(user_id).where(messages.c.id == message_id)).first()
    return _message(row) if row else None


def add_message(connection: Connection, message: ConversationMessage) -> None:
    connection.execute(insert(messages).values(**_row_of(message)))


def save_message(connection: Connection, message: ConversationMessage) -> None:
    """Write a message that is there already; one that was deleted meanwhile stays deleted."""
    row = _row_of(message)
    connection.execute(update(messages).where(messages.c.id == row.pop("id")).values(**row))


def end_running(connection: Connection, status: str) -> int:
    """At start-up: replies that a crash left behind. How many there were."""
    return connection.execute(
        update(messages).where(messages.c.status == "running").values(status=status)
    ).rowcount


def touch(connection: Connection, conversation_id: str, leaf_id: str, now: datetime) -> None:
    """Something was said: the conversation moves up, and this is the branch that is looked at."""
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(leaf_id=leaf_id, updated_at=now)
    )


def _messages(user_id: str) -> Select[Any]:
    return select(messages).join(conversations).where(conversations.c.user_id == user_id)


def _escaped(word: str) -> str:
    return "".join(_ESCAPE + character if character in "%_\\" else character for character in word)


def _sampling_row(sampling: Sampling) -> dict[str, Any]:
    return sampling.model_dump(exclude_none=True)


def _row_of(message: ConversationMessage) -> dict[str, Any]:
    row = asdict(message)
    row["content_key"] = search_key(message.content)
    row["sampling"] = _sampling_row(message.sampling) if message.sampling else None
    return row


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id, user_id=row.user_id, title=row.title, model=row.model, system_prompt=row.system_prompt,
        sampling=Sampling.model_validate(row.sampling), leaf_id=row.leaf_id, created_at=row.created_at,
        updated_at=row.updated_at, comparison_id=row.comparison_id, place=row.place, is_masked=row.is_masked,
        tools=tuple(row.tools or ()),
    )  # fmt: skip


_PLAIN: Sequence[str] = (
    "id", "conversation_id", "parent_id", "role", "content", "created_at", "status", "reasoning", "model",
    "finish_reason", "time_to_first_token_ms", "left_out", "error_key", "error_values", "duration_ms",
)  # fmt: skip


def _message(row: Row[Any]) -> ConversationMessage:
    return ConversationMessage(
        **{name: getattr(row, name) for name in _PLAIN},
        sampling=None if row.sampling is None else Sampling.model_validate(row.sampling),
        usage=None if row.usage is None else Usage(**row.usage),
        sources=None if row.sources is None else _sources(row.sources),
        support=None if row.support is None else _support(row.support),
        deliberation=None if row.deliberation is None else _deliberations().validate_python(row.deliberation),
        tool_uses=() if row.tool_uses is None else _tool_uses().validate_python(row.tool_uses),
    )


@cache
def _deliberations() -> TypeAdapter[Deliberation]:
    return TypeAdapter(Deliberation)


@cache
def _tool_uses() -> TypeAdapter[tuple[ToolUse, ...]]:
    return TypeAdapter(tuple[ToolUse, ...])


def _sources(stored: dict[str, Any]) -> Sources:
    citations = tuple(Citation(**citation) for citation in stored["citations"])
    return Sources(**stored | {"citations": citations})


def _support(stored: dict[str, Any]) -> Support:
    return Support(
        sentences=tuple(
            SentenceSupport(**each | {"citations": tuple(each["citations"])}) for each in stored["sentences"]
        )
    )
