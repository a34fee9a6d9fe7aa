"""A composite helped only where its interval and the best single one's lie apart."""

from __future__ import annotations

from typing import Any

from yoriai.evaluation.minds import measured, outcomes


def row(
    method: str, accuracy: float, *, tokens: float = 100, questions: int = 200, task: str = "sums"
) -> dict[str, Any]:
    return {
        "task": task, "method": method, "model": "m", "questions": questions, "accuracy": accuracy,
        "low": accuracy - 0.05, "high": accuracy + 0.05, "tokens": tokens,
    }  # fmt: skip


def test_each_composite_is_held_against_the_best_single_one_of_its_task() -> None:
    rows = [
        row("single", 0.4), row("sampled", 0.3, tokens=90), row("vote", 0.55, tokens=800), row("tree-8", 0.45),
        row("synthesise", 0.2), row("single", 0.1, task="words"), row("vote", 0.9, task="words"),
    ]  # fmt: skip
    found = {(each.task, each.method): each for each in outcomes(rows)}
    assert {key: each.verdict for key, each in found.items()} == {
        ("sums", "vote"): "better", ("sums", "tree-8"): "unclear", ("sums", "synthesise"): "worse",
        ("words", "vote"): "better",
    }  # fmt: skip
    assert found["sums", "vote"].times_tokens == 8
    assert found["sums", "vote"].single_accuracy == 0.4


def test_too_few_questions_say_nothing() -> None:
    assert outcomes([row("single", 0.1, questions=20), row("vote", 0.9, questions=20)]) == []


def test_what_the_product_carries_can_be_read() -> None:
    assert all(each.questions >= 50 for each in measured())
