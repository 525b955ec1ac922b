"""One segment as a query sees it: which documents hold a form, how often, and what stands in them.

Document numbers are the segment's own, 16 bits wide and ascending wherever there are several.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.whoosh.codec import ArrayReader
from swsearch.engines.whoosh.invert import RUNS, UNIT_BITS
from swsearch.engines.whoosh.schema import ARTICLE, NOTICE, PARTS_END, key
from swsearch.text.match import BREAK

Docs = NDArray[np.uint16]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

NO_DOCS: Docs = np.empty(0, np.uint16)
FEW = 8
"""Documents that are sooner judged by their text than narrowed by one more bigram (2 against 6 microseconds each)."""

_LINE_FEED = PARTS_END.encode("utf-16-le")


class SegmentView:
    """A segment of the generation that was opened."""

    def __init__(self, reader: ArrayReader) -> None:
        self._reader = reader
        self.size: int = reader.size
        self.live: Mask = np.ones(self.size, dtype=bool)
        self.live[list(reader.deleted_docs())] = False
        self.articles: Mask = (reader.kinds == ARTICLE) & self.live
        self.notices: Mask = (reader.kinds == NOTICE) & self.live
        self.lengths: Floats = reader.lengths.astype(np.float64)
        # Where nothing was removed and there is no notice, the length of a list is its df.
        self._all_count = bool(self.articles.sum() == np.count_nonzero(reader.kinds <= NOTICE))

    # ---- bigrams

    def lists(self, units: Sequence[str]) -> list[tuple[int, int]] | None:
        """For each distinct bigram of `units` its list, as numbers (first, last) of lists; None if one has no list.

        A single unit has one entry: the lists of all bigrams that begin with it, which stand side by side.
        """
        numbers = list(map(self._unit, units))
        if None in numbers:
            return None
        terms = self._reader.gram_terms
        known: list[int] = [number for number in numbers if number is not None]
        if len(known) == 1:
            ends = np.array([known[0] << UNIT_BITS, (known[0] + 1) << UNIT_BITS], dtype=np.uint64)
            first, last = np.searchsorted(terms, ends).tolist()
            return [(first, last)] if first < last else None
        wanted = np.array(
            list({left << UNIT_BITS | right for left, right in itertools.pairwise(known)}), dtype=np.uint64
        )
        places = np.searchsorted(terms, wanted)
        if places.max(initial=0) >= len(terms) or (terms[places] != wanted).any():
            return None
        return [(place, place + 1) for place in places.tolist()]

    def _unit(self, unit: str) -> int | None:
        if len(unit) == 1:
            return ord(unit)
        number = self._reader.runs.find(unit[1:-1])
        return None if number is None else RUNS + number

    def _docs(self, first: int, last: int) -> Docs:
        """The documents of some lists side by side, each once."""
        docs: Docs = self._reader.grams.docs(first, last)
        return docs if last == first + 1 else np.unique(docs)

    def df(self, pair: Sequence[str]) -> int:
        """In how many live articles a bigram, or a single unit, occurs."""
        lists = self.lists(pair)
        if lists is None:
            return 0
        first, last = lists[0]
        if self._all_count and last == first + 1:
            at = self._reader.grams.lists
            return int(at[last]) - int(at[first])
        return int(np.count_nonzero(self.articles[self._docs(first, last)]))

    def holding(self, units: Sequence[str], among: Mask) -> Docs:
        """Those of `among` that have the bigrams of `units`: certainly all that hold the form, perhaps others too."""
        lists = self.lists(units)
        if lists is None:
            return NO_DOCS
        if len(lists) > 1:
            at = self._reader.grams.lists
            lists.sort(key=lambda one: int(at[one[1]]) - int(at[one[0]]))
        docs = self._docs(*lists[0])
        docs = docs[among[docs]]
        for first, last in lists[1:]:
            if len(docs) <= FEW:
                break
            docs = docs[_is_in(docs, self._docs(first, last))]
        return docs

    def occurrences(self, units: Sequence[str], docs: Docs) -> Floats:
        """The least count among the bigrams of `units` in each of `docs`; of a single unit, the sum of its counts."""
        lists = self.lists(units)
        if lists is None or not len(docs):
            return np.zeros(len(docs))
        if len(units) == 1:
            first, last = lists[0]
            counts = np.bincount(
                self._reader.grams.docs(first, last),
                weights=self._reader.grams.counts(first, last),
                minlength=self.size,
            )
            return counts[docs].astype(np.float64)
        least: Floats | None = None
        for first, last in lists:
            found = _at(docs, self._reader.grams.docs(first, last), self._reader.grams.counts(first, last))
            least = found if least is None else np.minimum(least, found)
        assert least is not None
        return least

    def tokens(self, word: str, docs: Docs) -> Floats:
        """How often each of `docs` has the word."""
        number = self._reader.words.find(word)
        if number is None:
            return np.zeros(len(docs))
        postings = self._reader.words_postings
        return _at(docs, postings.docs(number, number + 1), postings.counts(number, number + 1))

    # ---- texts

    def holds(self, doc: int, form: str, wanted: bytes, title_only: bool) -> bool:
        """Whether the match form of the document, or of its title, has `form`; `wanted` is that in UTF-16."""
        data = self._reader.form_bytes(doc)
        if title_only:
            title, _, _ = data.decode("utf-16-le", "surrogatepass").partition(PARTS_END)
            return form in title
        if BREAK in form:
            return form in data.decode("utf-16-le", "surrogatepass").replace(PARTS_END, BREAK)
        at = data.find(wanted)
        while at & 1 and at > 0:
            at = data.find(wanted, at + 1)
        return at >= 0

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
        last = keys.place((key(field, high) + "\0").encode()) if high is not None else self._field(field)[1]
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
        for number in range(*self._field(field)):
            yield number, self._reader.keys[number].partition("\0")[2]

    def count_values(self, field: str, among: Mask) -> Iterator[tuple[str, int]]:
        """Each value of the field that documents of `among` have, and how many of them."""
        first, last = self._field(field)
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
    def id_order(self) -> NDArray[np.int64]:
        """The place of each document in the order of ids; those without an id have place 0."""
        first, last = self._field("id")
        places = np.zeros(self.size, dtype=np.int64)
        places[self._key_docs(first, last)] = np.arange(last - first)
        return places

    def id(self, doc: int) -> str:
        """The id of an article or notice."""
        return self._reader.keys[self._field("id")[0] + int(self.id_order[doc])].partition("\0")[2]


def _is_in(docs: Docs, having: Docs) -> Mask:
    at = np.searchsorted(having, docs)
    at[at == len(having)] = 0
    found: Mask = having[at] == docs
    return found


def _at(docs: Docs, having: Docs, counts: NDArray[np.uint32]) -> Floats:
    """For each of `docs` its count, 0 where it is not among `having`."""
    if not len(having):
        return np.zeros(len(docs))
    at = np.minimum(np.searchsorted(having, docs), len(having) - 1)
    found: Floats = np.where(having[at] == docs, counts[at], 0.0)
    return found
