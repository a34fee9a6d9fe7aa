"""Strengths from votes: Bradley-Terry by maximum likelihood, with intervals. Pure; knows neither models nor people.

A tie, "both bad" included, is half a win for each: it says that neither answer was better, which brings two ratings
together and is a loss for nobody. Style (length, Markdown) can be held constant. Shapes: g games, m models, f features.

Source: R. A. Bradley, M. E. Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 39 (1952). Covariance: the
sandwich of P. J. Huber, "The behavior of maximum likelihood estimates under nonstandard conditions" (1967), as
W.-L. Chiang et al., "Chatbot Arena", arXiv:2403.04132, use it for such votes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from yoriai.arena.graph import Floats, Groups, Ints, Unbounded, groups
from yoriai.arena.linear import product, solve

ELO = 400 / math.log(10)  # points per unit of log odds: 400 points are odds of ten to one
MEAN = 1000.0  # of every group of models
_Z = 1.959963984540054  # 95 %
_STEPS, _HALVINGS, _EXACT = 100, 40, 1e-10
_RIDGE = 1e-6  # holds style that never differs; too little to move any that does


@dataclass(frozen=True, kw_only=True, slots=True)
class Games:
    """Votes as numbers: `score` of the first model is 1, ½ or 0; `weight`: how many such votes there are."""

    count: int  # m
    first: Ints  # [g], 0 … m-1
    second: Ints  # [g]
    score: Floats  # [g]
    weight: Floats  # [g]
    style: Floats | None = None  # [g, f]: how much more of it the first answer has


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    rating: Floats  # [m], points
    low: Floats  # [m], 95 % interval
    high: Floats  # [m]
    covariance: Floats  # [m, m] of the ratings, points²
    group: Ints  # [m]: ratings of different groups can't be compared
    unbounded: tuple[Unbounded, ...]  # [m]: there the rating is held in by one virtual tie
    style: Floats  # [f], points per standard deviation of each feature


def fit(games: Games) -> Fit:
    """Ratings around 1000 in every group of models that have met.

    Where the votes bound no finite difference, as of a model that nobody has beaten, it is held in by one virtual tie
    with its group's mean; its interval is then that of the model, not of the residuals, and `unbounded` says so.
    """
    games = _standardised(games) if games.style is not None else _merged(games)
    found = groups(_scores(games))
    rows = _virtual_rows(found)
    centre = _centring(found.group)
    parameters = _maximum(games, rows, centre)
    covariance = ELO**2 * _covariance(games, rows, centre, parameters, found)
    rating = MEAN + ELO * (centre @ parameters[: games.count])
    half = _Z * np.sqrt(np.diag(covariance))
    return Fit(
        rating=rating,
        low=rating - half,
        high=rating + half,
        covariance=covariance,
        group=found.group,
        unbounded=found.unbounded,
        style=ELO * parameters[games.count :],
    )


def information(games: Games) -> tuple[Floats, Floats]:
    """What the votes tell about the log odds [m, m], and these themselves [m]; for choosing the next vote."""
    games = _merged(games)
    found = groups(_scores(games))
    rows, centre = _virtual_rows(found), _centring(found.group)
    parameters = _maximum(games, rows, centre)
    return _hessian(games, rows, parameters), centre @ parameters


# ---- the games --------------------------------------------------------------------------------------------
def _merged(games: Games) -> Games:
    """Games of the same two models with the same score as one, which they are without style."""
    m = games.count
    swapped = games.first > games.second
    first, second = np.where(swapped, games.second, games.first), np.where(swapped, games.first, games.second)
    score = np.where(swapped, 1 - games.score, games.score)
    code = (first * m + second) * 3 + np.rint(2 * score).astype(np.intp)
    codes, place = np.unique(code, return_inverse=True)
    pairs = codes // 3
    return Games(
        count=m,
        first=pairs // m,
        second=pairs % m,
        score=(codes % 3) / 2,
        weight=_sums(place, games.weight, len(codes)),
    )


def _standardised(games: Games) -> Games:
    """Style in standard deviations from none: what doesn't differ says nothing."""
    assert games.style is not None
    spread = np.sqrt(np.average(games.style**2, axis=0, weights=games.weight)) if len(games.weight) else 1.0
    return replace(games, style=games.style / np.where(spread > 0, spread, 1.0))


def _scores(games: Games) -> Floats:
    m = games.count
    won = _sums(games.first * m + games.second, games.weight * games.score, m * m)
    lost = _sums(games.second * m + games.first, games.weight * (1 - games.score), m * m)
    scores: Floats = (won + lost).reshape(m, m)
    return scores


def _virtual_rows(found: Groups) -> Floats:
    """[k, m]: a tie of each model outside of its group's body with the mean of its group.

    A body of one bounds nothing: then every member has one.
    """
    sizes, bodies = np.bincount(found.group), np.bincount(found.group[found.in_body])
    is_held = ~found.in_body | ((bodies == 1) & (sizes > 1))[found.group]
    return np.asarray(_centring(found.group)[is_held], np.float64)


def _centring(group: Ints) -> Floats:
    """[m, m]: takes the mean of its group from everybody."""
    same = group[:, None] == group[None, :]
    centre: Floats = np.eye(len(group)) - same / same.sum(axis=1, keepdims=True)
    return centre


# ---- the likelihood ---------------------------------------------------------------------------------------
def _maximum(games: Games, rows: Floats, centre: Floats) -> Floats:
    """[m + f] by Newton's method; a step that overshoots is halved."""
    f = 0 if games.style is None else games.style.shape[1]
    parameters = np.zeros(games.count + f)
    value = _likelihood(games, rows, parameters)
    location = _padded(np.eye(games.count) - centre, f)
    for _ in range(_STEPS):
        hessian = _hessian(games, rows, parameters) + location
        step = solve(hessian, _gradient(games, rows, parameters))
        for _ in range(_HALVINGS):
            reached = _likelihood(games, rows, parameters + step)
            if reached >= value - 1e-12 * abs(value):
                break
            step /= 2
        parameters, value = parameters + step, reached
        if not len(step) or np.abs(step).max() < _EXACT:
            break
    return parameters


def _odds(games: Games, parameters: Floats) -> Floats:
    """[g] log odds that the first wins."""
    odds = parameters[games.first] - parameters[games.second]
    if games.style is not None:
        odds = odds + games.style @ parameters[games.count :]
    return np.asarray(odds, np.float64)


def _probability(odds: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(odds / 2)), np.float64)


def _likelihood(games: Games, rows: Floats, parameters: Floats) -> float:
    odds, virtual = _odds(games, parameters), rows @ parameters[: games.count]
    of_games = games.weight @ (games.score * odds - np.logaddexp(0, odds))
    of_virtual = (virtual / 2 - np.logaddexp(0, virtual)).sum()
    return float(of_games + of_virtual - _RIDGE / 2 * (parameters[games.count :] ** 2).sum())


def _gradient(games: Games, rows: Floats, parameters: Floats) -> Floats:
    m = games.count
    residual = games.weight * (games.score - _probability(_odds(games, parameters)))
    of_models = _sums(games.first, residual, m) - _sums(games.second, residual, m)
    of_models += rows.T @ (0.5 - _probability(rows @ parameters[:m]))
    if games.style is None:
        return np.asarray(of_models, np.float64)
    of_style = games.style.T @ residual - _RIDGE * parameters[m:]
    return np.concatenate([of_models, of_style])


def _hessian(games: Games, rows: Floats, parameters: Floats) -> Floats:
    chance = _probability(_odds(games, parameters))
    of_games = _products(games, games.weight * chance * (1 - chance))
    of_games += np.diag(np.r_[np.zeros(games.count), np.full(len(of_games) - games.count, _RIDGE)])
    return np.asarray(of_games + _virtual(games, rows, parameters), np.float64)


def _virtual(games: Games, rows: Floats, parameters: Floats) -> Floats:
    chance = _probability(rows @ parameters[: games.count])
    weighted = rows * (chance * (1 - chance))[:, None]
    return _padded(product(rows.T, weighted), len(parameters) - games.count)


def _products(games: Games, weight: Floats) -> Floats:
    """[m + f, m + f]: the sum over games of weight · x xᵀ, where x is +1, -1 and the style."""
    m = games.count
    met = _sums(games.first * m + games.second, weight, m * m).reshape(m, m)
    met = met + met.T
    of_models = np.diag(met.sum(axis=1)) - met
    if games.style is None:
        return np.asarray(of_models, np.float64)
    weighted = games.style * weight[:, None]
    across = np.stack(
        [_sums(games.first, each, m) - _sums(games.second, each, m) for each in weighted.T],
        axis=1,
    )
    return np.block([[of_models, across], [across.T, games.style.T @ weighted]])


def _sums(place: Ints, values: Floats, count: int) -> Floats:
    """[count]: of the values that have the same place."""
    return np.asarray(np.bincount(place, values, count), np.float64)


def _padded(matrix: Floats, further: int) -> Floats:
    return np.pad(matrix, (0, further))


# ---- how sure ---------------------------------------------------------------------------------------------
def _covariance(games: Games, rows: Floats, centre: Floats, parameters: Floats, found: Groups) -> Floats:
    """[m, m] of the centred log odds: H⁻¹ M H⁻¹, H the information, M the sum of squared scores.

    Residuals of a handful of votes may be small by chance, and those of ties alone are none: M has one vote more per
    model, with the variance of the model. So it has where a model is held in by a virtual tie.
    """
    m = games.count
    chance = _probability(_odds(games, parameters))
    expected = chance * (1 - chance)
    is_held = ~found.in_body[games.first] | ~found.in_body[games.second]
    squared = np.where(
        is_held, np.maximum(expected, (games.score - chance) ** 2), (games.score - chance) ** 2
    )
    middle = _products(games, games.weight * squared) + _virtual(games, rows, parameters)
    middle += _padded(centre / 4, len(parameters) - m)
    hessian = _hessian(games, rows, parameters) + _padded(np.eye(m) - centre, len(parameters) - m)
    covariance = solve(hessian, solve(hessian, middle).T)[:m, :m]
    return product(product(centre, covariance), centre.T)
