"""Match forms and words of many articles -> postings, in bulk: no posting passes through Python one by one.

A posting is one 64-bit number while it is sorted: first unit (21 bits) · second unit (21 bits) · document (16 bits) for
bigrams, term · document for words. One sort brings equal ones together, and their number is the count.
A unit is a code point, or, for a run of letters and digits, RUNS plus its number in the segment's own table of runs.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.base import TITLE_WEIGHT
from swsearch.text.match import BREAK, MARK

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

DOC_BITS = 16
UNIT_BITS = 21
MOST_DOCS = 1 << DOC_BITS
RUNS = 0x110000
MOST_RUNS = (1 << UNIT_BITS) - RUNS
CHUNK_CHARS = 4_000_000
"""Units turned into bigrams at a time: some 100 MB of temporary arrays."""

_RUN = re.compile(f"{MARK}([^{MARK}]*){MARK}")


class Table:
    """Strings numbered in the order in which they first came."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = defaultdict(itertools.count().__next__)

    def __len__(self) -> int:
        return len(self.numbers)

    def all(self, texts: Iterable[str]) -> list[int]:
        """The numbers of `texts`, new ones for those that are new."""
        return list(map(self.numbers.__getitem__, texts))


@dataclass(frozen=True, slots=True)
class Postings:
    """(term, document, count) by term, then document: `lists[i]` to `lists[i + 1]` are those of `terms[i]`."""

    terms: U64
    lists: U64
    docs: NDArray[np.uint16]
    counts: U32


@dataclass(slots=True)
class Inverter:
    """Collects what documents hold and sorts it once."""

    chunks: list[U64] = field(default_factory=list)
    done: list[tuple[U64, U32]] = field(default_factory=list)

    def add(self, packed: U64) -> None:
        """Occurrences, each a term and a document; repeats are counted."""
        self.chunks.append(packed)

    def add_counted(self, packed: U64, counts: U32) -> None:
        """Postings of documents that nothing else is added for, each once, sorted by term."""
        self.done.append((packed, counts))

    def postings(self) -> Postings:
        """All of it sorted; what was collected is let go."""
        packed = np.concatenate(self.chunks) if self.chunks else np.empty(0, np.uint64)
        self.chunks = []
        packed.sort()
        starts = np.flatnonzero(np.concatenate(([True], packed[1:] != packed[:-1]))) if len(packed) else _EMPTY
        counts = np.diff(np.append(starts, len(packed))).astype(np.uint32)
        packed = packed[starts]
        if self.done:
            packed = np.concatenate([packed, *(one for one, _ in self.done)])
            counts = np.concatenate([counts, *(one for _, one in self.done)])
            self.done = []
            order = np.argsort(packed, kind="stable")
            packed, counts = packed[order], counts[order]
        terms = packed >> np.uint64(DOC_BITS)
        first = np.flatnonzero(np.concatenate(([True], terms[1:] != terms[:-1]))) if len(terms) else _EMPTY
        lists = np.append(first, len(terms)).astype(np.uint64)
        return Postings(terms[first], lists, (packed & np.uint64(MOST_DOCS - 1)).astype(np.uint16), counts)


_EMPTY = np.empty(0, np.int64)


def pack(terms: U64, docs: U64) -> U64:
    """Terms and documents as numbers to be sorted."""
    packed: U64 = (terms << np.uint64(DOC_BITS)) | docs
    return packed


def gram_term(first: int, second: int) -> int:
    """The number of a bigram."""
    return first << UNIT_BITS | second


def gram_postings(forms: Sequence[tuple[int, str]], runs: Table) -> U64:
    """The bigrams of units of documents, packed: those that begin at a unit of the title TITLE_WEIGHT times.

    `forms` are (document, match forms of its parts joined by line feeds, the title's first).
    """
    texts = [stored.replace("\n", BREAK).lstrip(BREAK) + BREAK for _, stored in forms]
    titles = np.array([stored.find("\n") if "\n" in stored else len(stored) for _, stored in forms])
    text = "".join(texts)
    chars = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.array([len(one) for one in texts])
    owner = np.repeat(np.arange(len(forms)), lengths)
    in_title = np.arange(len(chars)) - np.repeat(np.cumsum(lengths) - lengths, lengths) < titles[owner]
    units = chars.astype(np.uint64)
    if MARK in text:
        mark = chars == ord(MARK)
        odd = np.cumsum(mark) % 2 == 1
        opening = mark & odd
        units[opening] = np.array(runs.all(_RUN.findall(text)), dtype=np.uint64) + np.uint64(RUNS)
        kept = opening | ~(mark | odd)
        units, owner, in_title = units[kept], owner[kept], in_title[kept]
    same = owner[1:] == owner[:-1]
    grams = (units[:-1] << np.uint64(UNIT_BITS)) | units[1:]
    docs = np.array([doc for doc, _ in forms], dtype=np.uint64)[owner[:-1]]
    packed = pack(grams, docs)
    return np.concatenate([packed[same], *[packed[same & in_title[:-1]]] * (TITLE_WEIGHT - 1)])
