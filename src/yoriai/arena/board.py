"""A board: who is how strong by the votes on them, how sure that is, and what can't be told yet. Pure.

Ranks are ranges: as many as are surely stronger, and as many as are surely weaker, by intervals that don't meet. So the
board claims no order that the votes don't bear out, and says how many more it would take.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from yoriai.arena.facts import ModelFacts
from yoriai.arena.graph import Flags, Floats, Unbounded
from yoriai.arena.rating import ELO, Fit, Games, fit
from yoriai.records import Style, VoteFilter
from yoriai.store.votes import Tally

MOST_MODELS = 1000  # of those with the most votes
FEW = 30  # votes; with fewer, an interval is only a first impression
OUT_OF_REACH = 100_000  # more votes than these: as good as equal
STYLES = ("length", "headers", "lists", "bold")
_SCORES = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "bothbad": 0.5}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One model. `rank_low` … `rank_high`: the ranks it may have."""

    model: str
    rating: float
    low: float
    high: float
    rank_low: int
    rank_high: int
    votes: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    unbounded: Unbounded = (
        ""  # the votes set no limit on this side: `low` or `high` is that of a cautious guess
    )
    group: int = 0  # models of different groups have never met, not even through others
    is_early: bool = False  # fewer than `FEW` votes
    more_votes: int | None = (
        None  # until it could be told from the next one below; None: it can be, or never will
    )
    facts: ModelFacts | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """How two models did against each other. `share` of the first: wins, and half of the ties."""

    first: str
    second: str
    votes: int
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The strongest first. `leader`: who is surely ahead of everybody; empty: nobody can be told to be."""

    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    votes: int
    wanted: VoteFilter
    leader: str = ""
    more_votes: int | None = (
        None  # about so many on the first two until they could be told apart; None: they can be
    )
    left_out_named: int = 0  # votes whose names were seen
    left_out_leaks: int = 0  # and those where an answer told its name
    left_out_style: int = 0  # and, where style is held constant, those without texts
    left_out_models: int = 0  # beyond the largest board
    is_withheld: bool = False  # so few people of a group have voted that it would tell how each of them did
    style: Mapping[str, float] | None = (
        None  # points for one standard deviation more of it; None: not held constant
    )


def board(tallies: Sequence[Tally], wanted: VoteFilter, *, with_style: bool = False) -> Board:
    """A board of all votes that `wanted` doesn't leave out."""
    named, leaks = (
        sum(each.count for each in tallies if not each.is_blind and not wanted.with_named),
        sum(each.count for each in tallies if (each.is_blind or wanted.with_named) and _leaks(each, wanted)),
    )
    counted = [each for each in tallies if (each.is_blind or wanted.with_named) and not _leaks(each, wanted)]
    shown = [each for each in counted if not with_style or (each.style_a and each.style_b)]
    kept, left_out_models = _largest(shown)
    names = list(dict.fromkeys(name for each in kept for name in (each.model_a, each.model_b)))
    games = games_of(kept, names, with_style=with_style)
    fitted = fit(games)
    made = _board(names, kept, games, fitted, wanted)
    return replace(
        made, left_out_named=named, left_out_leaks=leaks, left_out_models=left_out_models,
        left_out_style=sum(each.count for each in counted) - sum(each.count for each in shown),
        style=dict(zip(STYLES, map(float, fitted.style), strict=True)) if with_style and kept else None,
    )  # fmt: skip


def _leaks(tally: Tally, wanted: VoteFilter) -> bool:
    return tally.has_leak and not wanted.with_leaks


def _largest(tallies: list[Tally]) -> tuple[list[Tally], int]:
    """Those of the models with the most votes; how many models were left out."""
    votes: dict[str, int] = {}
    for each in tallies:
        for name in (each.model_a, each.model_b):
            votes[name] = votes.get(name, 0) + each.count
    kept = set(sorted(votes, key=lambda name: (-votes[name], name))[:MOST_MODELS])
    both = [each for each in tallies if each.model_a in kept and each.model_b in kept]
    return both, len(votes) - len(kept)


def games_of(tallies: Sequence[Tally], names: Sequence[str], *, with_style: bool = False) -> Games:
    """Votes as numbers, models in the order of `names`."""
    place = {name: position for position, name in enumerate(names)}
    return Games(
        count=len(names),
        first=np.array([place[each.model_a] for each in tallies], np.intp),
        second=np.array([place[each.model_b] for each in tallies], np.intp),
        score=np.array([_SCORES[each.winner] for each in tallies], np.float64),
        weight=np.array([each.count for each in tallies], np.float64),
        style=_styles(tallies) if with_style else None,
    )


def _styles(tallies: Sequence[Tally]) -> Floats:
    """[g, 4]: how much more the first has, as a share of what both have. Source: LMSYS, "Does style matter?", 2024."""
    first = np.array([_numbers(each.style_a) for each in tallies], np.float64).reshape(-1, len(STYLES))
    second = np.array([_numbers(each.style_b) for each in tallies], np.float64).reshape(-1, len(STYLES))
    share: Floats = (first - second) / np.maximum(first + second, 1)
    return share


def _numbers(style: Style | None) -> tuple[int, ...]:
    return (style.length, style.headers, style.lists, style.bold) if style else (0, 0, 0, 0)


# ---- rows -------------------------------------------------------------------------------------------------
def _board(names: list[str], tallies: list[Tally], games: Games, fitted: Fit, wanted: VoteFilter) -> Board:
    order = sorted(range(len(names)), key=lambda each: (-fitted.rating[each], names[each]))
    votes = _counts(names, tallies)
    stronger = _surely_stronger(fitted)
    totals = [sum(votes[name].values()) for name in names]
    below = {each: _next_below(each, order[place + 1 :], fitted) for place, each in enumerate(order)}
    rows = tuple(
        replace(
            _row(each, names[each], fitted, votes[names[each]], stronger),
            more_votes=needed(fitted, each, below[each], totals),
        )
        for each in order
    )
    first = rows[0] if rows else None
    is_led = first is not None and len(rows) > 1 and first.rank_high == 1 and not first.is_early
    return Board(
        rows=rows, pairs=_pairs(names, games), votes=sum(each.count for each in tallies), wanted=wanted,
        leader=first.model if first and is_led else "",
        more_votes=None if first is None or is_led else first.more_votes,
    )  # fmt: skip


def _row(place: int, name: str, fitted: Fit, counts: Mapping[str, int], stronger: Flags) -> Row:
    total = sum(counts.values())
    return Row(
        model=name, rating=float(fitted.rating[place]), low=float(fitted.low[place]), high=float(fitted.high[place]),
        rank_low=1 + int(stronger[:, place].sum()), rank_high=len(stronger) - int(stronger[place].sum()), votes=total,
        wins=counts["wins"], losses=counts["losses"], ties=counts["ties"], both_bad=counts["both_bad"],
        unbounded=fitted.unbounded[place], group=int(fitted.group[place]), is_early=total < FEW,
    )  # fmt: skip


def _counts(names: Sequence[str], tallies: Sequence[Tally]) -> dict[str, dict[str, int]]:
    counts = {name: {"wins": 0, "losses": 0, "ties": 0, "both_bad": 0} for name in names}
    for each in tallies:
        for name, won in ((each.model_a, "model_a"), (each.model_b, "model_b")):
            drawn = {"tie": "ties", "bothbad": "both_bad"}.get(each.winner)
            counts[name][drawn or ("wins" if each.winner == won else "losses")] += each.count
    return counts


def _surely_stronger(fitted: Fit) -> Flags:
    """[m, m]: the whole interval of one is above that of the other; of models that can be compared."""
    above = fitted.low[:, None] > fitted.high[None, :]
    stronger: Flags = above & (fitted.group[:, None] == fitted.group[None, :])
    return stronger


def _next_below(place: int, weaker: Sequence[int], fitted: Fit) -> int | None:
    return next((each for each in weaker if fitted.group[each] == fitted.group[place]), None)


def needed(fitted: Fit, first: int, second: int | None, votes: Sequence[int]) -> int | None:
    """About how many more votes on these two until their intervals part, if they are as strong as it seems.

    An interval gets narrower by the root of its votes: with n votes and intervals that reach h₁ and h₂ to a distance d,
    n · ((h₁ + h₂)² / d² - 1) more; at least as many as each is short of `FEW`. None: they have parted, there is nobody
    to part from, or it would take more than `OUT_OF_REACH`.
    """
    if second is None:
        return None
    cast = [votes[first], votes[second]]
    short = sum(max(0, FEW - each) for each in cast)
    distance = float(fitted.rating[first] - fitted.rating[second])
    reach = float(fitted.rating[first] - fitted.low[first] + fitted.high[second] - fitted.rating[second])
    if reach <= distance:
        return short or None
    if distance < ELO * 1e-9:
        return None
    more = max(short, math.ceil(sum(cast) * ((reach / distance) ** 2 - 1)))
    return more if more <= OUT_OF_REACH else None


def _pairs(names: Sequence[str], games: Games) -> tuple[Pair, ...]:
    """Every two models that have met, once."""
    m = len(names)
    won, met = np.zeros((m, m)), np.zeros((m, m))
    np.add.at(won, (games.first, games.second), games.weight * games.score)
    np.add.at(won, (games.second, games.first), games.weight * (1 - games.score))
    np.add.at(met, (games.first, games.second), games.weight)
    met = met + met.T
    return tuple(
        Pair(first=names[i], second=names[j], votes=int(met[i, j]), share=float(won[i, j] / met[i, j]))
        for i, j in zip(*np.nonzero(np.triu(met, 1)), strict=True)
    )
