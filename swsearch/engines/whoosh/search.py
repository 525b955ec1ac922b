"""Bound nodes -> plan -> document numbers and scores.

`compile_plan` turns a bound tree into what the index can look up, and needs no index. `Snapshot` runs plans over the
segments of one generation: bigrams filter, match forms judge, weighted BM25 ranks.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np

from swsearch.engines.base import K1, SCORE_DIGITS, VARIANT_WEIGHT, B, Found, Sort, facet_rows
from swsearch.engines.whoosh.schema import AGENCY_FACET, SOURCE_FACET, number_key
from swsearch.engines.whoosh.segment import NO_DOCS, Docs, Floats, Mask, SegmentView
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
from swsearch.records import Facets
from swsearch.settings import QUERY_SECONDS
from swsearch.text.match import BREAK, units

FEW_HITS = 32
"""So few are sooner sorted one by one than by arrays."""

# ---- plan --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lookup:
    """Articles that hold `form`: all its bigrams are looked up, rarest first, then the match form is asked,
    unless the bigrams alone decide (`exact`). A form of one unit is looked up by prefix."""

    form: str
    units: tuple[str, ...]
    title_only: bool = False

    @property
    def exact(self) -> bool:
        """Whether having the bigrams means having the form."""
        return len(self.units) <= 2 and not self.title_only


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
    return tuple(Lookup(form, tuple(units(form)), node.title_only) for form in (node.form, *node.alternatives))


def _key(value: int | str | None) -> str | None:
    return number_key(value) if isinstance(value, int) else value


# ---- running -----------------------------------------------------------------------------------------------------


class Snapshot:
    """The segments of one generation, and the statistics over their live articles."""

    def __init__(self, segments: Sequence[SegmentView]) -> None:
        self.segments = segments
        self.articles = sum(int(segment.articles.sum()) for segment in self.segments)
        self.notices = sum(int(segment.notices.sum()) for segment in self.segments)
        total = sum(float(segment.lengths[segment.articles].sum()) for segment in self.segments)
        self.mean_length = total / self.articles if self.articles else 0.0

    def df(self, form: str) -> int:
        """In how many live articles the rarest bigram of `form` occurs; of one unit, the unit."""
        parts = tuple(units(form))
        found = [segment.df(parts) for segment in self.segments]
        return min(map(sum, zip(*found, strict=True))) if found else 0

    def search(
        self, bound: BoundNode, limit: int | None, offset: int, sort: Sort, notices: bool, facets: bool
    ) -> Found:
        """See Engine.search."""
        deadline = time.monotonic() + QUERY_SECONDS
        plan = compile_plan(bound)
        wanted = [_Weighed(term, self) for term in terms(bound)]
        stop = None if limit is None else offset + limit
        total = 0
        ranked: list[tuple[int, float, str]] = []
        counted: list[tuple[SegmentView, Mask]] = []
        for segment in self.segments:
            docs = _run(plan, segment, notices, deadline)
            total += len(docs)
            if not len(docs):
                continue
            ranked += _best(segment, docs, self._scores(wanted, segment, docs), sort, stop)
            if facets:
                counted.append((segment, _mask(segment, docs) & segment.articles))
        ranked.sort()
        hits = tuple((id, -score) for _, score, id in ranked[offset:stop])
        return Found(total, hits, _facets(counted) if facets else {})

    def scores(self, bound: BoundNode, segment: SegmentView, doc: int) -> tuple[tuple[str, float], ...]:
        """What each term gives to the score of one document."""
        docs = np.array([doc], dtype=np.uint16)
        weighed = (_Weighed(term, self) for term in terms(bound))
        return tuple(
            (one.term.form, float(one.score(segment, docs, self._shape(segment, docs), {})[0])) for one in weighed
        )

    def _scores(self, wanted: Sequence[_Weighed], segment: SegmentView, docs: Docs) -> Floats:
        scores: Floats = np.zeros(len(docs))
        shape = self._shape(segment, docs) if wanted else scores
        known: dict[int, Floats] = {}
        for one in wanted:
            scores += one.score(segment, docs, shape, known)
        return scores.round(SCORE_DIGITS)

    def _shape(self, segment: SegmentView, docs: Docs) -> Floats:
        """k1 · (1 − b + b · L / mean L)."""
        relative = segment.lengths[docs] / self.mean_length if self.mean_length else np.zeros(len(docs))
        shape: Floats = K1 * (1 - B + B * relative)
        return shape


class _Weighed:
    """A ranking term with its forms cut into units and its idf: the formula of docs/ranking.md."""

    def __init__(self, term: Term, snapshot: Snapshot) -> None:
        self.term = term
        self._forms = [(form, tuple(units(form))) for form in (term.form, *term.alternatives)]
        df = max(snapshot.df(form) for form, _ in self._forms)
        self._idf = math.log(1 + (snapshot.articles - df + 0.5) / (df + 0.5))

    def score(self, segment: SegmentView, docs: Docs, shape: Floats, known: dict[int, Floats]) -> Floats:
        """What the term gives to the score of each of `docs`; 0 where it does not occur."""
        n = self._n(0, segment, docs, known)
        for at in range(1, len(self._forms)):
            n = n + VARIANT_WEIGHT * self._n(at, segment, docs, known)
        # Where n is 0 so is the quotient, except for an empty index, whose shape is 0 too.
        scores: Floats = self._idf * (K1 + 1) * n / np.maximum(n + shape, 1e-12)
        return scores

    def _n(self, at: int, segment: SegmentView, docs: Docs, known: dict[int, Floats]) -> Floats:
        form, parts = self._forms[at]
        found = segment.occurrences(parts, docs, known)
        return (segment.tokens(form, docs) + found) / 2 if self.term.is_word else found


def _best(
    segment: SegmentView, docs: Docs, scores: Floats, sort: Sort, stop: int | None
) -> list[tuple[int, float, str]]:
    """(first key, −score, id) of the best `stop` documents; the first key is 0 unless the order is by year or date."""
    if sort == "relevance" and len(docs) <= FEW_HITS:
        return sorted((0, -score, segment.id(doc)) for doc, score in zip(docs.tolist(), scores.tolist(), strict=True))
    if sort == "relevance":
        first = np.zeros(len(docs), dtype=np.int64)
        if stop is not None and len(docs) > 4 * stop:
            least = -np.partition(-scores, stop - 1)[stop - 1] if stop else np.inf
            kept = scores >= least
            docs, scores, first = docs[kept], scores[kept], first[kept]
    else:
        values = segment.numbers(sort)[docs]
        first = np.where(values < 0, 1, -values)
    order = np.lexsort((segment.id_order[docs], -scores, first))[:stop]
    return [
        (key, -score, segment.id(doc))
        for key, score, doc in zip(first[order].tolist(), scores[order].tolist(), docs[order].tolist(), strict=True)
    ]


def _facets(counted: Sequence[tuple[SegmentView, Mask]]) -> Facets:
    def counts(field: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for segment, among in counted:
            total.update(dict(segment.count_values(field, among)))
        return total

    years = Counter({int(year): count for year, count in counts("year").items()})
    return facet_rows(counts("region"), years, counts(AGENCY_FACET), counts(SOURCE_FACET))


def _run(plan: Plan, segment: SegmentView, notices: bool, deadline: float) -> Docs:
    try:
        return run(plan, segment, segment.articles | segment.notices if notices else segment.articles, deadline)
    except TimeoutError:
        raise QueryError(f"the query was stopped after {QUERY_SECONDS:g} seconds: make it more specific") from None


def run(plan: Plan, segment: SegmentView, among: Mask, deadline: float = math.inf) -> Docs:
    """Those of `among`, ascending, that match `plan`. Raises TimeoutError after the deadline."""
    match plan:
        case Lookup(form=form, title_only=title_only):
            docs = segment.holding(plan.units, among)
            if plan.exact or not len(docs):
                return docs
            return segment.judged(docs, form, title_only, deadline)
        case Close(pieces=pieces, distance=distance):
            for piece in pieces:
                among = _mask(segment, run(OneOf(piece), segment, among, deadline))
            forms = [[lookup.form for lookup in piece] for piece in pieces]
            kept = []
            for doc in np.flatnonzero(among).tolist():
                if time.monotonic() > deadline:
                    raise TimeoutError
                if any(near(part, forms, distance) for part in segment.parts(doc)):
                    kept.append(doc)
            return np.array(kept, dtype=np.uint16)
        case KeysIn(field=field, keys=keys):
            return _union([_of(segment.with_key(field, one), among) for one in keys])
        case KeysBetween(field=field, low=low, high=high):
            return _of(segment.with_keys(field, low or "", high), among)
        case KeysWith(field=field, forms=forms_wanted):
            return _of(segment.with_keys_holding(field, forms_wanted), among)
        case All(parts=()):
            return np.flatnonzero(among).astype(np.uint16)
        case All(parts=plans):
            ordered = sorted(plans, key=_cost)
            for part in ordered[:-1]:
                among = _mask(segment, run(part, segment, among, deadline))
                if not among.any():
                    return NO_DOCS
            return run(ordered[-1], segment, among, deadline)
        case OneOf(parts=plans):
            return _union([run(part, segment, among, deadline) for part in plans])
        case Minus(part=part):
            return np.flatnonzero(among & ~_mask(segment, run(part, segment, among, deadline))).astype(np.uint16)
        case Enough(parts=plans, weights=weights, needed=needed):
            number, weight = np.zeros(segment.size), np.zeros(segment.size)
            for part, own in zip(plans, weights, strict=True):
                docs = run(part, segment, among, deadline)
                number[docs] += 1
                weight[docs] += own
            return np.flatnonzero((number >= 2) & (weight >= needed)).astype(np.uint16)


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


def _of(docs: Docs, among: Mask) -> Docs:
    return docs[among[docs]]


def _mask(segment: SegmentView, docs: Docs) -> Mask:
    mask = np.zeros(segment.size, dtype=bool)
    mask[docs] = True
    return mask


def _union(lists: Sequence[Docs]) -> Docs:
    if len(lists) == 1:
        return lists[0]
    return np.unique(np.concatenate(lists)) if lists else NO_DOCS
