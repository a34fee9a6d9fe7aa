"""What may be known of a blind conversation, field by field: a field that is new is hidden until it is allowed here."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest

from yoriai.chat import masking
from yoriai.chat.reply import ReplyUpdate
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.types import Sampling, Stage

MOMENT = datetime(2026, 4, 1, tzinfo=UTC)
SHOWN = {
    "id", "conversation_id", "parent_id", "role", "content", "created_at", "status", "finish_reason",
}  # fmt: skip
BLIND = Conversation(
    id="c", user_id="u", title="Why?", model="telltale", system_prompt="telltale", sampling=Sampling(seed=7),
    leaf_id="m", created_at=MOMENT, updated_at=MOMENT, comparison_id="x", place=1, is_masked=True,
)  # fmt: skip


def full(role: str) -> ConversationMessage:
    """Every field says something of its own."""
    values: dict[str, Any] = {field.name: f"telltale {field.name}" for field in fields(ConversationMessage)}
    return ConversationMessage(**values | {"role": role})


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_of_a_message_only_what_was_said_is_left(role: str) -> None:
    shown = masking.message(full(role), BLIND)
    empty = ConversationMessage(
        id="", conversation_id="", parent_id=None, role="user", content="", created_at=MOMENT
    )
    for field in fields(ConversationMessage):
        value = getattr(shown, field.name)
        if field.name in SHOWN:
            assert value == getattr(full(role), field.name)
        elif field.name == "model":
            assert value == (None if role == "user" else "B")
        elif field.name == "error_key":
            assert value == "chat.masked_failure"
        else:
            assert value == getattr(empty, field.name), field.name


def test_of_a_conversation_its_responder_and_how_it_is_asked_are_hidden() -> None:
    shown = masking.conversation(BLIND)
    assert (shown.model, shown.system_prompt, shown.sampling) == ("", "", Sampling())
    assert shown.title == "Why?"


@pytest.mark.parametrize("kind", get_args(get_type_hints(ReplyUpdate)["kind"]))
def test_no_update_tells_more_than_words(kind: str) -> None:
    told: dict[str, Any] = {field.name: f"telltale {field.name}" for field in fields(ReplyUpdate)}
    stage = Stage(name="loading", detail="telltale", progress=0.5)
    told |= {"kind": kind, "stage": stage, "message": full("assistant"), "text": "words", "offset": 3}
    shown = masking.update(ReplyUpdate(**told), BLIND)
    if shown is None:
        return
    assert shown.message is None or shown.message == masking.message(full("assistant"), BLIND)
    assert shown.stage in {None, Stage(name="queued", detail="B")}
    assert (shown.text, shown.offset) in {("words", 3), ("", 0)}
    rest = {field.name for field in fields(ReplyUpdate)} - {"kind", "message", "stage", "text", "offset"}
    assert "telltale" not in str([getattr(shown, name) for name in rest])


def test_what_is_not_blind_is_left_as_it_is() -> None:
    seen = Conversation(
        **{field.name: getattr(BLIND, field.name) for field in fields(BLIND)} | {"is_masked": False}
    )
    assert masking.conversation(seen) is seen
    message = full("assistant")
    assert masking.message(message, seen) is message
