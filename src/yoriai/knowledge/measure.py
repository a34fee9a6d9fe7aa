"""How good a search is: recall@k, MRR and nDCG of rankings against what is right, with 95 % confidence intervals.

Knows ids and ranks, nothing of search. `yoriai kb eval` and benchmarks/retrieval.py call it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

CUTOFFS = (1, 5, 10)
DEPTH = 10  # of a ranking that MRR and nDCG look at
_Z = 1.959964  # 95 % of a normal distribution lies within
_RESAMPLES = 2000
_SEED = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    questions: int
    recall: dict[int, Estimate]  # by cutoff
    mrr: Estimate
    ndcg: Estimate


def quality(rankings: Sequence[Sequence[str]], relevant: Sequence[Collection[str]]) -> Quality:
    """Of one setting over all questions.

    Args:
        rankings: ids found for each question, best first, at least `DEPTH` where there are as many.
        relevant: ids of the passages that answer it; any of them will do.
    """
    ranks = [first_rank(found, right) for found, right in zip(rankings, relevant, strict=True)]
    return Quality(
        questions=len(ranks),
        recall={k: share(sum(rank <= k for rank in ranks), len(ranks)) for k in CUTOFFS},
        mrr=mean([1 / rank if rank <= DEPTH else 0.0 for rank in ranks]),
        ndcg=mean([ndcg(found, right) for found, right in zip(rankings, relevant, strict=True)]),
    )


def first_rank(found: Sequence[str], right: Collection[str]) -> float:
    """Place of the first right one, from 1; infinity where there is none."""
    return next((place for place, name in enumerate(found, 1) if name in right), math.inf)


def ndcg(found: Sequence[str], right: Collection[str], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain, gains 0 and 1.

    Source: Järvelin & Kekäläinen 2002, discount log2(1 + place).
    """
    gained = sum(1 / math.log2(1 + place) for place, name in enumerate(found[:depth], 1) if name in right)
    best = sum(1 / math.log2(1 + place) for place in range(1, min(len(right), depth) + 1))
    return gained / best if best else 0.0


def share(hits: int, total: int) -> Estimate:
    """A proportion with Wilson's score interval, which holds near 0 and 1 too. Source: Newcombe 1998, method 3."""
    if not total:
        return Estimate(value=0.0, low=0.0, high=1.0)
    p, z2 = hits / total, _Z * _Z
    centre = (hits + z2 / 2) / (total + z2)
    half = _Z / (total + z2) * math.sqrt(total * p * (1 - p) + z2 / 4)
    return Estimate(value=p, low=max(0.0, centre - half), high=min(1.0, centre + half))


def mean(values: Sequence[float]) -> Estimate:
    """A mean with its bootstrap percentile interval; the same numbers for the same values."""
    if not len(values):
        return Estimate(value=0.0, low=0.0, high=0.0)
    data = np.asarray(values, np.float64)
    random = np.random.default_rng(_SEED)
    means = [float(data[random.integers(0, len(data), len(data))].mean()) for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(value=float(data.mean()), low=float(low), high=float(high))


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """How much better `ours` is, question by question: a difference is real where its interval leaves out 0."""
    return mean([a - b for a, b in zip(ours, theirs, strict=True)])
