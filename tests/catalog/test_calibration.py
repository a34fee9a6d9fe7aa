"""What a machine teaches: medians, one voice per model, own measurements only."""

from __future__ import annotations

import pytest

from measuring import ONE, measurement
from yoriai.catalog.calibration import calibrate
from yoriai.catalog.speed import Efficiency

ID = ONE.machine_id


def test_nothing_measured_teaches_nothing() -> None:
    assert calibrate([], ID) == Efficiency()


def test_one_model_gives_the_factor() -> None:
    """40 measured where 50 were foreseen, 800 where 1000 were."""
    found = calibrate([measurement()], ID)
    assert (found.generation.value, found.prompt.value) == (0.8, 0.8)
    assert (found.generation.models, found.generation.spread) == (1, pytest.approx(1.15**1.414, rel=1e-3))


def test_a_model_has_one_voice_however_often_it_was_measured() -> None:
    often = [measurement(n, rate=25.0) for n in range(9)]
    others = [measurement(20, model="b", rate=40.0), measurement(21, model="c", rate=45.0)]
    found = calibrate([*often, *others], ID)
    assert found.generation.value == 0.8  # of 0.5, 0.8, 0.9
    assert found.generation.spread == pytest.approx((0.8 / 0.5) ** (4 / 3) ** 0.5)


def test_few_models_leave_more_open_than_many_and_never_less_than_fifteen_percent() -> None:
    alike = [measurement(n, model=f"m{n}") for n in range(20)]
    spreads = [calibrate(alike[:count], ID).generation.spread for count in (1, 2, 4, 20)]
    assert spreads == sorted(spreads, reverse=True)
    assert len(set(spreads)) == 4
    assert 1 / spreads[0] < 0.85
    assert spreads[-1] > 1.15


def test_a_disturbed_run_does_not_move_it() -> None:
    runs = [measurement(n, rate=rate) for n, rate in enumerate((40.0, 40.5, 4.0))]
    assert calibrate(runs, ID).generation.value == 0.8


def test_a_model_does_not_teach_of_itself() -> None:
    assert calibrate([measurement()], ID, without=ONE.model) == Efficiency()


@pytest.mark.parametrize(
    "change",
    [
        {"machine_id": "b" * 16},
        {"is_imported": True},
        {"was_busy": True},
        {"foreseen_generation_tokens_per_s": None},
        {"generation_tokens_per_s": None},
        {"foreseen_generation_tokens_per_s": 1e-9},
    ],
    ids=["another machine", "imported", "busy", "makes embeddings", "not measured", "absurd"],
)
def test_what_does_not_count(change: dict[str, object]) -> None:
    assert calibrate([measurement(**change)], ID).generation.models == 0


def test_models_that_make_embeddings_teach_their_own_kind() -> None:
    encoder = measurement(1, model="e", generation_tokens_per_s=None, foreseen_generation_tokens_per_s=None)
    assert calibrate([encoder], ID).prompt.models == 0
    assert calibrate([encoder], ID, writes=False).prompt.value == 0.8
    assert calibrate([measurement(2)], ID, writes=False) == Efficiency()
