"""What was measured of many minds against one: whether they helped, task by task, and at what price.

`minds.json` is the `results.json` of `benchmarks/many_minds.py`, copied here; the page shows it where people choose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

_SINGLES = frozenset({"single", "sampled"})
FEWEST_QUESTIONS = 50  # with fewer, the interval is wider than anything that could be found


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A composite against the best single answer to the same questions; shares with their 95 % intervals."""

    task: str
    method: str
    model: str
    questions: int
    accuracy: float
    low: float
    high: float
    single_accuracy: float
    single_low: float
    single_high: float
    times_tokens: float  # of the single one's
    verdict: Literal["better", "worse", "unclear"]


def measured() -> list[Outcome]:
    """What is known; nothing where too little was asked."""
    return outcomes(json.loads((files("yoriai.evaluation") / "minds.json").read_text("utf8")))


def outcomes(rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Every composite in `rows`, beside the best single one of its task. Intervals that overlap tell nothing."""
    found = []
    for task in dict.fromkeys(row["task"] for row in rows):
        asked = [row for row in rows if row["task"] == task and row["questions"] >= FEWEST_QUESTIONS]
        singles = [row for row in asked if row["method"] in _SINGLES]
        if singles:
            best = max(singles, key=lambda row: float(row["accuracy"]))
            found += [_outcome(row, best) for row in asked if row["method"] not in _SINGLES]
    return found


def _outcome(row: Mapping[str, Any], best: Mapping[str, Any]) -> Outcome:
    verdict: Literal["better", "worse", "unclear"] = "unclear"
    if row["low"] > best["high"]:
        verdict = "better"
    elif row["high"] < best["low"]:
        verdict = "worse"
    return Outcome(
        task=row["task"], method=row["method"], model=row["model"], questions=row["questions"],
        accuracy=row["accuracy"], low=row["low"], high=row["high"], single_accuracy=best["accuracy"],
        single_low=best["low"], single_high=best["high"], times_tokens=row["tokens"] / max(1, best["tokens"]),
        verdict=verdict,
    )  # fmt: skip
