from yoriai.engines.scheduler import GROW_AFTER_S, PATIENCE_S, Plan, Resident, Want, plan, share
from yoriai.types import ModelState

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


def want(name: str, *, gb: int = 2, waited_s: float = 0) -> Want:
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
