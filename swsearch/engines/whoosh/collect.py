"""Postings collected chunk by chunk and sorted a range of terms at a time: what is held twice is one range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.whoosh.invert import (
    BATCH_DOC_BITS,
    DOC_BITS,
    FAR,
    LAST_DOC,
    MOST_DOCS,
    PLACE_BITS,
    U64,
    Postings,
    Values,
    pack,
)

RANGE_POSTINGS = 1_000_000
"""Postings sorted at a time: some 50 MB of temporary arrays."""


class Collector:
    """What documents hold, given in any order, and each document in one chunk only."""

    def __init__(self) -> None:
        self._chunks: list[tuple[U64, Values]] = []

    def add(self, packed: U64, values: Values) -> None:
        """Postings, each once, with their values; they need not be sorted, but are added sooner if they nearly are."""
        if len(packed) and not (packed[1:] > packed[:-1]).all():
            order = np.argsort(packed, kind="stable")
            packed, values = packed[order], values[order]
        self._chunks.append((packed, values))

    def postings(self, jobs: int = 1) -> Postings:
        """All of it sorted, by `jobs` threads; what was collected is let go."""
        ranges = list(self._ranges())
        if jobs == 1 or len(ranges) == 1:
            return self._gathered(map(self._sorted, ranges))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(jobs) as pool:  # NumPy sorts without the interpreter's lock
            return self._gathered(pool.map(self._sorted, ranges))

    def _gathered(self, ranges: Iterable[tuple[U64, U64, NDArray[np.uint16], Values]]) -> Postings:
        terms, lengths, docs, values = map(list, zip(*ranges, strict=True))
        self._chunks = []
        lists = np.cumsum(np.concatenate([np.zeros(1, np.uint64), *lengths]), dtype=np.uint64)
        return Postings(_joined(terms, np.uint64), lists, _joined(docs, np.uint16), _joined(values, np.uint8))

    def _ranges(self) -> Iterator[list[slice]]:
        """Parts of each chunk: together about RANGE_POSTINGS, all that belong to some terms."""
        total = sum(len(packed) for packed, _ in self._chunks)
        largest = max((packed for packed, _ in self._chunks), key=len, default=np.empty(0, np.uint64))
        pieces = -(-total // RANGE_POSTINGS)
        bounds = [int(largest[len(largest) * n // pieces]) | (MOST_DOCS - 1) for n in range(1, pieces)]
        at = [0] * len(self._chunks)
        for bound in [*bounds, None]:
            ends = [
                len(packed) if bound is None else int(np.searchsorted(packed, np.uint64(bound), side="right"))
                for packed, _ in self._chunks
            ]
            yield [slice(start, end) for start, end in zip(at, ends, strict=True)]
            at = ends

    def _sorted(self, parts: Sequence[slice]) -> tuple[U64, U64, NDArray[np.uint16], Values]:
        """Terms, how many postings each has, their documents and values, in order."""
        packed = _joined([one[part] for (one, _), part in zip(self._chunks, parts, strict=True)], np.uint64)
        values = _joined([one[part] for (_, one), part in zip(self._chunks, parts, strict=True)], np.uint8)
        order = np.argsort(packed, kind="stable")  # quick on runs that are sorted
        packed, values = packed[order], values[order]
        term = packed >> np.uint64(DOC_BITS)
        first = _starts(term)
        lengths = np.diff(np.append(first, len(term))).astype(np.uint64)
        return term[first], lengths, (packed & LAST_DOC).astype(np.uint16), values


def counted(packed: U64) -> tuple[U64, Values]:
    """Occurrences of words, packed, as postings: sorted, each once, with their counts."""
    packed = np.sort(packed)
    starts = _starts(packed)
    return packed[starts], _narrow(np.diff(np.append(starts, len(packed))))


def placed(occurrences: U64) -> tuple[U64, Values]:
    """Occurrences of bigrams (`gram_postings`) as postings: sorted, each once, with counts and first places."""
    occurrences = np.sort(occurrences)
    held = occurrences >> np.uint64(PLACE_BITS)
    starts = _starts(held)
    counts = np.diff(np.append(starts, len(held)))
    held = held[starts]
    packed = pack(held >> np.uint64(BATCH_DOC_BITS), held & np.uint64((1 << BATCH_DOC_BITS) - 1))
    return packed, with_places(counts, (occurrences[starts] & np.uint64(FAR)).astype(np.uint8))


def with_places(counts: NDArray[Any], places: NDArray[Any]) -> Values:
    """Counts of bigrams and the places where these first occur, as one value each."""
    values: Values = _narrow(counts, PLACE_BITS) << np.uint8(PLACE_BITS) | places
    return values


def without_places(values: Values) -> tuple[Values, NDArray[np.uint8]]:
    """The counts and the places of such values."""
    counts: Values = values >> np.uint8(PLACE_BITS)
    return counts, (values & FAR).astype(np.uint8)


def _narrow(values: NDArray[Any], more_bits: int = 0) -> Values:
    """The same in as few bytes as the largest and `more_bits` take."""
    narrow: Values = values.astype(np.min_scalar_type((int(values.max(initial=0)) + 1 << more_bits) - 1))
    return narrow


def _starts(values: NDArray[Any]) -> NDArray[np.int64]:
    """Where a value differs from the one before it."""
    if not len(values):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))


def _joined(arrays: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """All of them in the widest type that one has; `dtype` if there is none."""
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)
