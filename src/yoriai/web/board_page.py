"""The board: how strong each model is by the votes, how sure that is, and what can't be told yet.

Shows what the Arena service says; what is narrowed down is asked again.
"""

from __future__ import annotations

from typing import get_args

from nicegui import ui

from yoriai.bootstrap import Services
from yoriai.records import VoteFilter, Voters
from yoriai.web import board_words, layout
from yoriai.web.board_parts import BoardTable, VoteFiles
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor


class BoardPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._arena, self._visitor = services.arena, visitor
        self._handling = Handling(visitor, ui.context.client)

    async def build(self) -> None:
        facets = await self._arena.facets(await self._visitor.user())
        with layout.subpage(self._visitor, self._visitor.text("board"), back="/arena").classes("y-full"):
            with ui.element("div").classes("y-fields"):
                self._build_filters(facets)
            self._table = BoardTable(self._visitor)
            files = VoteFiles(self._visitor)
            ui.label(self._visitor.text("board_how")).classes("y-note")
        self._handling.on(self._table, "ready", self._refresh)
        self._handling.on(files, "changed", self._changed)

    def _build_filters(self, facets: dict[str, dict[str, int]]) -> None:
        voters = {each: self._visitor.text(f"board_voters_{each}") for each in get_args(Voters)}
        self._language = self._select(
            "board_language", board_words.languages(facets["language"], self._visitor)
        )
        self._topic = self._select("board_topic", board_words.topics(facets["topic"], self._visitor))
        self._voters = self._select("board_voters", voters)
        with ui.element("div"):
            self._style = self._switch("board_style")
            self._leaks = self._switch("board_leaks")

    def _select(self, label: str, options: dict[str, str]) -> ui.select:
        select = ui.select(
            options, value=next(iter(options)), label=self._visitor.text(label),
            on_change=self._handling.safely(self._refresh),
        )  # fmt: skip
        return select.props("outlined dense options-dense")

    def _switch(self, label: str) -> ui.checkbox:
        return ui.checkbox(self._visitor.text(label), on_change=self._handling.safely(self._refresh)).props(
            "dense"
        )

    async def _changed(self) -> None:
        """Votes came in: there may be other languages and topics."""
        facets = await self._arena.facets(await self._visitor.user())
        self._language.set_options(board_words.languages(facets["language"], self._visitor))
        self._topic.set_options(board_words.topics(facets["topic"], self._visitor))
        await self._refresh()

    async def _refresh(self) -> None:
        wanted = VoteFilter(
            language=self._language.value or "", topic=self._topic.value or "", voters=self._voters.value or "everyone",
            with_leaks=bool(self._leaks.value),
        )  # fmt: skip
        board = await self._arena.board(
            await self._visitor.user(), wanted, with_style=bool(self._style.value)
        )
        self._table.tell(board_words.table(board, self._visitor))
