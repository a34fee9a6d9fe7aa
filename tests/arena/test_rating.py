"""Ratings: known answers, a second implementation, the real votes, intervals that keep their promise, odd graphs."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from voting import drawn, games_of, points, real_votes

from yoriai.arena.linear import product, solve
from yoriai.arena.rating import ELO, MEAN, Fit, Games, fit


def games(count: int, *votes: tuple[int, int, float, float]) -> Games:
    """Of first, second, score, how often."""
    first, second, score, weight = zip(*votes, strict=True) if votes else ([], [], [], [])
    return Games(
        count=count, first=np.array(first, int), second=np.array(second, int), score=np.array(score, float),
        weight=np.array(weight, float),
    )  # fmt: skip


def by_evalica(first: list[int], second: list[int], score: list[float]) -> np.ndarray:
    import evalica  # a second, which no other test has to wait for

    winners = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    scores = evalica.bradley_terry(
        first, second, [winners[each] for each in score], tolerance=1e-13, limit=100_000
    ).scores
    logs = np.log(np.array([scores[place] for place in sorted(scores.index)]))
    return np.asarray(MEAN + ELO * (logs - logs.mean()))


# ---- known answers ----------------------------------------------------------------------------------------
def test_two_models_are_as_far_apart_as_their_odds() -> None:
    found = fit(games(2, (0, 1, 1.0, 30), (0, 1, 0.0, 10)))
    assert found.rating == pytest.approx([MEAN + 200 * math.log10(3), MEAN - 200 * math.log10(3)])
    # One contrast: the variance of its log odds is 1 / (n p (1-p)), of each centred half of it a quarter, and a bit
    # more for the vote that is added.
    half = 1.96 * ELO / 2 / math.sqrt(40 * 0.75 * 0.25)
    assert (found.high - found.rating)[0] == pytest.approx(half, rel=0.05)


def test_a_tie_is_half_a_win_for_each() -> None:
    ties = fit(games(2, (0, 1, 0.5, 20), (0, 1, 1.0, 10)))
    halves = fit(games(2, (0, 1, 1.0, 20), (0, 1, 0.0, 10)))
    assert ties.rating == pytest.approx(halves.rating)


def test_both_bad_is_a_loss_for_nobody() -> None:
    """Two rivals of equal strength stay where a third one's games put them, however often both are bad."""
    before = games(3, (0, 2, 1.0, 30), (0, 2, 0.0, 10), (1, 2, 1.0, 30), (1, 2, 0.0, 10))
    votes = [(0, 2, 1.0, 30), (0, 2, 0.0, 10), (1, 2, 1.0, 30), (1, 2, 0.0, 10), (0, 1, 0.5, 1000)]
    assert fit(games(3, *votes)).rating == pytest.approx(fit(before).rating)


def test_ties_alone_make_nobody_sure() -> None:
    found = fit(games(2, (0, 1, 0.5, 2)))
    assert found.rating == pytest.approx([MEAN, MEAN])
    assert (found.high - found.low > 200).all()


# ---- a second implementation ------------------------------------------------------------------------------
def test_the_real_votes_give_the_ratings_of_evalica() -> None:
    _, real = games_of(real_votes())
    expected = by_evalica(real.first.tolist(), real.second.tolist(), real.score.tolist())
    assert np.abs(fit(real).rating - expected).max() < 0.01


def test_so_do_drawn_ones() -> None:
    random = np.random.default_rng(5)
    for ties in (0.0, 0.9):
        votes = drawn(random.normal(0, 1, 12), 3000, random, ties)
        expected = by_evalica(votes.first.tolist(), votes.second.tolist(), votes.score.tolist())
        assert np.abs(fit(votes).rating - expected).max() < 1e-6


def test_order_and_sides_of_votes_do_not_matter() -> None:
    random = np.random.default_rng(6)
    votes = drawn(random.normal(0, 1, 5), 500, random)
    turned = replace(votes, first=votes.second[::-1], second=votes.first[::-1], score=1 - votes.score[::-1])
    assert fit(turned).rating == pytest.approx(fit(votes).rating)
    assert fit(turned).covariance == pytest.approx(fit(votes).covariance)


# ---- how sure ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("models", "count", "ties"), [(5, 100, 0.2), (10, 400, 0.5), (20, 2000, 0.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(models: int, count: int, ties: float) -> None:
    random = np.random.default_rng(models)
    held = []
    for _ in range(200):
        strength = random.normal(0, 1, models)
        found, truth = fit(drawn(strength, count, random, ties)), points(strength)
        held += list((found.low <= truth) & (truth <= found.high))
    assert 0.93 <= np.mean(held) <= 0.985


def test_they_do_on_the_pairs_of_the_real_votes() -> None:
    """Winners drawn anew from the ratings that the real votes gave, ties as often as there."""
    _, real = games_of(real_votes())
    strength = (fit(real).rating - MEAN) / ELO
    chance = 1 / (1 + np.exp(strength[real.second] - strength[real.first]))
    tie = 2 * min(0.6, float((real.score == 0.5).mean())) * np.minimum(chance, 1 - chance)
    random, held = np.random.default_rng(14), []
    for _ in range(60):
        draw = random.random(len(chance))
        score = np.where(draw < tie, 0.5, np.where(draw < tie + chance - tie / 2, 1.0, 0.0))
        found, truth = fit(replace(real, score=score)), points(strength)
        held += list((found.low <= truth) & (truth <= found.high))
    assert 0.935 <= np.mean(held) <= 0.965


def test_a_known_order_is_recovered() -> None:
    strength = np.linspace(1.5, -1.5, 10)
    found = fit(drawn(strength, 20_000, np.random.default_rng(7)))
    assert list(np.argsort(-found.rating)) == list(range(10))


def test_a_hundred_thousand_votes_take_less_than_half_a_second() -> None:
    random = np.random.default_rng(8)
    votes = drawn(random.normal(0, 1, 100), 100_000, random)
    style = random.normal(size=(100_000, 4))
    for wanted in (votes, replace(votes, style=style)):
        begin = time.process_time()
        fit(wanted)
        assert time.process_time() - begin < 0.5


# ---- what votes don't bound -------------------------------------------------------------------------------
def test_who_was_never_beaten_has_no_upper_limit_and_moves_nobody_else() -> None:
    random = np.random.default_rng(9)
    votes = drawn(np.linspace(1, -1, 6), 3000, random)
    more = games(7, (6, 0, 1.0, 15), (6, 1, 1.0, 15))
    both = replace(
        more, first=np.r_[votes.first, more.first], second=np.r_[votes.second, more.second],
        score=np.r_[votes.score, more.score], weight=np.r_[votes.weight, more.weight],
    )  # fmt: skip
    without, found = fit(votes), fit(both)
    assert found.unbounded == ("",) * 6 + ("above",)
    assert found.rating.argmax() == 6
    apart = found.rating[:6] - found.rating[:6].mean()
    assert apart == pytest.approx(without.rating - without.rating.mean(), abs=8)
    assert np.isfinite(found.high).all()


def test_the_interval_of_a_never_beaten_one_holds_its_strength() -> None:
    random = np.random.default_rng(10)
    strength = np.array([2.5, 0.4, 0.0, -0.4])
    held, seen = [], 0
    for _ in range(300):
        found, truth = fit(drawn(strength, 40, random, 0.0)), points(strength)
        if "above" in found.unbounded:
            seen += 1
            held += list((found.low <= truth) & (truth <= found.high))
    assert seen > 20
    assert np.mean(held) > 0.93


def test_ten_wins_of_ten_make_nobody_sure_how_strong_it_is() -> None:
    """Its residuals are all small: an interval of these alone would be a third narrower."""
    found = fit(games(3, (0, 1, 1.0, 100), (0, 1, 0.0, 100), (2, 0, 1.0, 10)))
    assert found.unbounded[2] == "above"
    assert found.high[2] - found.rating[2] > 450


def test_who_never_won_has_no_lower_limit() -> None:
    found = fit(games(3, (0, 1, 1.0, 5), (0, 1, 0.0, 5), (0, 2, 1.0, 9), (1, 2, 1.0, 9)))
    assert found.unbounded == ("", "", "below")


def test_one_single_vote_claims_little() -> None:
    found = fit(games(2, (0, 1, 1.0, 1)))
    assert found.unbounded == ("above", "below")
    assert found.rating[0] > found.rating[1]
    assert found.low[0] < found.high[1]


def test_those_who_have_never_met_are_not_compared() -> None:
    found = fit(games(4, (0, 1, 1.0, 9), (0, 1, 0.0, 3), (2, 3, 1.0, 9), (2, 3, 0.0, 3)))
    assert list(found.group) == [0, 0, 1, 1]
    assert found.rating[:2] == pytest.approx(found.rating[2:])


def test_no_votes_are_no_board() -> None:
    assert len(fit(games(0)).rating) == 0


# ---- style ------------------------------------------------------------------------------------------------
def test_what_style_wins_is_not_called_strength() -> None:
    """Two models of equal strength; people prefer longer answers, and the first one's are longer."""
    random = np.random.default_rng(11)
    count = 20_000
    longer = random.normal(0.5, 1, count)
    chance = 1 / (1 + np.exp(-0.8 * longer))
    votes = Games(
        count=2, first=np.zeros(count, int), second=np.ones(count, int),
        score=(random.random(count) < chance).astype(float), weight=np.ones(count),
    )  # fmt: skip
    plain, held = fit(votes), fit(replace(votes, style=longer[:, None]))
    assert plain.rating[0] - plain.rating[1] > 50
    assert abs(held.rating[0] - held.rating[1]) < 15
    spread = math.sqrt(float(np.mean(longer**2)))
    assert held.style[0] == pytest.approx(ELO * 0.8 * spread, rel=0.08)


def test_style_that_never_differs_changes_nothing() -> None:
    random = np.random.default_rng(12)
    votes = drawn(random.normal(0, 1, 4), 400, random)
    assert fit(replace(votes, style=np.zeros((400, 2)))).rating == pytest.approx(fit(votes).rating)


# ---- the solver -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 7, 120])
def test_own_solver_agrees_with_numpys(size: int) -> None:
    random = np.random.default_rng(size)
    root = random.normal(size=(size, size))
    matrix, right = root @ root.T + np.eye(size), random.normal(size=(size, 3))
    assert solve(matrix, right) == pytest.approx(np.linalg.solve(matrix, right))
    assert solve(matrix, right[:, 0]) == pytest.approx(np.linalg.solve(matrix, right[:, 0]))
    assert product(matrix, right) == pytest.approx(matrix @ right)


def test_a_fit_is_finite_whatever_the_votes() -> None:
    random = np.random.default_rng(13)
    for _ in range(100):
        m = int(random.integers(2, 9))
        count = int(random.integers(1, 12))
        votes = drawn(random.normal(0, 3, m), count, random, float(random.random()))
        found: Fit = fit(votes)
        used = np.unique(np.r_[votes.first, votes.second])
        for values in (found.rating, found.low, found.high):
            assert np.isfinite(values[used]).all()
        assert (found.low <= found.high).all()
