"""Where another machine is described, and how a model is to be used there. Used by `models_page`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from yoriai.catalog.describe import Described, describe
from yoriai.evaluation.outlook import Use
from yoriai.web.visitor import Visitor

_MOST_CONTEXT, _MOST_USERS = 2**22, 10_000


class PlanForm:
    """`on_change` is called when the visitor asks to calculate."""

    def __init__(
        self, visitor: Visitor, default_context: int, on_change: Callable[[], Awaitable[None]]
    ) -> None:
        self._visitor = visitor
        with ui.expansion(visitor.text("models_plan"), icon="calculate").classes("y-plan"):
            ui.label(visitor.text("models_plan_help")).classes("y-note")
            with ui.element("div").classes("y-fields"):
                self._gpu = self._text("gpu", "RTX 4060 Ti 16GB x3")
                self._cpu = self._text("cpu", "Ryzen 9 5950X")
                self._ram = self._number("ram", None, 1, 65_536)
                self._context = self._number("context", default_context, 256, _MOST_CONTEXT)
                self._users = self._number("users", None, 1, _MOST_USERS)
            with ui.row():
                button = ui.button(visitor.text("models_calculate"), on_click=on_change)
                button.props("unelevated no-caps")
                ui.button(visitor.text("models_plan_reset"), on_click=self._reset).props("flat no-caps")
        for field in (self._gpu, self._cpu, self._ram, self._context, self._users):
            field.on("keydown.enter", on_change)
        self._default_context = default_context
        self._on_change = on_change

    def use(self) -> Use:
        context = _within(self._context.value, 256, _MOST_CONTEXT) or self._default_context
        return Use(context=context, users=_within(self._users.value, 1, _MOST_USERS))

    def described(self) -> Described | None:
        """None: nothing was described. Raises: UsageError: a card or processor that isn't known."""
        gpu, cpu, ram = (self._gpu.value or "").strip(), (self._cpu.value or "").strip(), self._ram.value
        if not (gpu or cpu or ram):
            return None
        return describe([gpu] if gpu else [], ram, cpu)

    async def _reset(self) -> None:
        self._gpu.value = self._cpu.value = ""
        self._ram.value = self._users.value = None
        self._context.value = self._default_context
        await self._on_change()

    def _text(self, name: str, example: str) -> ui.input:
        field = ui.input(self._visitor.text(f"models_{name}"), placeholder=example)
        field.props("outlined dense stack-label clearable maxlength=200")
        return field

    def _number(self, name: str, value: int | None, low: int, high: int) -> ui.number:
        field = ui.number(self._visitor.text(f"models_{name}"), value=value, min=low, max=high)
        field.props("outlined dense stack-label")
        return field


def _within(value: float | None, low: int, high: int) -> int:
    """0: nothing was said."""
    return min(high, max(low, int(value))) if value else 0
