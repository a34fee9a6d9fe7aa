"""What was compared or fought before: a list of links with what can be done to each.

Owns what is drawn; the page carries out what is done. Used by `compare_page` and `arena_page`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from yoriai.records import Comparison
from yoriai.web import layout
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor

MOST = 20  # of the newest


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """A button beside each; `question` is asked before. `label`, `question`: names of what is said."""

    icon: str
    label: str
    question: str
    work: Callable[[str], Awaitable[None]]  # with the id
    fits: Callable[[Comparison], bool] = lambda _: True


class Earlier:
    """Of `address`/ID each. `told` says what stands behind its title; `show` fills the list."""

    def __init__(
        self, visitor: Visitor, handling: Handling, heading: str, address: str, *, acts: Sequence[Act],
        told: Callable[[Comparison], str] = lambda _: "",
    ) -> None:  # fmt: skip
        self._visitor, self._handling = visitor, handling
        self._heading, self._address, self._acts, self._told = heading, address, acts, told
        self._place = ui.element("section")

    def show(self, found: Sequence[Comparison]) -> None:
        """In place of what is there; nothing where there is nothing."""
        self._place.clear()
        if not found:
            return
        with self._place:
            heading = ui.label(self._visitor.text(self._heading)).classes("y-heading")
            heading.props("role=heading aria-level=2")
            with ui.element("ul").classes("y-earlier"):
                for each in found[:MOST]:
                    self._build(each)

    def _build(self, each: Comparison) -> None:
        title = each.title or self._visitor.text("untitled")
        with ui.element("li"):
            ui.link(title, f"{self._address}/{each.id}")
            if told := self._told(each):
                ui.label(told).classes("y-note")
            for act in self._acts:
                if act.fits(each):
                    words = f"{self._visitor.text(act.label)}: {title}".replace('"', "'")
                    do = self._handling.safely(partial(self._do, act, each.id))
                    with ui.button(icon=act.icon, on_click=do).props(
                        f'flat round dense size=sm aria-label="{words}"'
                    ):
                        ui.tooltip(self._visitor.text(act.label))

    async def _do(self, act: Act, id_: str) -> None:
        if await layout.confirm(self._visitor, self._visitor.text(act.question), act.label):
            await act.work(id_)
