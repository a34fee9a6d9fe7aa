"""Where sentences end, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoriai.knowledge.sentences import fragments, sentences


def _texts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今日は晴れ。明日は雨！本当？はい。", ["今日は晴れ。", "明日は雨！", "本当？", "はい。"]),
        (
            "彼は「行く。帰らない。」と言った。そして出た。",
            ["彼は「行く。帰らない。」と言った。", "そして出た。"],
        ),
        ("「もう帰る。」 外は雪だった。", ["「もう帰る。」", "外は雪だった。"]),
        ("円周率は３．１４である．覚えよ．", ["円周率は３．１４である．", "覚えよ．"]),
        ("半角です｡次です｡", ["半角です｡", "次です｡"]),
        ("見出し\n\n本文", ["見出し", "本文"]),
        ("詳細は（注1。参照）にある。終わり。", ["詳細は（注1。参照）にある。", "終わり。"]),
        ("Dr. Smith paid $3.50. He left.", ["Dr. Smith paid $3.50.", "He left."]),
        ("See e.g. Fig. 3 for the U.S. share. It grew!", ["See e.g. Fig. 3 for the U.S. share.", "It grew!"]),
        (
            "Visit example.org today. “Really?” she asked.",
            ["Visit example.org today.", "“Really?” she asked."],
        ),
        ("Version 2.0 is out. これは日本語です。OK.", ["Version 2.0 is out.", "これは日本語です。", "OK."]),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert _texts(text) == expected


def test_a_bracket_that_never_closes_does_not_swallow_the_text() -> None:
    assert len(_texts("「始まり。" + "文である。" * 300)) > 100


@given(st.text(alphabet="あ。」「『』（）.!? \nAb３．1", max_size=200))
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    assert "".join("".join(_texts(text)).split()) == "".join(text.split())


@given(st.text(alphabet="あが゙か゚ e\u0301、,\n", max_size=120), st.integers(1, 20))
def test_fragments_are_short_and_lose_nothing(text: str, most: int) -> None:
    spans = fragments(text, 0, len(text), most)
    assert all(0 < end - start <= most for start, end in spans)
    assert "".join("".join(text[start:end] for start, end in spans).split()) == "".join(text.split())
