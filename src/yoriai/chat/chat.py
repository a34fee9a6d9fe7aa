"""The Chat service: conversations and their replies, for the API and for the page. Everything is scoped by user.

A reply runs in this process whoever follows it; it is stopped by `stop`, by deletion, or by the end of the server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from yoriai.access import Action, require
from yoriai.chat import making, masking, prompt
from yoriai.chat.reply import Reply, ReplyUpdate
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.responders.registry import Registry
from yoriai.store import conversations as rows
from yoriai.store.database import Connection, Database
from yoriai.telemetry import Metrics
from yoriai.types import Context, Sampling, User

LONGEST_SEARCH = 200  # characters; each word of it is a condition of the query
ROOT = "root"  # as `parent_id`: begin anew, beside the first question
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
        tools: Sequence[str] = (),
    ) -> Conversation:
        """Raises: NotFoundError: no such model or tool. ForbiddenError: the local operator has no account for it."""
        require(user, Action.CHAT)
        if model:
            model = await self._registry.lasting_name(model, user)
        model = model or await self._registry.default_name(user) or ""
        made = making.new_conversation(user, model=model, system_prompt=system_prompt, sampling=sampling)
        chosen = tuple(await self._registry.toolbox.named(tools))
        conversation = replace(made, title=making.one_line(title, 200), tools=chosen)

        def work(connection: Connection) -> None:
            making.check_account(connection, user)
            rows.add(connection, conversation)

        await self._database.write(work)
        return await self._shown(user, conversation)

    async def get(self, user: User, conversation_id: str) -> tuple[Conversation, list[ConversationMessage]]:
        """A conversation and its whole tree, oldest first; running replies as they stand. Raises: NotFoundError."""

        def work(connection: Connection) -> tuple[Conversation, list[ConversationMessage]]:
            conversation = making.found(connection, user, conversation_id, Action.READ)
            return conversation, rows.messages_of(connection, user.id, conversation_id)

        conversation, messages = await self._database.read(work)
        running = {id_: reply.message() for id_, reply in self._running.items()}
        shown = await self._shown(user, conversation)
        return shown, [
            masking.message(running.get(message.id, message), conversation) for message in messages
        ]

    async def update(self, user: User, conversation_id: str, **changes: Any) -> Conversation:
        """Change `title`, `model`, `system_prompt`, `sampling`, `tools` or `leaf_id`.

        Raises: NotFoundError: no such conversation, model or tool, or message of it.
        """
        if "title" in changes:
            changes["title"] = making.one_line(changes["title"], 200)
        if changes.get("model"):
            changes["model"] = await self._registry.lasting_name(changes["model"], user)
        if "tools" in changes:
            changes["tools"] = tuple(await self._registry.toolbox.named(changes["tools"]))

        def work(connection: Connection) -> Conversation:
            _check_open(making.found(connection, user, conversation_id, Action.CHANGE))
            if "leaf_id" in changes:
                making.message_in(connection, user, conversation_id, changes["leaf_id"])
            if changes:
                rows.change(connection, user.id, conversation_id, **changes)
            return making.found(connection, user, conversation_id, Action.READ)

        return await self._shown(user, await self._database.write(work))

    async def delete(self, user: User, conversation_id: str) -> None:
        """With all its messages; replies that run are stopped. Raises: NotFoundError. ConflictError: a blind one."""

        def work(connection: Connection) -> None:
            _check_open(making.found(connection, user, conversation_id, Action.DELETE))
            rows.remove(connection, user.id, conversation_id)

        await self._database.write(work)
        await self.end_replies({conversation_id})

    async def end_replies(self, conversation_ids: set[str]) -> None:
        """Stop whatever runs in conversations whose rows are gone, so that no reply can begin in between.

        What they still save meets no row.
        """
        for reply in list(self._running.values()):
            if reply.message().conversation_id in conversation_ids:
                await reply.stop("stopped")

    # ---- questions and replies -----------------------------------------------------------------------------
    async def ask(
        self,
        context: Context,
        conversation_id: str,
        text: str,
        *,
        parent_id: str | None = None,
        together: bool = False,
    ) -> tuple[ConversationMessage, ConversationMessage]:
        """Save the question and begin the reply: (question, reply).

        Args:
            parent_id: reply to go on from; None: the end of the branch that was last looked at; `ROOT`: anew.
            together: all conversations of a comparison are asked this; a blind one can be asked in no other way.

        Raises:
            NotFoundError: no such conversation, parent or model. ConflictError: the parent is still being written,
            or a blind conversation was asked alone. UsageError: the question is empty, or the parent isn't a reply.
        """
        if not text.strip():
            raise UsageError("chat.empty_question", param="text")
        now = making.now()

        def prepare(
            connection: Connection, conversation: Conversation
        ) -> tuple[ConversationMessage, ConversationMessage]:
            parent = parent_id or conversation.leaf_id
            if parent == ROOT:
                parent = None
            if parent is not None:
                self._check_parent(making.message_in(connection, context.user, conversation_id, parent))
            question = ConversationMessage(
                id=making.new_id(), conversation_id=conversation_id, parent_id=parent, role="user", content=text,
                created_at=now,
            )  # fmt: skip
            rows.add_message(connection, question)
            if not conversation.title:
                title = making.one_line(text, making.LONGEST_TITLE)
                rows.change(connection, context.user.id, conversation_id, title=title)
            return question, making.empty_reply(conversation, question.id, now + timedelta(microseconds=1))

        return await self._begin(context, conversation_id, prepare, together=together)

    async def regenerate(self, context: Context, reply_id: str) -> ConversationMessage:
        """Another reply to the same question, with the conversation's present model and sampling.

        Raises: NotFoundError: no such reply or model. UsageError: it is a question. ConflictError: of a blind one.
        """
        before, _ = await self._reply(context.user, reply_id)

        def prepare(_: Connection, conversation: Conversation) -> tuple[None, ConversationMessage]:
            return None, making.empty_reply(conversation, before.parent_id, making.now())

        return (await self._begin(context, before.conversation_id, prepare))[1]

    async def stop(self, user: User, reply_id: str) -> None:
        """Stop a running reply; one that has ended stays as it is. Raises: NotFoundError."""
        await self._reply(user, reply_id)
        if reply_id in self._running:
            await self._running[reply_id].stop("stopped")

    async def follow(self, user: User, reply_id: str) -> AsyncGenerator[ReplyUpdate, None]:
        """A reply's updates from now to its end; one that has ended gives its last state. Raises: NotFoundError."""
        _, conversation = await self._reply(user, reply_id)
        reply = self._running.get(reply_id)
        if reply is None:
            # it may have ended between the two looks
            message = masking.message((await self._reply(user, reply_id))[0], conversation)
            yield ReplyUpdate(kind="snapshot", message=message)
            yield ReplyUpdate(kind="end", message=message)
            return
        async with aclosing(reply.follow()) as updates:
            async for update in updates:
                if shown := masking.update(update, conversation):
                    yield shown

    # ---- inside --------------------------------------------------------------------------------------------
    async def _begin(
        self,
        context: Context,
        conversation_id: str,
        prepare: Callable[[Connection, Conversation], tuple[Result, ConversationMessage]],
        *,
        together: bool = False,
    ) -> tuple[Result, ConversationMessage]:
        """Save what `prepare` makes, in one transaction, and start the reply."""
        require(context.user, Action.CHAT)
        model = await self._model_of(context.user, conversation_id)
        responder = await self._registry.get(model, context.user)
        name = await self._registry.present_name(model, context.user)
        tools = await self._registry.toolbox.present()

        def work(
            connection: Connection,
        ) -> tuple[Result, Conversation, ConversationMessage, list[ConversationMessage]]:
            found = making.found(connection, context.user, conversation_id, Action.CHANGE)
            if not together:
                _check_open(found)
            present = replace(found, model=name, tools=tuple(each for each in found.tools if each in tools))
            result, reply = prepare(connection, present)
            rows.add_message(connection, reply)
            rows.touch(connection, conversation_id, reply.id, making.now())
            return result, present, reply, rows.messages_of(connection, context.user.id, conversation_id)

        result, conversation, message, messages = await self._database.write(work)
        path = prompt.path_to({each.id: each for each in messages}, message.parent_id)
        context = replace(context, conversation_id=conversation_id, reads_foreign=prompt.holds_foreign(path))
        reply = Reply(message, self._save, self._metrics)
        self._running[message.id] = reply
        events = prompt.answer(responder, conversation, path, context)
        reply.start(events, lambda: self._forget(message.id))
        return result, masking.message(message, conversation)

    async def _model_of(self, user: User, conversation_id: str) -> str:
        conversation = await self._database.read(
            lambda connection: making.found(connection, user, conversation_id, Action.READ)
        )
        if conversation.model:
            return conversation.model
        name = await self._registry.default_name(user)
        if name is None:
            raise NotFoundError("chat.no_model", param="model")
        return name

    async def _shown(self, user: User, conversation: Conversation) -> Conversation:
        """A conversation keeps its assistant's id and shows its name, unless nobody may see it."""
        name = await self._registry.present_name(conversation.model, user)
        return masking.conversation(replace(conversation, model=name))

    def _forget(self, reply_id: str) -> None:
        self._running.pop(reply_id, None)

    def _check_parent(self, parent: ConversationMessage) -> None:
        if parent.role != "assistant":
            raise UsageError("chat.parent_is_question", param="parent_id")
        reply = self._running.get(parent.id)
        if (reply.message() if reply else parent).status == "running":
            raise ConflictError("chat.reply_running")

    async def _reply(self, user: User, reply_id: str) -> tuple[ConversationMessage, Conversation]:
        """As it is; whoever gives it out masks it."""

        def work(connection: Connection) -> tuple[ConversationMessage, Conversation]:
            found = rows.find_message(connection, user.id, reply_id)
            if found is None:
                raise NotFoundError("access.not_found")
            return found, making.found(connection, user, found.conversation_id, Action.READ)

        message, conversation = await self._database.read(work)
        if message.role != "assistant":
            raise UsageError("chat.not_a_reply")
        return message, conversation

    async def _save(self, message: ConversationMessage) -> None:
        await self._database.write(lambda connection: rows.save_message(connection, message))


def _check_open(conversation: Conversation) -> None:
    """Raises: ConflictError: what is done to one side of a blind comparison would make the vote unfair."""
    if conversation.is_masked:
        raise ConflictError("chat.blind_together")
