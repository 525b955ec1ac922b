"""Postings collected chunk by chunk and sorted a range of terms at a time: what is held twice is one range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.whoosh.invert import DOC_BITS, LAST_DOC, MOST_DOCS, U32, U64, Postings

Counts = NDArray[Any]

RANGE_POSTINGS = 1_000_000
"""Postings sorted at a time: some 50 MB of temporary arrays."""


class Collector:
    """What documents hold, given in any order, and each document in one chunk only."""

    def __init__(self) -> None:
        self._counted: list[tuple[U64, Counts]] = []

    def add(self, packed: U64, counts: Counts) -> None:
        """Postings, each once, with their counts; they need not be sorted, but are added sooner if they nearly are."""
        if len(packed) and not (packed[1:] > packed[:-1]).all():
            order = np.argsort(packed, kind="stable")
            packed, counts = packed[order], counts[order]
        self._counted.append((packed, counts))

    def postings(self, jobs: int = 1) -> Postings:
        """All of it sorted, by `jobs` threads; what was collected is let go."""
        ranges = list(self._ranges())
        if jobs == 1 or len(ranges) == 1:
            return self._gathered(map(self._sorted, ranges))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(jobs) as pool:  # NumPy sorts without the interpreter's lock
            return self._gathered(pool.map(self._sorted, ranges))

    def _gathered(self, ranges: Iterable[tuple[U64, U64, NDArray[np.uint16], U32]]) -> Postings:
        terms, lengths, docs, counts = map(list, zip(*ranges, strict=True))
        self._counted = []
        lists = np.cumsum(np.concatenate([np.zeros(1, np.uint64), *lengths]), dtype=np.uint64)
        return Postings(_joined(terms, np.uint64), lists, _joined(docs, np.uint16), _joined(counts, np.uint32))

    def _ranges(self) -> Iterator[list[slice]]:
        """Parts of each chunk: together about RANGE_POSTINGS, all that belong to some terms."""
        total = sum(len(packed) for packed, _ in self._counted)
        largest = max((packed for packed, _ in self._counted), key=len, default=np.empty(0, np.uint64))
        pieces = -(-total // RANGE_POSTINGS)
        bounds = [int(largest[len(largest) * n // pieces]) | (MOST_DOCS - 1) for n in range(1, pieces)]
        at = [0] * len(self._counted)
        for bound in [*bounds, None]:
            ends = [
                len(packed) if bound is None else int(np.searchsorted(packed, np.uint64(bound), side="right"))
                for packed, _ in self._counted
            ]
            yield [slice(start, end) for start, end in zip(at, ends, strict=True)]
            at = ends

    def _sorted(self, parts: Sequence[slice]) -> tuple[U64, U64, NDArray[np.uint16], U32]:
        """Terms, how many postings each has, their documents and counts, in order."""
        packed = _joined([one[part] for (one, _), part in zip(self._counted, parts, strict=True)], np.uint64)
        counts = _joined([one[part] for (_, one), part in zip(self._counted, parts, strict=True)], np.uint32)
        order = np.argsort(packed, kind="stable")  # quick on runs that are sorted
        packed, counts = packed[order], counts[order].astype(np.uint32)
        term = packed >> np.uint64(DOC_BITS)
        first = _starts(term)
        lengths = np.diff(np.append(first, len(term))).astype(np.uint64)
        return term[first], lengths, (packed & LAST_DOC).astype(np.uint16), counts


def counted(packed: U64) -> tuple[U64, Counts]:
    """Occurrences, each a term and a document, as postings: sorted, each once, with their counts."""
    packed = np.sort(packed)
    starts = _starts(packed)
    counts = np.diff(np.append(starts, len(packed)))
    small = counts.max(initial=0) <= np.iinfo(np.uint8).max
    return packed[starts], counts.astype(np.uint8 if small else np.uint32)


def _starts(values: NDArray[Any]) -> NDArray[np.int64]:
    """Where a value differs from the one before it."""
    if not len(values):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))


def _joined(arrays: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)
