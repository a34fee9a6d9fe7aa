"""Choices in another order, and answers read back in the asker's."""

from __future__ import annotations

import pytest

from yoriai.responders.search.orders import as_asked, turned
from yoriai.types import ChatRequest

QUESTION = "世界で最も長い山脈はどこ？\nA. 北アルプス\nB. アンデス山脈\nC. 富士山"


def request(content: str = QUESTION) -> ChatRequest:
    return ChatRequest.model_validate({"model": "m", "messages": [{"role": "user", "content": content}]})


def test_every_option_stands_at_every_place_once() -> None:
    places = []
    for number in range(3):
        shown = turned(request(QUESTION + "\n\n答え：…"), QUESTION, number)
        assert shown.request.messages[-1].text() == shown.question + "\n\n答え：…"
        places.append([line[3:] for line in shown.question.splitlines()[1:]])
    assert places[0] == ["北アルプス", "アンデス山脈", "富士山"]
    assert all(len(set(at_place)) == 3 for at_place in zip(*places, strict=True))


@pytest.mark.parametrize(
    ("said", "key", "words"),
    [
        ("A", "B", "B"),
        ("答え：C", "A", "答え：A"),
        ("A. アンデス山脈", "B", "B. アンデス山脈"),
        ("Bは富士山で、アンデス山脈より短い。\n答え：A", "B", "Bは富士山で、アンデス山脈より短い。\n答え：B"),
        ("アンデス山脈", "B", "アンデス山脈"),
        ("わかりません。", "", "わかりません。"),
    ],
)
def test_an_answer_is_read_back(said: str, key: str, words: str) -> None:
    """Turned by one place: A is what the asker calls B, B is C, C is A."""
    shown = turned(request(), QUESTION, 1)
    assert shown.labels == {"A": "B", "B": "C", "C": "A"}
    assert as_asked(said, shown, QUESTION)[1] == key
    assert as_asked(said, shown, QUESTION)[0].splitlines()[-1] == words.splitlines()[-1]


@pytest.mark.parametrize(
    "question",
    ["How many eggs?", "Which? A. red B. blue C. green", "Which?\nA. red\nB. red\n\nA. red\nB. red"],
)
def test_what_cannot_be_told_line_by_line_stays(question: str) -> None:
    shown = turned(request(question), question, 1)
    assert (shown.question, dict(shown.labels)) == (question, {})
    assert shown.request.messages[-1].text() == question


def test_full_width_and_bracketed_labels_are_turned_too() -> None:
    question = "Which is a fruit?\n(1) chair\n(2) apple\n(3) stone"
    shown = turned(request(question), question, 2)
    assert shown.question == "Which is a fruit?\n(1) stone\n(2) chair\n(3) apple"
    assert as_asked("(3)", shown, question) == ("(2)", "2")
