"""How fast 100,000 votes become ratings with intervals, against evalica; and how often the intervals hold the truth.

    python benchmarks/rating.py [--votes 100000] [--models 59] [--rounds 5] [--draws 300]

Votes are drawn from known strengths with a seed. evalica is asked for ratings without intervals (its own are
bootstrapped), so the comparison is in its favour. Runs alternate; what counts is the ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import evalica
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "arena"))
from voting import drawn, points

from yoriai.arena.rating import ELO, MEAN, fit

_SEED = 20_261_124
_WINNERS = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}


def timed(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def speed(models: int, votes: int, rounds: int) -> dict[str, float]:
    """Medians of CPU seconds, and the largest difference of a rating."""
    random = np.random.default_rng(_SEED)
    games = drawn(random.normal(0, 1, models), votes, random)
    styled = replace(games, style=random.normal(size=(votes, 4)))
    arguments = (
        games.first.tolist(),
        games.second.tolist(),
        [_WINNERS[each] for each in games.score.tolist()],
    )
    ours, with_style, theirs = [], [], []
    for _ in range(rounds):
        ours.append(timed(lambda: fit(games)))
        theirs.append(timed(lambda: evalica.bradley_terry(*arguments)))
        with_style.append(timed(lambda: fit(styled)))
    scores = evalica.bradley_terry(*arguments, tolerance=1e-13, limit=100_000).scores
    logs = np.log(np.array([scores[place] for place in range(models)]))
    apart = float(np.abs(fit(games).rating - (MEAN + ELO * (logs - logs.mean()))).max())
    median = statistics.median
    return {
        "ours_with_intervals_cpu_s": median(ours), "ours_with_style_cpu_s": median(with_style),
        "evalica_without_intervals_cpu_s": median(theirs), "ratio": median(ours) / median(theirs),
        "largest_difference_points": apart,
    }  # fmt: skip


def coverage(models: int, votes: int, ties: float, draws: int) -> float:
    """The share of 95 % intervals that hold the strength that the votes were drawn from."""
    random = np.random.default_rng(_SEED)
    held: list[bool] = []
    for _ in range(draws):
        strength = random.normal(0, 1, models)
        found, truth = fit(drawn(strength, votes, random, ties)), points(strength)
        held += list((found.low <= truth) & (truth <= found.high))
    return float(np.mean(held))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("votes", 100_000), ("models", 59), ("rounds", 5), ("draws", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wish = parser.parse_args()
    cases = [(5, 60, 0.2), (10, 300, 0.3), (20, 2000, 0.0), (20, 2000, 0.6), (59, 8931, 0.6)]
    outcome = {
        "speed": speed(wish.models, wish.votes, wish.rounds),
        "coverage": [
            {
                "models": models,
                "votes": votes,
                "ties": ties,
                "share": coverage(models, votes, ties, wish.draws),
            }
            for models, votes, ties in cases
        ],
    }
    print(json.dumps(outcome, indent=1))


if __name__ == "__main__":
    main()
