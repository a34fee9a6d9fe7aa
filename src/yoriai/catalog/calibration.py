"""What a machine reaches of what was foreseen for it, learnt from its own measurements. Pure.

Owns the fit and which measurements count. `catalog.speed` takes the result; `evaluation` and the surfaces ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median

from yoriai.catalog.measurement import Measurement
from yoriai.catalog.speed import Efficiency, Factor

_LEAST_SPREAD = 1.15  # by which models differ that reach most alike
_PLAUSIBLE = (0.02, 50.0)  # a ratio beyond this is a mistake, not a machine


def calibrate(
    measurements: Iterable[Measurement], machine_id: str, *, without: str = "", writes: bool = True
) -> Efficiency:
    """The median of measured over foreseen, of generation and of prompts; one where nothing was measured.

    The median of ratios is the least-absolute-error fit of one factor in logarithms: one disturbed run doesn't move it.
    Each model has one voice, however often it was measured. A machine at other work is never asked: it tells of that.

    Args:
        without: a model whose measurements don't count, where it is to be foreseen itself.
        writes: whether the model to be foreseen writes; one that makes embeddings runs otherwise, and teaches its kind.
    """
    own = [
        each
        for each in measurements
        if each.machine_id == machine_id and each.model != without
        if not each.is_imported and not each.was_busy
        if (each.foreseen_generation_tokens_per_s is not None) == writes
    ]
    return Efficiency(
        generation=_factor(_ratios(own, "generation_tokens_per_s", "foreseen_generation_tokens_per_s")),
        prompt=_factor(_ratios(own, "prompt_tokens_per_s", "foreseen_prompt_tokens_per_s")),
    )


def _factor(ratios: list[float]) -> Factor:
    """The spread widens by √(1 + 1/n) in logarithms: n models don't know their own middle exactly.

    Source: prediction interval of one more value of a normal sample, NIST/SEMATECH e-Handbook, 7.1.4.
    """
    if not ratios:
        return Factor()
    value = median(ratios)
    off = [max(ratio / value, value / ratio) for ratio in ratios]
    return Factor(
        value=value, spread=max([_LEAST_SPREAD, *off]) ** math.sqrt(1 + 1 / len(ratios)), models=len(ratios)
    )


def _ratios(measurements: list[Measurement], measured: str, foreseen: str) -> list[float]:
    """One per model."""
    by_model: dict[str, list[float]] = {}
    for each in measurements:
        found, expected = getattr(each, measured), getattr(each, foreseen)
        if found and expected and _PLAUSIBLE[0] <= found.median / expected <= _PLAUSIBLE[1]:
            by_model.setdefault(each.model, []).append(found.median / expected)
    return [median(ratios) for ratios in by_model.values()]
