"""BM25 against a plain second implementation and by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yoriai.knowledge.lexical import K1, PAIR_WEIGHT, B, build, merge, shares

_WORDS = st.lists(st.sampled_from("abcde"), max_size=12)


def _terms(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter([(word,) for word in words] + list(pairwise(words)))


def _plain(texts: Sequence[Sequence[str]], query: Sequence[str], allowed: Sequence[bool]) -> list[float]:
    """The textbook's formula, row by row."""
    seen = [_terms(text) for text, may in zip(texts, allowed, strict=True) if may]
    lengths = [len(text) for text, may in zip(texts, allowed, strict=True) if may]
    if not seen or not query:
        return [0.0] * len(texts)
    average = max(sum(lengths) / len(seen), 1.0)
    found, bound = [0.0] * len(texts), 0.0
    for term in _terms(query):
        df = sum(term in each for each in seen)
        weight = (1.0 if len(term) == 1 else PAIR_WEIGHT) * math.log(1 + (len(seen) - df + 0.5) / (df + 0.5))
        bound += weight * (K1 + 1)
        for row, text in enumerate(texts):
            if allowed[row] and (count := _terms(text)[term]):
                norm = K1 * (1 - B + B * len(text) / average)
                found[row] += weight * (K1 + 1) * count / (count + norm)
    return [score / bound for score in found]


def test_one_word_by_hand() -> None:
    postings = build([["猫"], ["犬", "犬", "犬"]])
    [found] = shares([postings], ["猫"], [np.array([True, True])])
    # One "猫" in a text of one word, where texts have two on average: tf·(k1 + 1)/(tf + k1·(1 − b + b/2)) / (k1 + 1)
    assert found[0] == pytest.approx(1 / (1 + 1.2 * (0.25 + 0.75 / 2)))
    assert found[1] == 0


@given(st.lists(_WORDS, max_size=8), _WORDS, st.data())
@settings(max_examples=200, deadline=None)
def test_scores_are_those_of_the_textbook_however_the_rows_are_divided(
    texts: list[list[str]], query: list[str], data: st.DataObject
) -> None:
    allowed = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    cut = data.draw(st.integers(0, len(texts)))
    parts = [build(texts[:cut]), build(texts[cut:])]
    masks = [np.array(allowed[:cut], bool), np.array(allowed[cut:], bool)]
    expected = _plain(texts, query, allowed)
    np.testing.assert_allclose(np.concatenate(shares(parts, query, masks)), expected, rtol=1e-4, atol=1e-6)
    merged = merge(parts, [np.ones(len(mask), bool) for mask in masks])
    [whole] = shares([merged], query, [np.concatenate(masks)])
    np.testing.assert_allclose(whole, expected, rtol=1e-4, atol=1e-6)


@given(st.lists(_WORDS, min_size=1, max_size=8), _WORDS, st.data())
@settings(max_examples=100, deadline=None)
def test_what_may_not_be_seen_changes_nothing(
    texts: list[list[str]], query: list[str], data: st.DataObject
) -> None:
    keep = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    mask = np.array(keep, bool)
    [masked] = shares([build(texts)], query, [mask])
    [alone] = shares([build([text for text, may in zip(texts, keep, strict=True) if may])], query,
                     [np.ones(int(mask.sum()), bool)])  # fmt: skip
    np.testing.assert_array_equal(masked[mask], alone)
    assert not masked[~mask].any()


def test_words_in_the_order_of_the_query_count_more() -> None:
    postings = build([["県", "長野"], ["長野", "県"], ["何"]])
    [found] = shares([postings], ["長野", "県"], [np.ones(3, bool)])
    assert found[1] > found[0] > found[2] == 0


def test_a_pair_does_not_reach_from_one_passage_into_the_next() -> None:
    postings = build([["x", "長野"], ["県", "x"], ["x", "x"]])
    apart = shares([postings], ["長野", "県"], [np.ones(3, bool)])[0]
    reordered = shares([postings], ["県", "長野"], [np.ones(3, bool)])[0]
    np.testing.assert_allclose(apart, reordered)


def test_a_word_that_is_there_more_often_than_a_byte_can_count_is_still_found() -> None:
    [found] = shares([build([["a"] * 256, ["b"]])], ["a"], [np.ones(2, bool)])
    assert 0 < found[0] <= 1
