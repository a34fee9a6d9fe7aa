"""Votes of known strength, and the real ones. Not a test itself."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from yoriai.arena.rating import ELO, MEAN, Games

REAL = Path(__file__).parents[3] / "shared" / "data" / "llmfao_votes" / "crowd-comparisons.csv"
_SCORES = {"left": 1.0, "right": 0.0, "tie": 0.5}


def real_votes() -> list[dict[str, str]]:
    """Who voted how on which pair."""
    path = next(
        (each for each in (REAL, Path("/work/shared/data/llmfao_votes") / REAL.name) if each.is_file()), None
    )
    if path is None:
        pytest.skip(f"the real votes are not here: {REAL}")
    with path.open(encoding="utf8") as file:
        return list(csv.DictReader(file))


def games_of(votes: list[dict[str, str]]) -> tuple[list[str], Games]:
    names = sorted({vote[side] for vote in votes for side in ("left", "right")})
    place = {name: position for position, name in enumerate(names)}
    return names, Games(
        count=len(names),
        first=np.array([place[vote["left"]] for vote in votes]),
        second=np.array([place[vote["right"]] for vote in votes]),
        score=np.array([_SCORES[vote["winner"]] for vote in votes]),
        weight=np.ones(len(votes)),
    )


def drawn(strength: np.ndarray, count: int, random: np.random.Generator, ties: float = 0.3) -> Games:
    """Votes between random pairs; a tie takes as much from a win as from a loss."""
    m = len(strength)
    first = random.integers(0, m, count)
    second = (first + random.integers(1, m, count)) % m
    chance = 1 / (1 + np.exp(strength[second] - strength[first]))
    tie = 2 * ties * np.minimum(chance, 1 - chance)
    draw = random.random(count)
    score = np.where(draw < tie, 0.5, np.where(draw < tie + chance - tie / 2, 1.0, 0.0))
    return Games(count=m, first=first, second=second, score=score, weight=np.ones(count))


def points(strength: np.ndarray) -> np.ndarray:
    """What the ratings should be."""
    return np.asarray(MEAN + ELO * (strength - strength.mean()))
