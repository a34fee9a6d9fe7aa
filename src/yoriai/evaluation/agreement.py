"""How far a judge agrees with people: Cohen's kappa over pairs that both have voted on, with its interval. Pure.

Beside every result of a judge stands what this says of it; below a threshold the result is not to be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yoriai.evaluation.judges import Preferred
from yoriai.knowledge.measure import Estimate

TRUSTED = 0.4  # "moderate" agreement begins here. Source: Landis & Koch 1977
_FEWEST = 30  # pairs; with fewer, nothing is known
_LABELS: tuple[Preferred, ...] = ("first", "second", "tie")
_RESAMPLES, _SEED = 2000, 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """`kappa`: 0 is chance, 1 is always. `consistent`: pairs judged alike in both orders."""

    pairs: int
    agreed: float
    kappa: Estimate
    consistent: float | None = None

    @property
    def is_trusted(self) -> bool:
        """The whole interval counts: a judge that may be no better than chance is not one to trust."""
        return self.pairs >= _FEWEST and self.kappa.value >= TRUSTED and self.kappa.low > 0


def agreement(
    judge: Sequence[Preferred], people: Sequence[Preferred], consistent: Sequence[bool] = ()
) -> Agreement:
    """Of one judge with people on the same pairs; the interval by bootstrap over pairs."""
    ours = np.asarray([_LABELS.index(each) for each in judge])
    theirs = np.asarray([_LABELS.index(each) for each in people])
    random = np.random.default_rng(_SEED)
    found = []
    for _ in range(_RESAMPLES if len(ours) else 0):
        drawn = random.integers(0, len(ours), len(ours))
        found.append(kappa(ours[drawn], theirs[drawn]))
    low, high = np.percentile(found, [2.5, 97.5]) if found else (-1.0, 1.0)
    return Agreement(
        pairs=len(ours), agreed=float((ours == theirs).mean()) if len(ours) else 0.0,
        kappa=Estimate(value=kappa(ours, theirs), low=float(low), high=float(high)),
        consistent=sum(consistent) / len(consistent) if consistent else None,
    )  # fmt: skip


def kappa(ours: np.ndarray, theirs: np.ndarray) -> float:
    """(observed − expected by chance) / (1 − expected). Source: Cohen 1960, equation 1."""
    if not len(ours):
        return 0.0
    observed = float((ours == theirs).mean())
    expected = sum(
        float((ours == label).mean()) * float((theirs == label).mean()) for label in range(len(_LABELS))
    )
    return 1.0 if expected >= 1 else (observed - expected) / (1 - expected)
