"""Side by side with the prediction, earlier runs and another machine."""

from __future__ import annotations

import pytest

from measuring import ONE, measurement
from yoriai.evaluation.comparison import latest, lines, machines, pairs

OTHER = {"machine_id": "b" * 16, "machine_name": "lab", "is_imported": True}


def test_a_measurement_is_held_against_what_other_models_taught() -> None:
    """Another model reached 30 of 50; so 30 are predicted of 50 here, and 40 came."""
    taught, shown = measurement(1, model="b", digest="b" * 64, rate=30.0), measurement(2)
    (line,) = lines([shown], [taught, shown])
    assert line.predicted_generation and line.is_calibrated
    assert line.predicted_generation.tokens_per_s == pytest.approx(30)
    assert line.generation_to_predicted == pytest.approx(40 / 30)
    assert line.prompt_to_predicted == pytest.approx(1.0)
    assert line.generation_to_earlier is None


def test_its_own_result_does_not_make_its_prediction() -> None:
    (line,) = lines([measurement()], [measurement()])
    assert line.predicted_generation and not line.is_calibrated
    assert line.predicted_generation.tokens_per_s == 50
    assert line.generation_to_predicted == 0.8


def test_a_later_run_is_held_against_the_one_before_under_the_same_condition() -> None:
    runs = [
        measurement(1, rate=10.0), measurement(2, rate=20.0), measurement(3, rate=99.0, context=512),
        measurement(4, rate=99.0, users=4), measurement(5, rate=99.0, digest="e" * 64),
        measurement(6, rate=99.0, **OTHER), measurement(7, rate=30.0), measurement(8, rate=99.0),
    ]  # fmt: skip
    (line,) = lines([runs[6]], runs)
    assert line.generation_to_earlier == 1.5


def test_a_remote_model_is_held_against_nothing() -> None:
    remote = measurement(foreseen_prompt_tokens_per_s=None, foreseen_generation_tokens_per_s=None)
    (line,) = lines([remote], [remote])
    assert line.predicted_generation is line.predicted_prompt is line.generation_to_predicted is None


def test_the_same_weights_on_two_machines_whatever_they_are_called() -> None:
    mine = [
        measurement(1, rate=10.0),
        measurement(2, rate=30.0),
        measurement(3, model="only-here", digest="1" * 64),
    ]
    theirs = [measurement(4, model="llama31:8b", rate=20.0, **OTHER), measurement(5, users=4, **OTHER)]
    (pair,) = pairs([*mine, *theirs], ("a" * 16, "desk"), ("b" * 16, "lab"))
    assert pair.generation == 1.5  # the newest of mine
    assert pair.prompt == 1.0


def test_a_busy_machine_is_compared_only_where_it_was_never_quiet() -> None:
    mine = [measurement(1, rate=40.0), measurement(2, rate=4.0, was_busy=True)]
    theirs = [measurement(3, rate=10.0, was_busy=True, **OTHER)]
    (pair,) = pairs([*mine, *theirs], ("a" * 16, "desk"), ("b" * 16, "lab"))
    assert (pair.first, pair.second) == (mine[0], theirs[0])
    (line,) = lines([measurement(4, rate=20.0)], [*mine, measurement(4, rate=20.0)])
    assert line.generation_to_earlier == 0.5


def test_without_a_digest_name_and_quantisation_decide() -> None:
    mine = measurement(1, digest="")
    theirs = [measurement(2, digest="", quantization="Q4_K_M", **OTHER), measurement(3, digest="", **OTHER)]
    (pair,) = pairs([mine, *theirs], ("a" * 16, "desk"), ("b" * 16, "lab"))
    assert pair.second == theirs[1]


def test_short_and_long_prompts_are_two_conditions_but_a_few_tokens_are_none() -> None:
    long, short = measurement(1, rate=10.0), measurement(2, prompt_tokens=100, rate=20.0)
    again = measurement(3, prompt_tokens=1910, rate=30.0)
    runs = [long, short, again]
    assert latest(runs) == [short, again]
    assert [line.generation_to_earlier for line in lines(runs, runs)] == [None, None, 3.0]
    theirs = [measurement(4, prompt_tokens=105, rate=10.0, **OTHER)]
    (pair,) = pairs([*runs, *theirs], ("a" * 16, "desk"), ("b" * 16, "lab"))
    assert (pair.first, pair.second) == (short, theirs[0])


def test_machines_in_the_order_they_appeared() -> None:
    runs = [measurement(1), measurement(2, **OTHER), measurement(3), measurement(4, machine_name="desk 2")]
    assert machines(runs) == [("a" * 16, "desk"), ("b" * 16, "lab"), ("a" * 16, "desk 2")]


def test_only_the_newest_of_a_condition_is_shown_but_each_build() -> None:
    runs = [measurement(1), measurement(2, engine="xllamacpp 2"), measurement(3), measurement(4, threads=1)]
    assert [each.id for each in latest(runs)] == [runs[1].id, runs[2].id, runs[3].id]
    assert ONE.engine != runs[1].engine
