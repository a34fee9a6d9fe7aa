"""Lexical search: BM25 over postings in numpy, each score as a share of the most that its query could reach.

Beside each word, each pair of neighbours is a term too, with less weight: a passage that has "長野 県" in this
order says more than one that has both somewhere.
Knows words (as `tokens.tokens` makes them) and rows, nothing of passages or users. `index.py` keeps the postings in
segments, `fusion.py` says which rows may be seen. Every statistic (number of passages, their mean length, how many
have a word) is taken over those rows alone, so that nothing of what somebody may not see shows in what they find.
Source: Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework"; the idf is Lucene's, never negative.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
K1, B = 1.2, 0.75
PAIR_WEIGHT = 0.25  # of a word's
_MAX_COUNT = 255
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Postings:
    """Which rows have which word, and how often. Word i has `rows[starts[i]:starts[i + 1]]`, ascending."""

    words: npt.NDArray[np.uint64]  # hashes, ascending
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int32]  # words per row

    def find(self, word: np.uint64) -> slice:
        """Where the postings of `word` stand; empty where no row has it."""
        at = int(np.searchsorted(self.words, word))
        if at == len(self.words) or self.words[at] != word:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))


def build(texts: Iterable[Sequence[str]]) -> Postings:
    """Postings of rows 0, 1, … with the words of each."""
    hashes, lengths = array("Q"), array("i")
    for words in texts:
        hashes.extend(map(_hash, words))
        lengths.append(len(words))
    sizes = np.frombuffer(lengths, np.int32).copy() if lengths else np.zeros(0, np.int32)
    rows = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    flat = np.frombuffer(hashes, np.uint64) if hashes else np.zeros(0, np.uint64)
    together = rows[1:] == rows[:-1]
    flat = np.concatenate([flat, _pairs(flat)[together]])
    rows = np.concatenate([rows, rows[1:][together]])
    order = np.argsort(flat, kind="stable")  # rows ascend already, so they do within a word
    flat, rows = flat[order], rows[order]
    first = _begins(flat, rows)
    counts = np.diff(np.append(first, len(flat)))
    return _grouped(flat[first], rows[first], counts, sizes)


def merge(parts: Sequence[Postings], kept: Sequence[Bools]) -> Postings:
    """One from several, with only the rows that are `kept`, numbered anew in their order."""
    words, rows, counts, lengths = [], [], [], []
    offset = 0
    for part, keep in zip(parts, kept, strict=True):
        numbers = np.cumsum(keep, dtype=np.int32) - 1 + offset
        stays = keep[part.rows]
        words.append(np.repeat(part.words, np.diff(part.starts))[stays])
        rows.append(numbers[part.rows[stays]])
        counts.append(part.counts[stays])
        lengths.append(part.lengths[keep])
        offset += len(lengths[-1])
    flat = np.concatenate(words)
    order = np.argsort(flat, kind="stable")
    return _grouped(
        flat[order], np.concatenate(rows)[order], np.concatenate(counts)[order], np.concatenate(lengths)
    )


def shares(
    parts: Sequence[Postings],
    query: Sequence[str],
    allowed: Sequence[Bools],
    pair_weight: float = PAIR_WEIGHT,
) -> list[Floats]:
    """Score of every row, part by part: BM25 over its upper bound for `query`, in 0..1; 0 where not allowed."""
    scores = [np.zeros(len(part.lengths), np.float32) for part in parts]
    n_allowed = sum(int(np.count_nonzero(mask)) for mask in allowed)
    terms = _terms(query, pair_weight)
    if not n_allowed or not terms:
        return scores
    total = sum(int(part.lengths[mask].sum()) for part, mask in zip(parts, allowed, strict=True))
    slowed = [_length_norms(part, max(total / n_allowed, 1.0)) for part in parts]
    bound = 0.0
    for term, weight in terms.items():
        found = [_visible(part, np.uint64(term), mask) for part, mask in zip(parts, allowed, strict=True)]
        df = sum(len(rows) for rows, _ in found)
        most = weight * (K1 + 1) * math.log1p((n_allowed - df + 0.5) / (df + 0.5))
        bound += most
        for score, norm, (rows, counts) in zip(scores, slowed, found, strict=True):
            score[rows] += np.float32(most) * counts / (counts + norm[rows])
    return [score / np.float32(bound) for score in scores]


def _terms(query: Sequence[str], pair_weight: float) -> dict[int, float]:
    """Hash of each different word and pair -> its weight."""
    words = np.array([_hash(word) for word in query], np.uint64)
    return dict.fromkeys(_pairs(words).tolist() if pair_weight else (), pair_weight) | dict.fromkeys(
        words.tolist(), 1.0
    )


def _pairs(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A hash for every two neighbours; it depends on their order."""
    return (words[:-1] * _MIX + words[1:]) ^ (words[:-1] >> np.uint64(29))


def _visible(part: Postings, word: np.uint64, allowed: Bools) -> tuple[npt.NDArray[np.int32], Floats]:
    where = part.find(word)
    rows = part.rows[where]
    seen = allowed[rows]
    return rows[seen], part.counts[where][seen].astype(np.float32)


def _length_norms(part: Postings, mean: float) -> Floats:
    return K1 * (1 - B + B / np.float32(mean) * part.lengths.astype(np.float32))


def _begins(flat: npt.NDArray[np.uint64], rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Where a new pair of word and row begins."""
    if not len(flat):
        return np.zeros(0, np.int64)
    new = (flat[1:] != flat[:-1]) | (rows[1:] != rows[:-1])
    return np.append(0, np.flatnonzero(new) + 1)


def _grouped(
    flat: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int32],
    counts: npt.NDArray[np.integer],
    lengths: npt.NDArray[np.int32],
) -> Postings:
    words, first = np.unique(flat, return_index=True)
    return Postings(
        words=words,
        starts=np.append(first, len(flat)).astype(np.int64),
        rows=rows,
        counts=np.minimum(counts, _MAX_COUNT).astype(np.uint8),
        lengths=lengths,
    )


@lru_cache(maxsize=200_000)
def _hash(word: str) -> int:
    """64 bits: among ten million different words, two are the same with a chance of three in a million."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
