"""Which responder answers, and which of them are loaded. Used by `chat_page`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from yoriai.errors import YoriaiError
from yoriai.models import POOLED, ResponderInfo
from yoriai.responders.naming import REASONER
from yoriai.responders.registry import Registry
from yoriai.web.reasoner_menu import reasoner_label
from yoriai.web.visitor import Visitor


class ModelPicker:
    """A list in the header. `on_pick` is called with the `name` that the visitor chose."""

    def __init__(self, visitor: Visitor, registry: Registry, on_pick: Callable[..., Awaitable[None]]) -> None:
        self._visitor = visitor
        self._registry = registry
        self._on_pick = on_pick
        self._select = ui.select({}, on_change=self._changed).classes("y-picker")
        self._select.props(f'dense borderless options-dense aria-label="{visitor.text("model")}"')
        self._shown = ""

    @property
    def name(self) -> str:
        """The name that is shown; empty where there is no model at all."""
        return self._shown

    async def refresh(self) -> None:
        """Names and states as they are now."""
        infos = [
            info for info in await self._registry.list(await self._visitor.user()) if info.kind not in POOLED
        ]
        options = {info.name: self._label(info) for info in infos}
        if self._shown and self._shown not in options:
            options[self._shown] = await self._absent(self._shown)
        if options != self._select.options:
            self._select.set_options(options, value=self._shown or None)

    async def show(self, name: str) -> None:
        """Choose without asking the visitor; empty: whoever answers by default."""
        self._shown = name or await self._registry.default_name(await self._visitor.user()) or ""
        await self.refresh()
        self._select.value = self._shown or None

    async def choose(self, name: str) -> None:
        """As if the visitor had taken it from the list: a reasoner stands in none."""
        await self._on_pick(name=name)
        await self.show(name)

    async def _absent(self, name: str) -> str:
        """What is said of a name that isn't in the list: a reasoner that works, or somebody who is gone."""
        try:
            label = reasoner_label(name, self._visitor) if name.startswith(REASONER) else ""
            if label and await self._registry.get(name, await self._visitor.user()):
                return label
        except YoriaiError:
            pass
        return self._visitor.text("model_gone", name=name)

    async def _changed(self) -> None:
        name = self._select.value
        if name and name != self._shown:
            self._shown = name
            await self._on_pick(name=name)

    def _label(self, info: ResponderInfo) -> str:
        size = f"{info.size_bytes / 1e9:.1f} GB" if info.size_bytes else info.engine
        mark = {"ready": "●", "draining": "●", "starting": "◌", "failed": "✕"}.get(info.state, "○")
        return f"{mark} {info.name} · {size} · {self._visitor.text('state_' + info.state)}"
