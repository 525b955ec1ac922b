"""One segment as a query sees it: which documents hold a form, how often, and what stands in them.

Document numbers are the segment's own, 16 bits wide and ascending wherever there are several.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.whoosh.codec import ArrayReader
from swsearch.engines.whoosh.invert import RUNS, UNIT_BITS
from swsearch.engines.whoosh.schema import ARTICLE, NOTICE, PARTS_END, key
from swsearch.text.match import BREAK

Docs = NDArray[np.uint16]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Counts = NDArray[np.unsignedinteger]

NO_DOCS: Docs = np.empty(0, np.uint16)
FEW = 8
"""Documents that are sooner judged by their text than narrowed by one more bigram (2 against 6 microseconds each)."""

JUDGED_AT_ONCE = 512
HOT = 512
"""Look-ups remembered in each segment."""

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
        self.lengths: Floats = reader.lengths.astype(np.float64)
        # A query looks the same bigrams up for df, for matching and for each term.
        self.find = lru_cache(HOT)(self._find)
        self.postings = lru_cache(HOT)(self._postings)
        self.beginning_with = lru_cache(HOT)(self._beginning_with)
        self.field = lru_cache(HOT)(self._field)
        # Where nothing was removed and there is no notice, the length of a list is its df.
        self._all_count = bool(self.articles.sum() == np.count_nonzero(reader.kinds <= NOTICE))

    # ---- bigrams

    def _find(self, units: tuple[str, ...]) -> tuple[int, ...]:
        """For each distinct bigram of `units` the number of its list, -1 if it has none."""
        known = list(map(self._unit, units))
        wanted = np.array(
            list(dict.fromkeys(left << UNIT_BITS | right for left, right in itertools.pairwise(known))), dtype=np.uint64
        )
        terms = self._reader.gram_terms
        places = np.searchsorted(terms, wanted)
        places[places == len(terms)] = 0
        found: list[int] = np.where(terms[places] == wanted, places, -1).tolist() if len(terms) else [-1] * len(wanted)
        return tuple(found)

    def _unit(self, unit: str) -> int:
        if len(unit) == 1:
            return ord(unit)
        number = self._reader.runs.find(unit[1:-1])
        return NO_UNIT if number is None else RUNS + number

    def _beginning_with(self, unit: str) -> tuple[int, int]:
        """The lists of all bigrams that begin with a unit stand side by side: the first, and one behind the last."""
        number = self._unit(unit)
        ends = np.array([number << UNIT_BITS, (number + 1) << UNIT_BITS], dtype=np.uint64)
        first, last = np.searchsorted(self._reader.gram_terms, ends).tolist()
        return first, last

    def _unit_docs(self, unit: str) -> Docs:
        return np.unique(self._reader.grams.docs(*self.beginning_with(unit)))

    def _postings(self, one: int) -> tuple[Docs, Counts]:
        grams = self._reader.grams
        return grams.docs(one, one + 1), grams.counts(one, one + 1)

    def df(self, units: tuple[str, ...]) -> list[int]:
        """In how many live articles each distinct bigram of `units` occurs; of a single unit, the unit."""
        if len(units) == 1:
            return [int(np.count_nonzero(self.articles[self._unit_docs(units[0])]))]
        lists = [self.postings(one)[0] if one >= 0 else NO_DOCS for one in self.find(units)]
        return [len(docs) if self._all_count else int(np.count_nonzero(self.articles[docs])) for docs in lists]

    def holding(self, units: tuple[str, ...], among: Mask) -> Docs:
        """Those of `among` that have the bigrams of `units`: certainly all that hold the form, perhaps others too."""
        if len(units) == 1:
            docs = self._unit_docs(units[0])
            return docs[among[docs]]
        numbers = self.find(units)
        if min(numbers) < 0:
            return NO_DOCS
        lists = sorted((self.postings(one)[0] for one in numbers), key=len)
        docs = lists[0]
        docs = docs[among[docs]]
        for other in lists[1:]:
            if len(docs) <= FEW:
                break
            docs = docs[other[_places(other, docs)] == docs]
        return docs

    def occurrences(self, units: tuple[str, ...], docs: Docs, known: dict[int, Floats]) -> Floats:
        """The least count among the bigrams of `units` in each of `docs`; of a single unit, the sum of its counts.

        `known` keeps the counts of bigrams in these documents, for the terms that share them.
        """
        if len(units) == 1:
            grams = self._reader.grams
            first, last = self.beginning_with(units[0])
            counts = np.bincount(grams.docs(first, last), grams.counts(first, last), minlength=self.size)
            return counts[docs].astype(np.float64)
        numbers = self.find(units)
        if min(numbers) < 0:
            return np.zeros(len(docs))
        for one in numbers:
            if one not in known:
                known[one] = _at(docs, *self.postings(one))
        found = [known[one] for one in numbers]
        return found[0] if len(found) == 1 else np.minimum.reduce(found)

    def tokens(self, word: str, docs: Docs) -> Floats:
        """How often each of `docs` has the word."""
        number = self._reader.words.find(word)
        if number is None:
            return np.zeros(len(docs))
        postings = self._reader.words_postings
        return _at(docs, postings.docs(number, number + 1), postings.counts(number, number + 1))

    # ---- texts

    def judged(self, docs: Docs, form: str, title_only: bool, stop_at: float) -> Docs:
        """Those of `docs` whose match form, or whose title's, has `form`. Raises TimeoutError past `stop_at`."""
        wanted = form.encode("utf-16-le", "surrogatepass")
        plain = BREAK not in form and not title_only
        kept: list[int] = []
        for start in range(0, len(docs), JUDGED_AT_ONCE):
            if time.monotonic() > stop_at:
                raise TimeoutError
            some = docs[start : start + JUDGED_AT_ONCE]
            for doc, data in zip(some.tolist(), self._reader.forms(some), strict=True):
                # An odd place is the second half of one character and the first of the next: then look again.
                at = data.find(wanted) if plain else 1
                if at >= 0 and (not at & 1 or _holds(data, form, title_only)):
                    kept.append(doc)
        return np.array(kept, dtype=np.uint16)

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
    def id_order(self) -> NDArray[np.int64]:
        """The place of each document in the order of ids; those without an id have place 0."""
        first, last = self.field("id")
        places = np.zeros(self.size, dtype=np.int64)
        places[self._key_docs(first, last)] = np.arange(last - first)
        return places

    def id(self, doc: int) -> str:
        """The id of an article or notice."""
        return self._reader.keys[self.field("id")[0] + int(self.id_order[doc])].partition("\0")[2]


def _holds(data: bytes, form: str, title_only: bool) -> bool:
    text: str = data.decode("utf-16-le", "surrogatepass")
    return form in (text.partition(PARTS_END)[0] if title_only else text.replace(PARTS_END, BREAK))


def _places(having: Docs, docs: Docs) -> NDArray[np.int64]:
    """Where in `having` each of `docs` stands, if it is there; somewhere else, if not."""
    at: NDArray[np.int64] = having.searchsorted(docs)
    if len(at) and at[-1] == len(having):
        at[at == len(having)] = 0
    return at


def _at(docs: Docs, having: Docs, counts: Counts) -> Floats:
    """For each of `docs` its count, 0 where it is not among `having`."""
    if not len(having):
        return np.zeros(len(docs))
    at = _places(having, docs)
    found: Floats = (counts[at] * (having[at] == docs)).astype(np.float64)
    return found
