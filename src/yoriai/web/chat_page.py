"""The chat page: puts its parts together and carries out what the visitor does, through the Chat service.

Owns which conversation is shown and which replies are followed. A reply doesn't need the page: closed or
reloaded, it goes on, and the page that comes next finds it again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, nullcontext
from typing import Any, cast

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from yoriai.bootstrap import Services
from yoriai.chat.chat import ROOT
from yoriai.chat.reply import ReplyUpdate
from yoriai.conversations import Conversation, ConversationMessage
from yoriai.errors import AuthenticationError, NotFoundError, YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.tools.approval import Decision
from yoriai.tools.code import NAME as CODE
from yoriai.web import layout, question_form, tree
from yoriai.web.composer import Composer
from yoriai.web.conversation_list import ConversationList
from yoriai.web.handling import Handling
from yoriai.web.live_reply import LiveReply
from yoriai.web.model_picker import ModelPicker
from yoriai.web.reasoner_menu import ReasonerMenu
from yoriai.web.settings_drawer import ChatSettings, SettingsDrawer
from yoriai.web.transcript import Transcript
from yoriai.web.visitor import Visitor

_PACE_S = 0.1  # between two patches of a running reply, at least …
_REST = 4  # … and so many times what the last one took
_MODELS_EVERY_S = 3.0
_SESSION_EVERY_S = 10.0


class ChatPage:
    """One browser tab. `conversation_id`: what its address names; empty: a new conversation."""

    def __init__(self, services: Services, visitor: Visitor, conversation_id: str) -> None:
        self._services = services
        self._chat = services.chat
        self._visitor = visitor
        self._conversation: Conversation | None = None
        self._first_id = conversation_id
        self._messages: list[ConversationMessage] = []
        self._following: dict[str, asyncio.Task[None]] = {}
        self._turn = (
            asyncio.Lock()
        )  # one action at a time, in the visitor's order: each waits for the database
        self._words = ""
        self._client = ui.context.client

    async def build(self) -> None:
        """Lay the page out and fill it."""
        user = await self._visitor.user()
        parts = layout.build(self._visitor, user, on_new=self._safely(self._begin_new))
        self._drawer = parts.left
        with parts.left_content:
            self._list = ConversationList(self._visitor)
        with parts.header:
            self._picker = ModelPicker(self._visitor, self._services.registry, self._safely(self._pick_model))
            ReasonerMenu(
                self._visitor, self._services.registry, lambda: self._picker.name, self._picker.choose
            )  # fmt: skip
        offers = await self._services.toolbox.offers(user)
        self._settings = SettingsDrawer(self._visitor, self._safely(self._save_settings), offers)
        parts.settings_button.on_click(self._settings.drawer.toggle)
        with parts.main:
            self._welcome = layout.welcome(self._visitor, self._fill)
            self._transcript = Transcript(self._visitor)
        with parts.footer:
            self._composer = Composer(self._visitor, takes_files=True)
        ui.skip_link(self._visitor.text("skip"), target=self._composer)
        self._listen()
        await self._open(self._first_id)
        ui.timer(_MODELS_EVERY_S, self._safely(self._picker.refresh, in_turn=False), immediate=False)
        ui.timer(_SESSION_EVERY_S, self._safely(self._check_session, in_turn=False), immediate=False)
        self._client.on_delete(self._unfollow_all)

    def _listen(self) -> None:
        self._on(self._transcript, "ready", self._ready)
        self._on(self._transcript, "lost", self._follow_again)
        self._on(self._transcript, "edit", self._edit)
        self._on(self._transcript, "regenerate", self._regenerate)
        self._on(self._transcript, "question", self._keep_question)
        self._on(self._transcript, "branch", self._switch_branch)
        self._on(self._transcript, "decide", self._decide, in_turn=False)
        self._on(self._composer, "send", self._send)
        self._on(self._composer, "stop", self._stop)
        self._on(self._composer, "attach", self._attach)
        self._on(self._composer, "attached", self._show_files)
        self._on(self._list, "choose", self._choose)
        self._on(self._list, "back", self._go_back)
        self._on(self._list, "rename", self._rename)
        self._on(self._list, "remove", self._remove, in_turn=False)
        self._on(self._list, "search", self._search)

    # ---- which conversation --------------------------------------------------------------------------------
    async def _open(self, conversation_id: str) -> None:
        """Load a conversation; empty, or one that isn't there: a new one."""
        self._unfollow_all()
        user = await self._visitor.user()
        self._conversation, self._messages = None, []
        if conversation_id:
            try:
                self._conversation, self._messages = await self._chat.get(user, conversation_id)
            except NotFoundError as error:
                self._tell(error)
        if self._conversation and self._conversation.is_masked:  # nothing but a vote can be done with it
            ui.navigate.to(f"/arena/battles/{self._conversation.comparison_id}")
            self._conversation, self._messages = None, []
        conversation = self._conversation
        self._list.set_active(conversation.id if conversation else "")
        self._composer.set_conversation(conversation.id if conversation else "")
        self._settings.show(conversation)
        await self._show_files()
        await self._picker.show(conversation.model if conversation else self._picker.name)
        await self._refresh_list()
        self._name_page()
        self._welcome.set_visibility(not self._messages)
        self._composer.set_running(bool(self._running()))

    async def _choose(self, id: str) -> None:
        await self._open(id)
        await self._show()
        ui.navigate.history.push(f"/c/{id}")
        layout.close_on_phone(self._drawer)

    async def _go_back(self, id: str) -> None:
        await self._open(id)
        await self._show()

    async def _begin_new(self) -> None:
        await self._open("")
        await self._show()
        ui.navigate.history.push("/")
        layout.close_on_phone(self._drawer)

    async def _ready(self) -> None:
        await self._check_session()
        await self._show()

    async def _show(self) -> None:
        """The branch that was last looked at, and its running replies."""
        branch = self._branch()
        await self._transcript.show(branch)
        for shown in branch:
            if shown.message.status == "running":
                self._follow(shown.message.id)

    async def _search(self, words: str) -> None:
        self._words = words
        await self._refresh_list()

    async def _rename(self, id: str, title: str) -> None:
        changed = await self._chat.update(await self._visitor.user(), id, title=title)
        if self._conversation and self._conversation.id == id:
            self._conversation = changed
            self._name_page()
        await self._refresh_list()

    async def _remove(self, id: str) -> None:
        if not await layout.confirm(self._visitor, self._visitor.text("remove_question")):
            return
        async with self._turn:
            await self._chat.delete(await self._visitor.user(), id)
            if self._conversation and self._conversation.id == id:
                await self._begin_new()
            await self._refresh_list()

    # ---- questions and replies -----------------------------------------------------------------------------
    async def _send(self, text: str) -> None:
        """Ask at the end of the branch that this page shows, whatever another tab has chosen meanwhile."""
        branch = self._branch()
        try:
            conversation = self._conversation or await self._create()
            await self._ask(conversation, text, branch[-1].message.id if branch else None)
        except Exception:
            self._composer.refused()
            raise
        self._composer.accepted()
        await self._reload()

    async def _attach(self) -> None:
        """Files were chosen: they need a conversation, and the tool that can read them."""
        conversation = self._conversation or await self._create()
        if CODE not in conversation.tools:
            user = await self._visitor.user()
            tools = [*conversation.tools, CODE]
            self._conversation = conversation = await self._chat.update(user, conversation.id, tools=tools)
            self._settings.show(conversation)
        self._composer.upload_to(conversation.id)

    async def _show_files(self) -> None:
        user, files = await self._visitor.user(), self._services.toolbox.files
        there = await files.uploads(user, self._conversation.id) if self._conversation else []
        self._composer.show_files(there)

    async def _create(self) -> Conversation:
        settings = self._settings.value()
        conversation = await self._chat.create(
            await self._visitor.user(),
            model=self._picker.name,
            system_prompt=settings.system_prompt,
            sampling=settings.sampling,
            tools=settings.tools,
        )
        self._conversation = conversation
        ui.navigate.history.replace(f"/c/{conversation.id}")
        return conversation

    async def _edit(self, id: str, text: str) -> None:
        """Ask again beside an earlier question."""
        if self._conversation is None:
            return
        try:
            await self._stop()  # what was being said to the old question would go on unseen
            await self._ask(self._conversation, text, self._message(id).parent_id or ROOT)
        except Exception:
            self._transcript.refused()
            raise
        await self._reload()

    async def _ask(self, conversation: Conversation, text: str, parent_id: str | None) -> None:
        context = await self._visitor.context()
        await self._chat.ask(context, conversation.id, text, parent_id=parent_id)

    async def _regenerate(self, id: str) -> None:
        await self._chat.regenerate(await self._visitor.context(), id)
        await self._reload()

    async def _keep_question(self, id: str) -> None:
        """A turn becomes a question of one's own."""
        await self._visitor.user()
        branch = [shown.message for shown in self._branch()]
        handling = Handling(self._visitor, self._client)
        with self._transcript:
            await question_form.keep(
                self._services.exams.questions, self._visitor, handling, question_form.drafted(branch, id)
            )

    async def _decide(self, id: str, decision: str) -> None:
        self._services.toolbox.decide(await self._visitor.user(), id, cast(Decision, decision))

    async def _stop(self) -> None:
        user = await self._visitor.user()
        for message in self._messages:
            if message.status == "running":
                await self._chat.stop(user, message.id)

    async def _switch_branch(self, id: str, step: int) -> None:
        shown = next(each for each in self._branch() if each.message.id == id)
        place = min(max(shown.place + step, 0), len(shown.siblings) - 1)
        leaf = tree.leaf_below(self._messages, shown.siblings[place])
        await self._chat.update(await self._visitor.user(), shown.message.conversation_id, leaf_id=leaf)
        await self._reload()

    async def _reload(self) -> None:
        """After a change of the tree: show it as the database has it."""
        if self._conversation:
            user = await self._visitor.user()
            self._conversation, self._messages = await self._chat.get(user, self._conversation.id)
            self._list.set_active(self._conversation.id)
            self._composer.set_conversation(self._conversation.id)
        self._welcome.set_visibility(not self._messages)
        self._composer.set_running(bool(self._running()))
        await self._show()
        await self._refresh_list()
        self._name_page()

    # ---- following -----------------------------------------------------------------------------------------
    def _follow(self, reply_id: str) -> None:
        if (before := self._following.get(reply_id)) is not None:
            before.cancel()
        following = self._safely(self._following_of, in_turn=False)
        self._following[reply_id] = background_tasks.create(
            following(reply_id=reply_id), name=f"follow {reply_id}"
        )

    async def _follow_again(self, id: str) -> None:
        self._follow(id)

    async def _following_of(self, reply_id: str) -> None:
        live = LiveReply(reply_id, self._transcript, self._visitor)
        user = await self._visitor.user()
        async with aclosing(self._chat.follow(user, reply_id)) as updates:
            async for update in updates:
                if update.kind == "end":
                    await self._ended(update)
                    return
                begun = time.perf_counter()
                await live.take(update)
                # A long open list or table costs more with each word: the page slows down, not the server.
                await asyncio.sleep(max(_PACE_S, _REST * (time.perf_counter() - begun)))

    async def _ended(self, update: ReplyUpdate) -> None:
        message = update.message
        if message is None:
            return
        self._following.pop(message.id, None)
        self._messages = [message if each.id == message.id else each for each in self._messages]
        for shown in self._branch():
            if shown.message.id == message.id:
                await self._transcript.put(shown)
        self._composer.set_running(bool(self._running()))
        await self._picker.refresh()

    def _unfollow_all(self) -> None:
        for task in self._following.values():
            task.cancel()
        self._following.clear()

    # ---- settings ------------------------------------------------------------------------------------------
    async def _pick_model(self, name: str) -> None:
        if self._conversation:
            user = await self._visitor.user()
            self._conversation = await self._chat.update(user, self._conversation.id, model=name)

    async def _save_settings(self) -> None:
        if (before := self._conversation) is None:
            return
        settings = self._settings.value()
        if settings == ChatSettings.of(before):
            return
        self._conversation = await self._chat.update(
            await self._visitor.user(),
            before.id,
            system_prompt=settings.system_prompt,
            sampling=settings.sampling,
            tools=settings.tools,
        )

    # ---- inside --------------------------------------------------------------------------------------------
    def _branch(self) -> list[tree.Shown]:
        return tree.branch(self._messages, self._conversation.leaf_id if self._conversation else None)

    def _running(self) -> list[ConversationMessage]:
        return [each.message for each in self._branch() if each.message.status == "running"]

    def _message(self, message_id: str) -> ConversationMessage:
        for message in self._messages:
            if message.id == message_id:
                return message
        raise NotFoundError("access.not_found")

    async def _refresh_list(self) -> None:
        self._list.set_items(await self._chat.conversations(await self._visitor.user(), self._words))

    def _name_page(self) -> None:
        title = self._conversation.title if self._conversation else ""
        ui.page_title(f"{title} · Yoriai" if title else "Yoriai")

    def _fill(self, text: str) -> None:
        self._composer.fill(text)

    async def _check_session(self) -> None:
        await self._visitor.user()

    def _on(
        self,
        element: ui.element,
        event: str,
        handler: Callable[..., Awaitable[None]],
        *,
        in_turn: bool = True,
    ) -> None:
        """`handler` gets the fields of the browser's event by name."""
        safe = self._safely(handler, in_turn=in_turn)

        async def handle(arguments: GenericEventArguments) -> None:
            fields: dict[str, Any] = arguments.args if isinstance(arguments.args, dict) else {}
            await safe(**fields)

        element.on(event, handle)

    def _safely(
        self, handler: Callable[..., Awaitable[None]], *, in_turn: bool = True
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        """`handler`, whose failures are said on the page; without a session the page is over.

        Args:
            in_turn: after the actions before it; not for what waits for the visitor, a clock or a reply.
        """

        async def handle(**fields: Any) -> None:
            try:
                async with self._turn if in_turn else nullcontext():
                    await handler(**fields)
            except AuthenticationError:
                self._unfollow_all()
                with self._client:
                    ui.navigate.to("/login")
            except YoriaiError as error:
                self._tell(error)

        return handle

    def _tell(self, error: YoriaiError) -> None:
        with self._client:
            ui.notify(
                error_text(error, self._visitor.language), type="negative", multi_line=True, timeout=8000
            )
