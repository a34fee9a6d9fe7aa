"""Thinking longer: any responder tries several times. Puts a reasoner's name together. Used by `chat_page`.

Owns the dialog only; `responders.naming` says what a name may be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from yoriai.errors import UsageError
from yoriai.models import POOLED
from yoriai.responders.naming import REASONER, parse
from yoriai.responders.registry import Registry
from yoriai.web import measured_minds
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor

# How a name says it, and what it means; the number that a visitor begins with.
_METHODS = {"self-consistency": ("self_consistency", 8), "best-of": ("best_of", 4), "tree": ("tree", 16),
            "repair": ("repair", 2)}  # fmt: skip
_SCORERS = {"best-of": ("judge", "pairs", "agreement", "citations", "tests"),
            "tree": ("agreement", "judge", "citations"),
            "repair": ("judge", "checks", "citations", "tests")}  # fmt: skip


class ReasonerMenu:
    """A button in the header. `on_choose` is called with the name of the reasoner."""

    def __init__(
        self, visitor: Visitor, registry: Registry, shown: Callable[[], str],
        on_choose: Callable[[str], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._visitor, self._registry = visitor, registry
        self._shown, self._on_choose = shown, on_choose
        self._handling = Handling(visitor, ui.context.client)
        label = visitor.text("reasoner")
        button = ui.button(icon="psychology", on_click=self._handling.safely(self._open))
        with button.props(f'flat round dense aria-label="{label}"'):
            ui.tooltip(label)
        with ui.dialog() as self._dialog, ui.card().classes("y-reasoner"):
            self._build()

    def _build(self) -> None:
        visitor = self._visitor
        ui.label(visitor.text("reasoner")).classes("y-heading").props("role=heading aria-level=2")
        ui.label(visitor.text("reasoner_help")).classes("y-note")
        methods = {name: visitor.text(f"reasoner_{key}") for name, (key, _) in _METHODS.items()}
        self._method = self._select("method", methods)
        self._explained = ui.label().classes("y-note")
        self._size = ui.number(visitor.text("reasoner_size"), min=1, max=128).props("outlined dense")
        self._scorer = self._select("scorer", {})
        self._inner = self._select("inner", [])
        measured_minds.build(visitor)
        with ui.row():
            ui.button(visitor.text("cancel"), on_click=self._dialog.close).props("flat no-caps")
            use = self._handling.safely(self._use)
            ui.button(visitor.text("reasoner_use"), on_click=use).props("unelevated no-caps")
        self._method.on_value_change(self._method_changed)
        self._method.value = next(iter(_METHODS))

    async def _open(self) -> None:
        infos = await self._registry.list(await self._visitor.user())
        names = [each.name for each in infos if each.kind not in POOLED]
        shown = self._shown()
        if shown.startswith(REASONER):
            self._take(shown)
            shown = parse(shown).inner
        if shown and shown not in names:
            names.append(shown)
        self._inner.set_options(names, value=shown or None)
        self._dialog.open()

    def _take(self, name: str) -> None:
        """What the present reasoner does is where the visitor begins."""
        plan = parse(name)
        self._method.value = next(each for each, (key, _) in _METHODS.items() if key == plan.method)
        self._size.value = plan.size
        if self._scorer.visible:
            self._scorer.value = plan.scorer

    def _method_changed(self) -> None:
        method = self._method.value
        key, size = _METHODS[method]
        self._explained.text = self._visitor.text(f"reasoner_{key}_help")
        self._size.value = size
        scorers = {name: self._visitor.text(f"reasoner_scorer_{name}") for name in _SCORERS.get(method, ())}
        self._scorer.set_visibility(bool(scorers))
        self._scorer.set_options(scorers, value=next(iter(scorers), None))

    async def _use(self) -> None:
        """Raises: UsageError: what was chosen can't be."""
        if not self._inner.value:
            raise UsageError("web.reasoner_nobody")
        scorer = f"+{self._scorer.value}" if self._scorer.value else ""
        name = f"{REASONER}{self._method.value}-{int(self._size.value or 0)}{scorer}({self._inner.value})"
        parse(name)
        await self._on_choose(name)
        self._dialog.close()

    def _select(self, name: str, options: dict[str, str] | list[str]) -> ui.select:
        field = ui.select(options, label=self._visitor.text(f"reasoner_{name}"))
        return field.props("outlined dense options-dense").classes("full-width")


def reasoner_label(name: str, visitor: Visitor) -> str:
    """What the picker shows of a reasoner. Raises: UsageError: it is none."""
    plan = parse(name)
    return visitor.text(
        "reasoner_label", method=visitor.text(f"reasoner_{plan.method}"), size=plan.size, name=plan.inner
    )
