"""The board: how strong each model is by the votes, how sure that is, and what can't be told yet.

Shows what the Arena service says; what is narrowed down is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from nicegui import ui

from yoriai.bootstrap import Services
from yoriai.records import Group, VoteFilter, Voters
from yoriai.web import board_words, layout
from yoriai.web.board_parts import BoardTable, VoteFiles
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor

_GROUP = "group:"


class BoardPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._arena, self._groups, self._visitor = services.arena, services.groups, visitor
        self._handling = Handling(visitor, ui.context.client)

    async def build(self) -> None:
        user = await self._visitor.user()
        facets, groups = await self._arena.facets(user), await self._groups.listed(user)
        with layout.subpage(self._visitor, self._visitor.text("board"), back="/arena").classes("y-full"):
            with ui.element("div").classes("y-fields"):
                self._build_filters(facets, groups)
            self._table = BoardTable(self._visitor)
            files = VoteFiles(self._visitor)
            ui.label(self._visitor.text("board_how")).classes("y-note")
        self._handling.on(self._table, "ready", self._refresh)
        self._handling.on(files, "changed", self._changed)

    def _build_filters(self, facets: dict[str, dict[str, int]], groups: Sequence[Group]) -> None:
        voters = {each: self._visitor.text(f"board_voters_{each}") for each in get_args(Voters)}
        voters |= {
            _GROUP + each.id: self._visitor.text("board_voters_group", name=each.name) for each in groups
        }
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
        voters: Any = self._voters.value or "everyone"
        is_group = voters.startswith(_GROUP)
        wanted = VoteFilter(
            language=self._language.value or "", topic=self._topic.value or "",
            voters="everyone" if is_group else voters, group=voters.removeprefix(_GROUP) if is_group else "",
            with_leaks=bool(self._leaks.value),
        )  # fmt: skip
        board = await self._arena.board(
            await self._visitor.user(), wanted, with_style=bool(self._style.value)
        )
        self._table.tell(board_words.table(board, self._visitor))
