"""Coarse topics and languages of questions, and how answers look."""

from __future__ import annotations

import time

import pytest

from yoriai.arena.topics import language_code, language_of, style_of, topic_of
from yoriai.records import Style

TOPICS = {
    "code": [
        "Write a Python function that reverses a list.",
        "この関数を実装してください。",
        "```\nfor i in x:\n```\nWhy?",
    ],
    "arithmetic": [
        "What is 12 * 7?",
        "Tom has 3 apples and buys 4. How many has he?",
        "りんごが5個あります。合計はいくつですか。",
    ],
    "documents": [
        "Summarize the following article.",
        "次の文章を要約してください。",
        "この資料から日付を抽出して。",
    ],
    "writing": [
        "Write a haiku about autumn.",
        "お礼のメールを書いてください。",
        "Rewrite this more politely: no.",
    ],
    "other": ["Why is the sky blue?", "京都のおすすめは？", ""],
}


@pytest.mark.parametrize(
    ("topic", "question"), [(topic, each) for topic, some in TOPICS.items() for each in some]
)
def test_what_a_question_is_about(topic: str, question: str) -> None:
    assert topic_of(question) == topic


def test_a_question_that_brings_its_text_along_or_is_asked_of_documents() -> None:
    assert topic_of("Who is right?\n" + "He said, she said. " * 200) == "documents"
    assert topic_of("Why is the sky blue?", from_documents=True) == "documents"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Why is the sky blue?", "en"),
        ("空はなぜ青いのですか？", "ja"),
        ("Pythonでリストを逆順にする関数を書いて", "ja"),
        ("日本国憲法第九条", "ja"),
        ("天空为什么是蓝色的？请用简单的语言向小学生解释这个问题", "zh"),
        ("하늘은 왜 파란색인가요?", "ko"),
        ("Почему небо голубое?", "other"),
        ("12 + 7 = ?", ""),
        ("", ""),
    ],
)
def test_what_a_question_is_written_in(text: str, language: str) -> None:
    assert language_of(text) == language


def test_languages_of_files_are_ours_where_we_have_them() -> None:
    assert [language_code(each) for each in ("English", " Japanese", "German", "en", "")] == [
        "en",
        "ja",
        "german",
        "en",
        "",
    ]


def test_how_an_answer_looks() -> None:
    answer = "# Title\n\n- **one**\n- two\n1. three\n\n#hash 2 * 3 * 4"
    assert style_of([answer]) == Style(length=len(answer), headers=1, lists=3, bold=1)
    assert style_of([]) == Style(length=0)


@pytest.mark.parametrize(
    "hostile", ["1" * 100_000, "how many " * 20_000, "a " * 50_000, "**" * 50_000, "write a " * 9000]
)
def test_no_question_takes_long_to_read(hostile: str) -> None:
    begin = time.process_time()
    topic_of(hostile)
    language_of(hostile)
    style_of([hostile])
    assert time.process_time() - begin < 1
