"""What the pages on collections say of what was found."""

from __future__ import annotations

import pytest

from yoriai.knowledge.tokens import tokens
from yoriai.web.collection_words import marked


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ("有給休暇の日数", "年次有給休暇は十日です。", ["有給", "休暇", "日"]),
        ("ｺﾝﾋﾟｭｰﾀｰ", "コンピュータの設定", ["コンピュータ"]),
        ("leaves", "Paid leave, ten days", ["leave"]),
        ("nothing", "何もありません", []),
    ],
)
def test_words_are_marked_in_the_spelling_of_the_text(query: str, text: str, words: list[str]) -> None:
    parts = marked(text, set(tokens(query)))
    assert "".join(part["text"] for part in parts) == text
    found = [part["text"] for part in parts if part["marked"]]
    assert set(words) >= set(found)
    assert bool(found) == bool(words)


def test_a_long_passage_is_shown_around_the_first_word_that_was_looked_for() -> None:
    text = "filling " * 200 + "heron " + "filling " * 200
    shown = "".join(part["text"] for part in marked(text, {"heron"}))
    assert "heron" in shown
    assert len(shown) < 420
    assert shown.startswith("… ")
    assert shown.endswith(" …")
