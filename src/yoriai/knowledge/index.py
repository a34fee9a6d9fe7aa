"""The index of one collection: ids, postings and vectors in segments. Rebuildable: the database has all of it.

The service adds and removes while others search: a search works on the segments as they were when it began. Small
segments are merged as they come, and rows of removed passages go with the next merge. What a query finds is
`fusion.rank`'s business; who may see which collection is the service's.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from yoriai.knowledge import lexical
from yoriai.knowledge.dense import Vectors, unit
from yoriai.knowledge.lexical import Bools, Postings

Ids = npt.NDArray[np.bytes_]
_LARGEST = 250_000  # rows of a merged segment: merging takes twice its memory
_FACTOR = 4  # a segment this many times larger than the one behind it is left alone


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Segment:
    ids: Ids  # [n], of passages
    documents: Ids  # [m], distinct, ascending
    document_of: npt.NDArray[np.intp]  # [n], places in `documents`
    alive: Bools  # [n]
    postings: Postings
    vectors: Vectors  # [n, d], of length 1, zeros where still to be made; [n, 0] where there are none


class PassageIndex:
    """Passages by id. Every passage belongs to a document."""

    def __init__(self) -> None:
        self._segments: tuple[Segment, ...] = ()
        self._lock = threading.Lock()

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self._segments

    def __len__(self) -> int:
        return sum(int(np.count_nonzero(segment.alive)) for segment in self._segments)

    @property
    def ids(self) -> set[str]:
        """Of all passages that can be found."""
        return {name.decode() for segment in self._segments for name in segment.ids[segment.alive].tolist()}

    @property
    def bytes(self) -> int:
        return sum(_bytes(segment) for segment in self._segments)

    def add(
        self,
        ids: Sequence[str],
        documents: Sequence[str],
        texts: Sequence[Sequence[str]],
        vectors: npt.ArrayLike | None = None,
    ) -> None:
        """Passages with the words of each (`tokens.tokens`), and their vectors [n, d]: a row of zeros is none yet.

        An id that is there already is replaced.
        """
        if not len(ids):
            return
        distinct, document_of = np.unique(_names(documents), return_inverse=True)
        segment = Segment(
            ids=_names(ids),
            documents=distinct,
            document_of=document_of,
            alive=np.ones(len(ids), np.bool_),
            postings=lexical.build(texts),
            vectors=np.zeros((len(ids), 0), np.float16) if vectors is None else unit(vectors),
        )
        with self._lock:
            old = [_without(older, np.isin(older.ids, segment.ids)) for older in self._segments]
            self._segments = _merged((*old, segment))

    def set_vectors(self, ids: Sequence[str], vectors: npt.ArrayLike) -> None:
        """The vectors [n, d] of passages that are there; others are passed over."""
        if not len(ids):
            return
        names, rows = _names(ids), unit(vectors)
        order = np.argsort(names)
        with self._lock:
            self._segments = tuple(_with(segment, names[order], rows[order]) for segment in self._segments)

    def clear_vectors(self) -> None:
        """For another embedding model."""
        with self._lock:
            self._segments = tuple(
                replace(segment, vectors=np.zeros((len(segment.ids), 0), np.float16))
                for segment in self._segments
            )

    def remove(self, ids: Collection[str]) -> None:
        names = _names(list(ids))
        with self._lock:
            self._segments = tuple(
                _without(segment, np.isin(segment.ids, names)) for segment in self._segments
            )


def of_documents(segment: Segment, documents: Collection[str]) -> Bools:
    """[n]: which rows belong to one of `documents`."""
    wanted = np.isin(segment.documents, _names(list(documents)))
    return np.asarray(wanted[segment.document_of], np.bool_)


def _names(names: Sequence[str]) -> Ids:
    return np.array([name.encode() for name in names], dtype=np.bytes_)


def _without(segment: Segment, gone: Bools) -> Segment:
    return replace(segment, alive=segment.alive & ~gone) if gone.any() else segment


def _with(segment: Segment, names: Ids, rows: Vectors) -> Segment:
    at = np.minimum(np.searchsorted(names, segment.ids), len(names) - 1)
    here = np.flatnonzero(names[at] == segment.ids)
    if not len(here):
        return segment
    # Written in place where there is room: a search under way sees a passage with its vector or without it.
    vectors = _widened(segment.vectors, rows.shape[1])
    vectors[here] = rows[at[here]]
    return replace(segment, vectors=vectors)


def _widened(vectors: Vectors, dimensions: int) -> Vectors:
    if vectors.shape[1] == dimensions:
        return vectors
    return np.zeros((len(vectors), dimensions), np.float16)


def _merged(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The last segments in one, as long as they are of like size; empty ones are left out."""
    stack: list[Segment] = []
    for segment in segments:
        if segment.alive.any():
            stack.append(segment)
    while len(stack) > 1:
        sizes = [int(np.count_nonzero(segment.alive)) for segment in stack[-2:]]
        if sizes[0] >= _FACTOR * sizes[1] or sum(sizes) > _LARGEST:
            break
        stack[-2:] = [_merge(stack[-2], stack[-1])]
    return tuple(stack)


def _merge(first: Segment, second: Segment) -> Segment:
    both = (first, second)
    dimensions = max(segment.vectors.shape[1] for segment in both)
    names = np.concatenate([segment.documents[segment.document_of[segment.alive]] for segment in both])
    documents, document_of = np.unique(names, return_inverse=True)
    return Segment(
        ids=np.concatenate([segment.ids[segment.alive] for segment in both]),
        documents=documents,
        document_of=document_of,
        alive=np.ones(sum(int(np.count_nonzero(segment.alive)) for segment in both), np.bool_),
        postings=lexical.merge([segment.postings for segment in both], [segment.alive for segment in both]),
        vectors=np.concatenate([_widened(segment.vectors, dimensions)[segment.alive] for segment in both]),
    )


def _bytes(segment: Segment) -> int:
    postings = segment.postings
    arrays = (segment.ids, segment.documents, segment.document_of, segment.alive, segment.vectors)
    counted = (postings.words, postings.starts, postings.rows, postings.counts, postings.lengths)
    return sum(int(each.nbytes) for each in (*arrays, *counted))
