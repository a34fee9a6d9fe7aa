"""Boards: ranges of ranks, what can't be told yet, what is left out and said to be."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from voting import drawn

from yoriai.arena.board import FEW, Board, board
from yoriai.arena.pairing import active_pair, gains, random_pair
from yoriai.arena.rating import Games, fit
from yoriai.records import Style, VoteFilter, Winner
from yoriai.store.votes import Tally


def tally(model_a: str, model_b: str, winner: Winner, count: int = 1, **fields: bool) -> Tally:
    marks = {"is_blind": True, "has_leak": False} | fields
    return Tally(model_a=model_a, model_b=model_b, winner=winner, count=count, **marks)  # type: ignore[arg-type]


def shown(*tallies: Tally, **wanted: bool) -> Board:
    return board(tallies, VoteFilter(**wanted))  # type: ignore[arg-type]


def clear(first: str, second: str, wins: int, losses: int) -> list[Tally]:
    return [tally(first, second, "model_a", wins), tally(first, second, "model_b", losses)]


def test_models_that_are_surely_apart_have_ranks_of_their_own() -> None:
    found = shown(*clear("a", "b", 150, 50), *clear("b", "c", 150, 50))
    assert [(row.model, row.rank_low, row.rank_high) for row in found.rows] == [
        ("a", 1, 1),
        ("b", 2, 2),
        ("c", 3, 3),
    ]
    assert found.leader == "a"
    assert found.more_votes is None


def test_models_that_may_be_equal_share_their_ranks_and_the_board_says_what_it_would_take() -> None:
    found = shown(*clear("a", "b", 33, 27), *clear("b", "c", 150, 50), *clear("a", "c", 150, 50))
    assert [(row.model, row.rank_low, row.rank_high) for row in found.rows] == [
        ("a", 1, 2),
        ("b", 1, 2),
        ("c", 3, 3),
    ]
    assert found.leader == ""
    first, second, _ = found.rows
    reach, distance = first.rating - first.low + second.high - second.rating, first.rating - second.rating
    assert found.more_votes == math.ceil((first.votes + second.votes) * ((reach / distance) ** 2 - 1))


def test_as_many_more_votes_as_it_says_are_about_enough() -> None:
    votes = [*clear("a", "b", 48, 32)]
    found = shown(*votes)
    assert found.more_votes
    factor = 1 + found.more_votes / found.rows[0].votes / 2  # each vote is one on both
    # Strengths that are as they seem: the same shares, so many times.
    more = [tally("a", "b", each.winner, math.ceil(each.count * factor * 1.1)) for each in votes]
    assert shown(*more).leader == "a"


def test_one_vote_makes_no_leader_and_says_how_many_are_missing() -> None:
    found = shown(tally("a", "b", "model_a"))
    assert (found.leader, found.votes) == ("", 1)
    assert found.more_votes is not None
    assert found.more_votes >= 2 * (FEW - 1)
    assert all(row.is_early for row in found.rows)
    assert [row.unbounded for row in found.rows] == ["above", "below"]
    assert [(row.rank_low, row.rank_high) for row in found.rows] == [(1, 2), (1, 2)]


def test_equals_are_never_promised_to_part() -> None:
    found = shown(*clear("a", "b", 40, 40))
    assert found.more_votes is None
    assert found.leader == ""


def test_counts_tell_ties_and_both_bad_apart() -> None:
    found = shown(
        tally("a", "b", "model_a", 3),
        tally("b", "a", "model_a", 2),
        tally("a", "b", "tie", 4),
        tally("a", "b", "bothbad", 5),
    )
    (row,) = [row for row in found.rows if row.model == "a"]
    assert (row.votes, row.wins, row.losses, row.ties, row.both_bad) == (14, 3, 2, 4, 5)
    (pair,) = found.pairs
    assert (pair.votes, pair.share if pair.first == "a" else 1 - pair.share) == (14, pytest.approx(7.5 / 14))


def test_votes_that_were_not_blind_are_left_out_and_counted() -> None:
    votes = [
        *clear("a", "b", 5, 5),
        tally("a", "b", "model_a", 3, is_blind=False),
        tally("a", "b", "model_a", 2, has_leak=True),
        tally("a", "b", "model_a", 1, is_blind=False, has_leak=True),
    ]
    plain, named, leaky = (
        shown(*votes),
        shown(*votes, with_named=True),
        shown(*votes, with_named=True, with_leaks=True),
    )
    assert (plain.votes, plain.left_out_named, plain.left_out_leaks) == (10, 4, 2)
    assert (named.votes, named.left_out_named, named.left_out_leaks) == (13, 0, 3)
    assert (leaky.votes, leaky.left_out_named, leaky.left_out_leaks) == (16, 0, 0)


def test_models_that_never_met_are_not_ranked_among_each_other() -> None:
    found = shown(*clear("a", "b", 150, 50), *clear("c", "d", 150, 50))
    ranks = {row.model: (row.rank_low, row.rank_high) for row in found.rows}
    assert ranks == {"a": (1, 3), "b": (2, 4), "c": (1, 3), "d": (2, 4)}
    assert found.leader == ""


def test_style_is_held_constant_where_the_texts_are_known() -> None:
    random = np.random.default_rng(3)
    votes = []
    for _ in range(3000):
        lengths = [int(each) for each in random.integers(50, 2000, 2)]
        share = (lengths[0] - lengths[1]) / sum(lengths)
        winner: Winner = "model_a" if random.random() < 1 / (1 + math.exp(-3 * share)) else "model_b"
        style_a, style_b = (Style(length=each) for each in lengths)
        votes.append(
            Tally(
                model_a="a", model_b="b", winner=winner, count=1, is_blind=True, has_leak=False, style_a=style_a,
                style_b=style_b,
            )
        )  # fmt: skip
    found = board([*votes, tally("a", "b", "model_a", 7)], VoteFilter(), with_style=True)
    assert found.votes == 3000
    assert found.left_out_style == 7
    assert found.style is not None
    assert found.style["length"] > 100
    assert abs(found.style["bold"]) < 1
    assert abs(found.rows[0].rating - found.rows[1].rating) < 30


def test_no_votes_are_an_empty_board() -> None:
    found = shown()
    assert (found.rows, found.pairs, found.votes, found.leader, found.more_votes) == ((), (), 0, "", None)


# ---- whom to compare next ---------------------------------------------------------------------------------
def no_games(count: int) -> Games:
    nothing = np.array([], float)
    return Games(
        count=count, first=nothing.astype(int), second=nothing.astype(int), score=nothing, weight=nothing
    )


def test_whom_nobody_knows_is_asked_for_first() -> None:
    strength = np.array([1.0, 0.0, -1.0, 0.0])
    votes = drawn(strength[:3], 600, np.random.default_rng(1))
    known = Games(count=4, first=votes.first, second=votes.second, score=votes.score, weight=votes.weight)
    pairs = [active_pair(["a", "b", "c", "new"], known, Random(seed)) for seed in range(20)]
    assert all("new" in pair for pair in pairs)
    assert {pair.index("new") for pair in pairs} == {0, 1}


def test_among_those_known_as_well_equals_tell_most() -> None:
    """Four models, every pair with the same votes; the closest two are those whose next vote is least foreseen."""
    strength = np.array([2.0, 0.1, -0.1, -2.0])
    first, second = np.triu_indices(4, 1)
    chance = 1 / (1 + np.exp(strength[second] - strength[first]))
    score, weight = np.r_[np.ones(6), np.zeros(6)], 100 * np.r_[chance, 1 - chance]
    found = gains(
        Games(count=4, first=np.r_[first, first], second=np.r_[second, second], score=score, weight=weight)
    )
    outer = found[0, 3]
    assert outer == min(found[i, j] for i, j in zip(first, second, strict=True))
    assert found == pytest.approx(found.T)


def test_a_gain_is_what_the_variances_lose() -> None:
    """Known answer: one vote on two models that nobody has voted on, with the information of ¼ on each as prior."""
    # Σ = 4·I: ¼ · |Σ(e₁-e₂)|² / (1 + ¼ · 8) = ¼ · 32 / 3.
    assert gains(no_games(2))[0, 1] == pytest.approx(8 / 3)


def test_random_pairs_are_all_alike() -> None:
    random = Random(2)
    pairs = [random_pair(["a", "b", "c"], random) for _ in range(600)]
    assert len(set(pairs)) == 6
    assert min(pairs.count(pair) for pair in set(pairs)) > 60


def test_the_active_mode_needs_fewer_votes() -> None:
    """A new model among ten known ones: after as many votes as random pairs get, its interval is narrower."""
    strength = np.linspace(1.5, -1.5, 10)
    widths = {}
    for mode in ("active", "random"):
        random = np.random.default_rng(4)
        old = drawn(strength[:9], 900, random)
        first, second, score = (list(each) for each in (old.first, old.second, old.score))
        for seed in range(60):
            games = Games(
                count=10,
                first=np.array(first),
                second=np.array(second),
                score=np.array(score),
                weight=np.ones(len(first)),
            )
            places = [str(each) for each in range(10)]
            pair = (
                active_pair(places, games, Random(seed))
                if mode == "active"
                else random_pair(places, Random(seed))
            )
            a, b = (int(each) for each in pair)
            first.append(a)
            second.append(b)
            score.append(float(random.random() < 1 / (1 + np.exp(strength[b] - strength[a]))))
        found = fit(
            Games(
                count=10,
                first=np.array(first),
                second=np.array(second),
                score=np.array(score),
                weight=np.ones(len(first)),
            )
        )
        widths[mode] = float((found.high - found.low)[9])
    assert widths["active"] < 0.7 * widths["random"]
