"""Drafted questions: only what the passage answers is used."""

from __future__ import annotations

import json

import pytest

from yoriai.evaluation.drafting import draft_of, request

TEXT = "有給休暇は年に２０日である。\n申請は三日前までに行う。"


def reply(question: str, answer: str) -> str:
    return json.dumps({"question": question, "answer": answer}, ensure_ascii=False)


def test_an_answer_in_another_width_and_across_lines_is_in_the_passage() -> None:
    for answer in ("20日", "２０日", "である。申請は三日前"):
        draft = draft_of(reply("年次有給休暇は何日か?", answer), TEXT, "ja")
        assert draft
        assert draft.answer == answer


@pytest.mark.parametrize(
    "said",
    [
        reply("有給休暇は何日か?", "21日"),
        reply("有給休暇は何日か?", ""),
        reply("有給休暇が年に20日であるのはなぜか?", "20日"),  # says the answer
        reply("How many days of leave are there?", "20日"),
        reply("", "20日"),
        reply("有給休暇の日数について", "20日"),  # no question
        reply("何" * 400 + "?", "20日"),
        '{"question": "有給休暇は何日か?", "ans',
        '["x"]',
        "",
    ],
)
def test_what_cannot_be_used_is_dropped(said: str) -> None:
    assert draft_of(said, TEXT, "ja") is None


def test_an_answer_that_was_cut_off_is_dropped() -> None:
    long = "あ" * 200
    assert draft_of(reply("何が続くか?", long[:79]), long, "ja")
    assert draft_of(reply("何が続くか?", long[:80]), long, "ja") is None


def test_it_is_asked_for_in_the_passages_language_with_a_schema() -> None:
    asked = request("m", "規程.txt", TEXT, "ja")
    assert "日本語" in asked["messages"][0]["content"]
    assert TEXT in asked["messages"][1]["content"]
    assert asked["response_format"]["json_schema"]["schema"]["required"] == ["question", "answer"]
    assert "English" in request("m", "a", "x", "en")["messages"][0]["content"]
