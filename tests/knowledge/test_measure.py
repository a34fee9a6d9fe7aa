"""Published and hand-made examples for every figure of `kb eval`."""

from __future__ import annotations

import math

import pytest

from yoriai.knowledge.measure import difference, first_rank, mean, ndcg, quality, share


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(hits: int, total: int, low: float, high: float) -> None:
    found = share(hits, total)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert found.value == pytest.approx(hits / total)


def test_the_gain_of_a_right_one_falls_with_the_logarithm_of_its_place() -> None:
    assert ndcg(["a"], {"a"}) == 1.0
    assert ndcg(["x", "y", "a"], {"a"}) == pytest.approx(0.5)  # 1 / log2(4)
    both = (1 / math.log2(2) + 1 / math.log2(4)) / (1 / math.log2(2) + 1 / math.log2(3))
    assert ndcg(["a", "x", "b"], {"a", "b"}) == pytest.approx(both)
    assert ndcg([*"xxxxxxxxxx", "a"], {"a"}) == 0.0


def test_recall_and_reciprocal_rank_over_questions() -> None:
    rankings = [["a", "x"], ["x", "b"], ["x", "y"], [*"123456", "d"]]
    found = quality(rankings, [{"a"}, {"b", "q"}, {"c"}, {"d"}])
    assert [found.recall[k].value for k in (1, 5, 10)] == [0.25, 0.5, 0.75]
    assert found.mrr.value == pytest.approx((1 + 1 / 2 + 0 + 1 / 7) / 4)
    assert found.questions == 4
    assert first_rank(["x"], {"a"}) == math.inf


def test_an_interval_of_a_mean_holds_it_and_narrows_with_more_values() -> None:
    few, many = mean([0.0, 1.0] * 10), mean([0.0, 1.0] * 1000)
    assert few.low < 0.5 < few.high
    # 1.96 standard errors of a fair coin
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(2000), rel=0.1)
    assert mean([0.0, 1.0] * 10) == few


def test_a_small_steady_lead_is_told_from_chance() -> None:
    hard, easy = [0.1, 0.9] * 100, [0.15, 0.95] * 100
    assert difference(easy, hard).low > 0
    assert difference(hard, hard) == mean([0.0] * 200)


def test_no_questions_are_no_reason_to_fail() -> None:
    assert quality([], []).recall[1].high == 1.0
