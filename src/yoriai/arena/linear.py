"""Solves for symmetric positive definite matrices of a few hundred rows, in one thread.

numpy's own solver wakes a thread per core from about 100 rows on; on a machine that is busy, as one that answers
questions is, they wait for each other: measured 20 ms alone, 1,700 ms beside four busy processes. Larger matrices are
left to it: there the work outweighs the waiting. `rating` calls it.
"""

from __future__ import annotations

import numpy as np

from yoriai.arena.graph import Floats

_OWN = 400  # rows


def solve(matrix: Floats, right: Floats) -> Floats:
    """x where matrix · x = right, a vector or the columns of a matrix."""
    if len(matrix) > _OWN:
        return np.asarray(np.linalg.solve(matrix, right), np.float64)
    lower = _cholesky(matrix)
    found = np.array(right, np.float64)
    for k in range(len(found)):
        found[k] = (found[k] - _dot(lower[k, :k], found[:k])) / lower[k, k]
    for k in reversed(range(len(found))):
        found[k] = (found[k] - _dot(lower[k + 1 :, k], found[k + 1 :])) / lower[k, k]
    return found


def product(left: Floats, right: Floats) -> Floats:
    """Of two matrices."""
    if len(left) > _OWN:
        return np.asarray(left @ right, np.float64)
    return np.asarray(np.einsum("ij,jk->ik", left, right), np.float64)


def _cholesky(matrix: Floats) -> Floats:
    """Lower triangular L where L · Lᵀ = matrix; what is above the diagonal is of no use."""
    lower = np.array(matrix, np.float64)
    for k in range(len(lower)):
        lower[k:, k] /= np.sqrt(lower[k, k])
        column = lower[k + 1 :, k]
        lower[k + 1 :, k + 1 :] -= np.multiply.outer(column, column)
    return lower


def _dot(weights: Floats, rows: Floats) -> Floats:
    return np.asarray(np.einsum("i,i...->...", weights, rows), np.float64)
