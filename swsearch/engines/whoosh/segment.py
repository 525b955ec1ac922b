"""One segment as a query sees it: which documents hold a form, how often, and what stands in them.

Document numbers are the segment's own, 16 bits wide and ascending wherever there are several.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.whoosh.codec import ArrayReader, PostingList
from swsearch.engines.whoosh.invert import FAR, PLACE_UNITS, RUNS, UNIT_BITS
from swsearch.engines.whoosh.schema import ARTICLE, NOTICE, PARTS_END, key
from swsearch.text.match import BREAK, units

Docs = NDArray[np.uint16]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Counts = NDArray[np.unsignedinteger]
NO_DOCS: Docs = np.empty(0, np.uint16)
NO_POSTINGS = PostingList(NO_DOCS, np.empty(0, np.uint8))
BY_SIZE = attrgetter("size")
FEW = 12
"""Documents that are sooner judged by their text than narrowed by one more bigram (1 against 8 microseconds)."""

DENSE, DENSE_START = 6, 1_000
"""Looking a document up in a list by bisection takes as long as reading so many of the list, which has a start too."""

FEW_JUDGED = 32
"""So few documents are sooner read one by one. Not less than FEW: more have every bigram."""

WINDOWS_UNITS = 1 << 17
"""UTF-16 units of match forms that are compared in one go: what that takes stays in the processor's cache."""

JUDGED_AT_ONCE = 256
"""Documents that are read one by one between two looks at the clock."""

HOT = 64
"""Units whose documents are remembered in each segment: a unit is many lists, put together when it is asked for."""

HOT_LISTS = 4096
"""Lists of bigrams and of words, and forms with the lists of their bigrams, of which is remembered where they are and
that they were verified: 2 MB each."""

NO_UNIT = (1 << UNIT_BITS) - 1
"""Never given to a unit: a segment has fewer runs (codec.ArrayDocuments.full)."""


class SegmentView:
    """A segment of the generation that was opened."""

    def __init__(self, reader: ArrayReader) -> None:
        self._reader = reader
        self.size: int = reader.size
        self.live: Mask = np.ones(self.size, dtype=bool)
        self.live[list(reader.deleted_docs())] = False
        self.articles: Mask = (reader.kinds == ARTICLE) & self.live
        self.notices: Mask = (reader.kinds == NOTICE) & self.live
        self.lengths = reader.lengths
        self.field = lru_cache(None)(self._field)
        self.unit_docs = lru_cache(HOT)(self._unit_docs)
        self.postings = lru_cache(HOT_LISTS)(self._postings)
        self.lists = lru_cache(HOT_LISTS)(self._lists)
        self.word_postings = lru_cache(HOT_LISTS)(self._word_postings)
        # Where nothing was removed and there is no notice, every posting is an article's.
        self.articles_only = bool(self.articles.sum() == np.count_nonzero(reader.kinds <= NOTICE))

    # ---- bigrams

    def _postings(self, left: str, right: str) -> PostingList:
        """`postings`: those of a bigram; NO_POSTINGS if no document has it."""
        number = self._unit
        return self._reader.gram_postings(number(left) << UNIT_BITS | number(right)) or NO_POSTINGS

    def _lists(self, form: str) -> list[PostingList]:
        """`lists`: the postings of the bigrams of a form, each once, the shortest list first."""
        parts = units(form)
        return sorted({*map(self.postings, parts, parts[1:])}, key=BY_SIZE)

    def _word_postings(self, word: str) -> PostingList:
        """`word_postings`: those of a word; NO_POSTINGS if no document has it."""
        number = self._reader.words.find(word)
        return NO_POSTINGS if number is None else self._reader.words_postings[number]

    def _unit(self, unit: str) -> int:
        if len(unit) == 1:
            return ord(unit)
        number = self._reader.runs.find(unit[1:-1])
        return NO_UNIT if number is None else RUNS + number

    def unit_postings(self, unit: str) -> PostingList:
        """Those of all bigrams that begin with a unit: they stand side by side."""
        number = self._unit(unit)
        ends = np.array([number << UNIT_BITS, (number + 1) << UNIT_BITS], dtype=np.uint64)
        first, last = self._reader.gram_terms.searchsorted(ends).tolist()
        grams = self._reader.grams
        return grams.between(int(grams.lists[first]), int(grams.lists[last]))

    def _unit_docs(self, unit: str) -> Docs:
        return np.flatnonzero(self.mask(self.unit_postings(unit).docs)).astype(np.uint16)

    def among(self, docs: Docs, wanted: Mask) -> Docs:
        """Those of `docs`, which have text, that are `wanted`."""
        return docs if wanted is self.articles and self.articles_only else docs[wanted[docs]]

    def unit_counts(self, unit: str, docs: Docs) -> Floats:
        """How often each of `docs` has the unit."""
        having = self.unit_postings(unit)
        counts = np.bincount(having.docs, having.counts, minlength=self.size)
        found: Floats = counts[docs].astype(np.float64)
        return found

    def counts(self, having: PostingList, docs: Docs, all_have: bool) -> Counts:
        """How often each of `docs` has a term, which `all_have`, or 0 where it has none."""
        if len(docs) * DENSE > having.size + DENSE_START:
            if all_have and len(docs) == having.size:
                return having.counts
            all_counts = np.zeros(self.size, having.counts.dtype)
            all_counts[having.docs] = having.counts
            return all_counts[docs]
        if all_have:
            return having.counts[having.docs.searchsorted(docs)]
        if not having.size:
            return np.zeros(len(docs), np.uint8)
        at = _places(having.docs, docs)
        found: Counts = having.counts[at] * (having.docs[at] == docs)
        return found

    def common(self, lists: Sequence[PostingList], wanted: Mask) -> Docs:
        """The documents that have all of `lists`, the shortest one first, and perhaps up to FEW others."""
        first, *others = lists
        docs = self.among(first.docs, wanted)
        for having in others:
            if len(docs) <= FEW:
                break
            if len(docs) * DENSE > having.size + DENSE_START:
                docs = docs[self.mask(having.docs)[docs]]
            else:
                docs = docs[having.docs[_places(having.docs, docs)] == docs]
        return docs

    def mask(self, docs: Docs) -> Mask:
        """True at each of `docs`."""
        mask = np.zeros(self.size, dtype=bool)
        mask[docs] = True
        return mask

    # ---- texts

    def judged(self, docs: Docs, form: str, bigrams: Iterator[tuple[PostingList, int]], stop_at: float) -> Docs:
        """Those of `docs` whose match form has `form`.

        `bigrams` are those of the form, rare ones first: their postings, and where in the form they begin, in UTF-16
        units. Where a document first has a rare one there mostly is the form; if it has it only once, there or nowhere.
        Raises TimeoutError past `stop_at`.
        """
        coded = form.encode("utf-16-le", "surrogatepass")
        if len(docs) <= FEW_JUDGED:
            found = self._each_has(docs, coded, stop_at)
            return docs if all(found) else docs[found]
        has = np.zeros(len(docs), dtype=bool)
        rest = np.arange(len(docs))
        for having, begins in bigrams:
            if len(rest) <= FEW_JUDGED:
                break
            has[rest], unsure = self._has_beside(docs[rest], np.frombuffer(coded, "<u2"), having, begins, stop_at)
            rest = rest[unsure]
        has[rest] = self._each_has(docs[rest], coded, stop_at)
        return docs if has.all() else docs[has]

    def _has_beside(
        self, docs: Docs, codes: NDArray[np.uint16], having: PostingList, begins: int, stop_at: float
    ) -> tuple[Mask, Mask]:
        """Which of `docs`, all of them `having` a bigram that begins at `begins` in `codes` (UTF-16), have
        `codes` around the place where they first have the bigram; and which of the others may have them elsewhere."""
        assert having.places is not None
        at = self._at(having.docs, docs)
        places = having.places[at]
        width = len(codes) + PLACE_UNITS - 1
        has = np.zeros(len(docs), dtype=bool)
        step = max(1, WINDOWS_UNITS // width)
        for first in range(0, len(docs), step):
            if time.monotonic() > stop_at:
                raise TimeoutError
            some = slice(first, first + step)
            begin = places[some].astype(np.int64) * PLACE_UNITS - begins
            has[some] = _held(self._reader.form_windows(docs[some], begin, width), codes)
        unsure = ~has
        unsure[unsure] = (places[unsure] == FAR) | (having.counts[at[unsure]] > 1)
        return has, unsure

    def _at(self, having: Docs, docs: Docs) -> NDArray[Any]:
        """Where in `having` each of `docs` stands; anything, where it does not."""
        if len(docs) * DENSE > len(having) + DENSE_START:
            at = np.zeros(self.size, np.uint16)
            at[having] = np.arange(len(having), dtype=np.uint16)
            return at[docs]
        return _places(having, docs)

    def _each_has(self, docs: Docs, coded: bytes, stop_at: float) -> list[bool]:
        """Whether each of `docs` has `coded` (UTF-16), read one by one."""
        one_break = BREAK.encode("utf-16-le") in coded
        found: list[bool] = []
        for first in range(0, len(docs), JUDGED_AT_ONCE):
            if time.monotonic() > stop_at:
                raise TimeoutError
            forms = self._reader.form_each(docs[first : first + JUDGED_AT_ONCE].tolist())
            if one_break:
                forms = list(map(_one_break, forms))
            found += [(at := data.find(coded)) >= 0 and (not at & 1 or _holds(data, coded)) for data in forms]
        return found

    def with_title(self, docs: Docs, form: str) -> Docs:
        """Those of `docs` whose title has `form`."""
        return docs[[form in self.parts(doc)[0] for doc in docs.tolist()]] if len(docs) else docs

    def parts(self, doc: int) -> list[str]:
        """The match forms of the document's parts, the title's first."""
        text: str = self._reader.form_bytes(doc).decode("utf-16-le", "surrogatepass")
        return text.split(PARTS_END)

    def record(self, doc: int) -> bytes:
        """The stored record of the document."""
        return self._reader.record_bytes(doc)

    # ---- keys

    def with_key(self, field: str, value: str) -> Docs:
        """The documents that have the key."""
        number = self._reader.keys.find(key(field, value))
        return NO_DOCS if number is None else self._key_docs(number, number + 1)

    def with_keys(self, field: str, low: str = "", high: str | None = None) -> Docs:
        """The documents that have a key from `low` to `high`, both included."""
        keys = self._reader.keys
        first = keys.place(key(field, low).encode())
        last = keys.place((key(field, high) + "\0").encode()) if high is not None else self.field(field)[1]
        return np.unique(self._key_docs(first, max(first, last)))

    def with_keys_holding(self, field: str, forms: Sequence[str]) -> Docs:
        """The documents that have a key which contains one of `forms`."""
        found = [
            self._key_docs(number, number + 1)
            for number, value in self._values(field)
            if any(form in value for form in forms)
        ]
        return np.unique(np.concatenate(found)) if found else NO_DOCS

    def _key_docs(self, first: int, last: int) -> Docs:
        at = self._reader.key_lists
        docs: Docs = self._reader.key_docs[int(at[first]) : int(at[last])]
        return docs

    def _field(self, field: str) -> tuple[int, int]:
        keys = self._reader.keys
        return keys.place(f"{field}\0".encode()), keys.place(f"{field}\1".encode())

    def _values(self, field: str) -> Iterator[tuple[int, str]]:
        for number in range(*self.field(field)):
            yield number, self._reader.keys[number].partition("\0")[2]

    def count_values(self, field: str, among: Mask) -> Iterator[tuple[str, int]]:
        """Each value of the field that documents of `among` have, and how many of them."""
        first, last = self.field(field)
        if first == last:
            return
        starts = self._reader.key_lists[first : last + 1].astype(np.int64)
        counts = np.add.reduceat(among[self._key_docs(first, last)].astype(np.int64), starts[:-1] - starts[0])
        for place in np.flatnonzero(counts).tolist():
            yield self._reader.keys[first + place].partition("\0")[2], int(counts[place])

    def numbers(self, field: str) -> NDArray[np.int64]:
        """The value of a field of digits (and hyphens) in each document, -1 where it has none."""
        values = np.full(self.size, -1, dtype=np.int64)
        for number, value in self._values(field):
            values[self._key_docs(number, number + 1)] = int(value.replace("-", ""))
        return values

    @cached_property
    def id_order(self) -> Docs:
        """The place of each document in the order of ids; those without an id have place 0."""
        first, last = self.field("id")
        places = np.zeros(self.size, dtype=np.uint16)
        places[self._key_docs(first, last)] = np.arange(last - first)
        return places

    def ids(self, places: Sequence[int]) -> list[str]:
        """The ids of articles or notices, whose places are those of `id_order`."""
        first = self.field("id")[0]
        return self._reader.keys.some(places, first, len("id\0"))


def _places(having: Docs, docs: Docs) -> NDArray[np.int64]:
    """Where in `having` each of `docs` stands, if it is there; somewhere else, if not."""
    at: NDArray[np.int64] = having.searchsorted(docs)
    return np.minimum(at, len(having) - 1) if at[-1] == len(having) else at


def _held(windows: NDArray[np.uint16], codes: NDArray[np.uint16]) -> Mask:
    """Which columns of `windows` have `codes`."""
    if ord(BREAK) in codes:  # the end of a part is a break too
        windows[windows == ord(PARTS_END)] = ord(BREAK)
    ways = len(windows) - len(codes) + 1
    held = windows[:ways] == codes[0]
    for place in range(1, len(codes)):
        held &= windows[place : place + ways] == codes[place]
    found: Mask = held.any(axis=0)
    return found


def _one_break(data: bytes) -> bytes:
    """UTF-16 in which the end of a part is a break."""
    units = np.frombuffer(data, "<u2").copy()
    units[units == ord(PARTS_END)] = ord(BREAK)
    return units.tobytes()


def _holds(data: bytes, wanted: bytes) -> bool:
    """Whether UTF-16 has `wanted` where a character begins."""
    at = data.find(wanted)
    while at & 1 and at > 0:
        at = data.find(wanted, at + 1)
    return at >= 0
