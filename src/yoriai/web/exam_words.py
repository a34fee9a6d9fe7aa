"""How scores, runs and verdicts are said on the pages of exams. No elements."""

from __future__ import annotations

from yoriai.evaluation.exams import Shown, SideBySide, Standing
from yoriai.evaluation.figures import Figure
from yoriai.i18n.catalogue import text
from yoriai.web.visitor import Visitor


def percent(figure: Figure) -> str:
    return f"{100 * figure.value:.1f} %"


def interval(figure: Figure) -> str:
    return f"{100 * figure.low:.1f}–{100 * figure.high:.1f}"


def score(shown: Shown) -> str:
    """The headline with its interval."""
    figures = shown.result.figures
    return f"{percent(figures[0])} ({interval(figures[0])})" if figures else "–"


def progress(shown: Shown, visitor: Visitor) -> str:
    words = f"{shown.done} / {shown.run.total or '?'}"
    if shown.left_s is not None:
        words += " · " + visitor.text("exams_left", minutes=f"{shown.left_s / 60:.1f}")
    return words


def standing(found: Standing, visitor: Visitor) -> str:
    """What may be said of a model beside the best one."""
    if found.against is None:
        return visitor.text("exams_best")
    against = found.against
    if against.paired.verdict(against.p_value) == "no_difference":
        words = visitor.text("exams_not_told_apart")
        return words + (f" ({visitor.text('exams_needed', count=f'{against.paired.needed:,}')})"
                        if against.paired.needed else "")  # fmt: skip
    return visitor.text("exams_worse", p=f"{against.p_value:.2g}")


def failure(shown: Shown, visitor: Visitor) -> str:
    run = shown.run
    return text(run.error_key, visitor.language, **run.error_values) if run.error_key else ""


def verdict(found: SideBySide, visitor: Visitor) -> str:
    pair = found.paired
    if pair is None:
        return visitor.text("exams_nothing_common")
    words = visitor.text(
        f"exams_verdict_{pair.verdict()}", first=found.first.run.model, second=found.second.run.model, n=pair.samples,
        difference=f"{100 * pair.difference.value:+.1f}", low=f"{100 * pair.difference.low:+.1f}",
        high=f"{100 * pair.difference.high:+.1f}", p=f"{pair.p_value:.3g}", wins=pair.wins, losses=pair.losses,
    )  # fmt: skip
    if pair.verdict() == "no_difference" and pair.needed:
        words += " " + visitor.text("exams_needed_sentence", count=f"{pair.needed:,}")
    return words


def cost(shown: Shown, visitor: Visitor) -> str:
    result = shown.result
    speed = f"{result.tokens_per_s:.1f}" if result.tokens_per_s else "–"
    return visitor.text(
        "exams_cost", tokens=f"{result.completion_tokens:,}", speed=speed, solving=f"{result.solving_s:,.0f}",
        scoring=f"{result.scoring_s:,.0f}",
    )  # fmt: skip
