"""The Comparisons service: one question to several responders, side by side or blind. Everything is scoped by user.

Each responder has a conversation of its own, which `Chat` runs, keeps and masks. A blind comparison tells who answered
only after `reveal`, which the arena calls in the transaction that keeps the vote.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from yoriai.access import Action, require
from yoriai.chat import making, masking
from yoriai.chat.chat import Chat
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.errors import ConflictError, NotFoundError, UsageError, YoriaiError
from yoriai.records import Comparison, Leak, Winner
from yoriai.responders.registry import Registry
from yoriai.store import comparisons as rows
from yoriai.store import conversations
from yoriai.store.database import Connection, Database
from yoriai.types import Context, Sampling, User

LEAST, MOST = 2, 6
_LISTED = 200  # of the newest


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One responder's part: what it was asked and what it answered."""

    conversation: Conversation
    messages: tuple[ConversationMessage, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A comparison with its columns, from left to right."""

    comparison: Comparison
    columns: tuple[Column, ...]

    @property
    def is_running(self) -> bool:
        return any(each.status == "running" for column in self.columns for each in column.messages)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What became of the question in one column."""

    conversation_id: str
    question: ConversationMessage | None = None
    reply: ConversationMessage | None = None
    error: YoriaiError | None = None  # why it could not be asked; the others were


class Comparisons:
    """All comparisons of this server."""

    def __init__(self, database: Database, registry: Registry, chat: Chat) -> None:
        self._database, self._registry, self._chat = database, registry, chat

    async def of(self, user: User, kind: Literal["side", "blind"] = "side") -> list[Comparison]:
        """Newest first."""
        return await self._database.read(lambda connection: rows.of_user(connection, user.id, kind, _LISTED))

    async def create(
        self,
        user: User,
        responders: Sequence[str],
        *,
        kind: Literal["side", "blind"] = "side",
        system_prompt: str = "",
        sampling: Sampling | None = None,
    ) -> Compared:
        """Begin one; the sides of a blind one are dealt at random.

        Raises:
            UsageError: too few, too many, or one twice. NotFoundError: there is no such responder.
            ForbiddenError: the local operator has no account to keep it in.
        """
        require(user, Action.CHAT)
        names = _checked([await self._registry.lasting_name(name, user) for name in responders])
        if kind == "blind":
            random.SystemRandom().shuffle(names)
        moment = making.now()
        comparison = Comparison(
            id=making.new_id(), user_id=user.id, kind=kind, title="", created_at=moment, updated_at=moment
        )
        made = [
            replace(
                making.new_conversation(user, model=name, system_prompt=system_prompt, sampling=sampling),
                comparison_id=comparison.id, place=place, is_masked=kind == "blind",
            )
            for place, name in enumerate(names)
        ]  # fmt: skip

        def work(connection: Connection) -> None:
            making.check_account(connection, user)
            rows.add(connection, comparison)
            for conversation in made:
                conversations.add(connection, conversation)

        await self._database.write(work)
        return await self.get(user, comparison.id)

    async def get(self, user: User, comparison_id: str) -> Compared:
        """With all messages; running replies as they stand. Raises: NotFoundError."""
        comparison, its = await self._found(user, comparison_id)
        columns = []
        for each in its:
            conversation, messages = await self._chat.get(user, each.id)
            columns.append(Column(conversation=conversation, messages=tuple(messages)))
        return Compared(comparison=comparison, columns=tuple(columns))

    async def ask(
        self, context: Context, comparison_id: str, text: str, *, conversation_id: str | None = None
    ) -> list[Asked]:
        """Put the question to all, or to one of them. What one of them can't be asked is told beside the others.

        Raises:
            NotFoundError. UsageError: the question is empty. ConflictError: an answer is still being written; one side
            of a blind comparison alone.
        """
        if not text.strip():
            raise UsageError("chat.empty_question", param="text")
        compared = await self.get(context.user, comparison_id)
        columns = [each for each in compared.columns if conversation_id in {None, each.conversation.id}]
        if not columns:
            raise NotFoundError("access.not_found", param="conversation_id")
        if conversation_id and columns[0].conversation.is_masked:
            raise ConflictError("chat.blind_together")
        if replace(compared, columns=tuple(columns)).is_running:
            raise ConflictError("chat.compare_running")
        asked = [await self._ask(context, each.conversation, text) for each in columns]
        changes: dict[str, Any] = {"updated_at": making.now()}
        if not compared.comparison.title:
            changes |= {"title": making.one_line(text, making.LONGEST_TITLE)}
        await self._database.write(
            lambda connection: rows.change(connection, context.user.id, comparison_id, **changes)
        )
        return asked

    async def stop(self, user: User, comparison_id: str) -> None:
        """Stop every answer that is being written. Raises: NotFoundError."""
        for column in (await self.get(user, comparison_id)).columns:
            for message in column.messages:
                if message.status == "running":
                    await self._chat.stop(user, message.id)

    async def adopt(self, user: User, comparison_id: str, conversation_id: str) -> Conversation:
        """Go on with one: it leaves the comparison and becomes a conversation like any other.

        Raises:
            NotFoundError. ConflictError: its name is still hidden.
        """
        comparison, its = await self._found(user, comparison_id)
        if conversation_id not in {each.id for each in its}:
            raise NotFoundError("access.not_found", param="conversation_id")
        _check_open(comparison)
        changes = {"comparison_id": None, "place": None, "updated_at": making.now()}
        await self._database.write(
            lambda connection: conversations.change(connection, user.id, conversation_id, **changes)
        )
        return (await self._chat.get(user, conversation_id))[0]

    async def names(self, user: User, comparison_id: str) -> tuple[str, ...]:
        """Who answers, by lasting name and place, also where it is hidden: for whoever counts the vote.

        Raises: NotFoundError.
        """
        _, its = await self._found(user, comparison_id)
        return tuple(each.model for each in its)

    async def remove(self, user: User, comparison_id: str) -> None:
        """With its conversations; answers that are being written are stopped. Raises: NotFoundError."""
        _, its = await self._found(user, comparison_id)
        await self._database.write(lambda connection: rows.remove(connection, user.id, comparison_id))
        await self._chat.end_replies({each.id for each in its})

    # ---- inside --------------------------------------------------------------------------------------------
    async def _ask(self, context: Context, of: Conversation, text: str) -> Asked:
        try:
            question, reply = await self._chat.ask(context, of.id, text, together=True)
        except YoriaiError as error:
            return Asked(conversation_id=of.id, error=masking.failure(error, of))
        return Asked(conversation_id=of.id, question=question, reply=reply)

    async def _found(self, user: User, comparison_id: str) -> tuple[Comparison, list[Conversation]]:
        def work(connection: Connection) -> tuple[Comparison, list[Conversation]]:
            comparison = _own(connection, user, comparison_id)
            return comparison, conversations.of_comparison(connection, user.id, comparison_id)

        return await self._database.read(work)


def reveal(connection: Connection, user: User, comparison_id: str, *, winner: Winner, leak: Leak) -> None:
    """End the blindness, within the transaction that keeps the vote.

    Raises:
        NotFoundError. ConflictError: it was ended before, so a vote is there already.
    """
    if is_open(_own(connection, user, comparison_id)):
        raise ConflictError("arena.voted_already")
    values = {"revealed_at": making.now(), "winner": winner, "leak": leak}
    rows.reveal(connection, user.id, comparison_id, **values)


def forget_vote(connection: Connection, user: User, comparison_id: str) -> None:
    """What was voted is told no more; who answered stays told. Raises: NotFoundError: there is no vote on it."""
    if _own(connection, user, comparison_id).winner is None:
        raise NotFoundError("access.not_found")
    rows.change(connection, user.id, comparison_id, winner=None, leak="")


def _own(connection: Connection, user: User, comparison_id: str) -> Comparison:
    comparison = rows.find(connection, user.id, comparison_id)
    if comparison is None:
        raise NotFoundError("access.not_found")
    return comparison


def is_open(comparison: Comparison) -> bool:
    """May its user see who answers?"""
    return comparison.kind == "side" or comparison.revealed_at is not None


def _check_open(comparison: Comparison) -> None:
    if not is_open(comparison):
        raise ConflictError("chat.compare_blind")


def _checked(names: list[str]) -> list[str]:
    """Raises: UsageError: too few, too many, or one twice."""
    count = len(set(names))
    if not LEAST <= count <= MOST or count < len(names):
        raise UsageError("chat.compare_how_many", param="responders", least=LEAST, most=MOST, count=count)
    return names
