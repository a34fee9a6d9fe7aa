"""Which questions come next in the arena: a set of ours, one's earlier ones, or a file. Used by `arena_page`.

Owns the form and the order. The questions stay in this tab; what was asked is kept with its battle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import events, ui

from yoriai.arena import questions
from yoriai.bootstrap import Services
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor


class QuestionQueue:
    """`on_choose` is called with a question that the visitor wants to be asked."""

    def __init__(
        self,
        services: Services,
        visitor: Visitor,
        handling: Handling,
        on_choose: Callable[[str], Awaitable[None]],
    ) -> None:
        self._services, self._visitor, self._handling, self._on_choose = (
            services,
            visitor,
            handling,
            on_choose,
        )
        self._left: list[str] = []
        self._total = 0
        ui.label(visitor.text("arena_sets_help")).classes("y-note")
        with ui.element("div").classes("y-row"):
            self._button("arena_set_own", "quiz", self._take_own)
            self._button("arena_set_earlier", "history", self._take_earlier)
            self._upload = ui.upload(
                on_upload=self._read, auto_upload=True, max_file_size=questions.MOST_BYTES
            )
            self._upload.props('accept=".jsonl,.json,.txt"').classes("y-hidden")
            pick = ui.button(visitor.text("arena_set_file"), icon="upload_file").props(
                "outline no-caps dense"
            )
            pick.on("click", js_handler=f"() => getElement({self._upload.id}).$refs.qRef.pickFiles()")
        self._list = ui.element("ol").classes("y-questions")

    @property
    def position(self) -> str:
        """Where one is in the set, in words; empty: no set was chosen."""
        if not self._total:
            return ""
        number = self._total - len(self._left)
        return self._visitor.text("arena_set_position", number=number, total=self._total)

    def take(self) -> str:
        """The next question; empty: there is none."""
        return self._left.pop(0) if self._left else ""

    def _button(self, name: str, icon: str, handler: Callable[[], Awaitable[None]]) -> None:
        ui.button(self._visitor.text(name), icon=icon, on_click=self._handling.safely(handler)).props(
            "outline no-caps dense"
        )

    async def _take_own(self) -> None:
        self._show(questions.own(self._visitor.language))

    async def _take_earlier(self) -> None:
        found = await self._services.battles.earlier(await self._visitor.user())
        if not found:
            self._handling.say(self._visitor.text("arena_no_earlier"))
        self._show(found)

    async def _read(self, event: events.UploadEventArguments) -> None:
        async def read() -> None:
            self._show(questions.parse(await event.file.read()))

        self._upload.reset()
        await self._handling.safely(read)()

    def _show(self, found: list[str]) -> None:
        self._list.clear()
        with self._list:
            for place, question in enumerate(found):
                with ui.element("li"):
                    ui.button(
                        question[:300], on_click=self._handling.safely(self._beginning(found, place))
                    ).props("flat no-caps dense align=left")

    def _beginning(self, found: list[str], place: int) -> Callable[[], Awaitable[None]]:
        async def begin() -> None:
            self._left, self._total = found[place + 1 :], len(found)
            await self._on_choose(found[place])

        return begin
