"""Measurements side by side: with the prediction, with earlier runs, with another machine. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from yoriai.catalog.calibration import calibrate
from yoriai.catalog.measurement import Measurement, Spread
from yoriai.catalog.speed import Factor, Rate, scaled

_Condition = tuple[str, int, int]  # weights, context, users
_Key = tuple[tuple[str, str], _Condition]  # of one machine
_AS_LONG = 1.1  # prompts differ by less than this factor


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One measurement and what it is held against. Ratios: measured over the other; None: there is nothing to hold."""

    measurement: Measurement
    predicted_generation: Rate | None  # learnt from the other models of this machine, never from this one
    predicted_prompt: Rate | None
    is_calibrated: bool
    generation_to_predicted: float | None
    prompt_to_predicted: float | None
    generation_to_earlier: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The same weights under the same condition on two machines. Ratios: the first over the second."""

    first: Measurement
    second: Measurement
    generation: float | None
    prompt: float | None


def lines(shown: Sequence[Measurement], everything: Sequence[Measurement]) -> list[Line]:
    """Each of `shown` with what `everything`, oldest first, has to say of it."""
    of_machine: dict[str, list[Measurement]] = defaultdict(list)
    alike: dict[_Key, list[Measurement]] = defaultdict(list)
    for each in everything:
        of_machine[each.machine_id].append(each)
        alike[_key(each)].append(each)
    return [_line(each, of_machine[each.machine_id], alike[_key(each)]) for each in shown]


def latest(measurements: Sequence[Measurement]) -> list[Measurement]:
    """The newest of each machine, model, condition and build; oldest first came in, so comes out."""
    return _newest(measurements, lambda each: (_machine(each), _condition(each), each.engine, each.threads))


def machines(measurements: Sequence[Measurement]) -> list[tuple[str, str]]:
    """(id, name) of each, in the order they appeared."""
    return list(dict.fromkeys(_machine(each) for each in measurements))


def pairs(measurements: Sequence[Measurement], first: tuple[str, str], second: tuple[str, str]) -> list[Pair]:
    """What both machines have measured, the newest of each; one of a busy machine where there is no other."""
    quiet_last = sorted(measurements, key=lambda each: not each.was_busy)
    ours = _newest([each for each in quiet_last if _machine(each) == first], _condition)
    theirs: dict[_Condition, list[Measurement]] = defaultdict(list)
    for each in _newest([each for each in quiet_last if _machine(each) == second], _condition):
        theirs[_condition(each)].append(each)
    found = [(each, _alike(each, theirs[_condition(each)])) for each in ours]
    return [_pair(each, others[-1]) for each, others in found if others]


def _newest(measurements: Sequence[Measurement], key: Callable[[Measurement], Hashable]) -> list[Measurement]:
    """The last of each kind and length of prompt; oldest first."""
    kept: dict[Hashable, list[Measurement]] = defaultdict(list)
    for each in reversed(measurements):
        if not _alike(each, kept[key(each)]):
            kept[key(each)].append(each)
    return sorted((each for some in kept.values() for each in some), key=lambda each: each.measured_at)


def _line(shown: Measurement, of_machine: Sequence[Measurement], alike: Sequence[Measurement]) -> Line:
    known = calibrate(
        of_machine,
        shown.machine_id,
        without=shown.model,
        writes=shown.foreseen_generation_tokens_per_s is not None,
    )
    generation = _rate(shown.foreseen_generation_tokens_per_s, known.generation)
    prompt = _rate(shown.foreseen_prompt_tokens_per_s, known.prompt)
    earlier = [
        each for each in _alike(shown, alike) if each.measured_at < shown.measured_at and not each.was_busy
    ]
    before = earlier[-1].generation_tokens_per_s if earlier else None
    return Line(
        measurement=shown,
        predicted_generation=generation,
        predicted_prompt=prompt,
        is_calibrated=(known.generation if generation else known.prompt).models > 0,
        generation_to_predicted=_over(
            shown.generation_tokens_per_s, generation.tokens_per_s if generation else None
        ),
        prompt_to_predicted=_over(shown.prompt_tokens_per_s, prompt.tokens_per_s if prompt else None),
        generation_to_earlier=_over(shown.generation_tokens_per_s, before.median if before else None),
    )


def _pair(first: Measurement, second: Measurement) -> Pair:
    theirs, theirs_prompt = second.generation_tokens_per_s, second.prompt_tokens_per_s
    return Pair(
        first=first,
        second=second,
        generation=_over(first.generation_tokens_per_s, theirs.median if theirs else None),
        prompt=_over(first.prompt_tokens_per_s, theirs_prompt.median if theirs_prompt else None),
    )


def _machine(measurement: Measurement) -> tuple[str, str]:
    return measurement.machine_id, measurement.machine_name


def _condition(measurement: Measurement) -> _Condition:
    """Weights are the same by their digest, whatever they are called; without one by name and quantisation.

    The length of prompts is compared by `_alike`: it differs by a few tokens from run to run.
    """
    weights = measurement.digest or f"{measurement.model} {measurement.quantization}"
    return weights, measurement.context, measurement.users


def _alike(measurement: Measurement, others: Sequence[Measurement]) -> list[Measurement]:
    """Those of the others whose prompts were as long, within a tenth."""
    low, high = measurement.prompt_tokens / _AS_LONG, measurement.prompt_tokens * _AS_LONG
    return [each for each in others if low <= each.prompt_tokens <= high]


def _key(measurement: Measurement) -> _Key:
    return _machine(measurement), _condition(measurement)


def _rate(foreseen: float | None, factor: Factor) -> Rate | None:
    return scaled(foreseen, factor, on_gpu=False) if foreseen else None


def _over(measured: Spread | None, other: float | None) -> float | None:
    return measured.median / other if measured and other else None
