"""The measurements page: how fast models were measured to be, against the prediction and against another machine.

Shows what `yoriai bench` has measured or taken in; it measures nothing. Charts, and the same figures as a table, from
which an administrator discards what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anyio import to_thread
from nicegui import ui

from yoriai.access import Action, can, require
from yoriai.bootstrap import Services
from yoriai.catalog import speed_words
from yoriai.catalog.measurement import Measurement, Spread
from yoriai.catalog.speed import Rate
from yoriai.errors import AuthenticationError
from yoriai.evaluation import comparison
from yoriai.evaluation.comparison import Line, Pair
from yoriai.web import charts, layout
from yoriai.web.handling import Handling
from yoriai.web.visitor import Visitor

_MOST_LINES = 40  # of the newest: more bars than that nobody reads
_COLUMNS = (
    "machine",
    "model",
    "quantization",
    "context",
    "users",
    "generation",
    "predicted",
    "prompt",
    "when",
)
_BUSY = "*"  # follows what was measured while the machine was busy
_NUMBERS = {"context", "users", "generation", "predicted", "prompt"}


class MeasurementsPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._services = services
        self._visitor = visitor
        self._handling = Handling(visitor, ui.context.client)
        self._manages = False

    async def build(self) -> None:
        self._manages = can(await self._visitor.user(), Action.MANAGE_MODELS)
        with layout.subpage(self._visitor, self._say("title"), back="/models"):
            self._place = ui.element("div")
        await self._show()

    async def _show(self) -> None:
        everything = await self._services.results.everything()
        lines = await to_thread.run_sync(_newest, everything)
        self._place.clear()
        with self._place:
            if not lines:
                ui.label(self._say("none")).classes("y-nothing")
                return
            self._speeds(lines)
            self._predictions(lines)
            self._machines(everything)
            self._table(lines)

    def _speeds(self, lines: Sequence[Line]) -> None:
        measured = [line.measurement for line in lines if line.measurement.generation_tokens_per_s]
        if not measured:
            return
        self._heading("by_model")
        values = [_median(each.generation_tokens_per_s) for each in measured]
        names = [self._label(each) for each in measured]
        charts.bars(names, {self._say("generation"): values}, label=self._say("by_model"))

    def _predictions(self, lines: Sequence[Line]) -> None:
        """Of replies; and of what only reads, whose figures are a hundred times as high, in a chart of its own."""
        writing = [
            (each.measurement, each.predicted_generation, each.measurement.generation_tokens_per_s)
            for each in lines
        ]
        reading = [
            (each.measurement, each.predicted_prompt, each.measurement.prompt_tokens_per_s)
            for each in lines
            if not _writes(each.measurement)
        ]
        self._held("against_prediction", writing)
        self._held("against_prediction_reading", reading)

    def _held(self, title: str, rows: Sequence[tuple[Measurement, Rate | None, Spread | None]]) -> None:
        held = [
            (of, foreseen.tokens_per_s, found.median) for of, foreseen, found in rows if foreseen and found
        ]
        if not held:
            return
        self._heading(title)
        ui.label(self._say("prediction_help")).classes("y-note")
        series = {
            self._say("predicted"): [foreseen for _, foreseen, _ in held],
            self._say("measured"): [found for _, _, found in held],
        }
        charts.bars([self._label(of) for of, _, _ in held], series, label=self._say(title))

    def _machines(self, everything: Sequence[Measurement]) -> None:
        """Two machines, which the visitor chooses."""
        known = comparison.machines(everything)
        if len(known) < 2:
            return
        self._heading("two_machines")
        names = {number: name for number, (_, name) in enumerate(known)}

        async def show() -> None:
            try:
                await self._visitor.user()
            except AuthenticationError:
                ui.navigate.to("/login")
                return
            self._ratios(place, everything, known[first.value], known[second.value])

        with ui.element("div").classes("y-fields"):
            first = ui.select(names, value=0, label=self._say("first_machine"), on_change=show)
            second = ui.select(names, value=1, label=self._say("second_machine"), on_change=show)
            for select in (first, second):
                select.props("outlined dense")
        place = ui.element("div")
        self._ratios(place, everything, known[0], known[1])

    def _ratios(
        self,
        place: ui.element,
        everything: Sequence[Measurement],
        first: tuple[str, str],
        second: tuple[str, str],
    ) -> None:
        pairs = comparison.pairs(everything, first, second)[-_MOST_LINES:]
        place.clear()
        with place:
            if not pairs:
                ui.label(self._say("no_pairs")).classes("y-nothing")
                return
            ui.label(self._say("ratio_help", first=first[1], second=second[1])).classes("y-note")
            self._pairs([pair for pair in pairs if _writes(pair.first)], "two_machines")
            reading = [pair for pair in pairs if not _writes(pair.first)]
            if reading:
                ui.label(self._say("two_machines_reading")).classes("y-note")
            self._pairs(reading, "two_machines_reading")

    def _pairs(self, pairs: Sequence[Pair], title: str) -> None:
        series = {
            self._say("generation"): [pair.generation for pair in pairs],
            self._say("prompt"): [pair.prompt for pair in pairs],
        }
        drawn = {name: values for name, values in series.items() if any(values)}
        if drawn:
            names = [self._condition(pair.first) for pair in pairs]
            charts.bars(names, drawn, label=self._say(title), line=1.0)

    def _table(self, lines: Sequence[Line]) -> None:
        self._heading("figures")
        columns: list[dict[str, Any]] = [
            {
                "name": name,
                "label": self._say(name),
                "field": name,
                "align": "right" if name in _NUMBERS else "left",
            }
            for name in _COLUMNS
        ]
        rows = [_row(line) | {"id": line.measurement.id} for line in reversed(lines)]
        if any(line.measurement.was_busy for line in lines):
            ui.label(f"{_BUSY} : {self._say('busy')}").classes("y-note")
        table = ui.table(
            columns=columns, rows=rows, row_key="id", selection="multiple" if self._manages else None
        )
        table.props("flat bordered dense").classes("y-figures")
        if self._manages:
            discard = self._handling.safely(lambda: self._discard(_ids(table)))
            button = ui.button(self._say("discard"), icon="delete_outline", on_click=discard)
            button.props("flat no-caps").bind_enabled_from(table, "selected", bool)

    async def _discard(self, ids: Sequence[str]) -> None:
        """Raises: AuthenticationError, ForbiddenError."""
        require(await self._visitor.user(), Action.MANAGE_MODELS)
        question = self._say("discard_question", count=len(ids))
        if ids and await layout.confirm(self._visitor, question, "measurements_discard_yes"):
            require(await self._visitor.user(), Action.MANAGE_MODELS)
            count = await self._services.results.forget(ids)
            await self._show()
            ui.notify(self._say("discarded", count=count))

    def _label(self, measurement: Measurement) -> str:
        return f"{measurement.machine_name} · {self._condition(measurement)}"

    def _condition(self, measurement: Measurement) -> str:
        """On two lines: broken anywhere else, nobody would know which number is which."""
        key = "one_user" if measurement.users == 1 else "several_users"
        condition = self._say(key, tokens=measurement.context, users=measurement.users)
        return f"{measurement.model}\n{condition}{_BUSY if measurement.was_busy else ''}"

    def _heading(self, name: str) -> None:
        ui.label(self._say(name)).classes("y-heading").props("role=heading aria-level=2")

    def _say(self, name: str, **values: object) -> str:
        return self._visitor.text(f"measurements_{name}", **values)


def _newest(everything: Sequence[Measurement]) -> list[Line]:
    """Each is held against all others, of which imports can be many: nothing for the event loop."""
    return comparison.lines(comparison.latest(everything)[-_MOST_LINES:], everything)


def _writes(measurement: Measurement) -> bool:
    return measurement.generation_tokens_per_s is not None


def _ids(table: ui.table) -> list[str]:
    """Of what is selected: the browser sends whole rows, and only those that the table has count."""
    chosen = {row.get("id") for row in table.selected if isinstance(row, dict)}
    return [str(row["id"]) for row in table.rows if row["id"] in chosen]


def _row(line: Line) -> dict[str, object]:
    shown, predicted = line.measurement, line.predicted_generation
    return {
        "machine": shown.machine_name,
        "model": shown.model,
        "quantization": shown.quantization,
        "context": shown.context,
        "users": shown.users,
        "generation": _spread(shown.generation_tokens_per_s, shown.was_busy),
        "predicted": speed_words.rate(predicted.tokens_per_s) if predicted else "–",
        "prompt": _spread(shown.prompt_tokens_per_s, shown.was_busy),
        "when": shown.measured_at.astimezone().strftime("%Y-%m-%d %H:%M"),
    }


def _median(found: Spread | None) -> float | None:
    return found.median if found else None


def _spread(found: Spread | None, was_busy: bool) -> str:
    if found is None:
        return "–"
    middle, low, high = (speed_words.rate(value) for value in (found.median, found.least, found.most))
    return f"{middle} ({low}–{high})" + (f" {_BUSY}" if was_busy else "")
