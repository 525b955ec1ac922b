"""Postings collected chunk by chunk and sorted a range of terms at a time: what is held twice is one range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.whoosh.invert import DOC_BITS, LAST_DOC, MOST_DOCS, Postings

U64 = NDArray[np.uint64]
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

    def postings(self) -> Postings:
        """All of it sorted; what was collected is let go."""
        terms, lengths, docs, counts = [], [], [], []
        for packed, count in self._ranges():
            term = packed >> np.uint64(DOC_BITS)
            first = _starts(term)
            terms.append(term[first])
            lengths.append(np.diff(np.append(first, len(term))).astype(np.uint64))
            docs.append((packed & LAST_DOC).astype(np.uint16))
            counts.append(count)
        self._counted = []
        lists = np.cumsum(np.concatenate([np.zeros(1, np.uint64), *lengths]), dtype=np.uint64)
        return Postings(_joined(terms, np.uint64), lists, _joined(docs, np.uint16), _joined(counts, np.uint32))

    def _ranges(self) -> Iterator[tuple[U64, Counts]]:
        """All postings in order, in pieces of about RANGE_POSTINGS that end where a term ends."""
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
            slices = [slice(start, end) for start, end in zip(at, ends, strict=True)]
            packed = _joined([one[part] for (one, _), part in zip(self._counted, slices, strict=True)], np.uint64)
            counts = _joined([one[part] for (_, one), part in zip(self._counted, slices, strict=True)], np.uint32)
            at = ends
            if len(packed):
                order = np.argsort(packed, kind="stable")  # quick on runs that are sorted
                yield packed[order], counts[order].astype(np.uint32)


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
