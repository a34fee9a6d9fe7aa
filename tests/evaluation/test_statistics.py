"""What a score says: against brute force, scipy's algorithms spelt out, and published examples."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from yoriai.evaluation.statistics import (
    estimate,
    holm,
    mcnemar,
    needed,
    paired,
    pass_at_k,
    permutation,
)


@pytest.mark.parametrize(("n", "c", "k"), [(10, 3, 1), (10, 3, 5), (7, 0, 3), (6, 6, 2), (8, 2, 7)])
def test_pass_at_k_is_the_share_of_draws_that_hold_a_right_answer(n: int, c: int, k: int) -> None:
    draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_mcnemar_of_a_published_table() -> None:
    """Fagerland et al. 2013, table 2 (airway hyper-responsiveness): 1 against 7 pairs differ; exact p = 0.0703."""
    assert mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar(7, 1) == mcnemar(1, 7)
    assert mcnemar(0, 0) == 1.0


def test_few_differences_are_permuted_exactly() -> None:
    differences = [0.2, -0.1, 0.4, 0.3, 0.0]
    totals = [
        abs(sum(sign * each for sign, each in zip(signs, differences[:4], strict=True)))
        for signs in itertools.product((-1, 1), repeat=4)
    ]
    observed = abs(sum(differences))
    expected = sum(total >= observed - 1e-12 for total in totals) / len(totals)
    assert permutation(differences) == pytest.approx(expected)


def test_many_differences_are_permuted_as_the_normal_distribution_has_it() -> None:
    chance = random.Random(3)
    differences = [chance.gauss(0.05, 0.3) for _ in range(200)]
    z = sum(differences) / math.sqrt(sum(each * each for each in differences))
    assert permutation(differences) == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), abs=0.01)


def test_holm_of_the_worked_example() -> None:
    """R's `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`: 0.03 0.06 0.06 0.02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_the_interval_of_a_paired_difference_covers_the_truth() -> None:
    chance, covered = random.Random(5), 0
    for _ in range(400):
        first, second = {}, {}
        for number in range(80):
            hard = chance.random()
            first[str(number)] = float(hard < 0.6 or (hard < 0.8 and chance.random() < 0.5))
            second[str(number)] = float(hard < 0.55)
        found = paired(first, second)
        assert found
        covered += found.difference.low <= 0.70 - 0.55 <= found.difference.high
    assert 0.92 <= covered / 400 <= 0.99


def test_needed_samples_find_the_difference_four_times_of_five() -> None:
    differences = [1.0] * 12 + [-1.0] * 4 + [0.0] * 64
    samples = needed(differences)
    assert samples
    chance = random.Random(1)
    hits = 0
    for _ in range(300):
        drawn = chance.choices(differences, k=samples)
        hits += mcnemar(drawn.count(1.0), drawn.count(-1.0)) < 0.05
    assert 0.70 <= hits / 300 <= 0.90  # the exact test is a little more careful than the formula


def test_no_difference_is_a_result() -> None:
    ours = {str(n): float(n % 3 == 0) for n in range(60)}
    theirs = {str(n): float(n % 3 == 1) for n in range(60)}
    found = paired(ours, theirs)
    assert found
    assert found.verdict() == "no_difference"
    assert found.needed is None
    assert paired(ours, {"other": 1.0}) is None


def test_a_large_difference_is_one_and_a_correction_can_take_it_away() -> None:
    found = paired({str(n): 1.0 for n in range(8)}, {str(n): float(n > 6) for n in range(8)})
    assert found
    assert found.verdict() == "better"
    assert found.verdict(holm([found.p_value] * 10)[0]) == "no_difference"


def test_epochs_of_a_sample_are_no_independent_samples() -> None:
    once = estimate([[1.0], [0.0]] * 10)
    again = estimate([[1.0] * 50, [0.0] * 50] * 10)
    assert again.high - again.low == pytest.approx(once.high - once.low, rel=0.15)


def test_even_a_perfect_score_has_an_interval() -> None:
    assert estimate([[1.0]] * 10).low == pytest.approx(0.722, abs=0.001)  # Wilson, Newcombe 1998
    assert estimate([[1.0, 1.0]] * 10).low == pytest.approx(0.722, abs=0.001)
