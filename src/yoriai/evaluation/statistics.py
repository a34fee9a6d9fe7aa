"""What a score says and what it doesn't: intervals, pass@k, paired tests, how many samples would settle a question.

Pure. Proportions and bootstrap means are `knowledge.measure`'s. Tests hold all of it against scipy or brute force.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from yoriai.knowledge.measure import Estimate, difference, mean, share

Verdict = Literal["better", "worse", "no_difference"]
_ALPHA = 0.05
_Z_ALPHA, _Z_POWER = 1.959964, 0.841621  # 5 % two-sided, 80 % power
_EXACT_SIGNS = 16  # differences whose signs are all tried; more are drawn
_DRAWN = 20_000
_SEED = 20
_MOST_SAMPLES = 1_000_000  # more would not be asked by anybody


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """The first of two against the second, on the samples that both had."""

    samples: int
    first: float
    second: float
    difference: Estimate  # first − second
    p_value: float
    test: Literal["mcnemar", "permutation"]
    wins: int  # samples that the first did better on
    losses: int
    needed: int | None  # samples that would show a difference as large as this one; None: there is none

    def verdict(self, p_value: float | None = None) -> Verdict:
        """By its own p-value, or by the corrected one."""
        if (self.p_value if p_value is None else p_value) >= _ALPHA:
            return "no_difference"
        return "better" if self.difference.value > 0 else "worse"


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that one of k answers is right, where c of n drawn ones were. Unbiased; n ≥ k.

    Source: Chen et al. 2021, Evaluating Large Language Models Trained on Code, equation 1 and figure 3.
    """
    if n - c < k:
        return 1.0
    return 1.0 - float(math.prod(1.0 - k / i for i in range(n - c + 1, n + 1)))


def estimate(values: Sequence[Sequence[float]]) -> Estimate:
    """The mean over samples, each with the values of its epochs.

    One answer a sample, right or wrong: Wilson's interval. Else a bootstrap over samples: what one of them gave
    several times is not independent, and a sample is drawn with all of its epochs.
    """
    means = [math.fsum(each) / len(each) for each in values]
    if means and all(len(each) == 1 for each in values) and set(means) <= {0.0, 1.0}:
        return share(round(math.fsum(means)), len(means))
    if len(set(means)) == 1 and 0 <= means[0] <= 1:  # a bootstrap of the same numbers knows no doubt
        bounds = share(round(means[0] * len(means)), len(means))
        return Estimate(value=means[0], low=min(bounds.low, means[0]), high=max(bounds.high, means[0]))
    return mean(means)


def pass_estimate(values: Sequence[Sequence[float]], k: int) -> Estimate:
    """pass@k over samples that were all answered at least k times."""
    if k == 1:
        return estimate(values)
    return estimate([[pass_at_k(len(each), round(math.fsum(each)), k)] for each in values])


def paired(first: Mapping[str, float], second: Mapping[str, float]) -> Paired | None:
    """Of the samples that both have, by id; None: there are none."""
    both = [name for name in first if name in second]
    if not both:
        return None
    ours, theirs = [first[name] for name in both], [second[name] for name in both]
    wins = sum(a > b for a, b in zip(ours, theirs, strict=True))
    losses = sum(a < b for a, b in zip(ours, theirs, strict=True))
    is_binary = set(ours) | set(theirs) <= {0.0, 1.0}
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    return Paired(
        samples=len(both), first=math.fsum(ours) / len(both), second=math.fsum(theirs) / len(both),
        difference=_newcombe(ours, theirs) if is_binary else difference(ours, theirs),
        p_value=mcnemar(wins, losses) if is_binary else permutation(differences),
        test="mcnemar" if is_binary else "permutation", wins=wins, losses=losses, needed=needed(differences),
    )  # fmt: skip


def mcnemar(wins: int, losses: int) -> float:
    """Exact, two-sided: the binomial test of the pairs that differ. Source: McNemar 1947; Fagerland et al. 2013."""
    n, k = wins + losses, min(wins, losses)
    if n == 0:
        return 1.0
    return float(min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n))


def permutation(differences: Sequence[float]) -> float:
    """Two-sided sign-flip test of paired differences: all signs where they are few, else many drawn ones.

    Source: Fisher 1935; the drawn test's p-value counts the observed one too (Phipson & Smyth 2010).
    """
    data = np.asarray([each for each in differences if each], np.float64)
    if not len(data):
        return 1.0
    observed = abs(data.sum()) - 1e-12
    if len(data) <= _EXACT_SIGNS:
        signs = np.asarray(list(product((-1, 1), repeat=len(data))), np.float64)
        return float((np.abs(signs @ data) >= observed).mean())
    random = np.random.default_rng(_SEED)
    hits = 0
    for _ in range(_DRAWN // 1000):
        hits += int((np.abs(random.choice((-1.0, 1.0), (1000, len(data))) @ data) >= observed).sum())
    return (hits + 1) / (_DRAWN + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for how many there are, in the same order. Source: Holm 1979."""
    corrected = [0.0] * len(p_values)
    least = 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[index]))
        corrected[index] = least
    return corrected


def needed(differences: Sequence[float]) -> int | None:
    """Samples with which a paired test finds a mean difference as large as this one, four times of five.

    Source: Connor 1987 for pairs of right and wrong (variance of the difference under the alternative and under none).
    """
    n = len(differences)
    effect = math.fsum(differences) / n
    if not effect:
        return None
    squares = math.fsum(each * each for each in differences) / n
    spread = math.sqrt(max(0.0, squares - effect * effect))
    found = math.ceil(((_Z_ALPHA * math.sqrt(squares) + _Z_POWER * spread) / effect) ** 2)
    return min(found, _MOST_SAMPLES)


def _newcombe(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Difference of two proportions of the same samples. Source: Newcombe 1998 (Statist. Med. 17, 2635), method 10."""
    n = len(ours)
    both = sum(a == b == 1 for a, b in zip(ours, theirs, strict=True))
    only_first, only_second = round(sum(ours)) - both, round(sum(theirs)) - both
    neither = n - both - only_first - only_second
    one, two = share(both + only_first, n), share(both + only_second, n)
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    product_ = float(both * neither - only_first * only_second)
    if product_ > 0:
        product_ = max(0.0, product_ - n / 2)
    phi = product_ / math.sqrt(margins) if margins else 0.0
    value = one.value - two.value
    below, above = one.value - one.low, two.high - two.value
    under = math.sqrt(max(0.0, below * below - 2 * phi * below * above + above * above))
    below, above = two.value - two.low, one.high - one.value
    over = math.sqrt(max(0.0, above * above - 2 * phi * above * below + below * below))
    return Estimate(value=value, low=max(-1.0, value - under), high=min(1.0, value + over))
