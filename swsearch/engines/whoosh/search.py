"""Bound nodes -> plan -> document numbers and scores.

`compile_plan` turns a bound tree into what the index can look up, and needs no index. `Snapshot` runs plans over the
segments of one generation: bigrams filter, match forms judge, weighted BM25 ranks.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from swsearch.engines.base import (
    K1,
    SCORE_DIGITS,
    VARIANT_WEIGHT,
    B,
    Found,
    Sort,
    count_facets,
    sort_key,
)
from swsearch.engines.whoosh.schema import ARTICLE, NOTICE, PARTS_END, number_key, term_bytes
from swsearch.errors import QueryError
from swsearch.query.bind import terms
from swsearch.query.nodes import (
    AllOf,
    AnyOf,
    BoundNode,
    Contains,
    Everything,
    Except,
    HasName,
    InRange,
    InRegion,
    Nothing,
    Term,
    Weigh,
    Within,
)
from swsearch.records import Facts
from swsearch.settings import QUERY_SECONDS
from swsearch.text.match import BREAK, grams, units

Docs = NDArray[np.int64]
Floats = NDArray[np.float64]

HOT_LISTS = 512
"""Posting lists kept decoded per segment: a session's queries share most of their bigrams."""

# ---- plan --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lookup:
    """Articles that hold `form`: all its bigrams are looked up, rarest first, then the match form is asked,
    unless the bigrams alone decide (`exact`). A form of one unit is looked up by prefix."""

    form: str
    grams: tuple[str, ...]
    title_only: bool = False

    @property
    def exact(self) -> bool:
        """Whether having the bigrams means having the form."""
        return len(self.grams) <= 1 and not self.title_only


@dataclass(frozen=True, slots=True)
class Close:
    """Articles with one of the lookups of every piece, all close together in one part."""

    pieces: tuple[tuple[Lookup, ...], ...]
    distance: int


@dataclass(frozen=True, slots=True)
class KeysIn:
    """Articles with a key of `field` that is one of `keys`."""

    field: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeysBetween:
    """Articles with a key of `field` from `low` to `high`, both included."""

    field: str
    low: str | None
    high: str | None


@dataclass(frozen=True, slots=True)
class KeysWith:
    """Articles with a key of `field` that contains one of `forms`."""

    field: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Articles that every part matches; without parts, every article."""

    parts: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Articles that a part matches; without parts, none."""

    parts: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Minus:
    """Articles that `part` does not match."""

    part: Plan


@dataclass(frozen=True, slots=True)
class Enough:
    """Articles that two parts match or more, whose weights add up to `needed`."""

    parts: tuple[Plan, ...]
    weights: tuple[float, ...]
    needed: float


Plan = Union[Lookup, Close, KeysIn, KeysBetween, KeysWith, All, OneOf, Minus, Enough]


def compile_plan(node: BoundNode) -> Plan:
    """What the index looks up for `node`; nothing is read."""
    match node:
        case Contains():
            found = _lookups(node)
            return found[0] if len(found) == 1 else OneOf(found)
        case Within(pieces=pieces, distance=distance):
            return Close(tuple(_lookups(piece) for piece in pieces), distance)
        case InRegion(field=field, paths=paths):
            return KeysIn(field, paths)
        case InRange(field=field, low=low, high=high):
            return KeysBetween(field, _key(low), _key(high))
        case HasName(field=field, forms=forms):
            return KeysWith(field, forms)
        case Everything():
            return All(())
        case Nothing():
            return OneOf(())
        case Except(node=child):
            return Minus(compile_plan(child))
        case AllOf(nodes=nodes):
            return All(tuple(map(compile_plan, nodes)))
        case AnyOf(nodes=nodes):
            return OneOf(tuple(map(compile_plan, nodes)))
        case Weigh(nodes=nodes, weights=weights, needed=needed):
            return Enough(tuple(map(compile_plan, nodes)), weights, needed)


def _lookups(node: Contains) -> tuple[Lookup, ...]:
    return tuple(
        Lookup(form, tuple(dict.fromkeys(grams(form))), node.title_only) for form in (node.form, *node.alternatives)
    )


def _key(value: int | str | None) -> str | None:
    return number_key(value) if isinstance(value, int) else value


# ---- one segment -------------------------------------------------------------------------------------------------


class SegmentView:
    """One segment, read-only: decoded postings, match forms, lengths. Document numbers are the segment's own."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.size: int = reader.doc_count_all()
        live = np.ones(self.size, dtype=bool)
        live[list(reader.deleted_docs_set)] = False
        self.articles = self._kind(ARTICLE) & live
        self.notices = self._kind(NOTICE) & live
        self.live = live
        lengths = reader.column_reader("length") if reader.has_column("length") else np.zeros(self.size)
        self.lengths: Floats = np.array([lengths[doc] for doc in range(self.size)], dtype=np.float64)
        self.postings = lru_cache(HOT_LISTS)(self._postings)
        self.facts = lru_cache(self.size)(self._facts)
        self._forms = reader.column_reader("form")

    def _kind(self, kind: str) -> NDArray[np.bool_]:
        mask = np.zeros(self.size, dtype=bool)
        mask[self.docs_with("kind", kind)] = True
        return mask

    def _postings(self, field: str, term: str) -> tuple[Docs, Floats]:
        """The documents that have `term`, ascending, and how often; deleted ones too."""
        key = term_bytes(term)
        if (field, key) not in self._reader:
            return np.empty(0, np.int64), np.empty(0)
        matcher = self._reader.postings(field, key)
        docs, counts = [], []
        while matcher.is_active():
            docs.append(matcher.id())
            counts.append(matcher.weight())
            matcher.next()
        return np.array(docs, dtype=np.int64), np.array(counts)

    def docs_with(self, field: str, key: str) -> Docs:
        """The documents that have `key`, ascending."""
        return self._postings(field, key)[0]

    def keys(self, field: str, start: str = "") -> Iterator[str]:
        """The keys of `field` from `start` on, ascending in the order of their bytes."""
        for name, key in self._reader.terms_from(field, term_bytes(start)):
            if name != field:
                return
            yield key.decode("utf-8", "surrogatepass")

    def count(self, form: str, parts: Sequence[str]) -> tuple[Docs, Floats]:
        """The documents that have all of the bigrams of `form`, and the least of their counts."""
        if not parts:
            lists = [self.postings("grams", key) for key in self._starting_with(form)]
            if not lists:
                return np.empty(0, np.int64), np.empty(0)
            docs, where = np.unique(np.concatenate([docs for docs, _ in lists]), return_inverse=True)
            return docs, np.bincount(where, weights=np.concatenate([counts for _, counts in lists]))
        (docs, least), *others = sorted(
            (self.postings("grams", gram) for gram in parts), key=lambda found: len(found[0])
        )
        for other, counts in others:
            if not len(docs):
                break
            at = np.searchsorted(other, docs)
            at[at == len(other)] = 0
            shared = other[at] == docs if len(other) else np.zeros(len(docs), bool)
            docs, least = docs[shared], np.minimum(least[shared], counts[at[shared]])
        return docs, least

    def _starting_with(self, unit: str) -> list[str]:
        found = []
        for key in self.keys("grams", unit):
            if not key.startswith(unit):
                break
            found.append(key)
        return found

    def parts(self, doc: int) -> list[str]:
        """The match forms of the document's parts, the title's first."""
        text: str = self._forms[doc].decode("utf-8", "surrogatepass")
        return text.split(PARTS_END)

    def _facts(self, doc: int) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self._reader.column_reader("facts")[doc])
        return value

    def record(self, doc: int) -> bytes:
        """The stored JSON of the document."""
        data: bytes = self._reader.column_reader("record")[doc]
        return data


# ---- running -----------------------------------------------------------------------------------------------------


class Snapshot:
    """The segments of one generation, and the statistics over their live articles."""

    def __init__(self, readers: Sequence[Any]) -> None:
        self.segments = [SegmentView(reader) for reader in readers]
        self.articles = sum(int(segment.articles.sum()) for segment in self.segments)
        self.notices = sum(int(segment.notices.sum()) for segment in self.segments)
        total = sum(float(segment.lengths[segment.articles].sum()) for segment in self.segments)
        self.mean_length = total / self.articles if self.articles else 0.0
        self.df = lru_cache(HOT_LISTS)(self._df)

    def _df(self, form: str) -> int:
        """In how many live articles the rarest bigram of `form` occurs; of one unit, the unit."""
        lists = [[gram] for gram in grams(form)] or [[]]
        return min(
            sum(int(segment.articles[segment.count(form, one)[0]].sum()) for segment in self.segments) for one in lists
        )

    def search(
        self, bound: BoundNode, limit: int | None, offset: int, sort: Sort, notices: bool, facets: bool
    ) -> Found:
        """See Engine.search."""
        deadline = time.monotonic() + QUERY_SECONDS
        plan, wanted = compile_plan(bound), terms(bound)
        ranked: list[tuple[Any, str, float]] = []
        counted = []
        for segment in self.segments:
            universe = segment.articles | segment.notices if notices else segment.articles
            docs = run(plan, segment, np.flatnonzero(universe), deadline)
            scores = self._scores(wanted, segment, docs)
            for doc, score in zip(docs.tolist(), scores.tolist(), strict=True):
                facts = segment.facts(doc)
                ranked.append(
                    (sort_key(sort, score, facts["id"], facts.get("year"), facts.get("date")), facts["id"], score)
                )
            if facets:
                counted += [segment.facts(doc) for doc in docs[segment.articles[docs]].tolist()]
        ranked.sort()
        stop = None if limit is None else offset + limit
        return Found(
            total=len(ranked),
            hits=tuple((id, score) for _, id, score in ranked[offset:stop]),
            facets=count_facets(
                (Facts(regions=tuple(one["regions"]), year=one["year"], agencies=tuple(one["agencies"])), one["source"])
                for one in counted
            )
            if facets
            else {},
        )

    def scores(self, bound: BoundNode, segment: SegmentView, doc: int) -> tuple[tuple[str, float], ...]:
        """What each term gives to the score of one document."""
        docs = np.array([doc])
        return tuple((term.form, float(self._score(term, segment, docs)[0])) for term in terms(bound))

    def _scores(self, wanted: Sequence[Term], segment: SegmentView, docs: Docs) -> Floats:
        scores: Floats = np.zeros(len(docs))
        for term in wanted:
            scores += self._score(term, segment, docs)
        return np.round(scores, SCORE_DIGITS)

    def _score(self, term: Term, segment: SegmentView, docs: Docs) -> Floats:
        """The formula of docs/ranking.md for one term; 0 where the term does not occur."""
        df = max(self.df(form) for form in (term.form, *term.alternatives))
        idf = math.log(1 + (self.articles - df + 0.5) / (df + 0.5))
        n = _occurrences(term, term.form, segment, docs)
        for form in term.alternatives:
            n = n + VARIANT_WEIGHT * _occurrences(term, form, segment, docs)
        relative = segment.lengths[docs] / self.mean_length if self.mean_length else np.zeros(len(docs))
        shape = K1 * (1 - B + B * relative)
        scores: Floats = np.divide(idf * (K1 + 1) * n, n + shape, out=np.zeros(len(docs)), where=n > 0)
        return scores


def _occurrences(term: Term, form: str, segment: SegmentView, docs: Docs) -> Floats:
    found = _at(docs, *segment.count(form, grams(form)))
    if term.is_word:
        found = (_at(docs, *segment.postings("words", form)) + found) / 2
    return found


def _at(docs: Docs, having: Docs, counts: Floats) -> Floats:
    """For each of `docs` its count, 0 where it is not among `having`."""
    if not len(having):
        return np.zeros(len(docs))
    at = np.minimum(np.searchsorted(having, docs), len(having) - 1)
    found: Floats = np.where(having[at] == docs, counts[at], 0.0)
    return found


def run(plan: Plan, segment: SegmentView, among: Docs, deadline: float = math.inf) -> Docs:
    """Those of `among`, ascending document numbers, that match `plan`. Raises QueryError after the deadline."""
    match plan:
        case Lookup(form=form, grams=parts):
            docs = _both(segment.count(form, parts)[0], among)
            if plan.exact:
                return docs
            return _judged(docs, lambda doc: _holds(segment.parts(doc), plan), deadline)
        case Close(pieces=pieces, distance=distance):
            for piece in pieces:
                among = run(OneOf(piece), segment, among, deadline)
            forms = [[lookup.form for lookup in piece] for piece in pieces]
            return _judged(among, lambda doc: any(near(p, forms, distance) for p in segment.parts(doc)), deadline)
        case KeysIn(field=field, keys=keys):
            return _both(_union([segment.docs_with(field, key) for key in keys]), among)
        case KeysBetween(field=field, low=low, high=high):
            found = []
            for key in segment.keys(field, low or ""):
                if high is not None and key > high:
                    break
                found.append(segment.docs_with(field, key))
            return _both(_union(found), among)
        case KeysWith(field=field, forms=forms):
            having = [key for key in segment.keys(field) if any(form in key for form in forms)]
            return _both(_union([segment.docs_with(field, key) for key in having]), among)
        case All(parts=plans):
            for part in sorted(plans, key=_cost):
                among = run(part, segment, among, deadline)
            return among
        case OneOf(parts=plans):
            return _union([run(part, segment, among, deadline) for part in plans])
        case Minus(part=part):
            return np.setdiff1d(among, run(part, segment, among, deadline), assume_unique=True)
        case Enough(parts=plans, weights=weights, needed=needed):
            number, weight = np.zeros(len(among)), np.zeros(len(among))
            for part, own in zip(plans, weights, strict=True):
                had = np.isin(among, run(part, segment, among, deadline), assume_unique=True)
                number += had
                weight += own * had
            return among[(number >= 2) & (weight >= needed)]


def near(part: str, pieces: Sequence[Sequence[str]], distance: int) -> bool:
    """Whether each piece has an occurrence of its own in `part`, all within `distance` units, breaks not counted."""
    at = [0]
    for unit in units(part):
        at += [at[-1]] * (len(unit) - 1) + [at[-1] + (unit != BREAK)]
    places = [
        sorted({(at[start], at[start + len(form)]) for form in forms for start in _starts(part, form)})
        for forms in pieces
    ]
    # The first piece of a window starts somewhere; the others must then fit in behind it.
    starts = sorted({start for place in places for start, _ in place})
    return any(
        _fits([[p for p in place if start <= p[0] and p[1] <= start + distance] for place in places], [])
        for start in starts
    )


def _fits(places: list[list[tuple[int, int]]], taken: list[tuple[int, int]]) -> bool:
    """Whether each list has a place that overlaps none of the others'."""
    if not places:
        return True
    return any(
        _fits(places[1:], [*taken, place])
        for place in places[0]
        if all(place[1] <= other[0] or other[1] <= place[0] for other in taken)
    )


def _starts(text: str, form: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _holds(parts: list[str], plan: Lookup) -> bool:
    if plan.title_only:
        return plan.form in parts[0]
    return plan.form in BREAK.join(filter(None, parts))


def _judged(docs: Docs, judge: Callable[[int], bool], deadline: float) -> Docs:
    kept = []
    for at, doc in enumerate(docs.tolist()):
        if not at % 256 and time.monotonic() > deadline:
            raise QueryError(f"the query was stopped after {QUERY_SECONDS:g} seconds: make it more specific")
        if judge(doc):
            kept.append(doc)
    return np.array(kept, dtype=np.int64)


def _cost(plan: Plan) -> int:
    """Cheap and selective parts of a conjunction go first, judging and subtracting last."""
    match plan:
        case KeysIn() | KeysBetween() | KeysWith():
            return 0
        case Lookup():
            return 1 if plan.exact else 2
        case Close() | Minus():
            return 4
        case _:
            return 3


def _both(left: Docs, right: Docs) -> Docs:
    return np.intersect1d(left, right, assume_unique=True)


def _union(lists: Sequence[Docs]) -> Docs:
    return np.unique(np.concatenate(lists)) if lists else np.empty(0, np.int64)
