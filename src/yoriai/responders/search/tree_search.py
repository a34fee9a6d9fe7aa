"""Monte Carlo tree search over any game whose moves are drawn, not listed. Knows no model and no clock.

A simulation goes down from the root by UCT, or by PUCT where moves have priors, to a place where another move may be
tried; the game plays from there to an end, and every step of that play becomes a node. How many moves a place may try
grows with its visits (progressive widening), since the moves of a language model can't be counted; one that was drawn
before counts as tried, so that a game with few moves is searched, too. `steps` plays it.

Source: Kocsis & Szepesvári 2006 (UCT); Silver et al. 2017, AlphaGo Zero (PUCT); Coulom 2007, Couëtoux et al. 2011
(progressive widening: C·n^α moves after n visits).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

EXPLORE = 1.0  # weight of what is little visited against what is good; values are 0..1
_WIDENING, _WIDENING_POWER = 2.0, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """`likelihood`: 0..1, how readily the player made it; None: it doesn't say."""

    text: str
    likelihood: float | None = None


class Game(Protocol):
    async def play(self, path: Sequence[str], attempt: int) -> Sequence[Step] | None:
        """Steps from the place that `path` leads to until an end, drawn anew each time; None: it couldn't."""
        ...

    async def values(self) -> Sequence[float]:
        """What each end so far is worth, 0..1, in the order they were played; later ends may change earlier ones."""
        ...


@dataclass(kw_only=True, slots=True)
class Place:
    """A node while the tree grows."""

    id: int
    parent: int | None
    text: str
    likelihood: float | None
    children: list[int] = field(default_factory=list)
    tries: int = 0  # moves that were drawn here, known ones too
    visits: int = 0
    total: float = 0.0
    ends: list[int] = field(default_factory=list)  # plays that end here

    @property
    def value(self) -> float:
        return self.total / self.visits if self.visits else 0.0


class Tree:
    """`visits`: for each simulation the place it ended at, and which play of the game that was."""

    def __init__(self) -> None:
        self.places = [Place(id=0, parent=None, text="", likelihood=None)]
        self._visits: list[tuple[int, int]] = []
        self._plays = 0

    def select(self) -> Place:
        """Where the next simulation plays on: the first place on the way down that may try another move, or an end."""
        place = self.places[0]
        while place.children and not self._may_widen(place):
            place = max(
                (self.places[each] for each in place.children), key=lambda each: self._urge(place, each)
            )
        return place

    def path(self, place: Place) -> list[str]:
        return [each.text for each in self.way(place)]

    def way(self, place: Place) -> list[Place]:
        """From below the root to the place."""
        found = []
        while place.parent is not None:
            found.append(place)
            place = self.places[place.parent]
        return found[::-1]

    def add(self, place: Place, steps: Sequence[Step]) -> None:
        """A play from `place`; a step that is there already is the same place."""
        for step in steps:
            place.tries += 1
            place = self._child(place, step)
        place.ends.append(self._plays)
        self._visits.append((place.id, self._plays))
        self._plays += 1

    def visit(self, place: Place) -> None:
        """An end once more: it is worth what its last play is worth."""
        self._visits.append((place.id, place.ends[-1]))

    def revalue(self, values: Sequence[float]) -> None:
        for place in self.places:
            place.visits, place.total = 0, 0.0
        for end, play in self._visits:
            for place in [self.places[0], *self.way(self.places[end])]:
                place.visits += 1
                place.total += values[play]

    def prior(self, place: Place) -> float:
        """Its share of its siblings' likelihood; equal shares where one of them has none."""
        if place.parent is None:
            return 1.0
        siblings = [self.places[each].likelihood for each in self.places[place.parent].children]
        known = [each for each in siblings if each is not None]
        if len(known) < len(siblings) or not sum(known) or place.likelihood is None:
            return 1 / len(siblings)
        return place.likelihood / sum(known)

    def _child(self, place: Place, step: Step) -> Place:
        for each in place.children:
            if self.places[each].text == step.text:
                return self.places[each]
        child = Place(id=len(self.places), parent=place.id, text=step.text, likelihood=step.likelihood)
        self.places.append(child)
        place.children.append(child.id)
        return child

    def _may_widen(self, place: Place) -> bool:
        allowed = math.floor(_WIDENING * math.pow(place.visits, _WIDENING_POWER))
        return place.tries < max(1, allowed)

    def _urge(self, parent: Place, child: Place) -> float:
        has_priors = all(self.places[each].likelihood is not None for each in parent.children)
        if has_priors:
            rare = self.prior(child) * math.sqrt(parent.visits) / (1 + child.visits)
        else:
            rare = math.sqrt(math.log(max(1, parent.visits)) / max(1, child.visits))
        return child.value + EXPLORE * rare


async def explore(game: Game, simulations: int, is_over: Callable[[Tree, int], bool] | None = None) -> Tree:
    """The tree after `simulations`, or earlier when `is_over(tree, how many are left)`. Same game, same tree.

    An end that is reached again costs no play. Raises: what the game raises.
    """
    tree = Tree()
    for done in range(simulations):
        if is_over and is_over(tree, simulations - done):
            break
        place = tree.select()
        if place.ends and not place.children:
            tree.visit(place)
        else:
            steps = await game.play(tree.path(place), done)
            if not steps:
                continue
            tree.add(place, steps)
        tree.revalue(await game.values())
    return tree
