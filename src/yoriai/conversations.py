"""Conversations as they are kept: a tree of messages. Values only, no behaviour, no I/O.

What is asked and what comes back while a reply is made is in `types`; `store` keeps these, `chat` changes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from yoriai.deliberation import Deliberation
from yoriai.tool_use import ToolUse
from yoriai.types import FinishReason, Sampling, Sources, Support, Usage

ReplyStatus = Literal["running", "done", "stopped", "failed", "interrupted"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    id: str
    user_id: str
    title: str
    model: str
    system_prompt: str
    sampling: Sampling
    leaf_id: str | None  # the end of the branch that was last looked at
    created_at: datetime
    updated_at: datetime
    comparison_id: str | None = None  # that it is part of; None: one of its own
    place: int | None = None  # in the comparison, from 0
    is_masked: bool = False  # nobody may see who answers until the vote
    tools: tuple[str, ...] = ()  # that may be used in it


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationMessage:
    """One node of a conversation's tree. Siblings (same parent, same role) are the branches."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: Literal["user", "assistant"]
    content: str
    created_at: datetime
    status: ReplyStatus = "done"  # of a reply; a question is always done
    reasoning: str = ""
    model: str | None = None
    sampling: Sampling | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    time_to_first_token_ms: float | None = None
    left_out: int = 0  # earlier messages that did not fit into the context
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)
    sources: Sources | None = None  # of a reply from documents
    support: Support | None = None
    deliberation: Deliberation | None = None  # of a council's or a reasoner's reply
    duration_ms: float | None = None  # from the question to the reply's end, waiting included
    tool_uses: tuple[ToolUse, ...] = ()
