"""Ranks passages: both halves of the search over every row that may be seen, joined in one score.

score = share of the lexical upper bound ^ SURENESS + DENSE_WEIGHT · standardised cosine. Not reciprocal ranks: they
throw away how sure each half is. A high share is far better evidence than two halves of it: where a question shares
few words with its answer, those it does share are chance, and the cosine decides. The cosine is measured in standard
deviations over all rows, for models differ in which cosines they use. Both halves are exact, so no passage is lost
before they are joined.
Source: Bruch, Gai & Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval" (convex combination with
theoretical bounds). How the numbers were chosen: docs/decisions/0015-search.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from yoriai.knowledge import lexical
from yoriai.knowledge.dense import Bools, Floats, cosines, unit
from yoriai.knowledge.index import PassageIndex, Segment, of_documents

Method = Literal["hybrid", "lexical", "dense"]
SURENESS = 2.5
DENSE_WEIGHT = 0.015  # per standard deviation of the cosine
# A passage that shares words, and whose vector is still being made, counts as near as one in a hundred is. As an
# average one it would fall behind whatever has its vector already. docs/log.md, "Searching while vectors are made".
_UNSEEN_PERCENTILE = 99


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    id: str  # of the passage
    score: float
    lexical: float | None  # share of the most that a passage could reach for this query: 0..1
    cosine: float | None  # None: no vector of the passage or of the query, or not asked for


def rank(
    indexes: Iterable[PassageIndex],
    *,
    words: Sequence[str],
    vector: npt.ArrayLike | None,
    k: int,
    documents: Collection[str] | None = None,
    method: Method = "hybrid",
) -> list[Hit]:
    """The best `k` passages of `indexes` together, best first.

    Args:
        words: of the query, by `tokens.tokens`.
        vector: of the query [d]. None: only words are compared.
        documents: whose passages alone may be found. None: all of the indexes.
    """
    segments = [segment for index in indexes for segment in index.segments]
    if not segments:
        return []
    masks = [_allowed(segment, documents) for segment in segments]
    shares = _shares(segments, words if method != "dense" else (), masks)
    cosine = _cosines(segments, vector if method != "lexical" else None, masks)
    scores = cosine if method == "dense" else fuse(shares, cosine)
    found = np.concatenate(masks) & ((shares > 0) | ~np.isnan(cosine))
    return [
        Hit(
            id=_name(segments, row),
            score=float(scores[row]),
            lexical=None if method == "dense" else float(shares[row]),
            cosine=None if np.isnan(cosine[row]) else float(cosine[row]),
        )
        for row in top(scores, found, k).tolist()
    ]


def fuse(shares: Floats, cosine: Floats) -> Floats:
    """One score per row. A row that shares words and has no cosine (NaN) counts as a near one."""
    unseen = np.isnan(cosine)
    if unseen.all():
        return shares
    evidence = np.power(shares, np.float32(SURENESS))
    nearness = standardised(cosine)
    if unseen.any():
        near = np.nanpercentile(nearness, _UNSEEN_PERCENTILE)
        nearness = np.where(unseen, np.where(shares > 0, near, 0), nearness)
    return np.asarray(evidence + DENSE_WEIGHT * nearness, np.float32)


def standardised(cosine: Floats) -> Floats:
    """In standard deviations from the mean of those that are there; 0 where all are the same."""
    mean, deviation = np.float32(np.nanmean(cosine)), np.float32(np.nanstd(cosine))
    return (cosine - mean) / (deviation if deviation > 0 else np.float32(1))


def top(scores: Floats, allowed: Bools, k: int) -> npt.NDArray[np.intp]:
    """Rows of the `k` highest scores among the allowed, best first; of equal ones the first."""
    rows = np.flatnonzero(allowed)
    found = scores[rows]
    if 0 < k < len(rows):
        least = np.partition(found, len(rows) - k)[len(rows) - k]
        rows = rows[found >= least]
        found = scores[rows]
    return rows[np.argsort(-found, kind="stable")[:k]]


def _allowed(segment: Segment, documents: Collection[str] | None) -> Bools:
    if documents is None:
        return segment.alive
    return segment.alive & of_documents(segment, documents)


def _shares(segments: Sequence[Segment], words: Sequence[str], masks: Sequence[Bools]) -> Floats:
    return np.concatenate(lexical.shares([segment.postings for segment in segments], words, masks))


def _name(segments: Sequence[Segment], row: int) -> str:
    for segment in segments:
        if row < len(segment.ids):
            return str(segment.ids[row].decode())
        row -= len(segment.ids)
    raise IndexError(row)


def _cosines(segments: Sequence[Segment], vector: npt.ArrayLike | None, masks: Sequence[Bools]) -> Floats:
    if vector is None:
        return np.full(sum(len(mask) for mask in masks), np.nan, np.float32)
    query = unit(vector)[0]
    return np.concatenate([
        cosines(segment.vectors, query, mask) if segment.vectors.shape[1] == len(query)
        else np.full(len(mask), np.nan, np.float32)
        for segment, mask in zip(segments, masks, strict=True)
    ])  # fmt: skip
