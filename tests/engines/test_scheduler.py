import pytest

from yoriai.engines.scheduler import GROW_AFTER_S, PATIENCE_S, SETTLE_S, Plan, Resident, Want, plan, share
from yoriai.models import ModelState

GB = 2**30


def resident(
    name: str,
    *,
    state: ModelState = "ready",
    gb: int = 2,
    threads: int = 2,
    leases: int = 0,
    idle_s: float = 5,
) -> Resident:
    return Resident(
        name=name, state=state, memory_bytes=gb * GB, threads=threads, leases=leases, idle_s=idle_s
    )


def want(name: str, *, gb: int = 2, waited_s: float = SETTLE_S) -> Want:
    return Want(name=name, memory_bytes=gb * GB, waited_s=waited_s)


def planned(
    wants: list[Want], residents: list[Resident], *, gb: int = 4, cores: int = 4, idle_s: float = 900
) -> Plan:
    return plan(wants, residents, budget_bytes=gb * GB, cores=cores, idle_unload_s=idle_s)


def test_all_models_together_never_get_more_threads_than_cores() -> None:
    for cores in range(1, 17):
        for models in range(1, cores + 1):
            assert share(cores, models) * models <= cores


def test_a_wanted_model_is_started_with_its_share_of_the_cores() -> None:
    assert planned([want("a")], []).start == (("a", 4),)
    assert planned([want("b")], [resident("a")]).start == (("b", 2),)


def test_the_least_recently_used_idle_model_makes_room() -> None:
    residents = [resident("old", idle_s=300), resident("new", idle_s=10)]
    assert planned([want("c")], residents) == Plan(drain=("old",))


def test_no_more_models_are_unloaded_than_needed() -> None:
    residents = [
        resident("a", gb=1, idle_s=30),
        resident("b", gb=1, idle_s=20),
        resident("c", gb=1, idle_s=10),
    ]
    assert planned([want("d", gb=2)], residents).drain == ("a",)


def test_a_model_in_use_is_left_alone_until_patience_ends() -> None:
    residents = [resident("a", gb=4, leases=1, idle_s=0)]
    assert planned([want("b", waited_s=PATIENCE_S - 1)], residents) == Plan()
    assert planned([want("b", waited_s=PATIENCE_S)], residents).drain == ("a",)


def test_an_idle_model_that_is_itself_wanted_is_no_victim() -> None:
    residents = [resident("a", gb=2), resident("b", gb=2, idle_s=1)]
    assert planned([want("c"), want("a")], residents).drain == ("b",)


def test_a_large_model_is_not_starved_by_small_ones_behind_it() -> None:
    residents = [resident("busy", gb=3, leases=1, idle_s=0)]
    assert planned([want("large", gb=3), want("small", gb=1)], residents).start == ()


def test_nothing_more_is_unloaded_while_memory_is_being_freed() -> None:
    residents = [resident("going", state="draining", gb=2), resident("idle", gb=2)]
    assert planned([want("c", gb=2)], residents) == Plan()


def test_a_model_beyond_the_whole_budget_is_refused_and_others_go_on() -> None:
    steps = planned([want("huge", gb=5), want("a")], [])
    assert steps.impossible == ("huge",)
    assert steps.start == (("a", 4),)


def test_a_model_idle_for_long_is_unloaded() -> None:
    residents = [resident("a", idle_s=901), resident("b", idle_s=899)]
    assert planned([], residents).drain == ("a",)


def test_a_model_in_use_is_never_unloaded_for_being_idle() -> None:
    assert planned([], [resident("a", leases=1, idle_s=0, threads=4)]) == Plan()


def test_an_idle_model_shrinks_at_once_and_grows_only_after_a_while() -> None:
    two = [resident("a", threads=4), resident("b", threads=2)]
    assert planned([], two).restart == (("a", 2),)
    assert planned([], [resident("a", threads=2, idle_s=GROW_AFTER_S - 1)]).restart == ()
    assert planned([], [resident("a", threads=2, idle_s=GROW_AFTER_S)]).restart == (("a", 4),)


def test_nothing_restarts_while_a_model_loads() -> None:
    two = [resident("a", threads=4), resident("b", state="starting", threads=2)]
    assert planned([], two).restart == ()


def test_an_idle_model_stays_until_questions_that_come_together_are_all_there() -> None:
    residents = [resident("a", gb=4)]
    assert planned([want("b", gb=4, waited_s=SETTLE_S / 2)], residents) == Plan()
    assert planned([want("b", gb=4)], residents).drain == ("a",)
    assert planned([want("b", gb=4, waited_s=0)], []).start == (("b", 4),)  # where there is room, at once


# Questions (when, for which model) on a machine that holds one model, which is `a` at the start: loads that must be.
QUEUES: dict[str, tuple[list[tuple[float, str]], int]] = {
    "side by side, the loaded one last": ([(0, "b"), (0.05, "c"), (0.1, "a")], 2),
    "six at once": ([(0.02 * n, name) for n, name in enumerate("fbcdea")], 5),
    "a question set for two": ([(0.03 * n, "ba"[n % 2]) for n in range(8)], 1),
    "the loaded one is asked again meanwhile": ([(0, "b"), (0.1, "a"), (0.5, "a"), (0.9, "a")], 1),
    "a second round of the same two": ([(0, "b"), (0.1, "a"), (9, "b"), (9.1, "a")], 2),
}


@pytest.mark.parametrize("name", QUEUES)
def test_where_one_model_fits_the_loaded_one_answers_first_and_loads_are_fewest(name: str) -> None:
    questions, fewest = QUEUES[name]
    assert loads(questions, answer_s=1.0, load_s=2.0) == fewest


def loads(questions: list[tuple[float, str]], *, answer_s: float, load_s: float) -> int:
    """Play it through, fifty steps a second; two answers at the same time."""
    left, waiting, answering = sorted(questions), list[tuple[float, str]](), list[float]()
    held, ready_at, draining, count, now, idle_since = "a", 0.0, False, 0, 0.0, 0.0
    while left or waiting or answering:
        now += 0.02
        waiting += [each for each in left if each[0] <= now]
        left = [each for each in left if each[0] > now]
        answering = [end for end in answering if end > now]
        idle_since = now if answering else idle_since
        if held and now >= ready_at and not draining:
            served = [each for each in waiting if each[1] == held][: 2 - len(answering)]
            waiting = [each for each in waiting if each not in served]
            answering += [now + answer_s] * len(served)
        if draining and not answering:
            held, draining = "", False
        wants = {model: want(model, gb=4, waited_s=now - since) for since, model in reversed(waiting)}
        state: ModelState = "draining" if draining else "ready" if now >= ready_at else "starting"
        there = (
            [resident(held, state=state, gb=4, leases=len(answering), idle_s=now - idle_since)]
            if held
            else []
        )
        steps = planned(sorted(wants.values(), key=lambda each: -each.waited_s), there)
        draining = draining or bool(steps.drain)
        for started, _ in steps.start:
            held, ready_at, count, idle_since = started, now + load_s, count + 1, now
        assert now < 120, "somebody waits for ever"
    return count
