"""Which tools a conversation may use: a switch for each, with what it does. Used by `settings_drawer`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from yoriai.i18n.catalogue import text
from yoriai.tools.toolbox import Offer
from yoriai.web.cleaning import clean_text
from yoriai.web.visitor import Visitor

_BUILT_IN = frozenset(
    {"calculator", "date_and_time", "convert_units", "search_documents", "read_document", "python"}
)
_SHOWN = 160  # characters of a description


class ToolSwitches:
    """`value()` is what they say; `on_change` is called when one is moved."""

    def __init__(
        self, visitor: Visitor, offers: Sequence[Offer], on_change: Callable[[], Awaitable[None]]
    ) -> None:
        self._switches: dict[str, ui.switch] = {}
        self._on_change, self._is_filling = on_change, False
        ui.label(visitor.text("tools")).classes("y-heading")
        for offer in offers:
            name, explained = _words(offer, visitor)
            self._switches[offer.tool.name] = ui.switch(name, on_change=self._changed).props("dense")
            ui.label(explained).classes("y-hint")

    def value(self) -> tuple[str, ...]:
        return tuple(name for name, switch in self._switches.items() if switch.value)

    def show(self, names: Sequence[str]) -> None:
        self._is_filling = True
        for name, switch in self._switches.items():
            switch.value = name in names
        self._is_filling = False

    async def _changed(self) -> None:
        if not self._is_filling:
            await self._on_change()


def _words(offer: Offer, visitor: Visitor) -> tuple[str, str]:
    """A tool's name and what it does; of an MCP server's in its own words."""
    name = offer.tool.name
    if name in _BUILT_IN:
        return text(f"web.tool_{name}", visitor.language), text(f"web.tool_{name}_help", visitor.language)
    effects = ", ".join(
        text(f"web.tool_effect_{each}", visitor.language) for each in sorted(offer.tool.effects)
    )
    return clean_text(name), f"{clean_text(offer.tool.description)[:_SHOWN]} ({effects})"
