"""Whether many minds answered better than one, as far as it was measured. Shown where they are chosen."""

from __future__ import annotations

from nicegui import ui

from yoriai.evaluation.minds import Outcome, measured
from yoriai.web.visitor import Visitor


def build(visitor: Visitor) -> None:
    """A fold with a line per task and method; it says so where nothing was measured."""
    with ui.expansion(visitor.text("minds_title"), icon="query_stats").classes("y-plan"):
        found = measured()
        ui.label(visitor.text("minds_help" if found else "minds_nothing")).classes("y-note")
        with ui.element("ul").classes("y-minds"):
            for outcome in found:
                with ui.element("li"):
                    ui.label(line(outcome, visitor))


def line(of: Outcome, visitor: Visitor) -> str:
    return visitor.text(
        "minds_line", task=of.task, method=of.method, model=of.model, questions=of.questions,
        share=_share(of.accuracy, of.low, of.high), times=f"{of.times_tokens:.1f}",
        single=_share(of.single_accuracy, of.single_low, of.single_high),
        verdict=visitor.text(f"minds_{of.verdict}"),
    )  # fmt: skip


def _share(value: float, low: float, high: float) -> str:
    return f"{100 * value:.0f} % ({100 * low:.0f}–{100 * high:.0f})"
