"""The board of exams: models × exams with intervals, bars against people, score against size, speed and openness.

Used by `exams_page`; asks nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from yoriai.arena.facts import ModelFacts
from yoriai.evaluation.exams import Standing
from yoriai.evaluation.task import HumanBaseline
from yoriai.i18n.catalogue import text
from yoriai.web import charts, exam_words
from yoriai.web.cleaning import clean_text
from yoriai.web.visitor import Visitor

Board = Mapping[str, Sequence[Standing]]
_OPENNESS = ("restricted", "unknown", "open_weights", "open_source_ai")


def table(board: Board, visitor: Visitor) -> None:
    """A row per model, a column per exam; each score leads to its run."""
    models = list(dict.fromkeys(each.shown.run.model for found in board.values() for each in found))
    by_place = {(each.shown.run.model, task): each for task, found in board.items() for each in found}
    with ui.element("div").classes("y-exam-table"), ui.element("table").classes("y-exam-board"):
        with ui.element("thead"), ui.element("tr"):
            _cell("th", visitor.text("model"))
            for task in board:
                _cell("th", clean_text(task))
        with ui.element("tbody"):
            for model in models:
                with ui.element("tr"):
                    _cell("th", clean_text(model))
                    for task in board:
                        _score(by_place.get((model, task)), visitor)


def bars(task: str, found: Sequence[Standing], human: HumanBaseline | None, visitor: Visitor) -> None:
    """Of one exam, with the line that people reach where that was published."""
    values = [100 * each.shown.result.figures[0].value for each in found]
    names = [f"{each.shown.run.model}\n{exam_words.interval(each.shown.result.figures[0])}" for each in found]
    line = 100 * human.value if human else None
    charts.bars(names, {visitor.text("exams_score"): values}, label=task, line=line, most=100)
    if human:
        ui.label(visitor.text("exams_human", value=f"{100 * human.value:.1f}", source=human.source)).classes(
            "y-note"
        )


def scatter(
    task: str, found: Sequence[Standing], facts: Mapping[str, ModelFacts], axis: str, visitor: Visitor
) -> None:
    """Score against what `axis` names: size, speed or openness; models of which that is not known are left out."""
    points = [
        (value, each) for each in found
        if (value := _value(each, facts.get(each.shown.run.model, ModelFacts()), axis)) is not None
    ]  # fmt: skip
    if not points:
        ui.label(visitor.text("exams_axis_unknown")).classes("y-nothing")
        return
    data = [
        {"name": clean_text(each.shown.run.model), "value": [value, round(100 * each.shown.result.figures[0].value, 1)]}
        for value, each in points
    ]  # fmt: skip
    across: dict[str, Any] = {"type": "value", "name": visitor.text(f"exams_axis_{axis}"), "nameLocation": "middle",
                              "nameGap": 26, "min": 0}  # fmt: skip
    if axis == "openness":
        words = [text(f"catalog.verdict_{each}", visitor.language) for each in _OPENNESS]
        across |= {"type": "category", "data": words}
    options = {
        "aria": {"enabled": True}, "animation": False, "tooltip": {},
        "grid": {"left": 44, "right": 40, "top": 16, "bottom": 44},
        "xAxis": across, "yAxis": {"type": "value", "min": 0, "max": 100, "name": "%"},
        "series": [{
            "type": "scatter", "symbolSize": 12, "data": data, "itemStyle": {"color": "#3a6ea5"},
            "labelLayout": {"moveOverlap": "shiftY"}, "label": {"show": True, "position": "top", "formatter": "{b}"},
        }],
    }  # fmt: skip
    label = f"{task}: {visitor.text(f'exams_axis_{axis}')}"
    ui.echart(options, renderer="svg").classes("y-chart").style("height: 280px").props(
        f'role=img aria-label="{label}"'
    )


def _value(standing: Standing, facts: ModelFacts, axis: str) -> float | None:
    if axis == "size":
        return round(facts.size_bytes / 1e9, 2) if facts.size_bytes else None
    if axis == "speed":
        speed = facts.tokens_per_s or standing.shown.result.tokens_per_s
        return round(speed, 1) if speed else None
    return _OPENNESS.index(facts.openness) if facts.openness else None


def _score(found: Standing | None, visitor: Visitor) -> None:
    with ui.element("td"):
        if found is None:
            ui.label("–")
            return
        shown = found.shown
        ui.link(exam_words.percent(shown.result.figures[0]), f"/exams/runs/{shown.run.id}").classes(
            "y-best" if found.against is None else ""
        )
        ui.label(
            f"{exam_words.interval(shown.result.figures[0])} · n={shown.result.figures[0].samples}"
        ).classes("y-facts")
        ui.label(exam_words.standing(found, visitor)).classes("y-facts")


def _cell(tag: str, words: str) -> None:
    with ui.element(tag):
        ui.label(words)
