"""Dense search: exact cosines over all vectors that may be seen. `fusion.py` calls it.

A row of zeros is a passage whose vector is still being made.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
_FEW = 0.25  # of the rows: fewer are gathered first, which costs less than reading all


def unit(vectors: npt.ArrayLike) -> Floats:
    """Each row to length 1; a row of zeros stays."""
    rows = np.atleast_2d(np.asarray(vectors, np.float32))
    norms = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
    return np.asarray(rows / np.where(norms > 0, norms, 1), np.float32)


def cosines(vectors: Floats, query: Floats, allowed: Bools) -> Floats:
    """[n]: the cosine of every row (of length 1) with `query` [d] (of length 1); NaN where not allowed or not there."""
    found = np.full(len(vectors), np.nan, np.float32)
    rows = np.flatnonzero(allowed)
    if len(rows) < _FEW * len(vectors):
        found[rows] = vectors[rows] @ query
    else:
        found = np.where(allowed, vectors @ query, found)
    zeros = np.flatnonzero(found == 0)
    found[zeros[~vectors[zeros].any(axis=1)]] = np.nan
    return found
