"""Match forms and words of many articles -> postings, in bulk: no posting passes through Python one by one.

A posting is one 64-bit number while it is sorted: first unit (21 bits) · second unit (21 bits) · document (16 bits) for
bigrams, term · document for words. One sort brings equal ones together, and their number is the count. Of a bigram it
is also kept in which place of its document it first occurs, so that a form is sooner found there: within a batch, which
has few documents, the place stands below the document, and of equal ones the first in order is the first in the text.
A unit is a code point, or, for a run of letters and digits, RUNS plus its number in the segment's own table of runs.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.base import TITLE_WEIGHT
from swsearch.text.match import BREAK, MARK

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
Values = NDArray[np.unsignedinteger]

DOC_BITS = 16
UNIT_BITS = 21
MOST_DOCS = 1 << DOC_BITS
LAST_DOC = np.uint64(MOST_DOCS - 1)
RUNS = 0x110000
MOST_RUNS = (1 << UNIT_BITS) - RUNS

PLACE_UNITS = 8
"""UTF-16 units of a stored match form that are one place."""

PLACE_BITS = 8
FAR = (1 << PLACE_BITS) - 1
"""The last place, which has all that comes after it too."""

BATCH_DOC_BITS = 64 - 2 * UNIT_BITS - PLACE_BITS

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
    """(term, document, value) by term, then document: `lists[i]` to `lists[i + 1]` are those of `terms[i]`.

    The value of a word is its count, that of a bigram its count and its first place (`with_places`).
    """

    terms: U64
    lists: U64
    docs: NDArray[np.uint16]
    values: Values


def pack(terms: U64, docs: U64) -> U64:
    """Terms and documents as numbers to be sorted."""
    packed: U64 = (terms << np.uint64(DOC_BITS)) | docs
    return packed


def gram_postings(forms: Sequence[tuple[int, str]], runs: Table) -> U64:
    """The bigrams of units of documents, to be sorted: bigram · document (BATCH_DOC_BITS) · place.

    Those that begin at a unit of the title are there TITLE_WEIGHT times.
    `forms` are (document, match forms of its parts joined by line feeds, the title's first).
    """
    texts = [stored.replace("\n", BREAK) + BREAK for _, stored in forms]
    titles = np.array([stored.find("\n") if "\n" in stored else len(stored) for _, stored in forms])
    text = "".join(texts)
    chars = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.array([len(one) for one in texts])
    starts = np.cumsum(lengths) - lengths
    owner = np.repeat(np.arange(len(forms)), lengths)
    offsets = np.arange(len(chars)) - np.repeat(starts, lengths)
    in_title = offsets < titles[owner]
    units = chars.astype(np.uint64)
    kept = np.ones(len(chars), dtype=bool)
    kept[starts[chars[starts] == ord(BREAK)]] = False  # the end of a title that is empty
    pairs = chars > 0xFFFF
    if pairs.any():  # two UTF-16 units each
        before: NDArray[np.int64] = np.cumsum(pairs) - pairs
        offsets += before - np.repeat(before[starts], lengths)
    if MARK in text:
        mark = chars == ord(MARK)
        odd = np.cumsum(mark) % 2 == 1
        opening = mark & odd
        units[opening] = np.array(runs.all(_RUN.findall(text)), dtype=np.uint64) + np.uint64(RUNS)
        kept &= opening | ~(mark | odd)
    if not kept.all():
        units, owner, in_title, offsets = units[kept], owner[kept], in_title[kept], offsets[kept]
    same = owner[1:] == owner[:-1]
    grams = (units[:-1] << np.uint64(UNIT_BITS)) | units[1:]
    docs = np.array([doc for doc, _ in forms], dtype=np.uint64)[owner[:-1]]
    places = np.minimum(offsets[:-1] // PLACE_UNITS, FAR).astype(np.uint64)
    packed = (((grams << np.uint64(BATCH_DOC_BITS)) | docs) << np.uint64(PLACE_BITS)) | places
    return np.concatenate([packed[same], *[packed[same & in_title[:-1]]] * (TITLE_WEIGHT - 1)])
