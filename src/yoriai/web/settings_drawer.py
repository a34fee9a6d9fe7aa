"""System prompt, tools and sampling of a conversation, each with a sentence on what it does. Used by `chat_page`.

Owns the form only: `value()` is what it says, `on_change` is called when the visitor leaves a field, changed or not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from pydantic import ValidationError

from yoriai.conversations import Conversation
from yoriai.errors import UsageError
from yoriai.tools.toolbox import Offer
from yoriai.types import Sampling
from yoriai.web.tool_switches import ToolSwitches
from yoriai.web.visitor import Visitor

PRESETS = ("translator", "proofreader", "summariser", "teacher", "programmer", "minutes")
_WHOLE = {"top_k", "seed", "max_tokens"}
_STEPS = {"temperature": 0.1, "top_p": 0.05, "min_p": 0.01, "repeat_penalty": 0.05, "presence_penalty": 0.1,
          "frequency_penalty": 0.1}  # fmt: skip
_NUMBERS = (
    "temperature", "top_p", "top_k", "min_p", "repeat_penalty", "presence_penalty", "frequency_penalty", "max_tokens",
    "seed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatSettings:
    system_prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    tools: tuple[str, ...] = ()

    @classmethod
    def of(cls, conversation: Conversation) -> ChatSettings:
        return cls(
            system_prompt=conversation.system_prompt, sampling=conversation.sampling, tools=conversation.tools
        )


class SettingsDrawer:
    """The drawer at the right edge."""

    def __init__(
        self, visitor: Visitor, on_change: Callable[[], Awaitable[None]], offers: Sequence[Offer]
    ) -> None:
        self._visitor = visitor
        self._on_change = on_change
        self._numbers: dict[str, ui.number] = {}
        label = visitor.text("settings")
        with ui.right_drawer(value=False, bordered=True, top_corner=True, bottom_corner=True).classes(
            "y-settings"
        ) as self.drawer:
            self.drawer.props(f'width=340 breakpoint=1200 role=complementary aria-label="{label}"')
            ui.label(label).classes("y-heading")
            self._tools = ToolSwitches(visitor, offers, on_change)
            self._prompt_field()
            for name in _NUMBERS:
                self._numbers[name] = self._number(name)
            self._stop = ui.input_chips(visitor.text("stop_sequences"), new_value_mode="add-unique")
            self._finish(self._stop, visitor.text("stop_sequences_help"))
            self._stop.on("remove", self._on_change)  # a chip's own cross doesn't take the focus
            ui.button(visitor.text("reset"), icon="restart_alt", on_click=self._reset).props("flat no-caps")

    def value(self) -> ChatSettings:
        """Raises: UsageError: a number is out of its range."""
        given: dict[str, Any] = {name: number.value for name, number in self._numbers.items()}
        given |= {name: int(given[name]) for name in _WHOLE if given[name] is not None}
        given["stop"] = list(self._stop.value or []) or None
        try:
            return ChatSettings(
                system_prompt=self._prompt.value or "", sampling=Sampling.model_validate(given),
                tools=self._tools.value(),
            )  # fmt: skip
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            if name not in _NUMBERS:
                raise UsageError("web.stop_invalid") from error
            low, high = _range(name)
            label = self._visitor.text(name)
            raise UsageError("web.setting_invalid", name=label, low=low, high=high) from error

    def show(self, conversation: Conversation | None) -> None:
        """Fill the form; None: everything as the model's maker chose."""
        settings = conversation or ChatSettings()
        self._preset.value = None  # a choice that fills the prompt once, not a setting
        self._prompt.value = settings.system_prompt
        self._tools.show(settings.tools)
        for name, number in self._numbers.items():
            number.value = getattr(settings.sampling, name)
        stop = settings.sampling.stop
        self._stop.value = [stop] if isinstance(stop, str) else list(stop or [])

    def _prompt_field(self) -> None:
        names = {name: self._visitor.text(f"preset_{name}") for name in PRESETS}
        self._preset = ui.select(
            names, label=self._visitor.text("role"), clearable=True, on_change=self._take_preset
        )
        self._preset.props("outlined dense")
        self._prompt = ui.textarea(self._visitor.text("system_prompt")).props(
            "outlined autogrow maxlength=100000"
        )
        self._finish(self._prompt, self._visitor.text("system_prompt_help"))

    def _number(self, name: str) -> ui.number:
        low, high = _range(name)
        step = _STEPS.get(name, 1)
        number = ui.number(self._visitor.text(name), step=step, placeholder=self._visitor.text("default"))
        number.props(
            f"min={low} max={high}"
        )  # for the browser's arrows; a number typed beyond is refused, not moved
        self._finish(number, self._visitor.text(f"{name}_help"))
        return number

    def _finish(self, field: ui.element, explanation: str) -> None:
        field.props(f'outlined dense stack-label clearable hint="{explanation}"')
        field.on("blur", self._on_change)
        field.on("clear", self._on_change)

    async def _take_preset(self) -> None:
        if self._preset.value:
            self._prompt.value = self._visitor.text(f"preset_{self._preset.value}_prompt")
            await self._on_change()

    async def _reset(self) -> None:
        self.show(None)
        await self._on_change()


def _range(name: str) -> tuple[float, float]:
    """The range that the API accepts, too."""
    schema = Sampling.model_json_schema()["properties"][name]
    numeric = next(part for part in schema["anyOf"] if part["type"] != "null")
    return numeric["minimum"], numeric["maximum"]
