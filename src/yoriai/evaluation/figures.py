"""What a run's samples come to: figures with intervals, tokens, time; two runs side by side; a board of runs. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from yoriai.evaluation.statistics import Paired, estimate, holm, paired, pass_estimate
from yoriai.evaluation.task import Metric
from yoriai.records import ExamRun

_PASS_AT = (1, 5, 10, 100)


class Scored(Protocol):
    """What figures need of a sample."""

    @property
    def sample_id(self) -> str: ...
    @property
    def values(self) -> Mapping[str, float]: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def generation_ms(self) -> float | None: ...
    @property
    def solving_s(self) -> float: ...
    @property
    def scoring_s(self) -> float: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A measure over all samples, with its 95 % interval."""

    measure: str
    value: float
    low: float
    high: float
    samples: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Of one run, so far."""

    figures: tuple[Figure, ...]  # the first is the headline; empty: nothing has been scored yet
    answers: int
    prompt_tokens: int
    completion_tokens: int
    tokens_per_s: float | None  # generated, while generating
    solving_s: float  # of all samples together
    scoring_s: float


def result(measures: Sequence[str], metric: Metric, samples: Sequence[Scored], epochs: int = 1) -> Result:
    timed = [each for each in samples if each.generation_ms]
    generation_s = math.fsum(each.generation_ms or 0.0 for each in timed) / 1000
    return Result(
        figures=tuple(_figures(measures, metric, samples, epochs)) if samples else (), answers=len(samples),
        prompt_tokens=sum(each.prompt_tokens for each in samples),
        completion_tokens=sum(each.completion_tokens for each in samples),
        tokens_per_s=sum(each.completion_tokens for each in timed) / generation_s if generation_s else None,
        solving_s=math.fsum(each.solving_s for each in samples),
        scoring_s=math.fsum(each.scoring_s for each in samples),
    )  # fmt: skip


def by_sample(measure: str, samples: Sequence[Scored]) -> dict[str, list[float]]:
    """Values of a sample's epochs, by its id."""
    found: dict[str, list[float]] = {}
    for each in samples:
        if measure in each.values:
            found.setdefault(each.sample_id, []).append(each.values[measure])
    return found


def compared(measure: str, first: Sequence[Scored], second: Sequence[Scored]) -> Paired | None:
    """Two runs of one exam on the samples that both had; of several epochs their mean."""
    ours, theirs = by_sample(measure, first), by_sample(measure, second)
    return paired(
        {name: math.fsum(each) / len(each) for name, each in ours.items()},
        {name: math.fsum(each) / len(each) for name, each in theirs.items()},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Against:
    """A model on an exam against the best one there; `p_value` is corrected for how many are compared."""

    run_id: str
    paired: Paired
    p_value: float


def against_best(measure: str, best: str, samples: Mapping[str, Sequence[Scored]]) -> dict[str, Against]:
    """Every other run held against the best, by its id. Holm's correction over all of them."""
    found = {
        run_id: pair
        for run_id, others in samples.items()
        if run_id != best and (pair := compared(measure, samples[best], others))
    }
    corrected = holm([pair.p_value for pair in found.values()])
    return {
        run_id: Against(run_id=run_id, paired=pair, p_value=p_value)
        for (run_id, pair), p_value in zip(found.items(), corrected, strict=True)
    }


def newest(runs: Sequence[ExamRun]) -> list[ExamRun]:
    """Of each exam and model the newest that has ended, of those with most samples: a trial hides no whole run."""
    best: dict[tuple[str, str], ExamRun] = {}
    for run in runs:
        key = (run.task, run.model)
        if run.state == "done" and (key not in best or _rank(run) > _rank(best[key])):
            best[key] = run
    return list(best.values())


def _rank(run: ExamRun) -> tuple[int, int, Any]:
    return run.version, run.total, run.created_at


def _figures(measures: Sequence[str], metric: Metric, samples: Sequence[Scored], epochs: int) -> list[Figure]:
    found = []
    for number, measure in enumerate(measures):
        values = list(by_sample(measure, samples).values())
        if metric == "pass_at_k":
            whole = [each for each in values if len(each) >= epochs] or values
            most = min(map(len, whole))
            prefix = "" if number == 0 else f"{measure} "
            for k in (k for k in _PASS_AT if k <= most):
                found.append(_figure(f"{prefix}pass@{k}", pass_estimate(whole, k), len(whole)))
        elif values:
            found.append(_figure(measure, estimate(values), len(values)))
    return found


def _figure(name: str, found: Any, samples: int) -> Figure:
    return Figure(measure=name, value=found.value, low=found.low, high=found.high, samples=samples)
