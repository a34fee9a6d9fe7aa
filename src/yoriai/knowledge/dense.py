"""Dense search: cosines over all vectors that may be seen, exact but for 16-bit floats. `fusion.py` calls it.

A row of zeros is a passage whose vector is still being made. Numpy multiplies 16-bit floats forty times slower than
NumKong; 32-bit ones cost twice the memory and, on a busy machine, eight times the time (docs/decisions/0015-search.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Vectors = npt.NDArray[np.float16]
_FEW = 0.25  # of the rows: fewer are gathered first, which costs less than reading all


def unit(vectors: npt.ArrayLike) -> Vectors:
    """[n, d]: each row to length 1; a row of zeros stays."""
    rows = np.atleast_2d(np.asarray(vectors, np.float32))
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1), np.float16)


def cosines(vectors: Vectors, query: Vectors, allowed: Bools) -> Floats:
    """[n]: the cosine of every row (of length 1) with `query` [d] (of length 1); NaN where not allowed or not there."""
    found = np.full(len(vectors), np.nan, np.float32)
    rows = np.flatnonzero(allowed)
    if len(rows) < _FEW * len(vectors):
        found[rows] = _dots(vectors[rows], query)
    else:
        found = np.where(allowed, _dots(vectors, query), found)
    zeros = np.flatnonzero(found == 0)
    found[zeros[~vectors[zeros].any(axis=1)]] = np.nan
    return found


def _dots(vectors: Vectors, query: Vectors) -> Floats:
    import numkong

    if not vectors.size:
        return np.zeros(len(vectors), np.float32)
    products = np.asarray(numkong.cdist(query[None], vectors, metric="dot"), np.float32)
    return products.reshape(len(vectors))
