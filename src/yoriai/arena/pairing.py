"""Whom to compare next: at random, or the pair whose vote would tell most. Pure.

Which of the two answers stands where is random either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from yoriai.arena.graph import Floats
from yoriai.arena.linear import product, solve
from yoriai.arena.rating import Games, information

_PRIOR = 0.25  # information on a model that nobody has voted on: that of one vote against an equal


def random_pair(names: Sequence[str], random: Random) -> tuple[str, str]:
    """Two of at least two names, every pair as likely as any other."""
    first, second = random.sample(list(names), 2)
    return first, second


def active_pair(names: Sequence[str], games: Games, random: Random) -> tuple[str, str]:
    """The pair whose vote would make all ratings together surest; among equals, any.

    A vote on i and j takes p(1-p) · |Σ(eᵢ-eⱼ)|² / (1 + p(1-p) · (eᵢ-eⱼ)ᵀ Σ (eᵢ-eⱼ)) from the trace of the covariance Σ:
    most for models of which little is known, and for those that are about as strong. Source: J. Sherman,
    W. J. Morrison, Annals of Mathematical Statistics 21 (1950); trace: A-optimal design.

    Args:
        games: between models 0 … m-1; the first len(names) of them are `names`.
    """
    gain = gains(games)[: len(names), : len(names)]
    best = np.flatnonzero(np.isclose(gain, gain.max(), rtol=1e-9))
    first, second = divmod(int(random.choice(list(best))), len(names))
    pair = (names[first], names[second])
    return pair if random.random() < 0.5 else (pair[1], pair[0])


def gains(games: Games) -> Floats:
    """[m, m]: what a vote on each pair takes from the sum of variances; less than nothing on the diagonal."""
    known, odds = information(games)
    covariance = solve(known + _PRIOR * np.eye(len(known)), np.eye(len(known)))
    squared = product(covariance, covariance)
    chance = 0.5 * (1 + np.tanh((odds[:, None] - odds[None, :]) / 2))
    told = chance * (1 - chance)
    gain = told * _between(squared) / (1 + told * _between(covariance))
    np.fill_diagonal(gain, -1)
    return gain


def _between(matrix: Floats) -> Floats:
    """(eᵢ-eⱼ)ᵀ matrix (eᵢ-eⱼ) of all pairs."""
    diagonal = np.diag(matrix)
    between: Floats = diagonal[:, None] + diagonal[None, :] - 2 * matrix
    return between
