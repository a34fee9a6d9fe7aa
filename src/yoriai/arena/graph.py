"""Who can be compared with whom: connected groups of models, and those whose strength votes don't bound.

Pure. A model scores against another by a win or half a win. Maximum likelihood gives a finite difference between two
models only where each can be reached from the other over scores. Source: L. R. Ford, "Solution of a Ranking Problem
from Binary Comparisons", American Mathematical Monthly 64 (1957).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Unbounded = Literal["", "above", "below", "both"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """Of m models. A group's body is the largest part of it in which everybody reaches everybody."""

    group: Ints  # [m]: models of one group have met, directly or through others
    in_body: Flags  # [m]
    unbounded: tuple[Unbounded, ...]  # [m]: the votes set no upper limit, no lower one, or neither


def groups(scores: Floats) -> Groups:
    """`scores[i, j]`: what i scored against j."""
    scored = scores > 0
    group = np.full(len(scores), -1, np.intp)
    in_body = np.zeros(len(scores), np.bool_)
    unbounded: list[Unbounded] = [""] * len(scores)
    while (left := np.flatnonzero(group < 0)).size:
        members = _reached(scored | scored.T, left[0])
        group[members] = group.max() + 1
        body = _largest_part(scored, members)
        in_body |= body
        for model in np.flatnonzero(members & (~body if body.sum() > 1 else members)):
            unbounded[model] = _limits_missing(scored, int(model), body)
    return Groups(group=group, in_body=in_body, unbounded=tuple(unbounded))


def _reached(edges: Flags, start: np.intp | int) -> Flags:
    """From `start`, itself included, in any number of steps."""
    seen = np.zeros(len(edges), np.bool_)
    seen[start] = True
    frontier = seen
    while frontier.any():
        frontier = edges[frontier].any(axis=0) & ~seen
        seen = seen | frontier
    return seen


def _largest_part(scored: Flags, members: Flags) -> Flags:
    """Of those in which everybody reaches everybody; among equals, the first."""
    left, largest = members.copy(), np.zeros_like(members)
    while left.sum() > largest.sum():
        start = np.flatnonzero(left)[0]
        part = _reached(scored, start) & _reached(scored.T, start)
        left &= ~part
        if part.sum() > largest.sum():
            largest = part
    return largest


def _limits_missing(scored: Flags, model: int, body: Flags) -> Unbounded:
    """Against the body; where no two models bound each other, against everybody it has met."""
    others = body.copy() if body.sum() > 1 else scored[model] | scored[:, model]
    others[model] = False
    has_lower = bool((_reached(scored, model) & others).any())
    has_upper = bool((_reached(scored.T, model) & others).any())
    if has_lower and has_upper:
        return ""
    return "above" if has_lower else "below" if has_upper else "both"
