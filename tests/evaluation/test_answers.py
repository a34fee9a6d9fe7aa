"""Figures of answers from documents, against examples worked by hand."""

from __future__ import annotations

import pytest

from yoriai.evaluation.answers import Answered, accuracy, char_f1, contains

NOT_THERE = "この質問への答えは文書にありません。"


def test_characters_in_common_are_counted_as_often_as_they_stand_there() -> None:
    assert char_f1("三千円です", "三千円") == pytest.approx(2 * (3 / 5) * 1 / (3 / 5 + 1))
    assert char_f1("aab", "ab") == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert char_f1("はい", "三千円") == 0
    assert char_f1("", "三千円") == 0


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("日当は３，０００円です[1]。", ["3,000円"], True),  # width and punctuation
        ("It opens at 9 a.m. [2].", ["9 AM"], True),
        ("日当は3,000[1]円", ["3,000円"], True),  # a citation in between is no part of the text
        ("日当は5,000円です。", ["3,000円"], False),
        ("anything", ["。"], False),  # an answer without a letter is none
        ("anything", [], False),
    ],
)
def test_an_answer_is_found_whatever_its_form(text: str, answers: list[str], expected: bool) -> None:
    assert contains(text, answers) is expected


def test_the_figures_of_four_replies() -> None:
    figures = accuracy(
        [
            Answered(answers=("3,000円",), reply="3,000円[1]", cited=("日当は3,000円とする。",), elapsed_s=1),
            Answered(
                answers=("12,000円",), reply="1,000円[1]", cited=("日当は3,000円とする。",), elapsed_s=2
            ),
            Answered(answers=("佐藤",), reply=NOT_THERE, elapsed_s=3),
            Answered(answers=(), reply=NOT_THERE, elapsed_s=4),
        ]
    )
    assert (figures.questions, figures.unanswerable, figures.citations) == (4, 1, 2)
    assert figures.correct.value == pytest.approx(1 / 3)
    assert figures.held_back.value == pytest.approx(1 / 3)
    assert figures.abstained.value == 1
    assert figures.citations_hold.value == pytest.approx(1 / 2)
    assert figures.median_s == 2.5
    assert figures.correct.low < 1 / 3 < figures.correct.high


def test_no_question_gives_no_figure_that_looks_like_one() -> None:
    figures = accuracy([])
    assert (figures.correct.low, figures.correct.high) == (0, 1)
