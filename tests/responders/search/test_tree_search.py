"""The search against games whose best way is known."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from yoriai.responders.search.tree_search import Step, Tree, explore

DEPTH, WIDTH = 4, 3
BEST = ("2", "0", "1", "2")


class Planted:
    """Every way of four steps out of three is worth 0.3, those that begin like `trap` 0.5, the best one 1.

    Plays are random; steps towards the best way make the rest worth a little more, as a scorer would see it.
    """

    trap = ("0",)

    def __init__(self, seed: int, priors: dict[str, float] | None = None) -> None:
        self._random, self._priors = random.Random(seed), priors
        self.ways: list[tuple[str, ...]] = []

    async def play(self, path: Sequence[str], attempt: int) -> list[Step]:
        way = list(path)
        while len(way) < DEPTH:
            way.append(self._random.choice("012"))
        self.ways.append(tuple(way))
        return [Step(text=step, likelihood=(self._priors or {}).get(step)) for step in way[len(path) :]]

    async def values(self) -> list[float]:
        return [self.value(way) for way in self.ways]

    def value(self, way: tuple[str, ...]) -> float:
        if way == BEST:
            return 1.0
        shared = next((n for n, (a, b) in enumerate(zip(way, BEST, strict=True)) if a != b), DEPTH)
        return 0.5 if way[:1] == self.trap else 0.3 + 0.1 * shared


def most_visited(tree: Tree) -> tuple[str, ...]:
    way, place = [], tree.places[0]
    while place.children:
        place = max((tree.places[each] for each in place.children), key=lambda each: each.visits)
        way.append(place.text)
    return tuple(way)


@pytest.mark.parametrize("priors", [None, {"0": 0.4, "1": 0.3, "2": 0.3}], ids=["UCT", "PUCT"])
@pytest.mark.parametrize("seed", range(5))
async def test_the_planted_way_is_found_past_the_trap(seed: int, priors: dict[str, float] | None) -> None:
    assert most_visited(await explore(Planted(seed, priors), 400)) == BEST


async def test_it_looks_longer_where_it_is_better_than_chance_would() -> None:
    game = Planted(1)
    await explore(game, 400)
    near = sum(way[:2] == BEST[:2] for way in game.ways)
    assert near > 2 * len(game.ways) / WIDTH**2


async def test_the_same_game_gives_the_same_tree() -> None:
    first, second, other = [(await explore(Planted(seed), 60)).places for seed in (3, 3, 4)]
    assert first == second
    assert first != other


async def test_visits_and_values_are_those_of_the_ends() -> None:
    """By hand: two ways of one step each, worth 1 and 0, the first visited once more."""
    tree = Tree()
    tree.add(tree.places[0], [Step(text="a", likelihood=0.6)])
    tree.add(tree.places[0], [Step(text="b", likelihood=0.2)])
    tree.visit(tree.places[1])
    tree.revalue([1.0, 0.0])
    root, a, b = tree.places
    assert [(each.visits, each.value) for each in (root, a, b)] == [(3, 2 / 3), (2, 1.0), (1, 0.0)]
    assert [tree.prior(each) for each in (a, b)] == [pytest.approx(0.75), pytest.approx(0.25)]


async def test_a_step_that_was_there_is_the_same_place() -> None:
    tree = Tree()
    tree.add(tree.places[0], [Step(text="a"), Step(text="b")])
    tree.add(tree.places[0], [Step(text="a"), Step(text="c")])
    assert [each.text for each in tree.places] == ["", "a", "b", "c"]
    assert tree.path(tree.places[3]) == ["a", "c"]


async def test_it_ends_when_it_is_told_to_and_passes_over_a_play_that_failed() -> None:
    class Failing(Planted):
        async def play(self, path: Sequence[str], attempt: int) -> list[Step]:
            return [] if attempt == 0 else await super().play(path, attempt)

    game = Failing(1)
    tree = await explore(game, 50, lambda tree, left: left <= 40)
    assert len(game.ways) == 9
    assert tree.places[0].visits == 9


async def test_who_is_likelier_is_tried_more_where_nothing_else_tells() -> None:
    class Even(Planted):
        def value(self, way: tuple[str, ...]) -> float:
            return 0.5

    tree = await explore(Even(2, {"0": 0.05, "1": 0.05, "2": 0.9}), 300)
    visits = {tree.places[each].text: tree.places[each].visits for each in tree.places[0].children}
    assert visits["2"] > 2 * max(visits["0"], visits["1"])
