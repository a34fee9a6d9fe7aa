"""The Chat service: conversations and their replies, for the API and for the page. Everything is scoped by user.

A reply runs in this process whoever follows it; it is stopped by `stop`, by deletion, or by the end of the server.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from yoriai.access import Action, Thing, require
from yoriai.chat import prompt
from yoriai.chat.reply import Reply, ReplyUpdate
from yoriai.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from yoriai.responders.registry import Registry
from yoriai.store import conversations as rows
from yoriai.store import users
from yoriai.store.database import Connection, Database
from yoriai.telemetry import Metrics
from yoriai.types import Context, Conversation, ConversationMessage, Sampling, User

LONGEST_SEARCH = 200  # characters; each word of it is a condition of the query
ROOT = "root"  # as `parent_id`: begin anew, beside the first question
_LONGEST_TITLE = 60  # characters of a title that is taken from the first question
Result = TypeVar("Result")


class Chat:
    """All conversations of this server."""

    def __init__(self, database: Database, registry: Registry, metrics: Metrics) -> None:
        self._database = database
        self._registry = registry
        self._metrics = metrics
        self._running: dict[str, Reply] = {}

    async def recover(self) -> int:
        """At the start of the server: replies that a crash left behind end as interrupted. How many."""
        return await self._database.write(lambda connection: rows.end_running(connection, "interrupted"))

    async def aclose(self) -> None:
        """Interrupt every reply; what they said is saved."""
        for reply in list(self._running.values()):
            await reply.stop("interrupted")

    # ---- conversations -------------------------------------------------------------------------------------
    async def conversations(self, user: User, search: str = "") -> list[Conversation]:
        """Newest first; with `search` those whose title or messages contain every word of its beginning."""
        words = search[:LONGEST_SEARCH]
        found = await self._database.read(lambda connection: rows.of_user(connection, user.id, words))
        names = {
            model: await self._registry.present_name(model, user) for model in {each.model for each in found}
        }
        return [replace(each, model=names[each.model]) for each in found]

    async def create(
        self,
        user: User,
        *,
        model: str = "",
        system_prompt: str = "",
        sampling: Sampling | None = None,
        title: str = "",
    ) -> Conversation:
        """Raises: NotFoundError: no such model. ForbiddenError: the local operator has no account to keep it in."""
        require(user, Action.CHAT)
        if model:
            model = await self._registry.lasting_name(model, user)
        now = _now()
        conversation = Conversation(
            id=_new_id(), user_id=user.id, title=_one_line(title, 200),
            model=model or await self._registry.default_name(user) or "",
            system_prompt=system_prompt, sampling=sampling or Sampling(), leaf_id=None, created_at=now, updated_at=now,
        )  # fmt: skip

        def work(connection: Connection) -> None:
            if users.by_id(connection, user.id) is None:
                raise ForbiddenError("chat.needs_account")
            rows.add(connection, conversation)

        await self._database.write(work)
        return await self._shown(user, conversation)

    async def get(self, user: User, conversation_id: str) -> tuple[Conversation, list[ConversationMessage]]:
        """A conversation and its whole tree, oldest first; running replies as they stand. Raises: NotFoundError."""

        def work(connection: Connection) -> tuple[Conversation, list[ConversationMessage]]:
            conversation = _found(connection, user, conversation_id, Action.READ)
            return conversation, rows.messages_of(connection, user.id, conversation_id)

        conversation, messages = await self._database.read(work)
        running = {id_: reply.message() for id_, reply in self._running.items()}
        shown = await self._shown(user, conversation)
        return shown, [running.get(message.id, message) for message in messages]

    async def update(self, user: User, conversation_id: str, **changes: Any) -> Conversation:
        """Change `title`, `model`, `system_prompt`, `sampling` or `leaf_id`.

        Raises: NotFoundError: no such conversation, model, or message of it.
        """
        if "title" in changes:
            changes["title"] = _one_line(changes["title"], 200)
        if changes.get("model"):
            changes["model"] = await self._registry.lasting_name(changes["model"], user)

        def work(connection: Connection) -> Conversation:
            _found(connection, user, conversation_id, Action.CHANGE)
            if "leaf_id" in changes:
                _message_in(connection, user, conversation_id, changes["leaf_id"])
            if changes:
                rows.change(connection, user.id, conversation_id, **changes)
            return _found(connection, user, conversation_id, Action.READ)

        return await self._shown(user, await self._database.write(work))

    async def delete(self, user: User, conversation_id: str) -> None:
        """With all its messages; replies that run are stopped. Raises: NotFoundError."""

        def work(connection: Connection) -> None:
            _found(connection, user, conversation_id, Action.DELETE)
            rows.remove(connection, user.id, conversation_id)

        await self._database.write(work)
        # After the row is gone, so that no reply can begin in between; what they still save meets no row.
        for reply in list(self._running.values()):
            if reply.message().conversation_id == conversation_id:
                await reply.stop("stopped")

    # ---- questions and replies -----------------------------------------------------------------------------
    async def ask(
        self, context: Context, conversation_id: str, text: str, *, parent_id: str | None = None
    ) -> tuple[ConversationMessage, ConversationMessage]:
        """Save the question and begin the reply: (question, reply).

        Args:
            parent_id: reply to go on from; None: the end of the branch that was last looked at; `ROOT`: anew.

        Raises:
            NotFoundError: no such conversation, parent or model. ConflictError: the parent is still being written.
            UsageError: the question is empty, or the parent isn't a reply.
        """
        if not text.strip():
            raise UsageError("chat.empty_question", param="text")
        now = _now()

        def prepare(
            connection: Connection, conversation: Conversation
        ) -> tuple[ConversationMessage, ConversationMessage]:
            parent = parent_id or conversation.leaf_id
            if parent == ROOT:
                parent = None
            if parent is not None:
                self._check_parent(_message_in(connection, context.user, conversation_id, parent))
            question = ConversationMessage(
                id=_new_id(), conversation_id=conversation_id, parent_id=parent, role="user", content=text,
                created_at=now,
            )  # fmt: skip
            rows.add_message(connection, question)
            if not conversation.title:
                title = _one_line(text, _LONGEST_TITLE)
                rows.change(connection, context.user.id, conversation_id, title=title)
            return question, _empty_reply(conversation, question.id, now + timedelta(microseconds=1))

        return await self._begin(context, conversation_id, prepare)

    async def regenerate(self, context: Context, reply_id: str) -> ConversationMessage:
        """Another reply to the same question, with the conversation's present model and sampling.

        Raises: NotFoundError: no such reply, or no such model. UsageError: it is a question.
        """
        before = await self._reply(context.user, reply_id)

        def prepare(_: Connection, conversation: Conversation) -> tuple[None, ConversationMessage]:
            return None, _empty_reply(conversation, before.parent_id, _now())

        return (await self._begin(context, before.conversation_id, prepare))[1]

    async def stop(self, user: User, reply_id: str) -> None:
        """Stop a running reply; one that has ended stays as it is. Raises: NotFoundError."""
        await self._reply(user, reply_id)
        if reply_id in self._running:
            await self._running[reply_id].stop("stopped")

    async def follow(self, user: User, reply_id: str) -> AsyncGenerator[ReplyUpdate, None]:
        """A reply's updates from now to its end; one that has ended gives its last state. Raises: NotFoundError."""
        message = await self._reply(user, reply_id)
        reply = self._running.get(reply_id)
        if reply is None:
            message = await self._reply(user, reply_id)  # it may have ended between the two looks
            yield ReplyUpdate(kind="snapshot", message=message)
            yield ReplyUpdate(kind="end", message=message)
            return
        async with aclosing(reply.follow()) as updates:
            async for update in updates:
                yield update

    # ---- inside --------------------------------------------------------------------------------------------
    async def _begin(
        self,
        context: Context,
        conversation_id: str,
        prepare: Callable[[Connection, Conversation], tuple[Result, ConversationMessage]],
    ) -> tuple[Result, ConversationMessage]:
        """Save what `prepare` makes, in one transaction, and start the reply."""
        require(context.user, Action.CHAT)
        model = await self._model_of(context.user, conversation_id)
        responder = await self._registry.get(model, context.user)
        name = await self._registry.present_name(model, context.user)

        def work(
            connection: Connection,
        ) -> tuple[Result, Conversation, ConversationMessage, list[ConversationMessage]]:
            found = _found(connection, context.user, conversation_id, Action.CHANGE)
            present = replace(found, model=name)
            result, reply = prepare(connection, present)
            rows.add_message(connection, reply)
            rows.touch(connection, conversation_id, reply.id, _now())
            return result, present, reply, rows.messages_of(connection, context.user.id, conversation_id)

        result, conversation, message, messages = await self._database.write(work)
        path = prompt.path_to({each.id: each for each in messages}, message.parent_id)
        reply = Reply(message, self._save, self._metrics)
        self._running[message.id] = reply
        events = prompt.answer(responder, conversation, path, context)
        reply.start(events, lambda: self._forget(message.id))
        return result, message

    async def _model_of(self, user: User, conversation_id: str) -> str:
        conversation = await self._database.read(
            lambda connection: _found(connection, user, conversation_id, Action.READ)
        )
        if conversation.model:
            return conversation.model
        name = await self._registry.default_name(user)
        if name is None:
            raise NotFoundError("chat.no_model", param="model")
        return name

    async def _shown(self, user: User, conversation: Conversation) -> Conversation:
        """A conversation keeps its assistant's id and shows its name."""
        return replace(conversation, model=await self._registry.present_name(conversation.model, user))

    def _forget(self, reply_id: str) -> None:
        self._running.pop(reply_id, None)

    def _check_parent(self, parent: ConversationMessage) -> None:
        if parent.role != "assistant":
            raise UsageError("chat.parent_is_question", param="parent_id")
        reply = self._running.get(parent.id)
        if (reply.message() if reply else parent).status == "running":
            raise ConflictError("chat.reply_running")

    async def _reply(self, user: User, reply_id: str) -> ConversationMessage:
        found = await self._database.read(lambda connection: rows.find_message(connection, user.id, reply_id))
        if found is None:
            raise NotFoundError("access.not_found")
        if found.role != "assistant":
            raise UsageError("chat.not_a_reply")
        return found

    async def _save(self, message: ConversationMessage) -> None:
        await self._database.write(lambda connection: rows.save_message(connection, message))


def _found(connection: Connection, user: User, conversation_id: str, action: Action) -> Conversation:
    conversation = rows.find(connection, user.id, conversation_id)
    if conversation is None:
        raise NotFoundError("access.not_found")
    require(user, action, Thing(owner_id=conversation.user_id))
    return conversation


def _message_in(
    connection: Connection, user: User, conversation_id: str, message_id: str
) -> ConversationMessage:
    message = rows.find_message(connection, user.id, message_id)
    if message is None or message.conversation_id != conversation_id:
        raise NotFoundError("access.not_found")
    return message


def _empty_reply(conversation: Conversation, parent_id: str | None, now: datetime) -> ConversationMessage:
    return ConversationMessage(
        id=_new_id(), conversation_id=conversation.id, parent_id=parent_id, role="assistant", content="",
        created_at=now, status="running", model=conversation.model, sampling=conversation.sampling,
    )  # fmt: skip


def _one_line(text: str, longest: int) -> str:
    line = " ".join(text[: 10 * longest].split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _new_id() -> str:
    return secrets.token_hex(16)


def _now() -> datetime:
    return datetime.now(UTC)
