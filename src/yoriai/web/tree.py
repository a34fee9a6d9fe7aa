"""The tree of a conversation as a page shows it: one branch, and which others there are. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoriai.conversations import ConversationMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A message of the branch that is shown, and its place among its siblings."""

    message: ConversationMessage
    siblings: tuple[str, ...]  # ids, oldest first; itself among them

    @property
    def place(self) -> int:
        return self.siblings.index(self.message.id)


def branch(messages: Sequence[ConversationMessage], leaf_id: str | None) -> list[Shown]:
    """From the root to `leaf_id` (or to the newest message, if there is no such leaf)."""
    by_id = {message.id: message for message in messages}
    if leaf_id not in by_id:
        leaf_id = messages[-1].id if messages else None
    children = _children(messages)
    shown: list[Shown] = []
    while leaf_id is not None:
        message = by_id[leaf_id]
        shown.append(Shown(message=message, siblings=tuple(children[message.parent_id])))
        leaf_id = message.parent_id
    return shown[::-1]


def leaf_below(messages: Sequence[ConversationMessage], message_id: str) -> str:
    """The end of the branch that goes on from a message, at each fork by the newest."""
    children = _children(messages)
    while message_id in children:
        message_id = children[message_id][-1]
    return message_id


def _children(messages: Sequence[ConversationMessage]) -> dict[str | None, list[str]]:
    children: dict[str | None, list[str]] = {}
    for message in messages:
        children.setdefault(message.parent_id, []).append(message.id)
    return children
