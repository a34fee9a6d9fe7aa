"""Sets of questions: our own, and what people bring."""

from __future__ import annotations

import json

import pytest

from yoriai.arena import questions
from yoriai.errors import UsageError


def test_our_own_set_is_there_in_both_languages() -> None:
    assert len(questions.own("en")) == len(questions.own("ja")) >= 10
    assert not set(questions.own("en")) & set(questions.own("ja"))


@pytest.mark.parametrize(
    "content",
    [
        '{"question": "one?"}\n\n{"text": "two?"}\n{"prompt": "one?"}',
        '["one?", {"turns": ["two?", "and then?"]}]',
        '"one?"\n"two?"',
        "\ufeff one?\r\ntwo?\r\n",
    ],
    ids=["lines", "array", "strings", "plain"],
)
def test_every_form_gives_the_same_questions_once(content: str) -> None:
    assert questions.parse(content.encode()) == ["one?", "two?"]


def test_an_entry_that_is_none_is_named_by_its_line() -> None:
    for bad in (
        '{"answer": "x"}',
        '{"question": 7}',
        '{"question": ',
        "[1]",
        '{"turns": []}',
        '{"question": " "}',
    ):
        with pytest.raises(UsageError) as caught:
            questions.parse(b'{"question": "fine?"}\n\n' + bad.encode())
        assert (caught.value.key, caught.value.values["number"]) == ("arena.questions_bad_entry", 3), bad


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"[]", b"[" * 100_000, b"x" * 5_000_001])
def test_what_holds_no_questions_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError):
        questions.parse(content)


def test_too_many_are_refused() -> None:
    with pytest.raises(UsageError):
        questions.parse(json.dumps([f"{n}?" for n in range(questions.MOST + 1)]).encode())


def test_what_no_database_can_hold_is_replaced() -> None:
    assert questions.parse(b'["a\\ud800b"]') == ["a?b"]
