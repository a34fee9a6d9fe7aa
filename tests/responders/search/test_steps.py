"""An answer cut into steps, and how likely each was."""

from __future__ import annotations

import math

import pytest

from yoriai.responders.search.calls import Reply
from yoriai.responders.search.steps import split, steps_of

ANSWER = (
    "First we count the eggs: 16 - 3 = 13.\n\nThen we sell them for 2 dollars each.\n\n"
    "So:\n\\[\n13 * 2 = 26\n\\]\nAnswer: 26"
)


def test_steps_are_lines_and_none_is_very_short() -> None:
    assert split(ANSWER) == [
        "First we count the eggs: 16 - 3 = 13.\n\n", "Then we sell them for 2 dollars each.\n\n",
        "So:\n\\[\n13 * 2 = 26\n\\]\n" + "Answer: 26",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer", [ANSWER, "", "\n\n", "x", "a\n" * 400, "これは一行目の文章で、十分に長いものです。\n" * 30]
)
def test_together_they_are_the_answer_again(answer: str) -> None:
    assert "".join(split(answer)) == answer
    assert len(split(answer)) <= 12


def test_code_is_one_step() -> None:
    code = "```python\nfor number in range(10):\n    print(number * number)\n```\n"
    assert split("Here is a loop that prints squares:\n" + code + "It prints ten numbers in all.") == [
        "Here is a loop that prints squares:\n", code, "It prints ten numbers in all.",
    ]  # fmt: skip


def test_a_step_is_as_likely_as_its_tokens_on_average() -> None:
    first, second = "We have sixteen eggs to sell.\n", "Then twenty-six dollars come in."
    tokens = [(first[:10], -0.1), (first[10:], -0.3), (second[:5], -1.0), (second[5:], -2.0)]
    reply = Reply(
        text=first + second, logprobs=[{"token": token, "logprob": value} for token, value in tokens]
    )
    assert [step.likelihood for step in steps_of(reply)] == [
        pytest.approx(math.exp(-0.2)), pytest.approx(math.exp(-1.5)),
    ]  # fmt: skip
    assert [step.likelihood for step in steps_of(Reply(text=first + second))] == [None, None]
