"""Votes, when they are decided, and what stands where nothing can be counted."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from yoriai.responders.search.consistency import agreements, is_decided


@pytest.mark.parametrize(
    ("keys", "left", "decided"),
    [
        ("", 8, False), ("aaaaa", 3, True), ("aaaa", 4, False), ("aaab", 2, False), ("aaaab", 2, True),
        ("aabb", 0, False), ("a", 0, True),
    ],
)  # fmt: skip
def test_a_vote_is_decided_when_what_is_left_cannot_change_it(keys: str, left: int, decided: bool) -> None:
    assert is_decided(list(keys), left) is decided


def test_no_further_votes_ever_overturn_a_decided_one() -> None:
    """All votes of five over two answers and none, by trying everything."""
    for size, left in ((1, 4), (2, 3), (3, 2), (4, 1)):
        for keys in itertools.product(["a", "b", ""], repeat=size):
            if is_decided(keys, left):
                ahead = Counter(key for key in keys if key).most_common(1)[0][0]
                for rest in itertools.product(["a", "b", ""], repeat=left):
                    counted = Counter(key for key in (*keys, *rest) if key)
                    assert all(counted[ahead] > counted[other] for other in "ab" if other != ahead)


def test_agreement_is_the_share_that_gives_the_same_answer() -> None:
    assert agreements(["42", "42", "7", ""], ["w", "x", "y", "z"]) == [0.5, 0.5, 0.25, 0.0]


def test_free_text_agrees_by_its_words() -> None:
    said = ["京都は日本の古い都です。", "京都は、日本の古い都である。", "Bananas are yellow."]
    first, second, odd = agreements(["", "", ""], said)
    assert min(first, second) > odd
    assert abs(first - second) < 0.1
    assert agreements([""], ["alone"]) == [1.0]
