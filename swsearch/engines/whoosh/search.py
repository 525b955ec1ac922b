"""Bound nodes -> plan -> document numbers and scores.

`compile_plan` turns a bound tree into what the index can look up, and needs no index. `Snapshot` runs plans over the
segments of one generation: bigrams filter, match forms judge, weighted BM25 ranks.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter, neg
from typing import NamedTuple, Union

import numpy as np

from swsearch.engines.base import K1, SCORE_DIGITS, VARIANT_WEIGHT, B, Found, Sort, facet_rows
from swsearch.engines.whoosh.codec import PostingList
from swsearch.engines.whoosh.schema import AGENCY_FACET, PARTS_END, SOURCE_FACET, number_key
from swsearch.engines.whoosh.segment import (
    BY_SIZE,
    FEW,
    NO_DOCS,
    Counts,
    Docs,
    Floats,
    Mask,
    SegmentView,
)
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
from swsearch.text.match import units
from swsearch.text.near import near

FEW_COUNTED = 100
"""In so few documents every bigram is counted sooner than those are looked for in which it could be the rarest."""

_SCALE = 10.0**SCORE_DIGITS

LOOKUP_COST = 1
MOST_SHOWN = 1000
"""Hits whose places are remembered until the next query."""

# ---- plan --------------------------------------------------------------------------------------------------------
# Tuples: ten dataclasses would take a fiftieth of a cold start.


class Lookup(NamedTuple):
    """Articles that hold `form`: all its bigrams are looked up, rarest first, then the match form is asked,
    unless the bigrams alone decide (`exact`). A form of one unit is looked up by prefix."""

    form: str
    units: tuple[str, ...]
    title_only: bool = False

    @property
    def exact(self) -> bool:
        """Whether having the bigrams means having the form."""
        return len(self.units) <= 2 and not self.title_only


class Close(NamedTuple):
    """Articles with one of the lookups of every piece, all close together in one part."""

    pieces: tuple[tuple[Lookup, ...], ...]
    distance: int


class KeysIn(NamedTuple):
    """Articles with a key of `field` that is one of `keys`."""

    field: str
    keys: tuple[str, ...]


class KeysBetween(NamedTuple):
    """Articles with a key of `field` from `low` to `high`, both included."""

    field: str
    low: str | None
    high: str | None


class KeysWith(NamedTuple):
    """Articles with a key of `field` that contains one of `forms`."""

    field: str
    forms: tuple[str, ...]


class All(NamedTuple):
    """Articles that every part matches; without parts, every article."""

    parts: tuple[Plan, ...]


class OneOf(NamedTuple):
    """Articles that a part matches; without parts, none."""

    parts: tuple[Plan, ...]


class Minus(NamedTuple):
    """Articles that `part` does not match."""

    part: Plan


class Enough(NamedTuple):
    """Articles that two parts match or more, whose weights add up to `needed`."""

    parts: tuple[Plan, ...]
    weights: tuple[float, ...]
    needed: float


Plan = Union[Lookup, Close, KeysIn, KeysBetween, KeysWith, All, OneOf, Minus, Enough]


def compile_plan(node: BoundNode) -> Plan:
    """What the index looks up for `node`; nothing is read."""
    match node:
        case Contains(alternatives=()):
            return _lookup(node.form, node.title_only)
        case Contains():
            return OneOf(_lookups(node))
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
    return tuple([_lookup(form, node.title_only) for form in (node.form, *node.alternatives)])


def _lookup(form: str, title_only: bool) -> Lookup:
    return Lookup(form, tuple(units(form)), title_only)


def _key(value: int | str | None) -> str | None:
    return number_key(value) if isinstance(value, int) else value


Ranked = tuple[float, float, str, SegmentView, int]
"""First key of the order, −score, id, and where it is."""

_ORDER, _SCORE, _ID, _PLACE = itemgetter(0, 1, 2), itemgetter(1), itemgetter(2), itemgetter(3, 4)


# ---- running -----------------------------------------------------------------------------------------------------


class Snapshot:
    """The segments of one generation, and the statistics over their live articles."""

    def __init__(self, segments: Sequence[SegmentView]) -> None:
        self.segments = segments
        self.articles = sum(int(segment.articles.sum()) for segment in self.segments)
        self.notices = sum(int(segment.notices.sum()) for segment in self.segments)
        total = sum(float(segment.lengths[segment.articles].sum()) for segment in self.segments)
        # What a word of length adds to the shape of a document: k1 · b / mean L.
        self._per_word = K1 * B * self.articles / total if total else 0.0
        self._shapes: dict[SegmentView, Floats] = {}
        self._shown: dict[str, tuple[SegmentView, int]] = {}

    def df(self, form: str) -> int:
        """In how many live articles the rarest bigram of `form` occurs; of one unit, the unit."""
        return _df(form, units(form), [Asked(segment) for segment in self.segments])

    def search(
        self, bound: BoundNode, limit: int | None, offset: int, sort: Sort, notices: bool, facets: bool
    ) -> Found:
        """See Engine.search."""
        deadline = time.monotonic() + QUERY_SECONDS
        plan = compile_plan(bound)
        parts = plan.parts if isinstance(plan, All) else (plan,)
        held = PARTS_END.join([part.form for part in parts if isinstance(part, Lookup)])
        everywhere = [Asked(segment, held) for segment in self.segments]
        wanted: list[_Weighed] | None = None
        stop = None if limit is None else offset + limit
        total = 0
        ranked: list[Ranked] = []
        counted: list[tuple[SegmentView, Mask]] = []
        for asked in everywhere:
            segment = asked.segment
            docs = _run(plan, asked, notices, deadline)
            total += len(docs)
            if not len(docs):
                continue
            if wanted is None:
                wanted = [_Weighed(term, self.articles, everywhere) for term in terms(bound)]
                wanted.sort(key=lambda one: len(one.form))  # what is counted for words need not be for chunks
            factors = np.array([one.factor for one in wanted])[:, np.newaxis]
            scores = _rounded(np.add.reduce(factors * self._saturated(wanted, asked, docs)))
            ranked += _best(segment, docs, scores, sort, stop)
            if facets:
                counted.append((segment, segment.mask(docs) & segment.articles))
        if len(everywhere) > 1:
            ranked.sort(key=_ORDER)
        shown = ranked[offset:stop]
        ids = list(map(_ID, shown))
        # What was found is mostly shown next.
        self._shown = dict(zip(ids, map(_PLACE, shown), strict=True)) if len(shown) <= MOST_SHOWN else {}
        hits = tuple(zip(ids, map(neg, map(_SCORE, shown)), strict=True))
        return Found(total, hits, _facets(counted) if facets else {})

    def find(self, id: str) -> tuple[SegmentView, int]:
        """Where an article or notice is. Raises KeyError."""
        if id in self._shown:
            return self._shown[id]
        for segment in self.segments:
            for doc in segment.with_key("id", id).tolist():
                if segment.live[doc]:
                    return segment, doc
        raise KeyError(id)

    def scores(self, bound: BoundNode, id: str) -> tuple[tuple[str, float], ...]:
        """What each term gives to the score of one article."""
        segment, doc = self.find(id)
        docs = np.array([doc], dtype=np.uint16)
        everywhere = [Asked(one) for one in self.segments]
        asked = everywhere[self.segments.index(segment)]
        wanted = [_Weighed(term, self.articles, everywhere) for term in terms(bound)]
        parts = self._saturated(wanted, asked, docs)[:, 0].tolist()
        return tuple((one.form, one.factor * part) for one, part in zip(wanted, parts, strict=True))

    def _saturated(self, wanted: Sequence[_Weighed], asked: Asked, docs: Docs) -> Floats:
        """How near each term, a row each, comes in each document to counting most, n / (n + shape): 0 without it."""
        known: dict[PostingList, Counts] = {}
        counts = [row for one in wanted for row in one.counts(asked, docs, known)]
        every = np.empty((len(counts), len(docs)))
        for at, row in enumerate(counts):
            every[at] = row
        # Not the operator @: threads of BLAS would wait for each other longer than this takes.
        n: Floats = np.einsum("tc,cd->td", _matrix(tuple([one.weights for one in wanted])), every)
        return n / (n + self._shape(asked.segment)[docs])

    def _shape(self, segment: SegmentView) -> Floats:
        """k1 · (1 − b + b · L / mean L) of each document, which is more than 0."""
        shape = self._shapes.get(segment)
        if shape is None:
            shape = self._shapes[segment] = segment.lengths * self._per_word + K1 * (1 - B)
        return shape


class Asked:
    """A segment under one query, which asks for the same forms and bigrams to find, to weigh and to count."""

    def __init__(self, segment: SegmentView, held: str = "") -> None:
        """`held` are the forms that every document which is scored holds, joined by PARTS_END."""
        self.segment, self.held = segment, held

    def df(self, form: str, units: Sequence[str]) -> int:
        """In how many live articles the rarest bigram of `form` occurs; of a single unit, the unit."""
        segment = self.segment
        if len(units) == 1:
            return len(segment.among(segment.unit_docs(form), segment.articles))
        if segment.articles_only:
            return segment.lists(form)[0].size
        return min([int(np.count_nonzero(segment.articles[one.docs])) for one in segment.lists(form)])

    def holding(self, lookups: Sequence[Lookup], wanted: Mask) -> Docs:
        """Those of `wanted` that have the bigrams of all `lookups`: all that hold their forms, perhaps others too."""
        segment = self.segment
        if len(lookups) == 1 and len(lookups[0].units) > 1:
            return segment.common(segment.lists(lookups[0].form), wanted)
        lists = {one for form, units, _ in lookups if len(units) > 1 for one in segment.lists(form)}
        single = [segment.unit_docs(form) for form, units, _ in lookups if len(units) == 1]
        docs = segment.common(sorted(lists, key=BY_SIZE), wanted) if lists else segment.among(single.pop(), wanted)
        for having in single:
            docs = docs[segment.mask(having)[docs]]
        return docs

    def rarest_first(self, lookup: Lookup) -> Iterator[tuple[PostingList, int]]:
        """The postings of each bigram of a form, rare ones first, and where in it, in UTF-16 units, it begins."""
        units = lookup.units
        lists = list(map(self.segment.postings, units, units[1:]))
        for at in sorted(range(len(lists)), key=[one.size for one in lists].__getitem__):
            yield lists[at], len("".join(units[:at]).encode("utf-16-le", "surrogatepass")) // 2

    def occurrences(
        self, form: str, units: Sequence[str], docs: Docs, known: dict[PostingList, Counts]
    ) -> Counts | Floats:
        """The least count among the bigrams of `units` in each of `docs`; of a single unit, the sum of its counts.

        `known` keeps the counts of bigrams in these documents, for the terms that share them.
        """
        segment = self.segment
        if len(units) == 1:
            return segment.unit_counts(form, docs)
        all_hold = form in self.held
        least: Counts | None = None
        for having in segment.lists(form):
            counts = known.get(having)
            if counts is None:
                if all_hold and least is not None:  # then a count of 1 is the least that there can be
                    if least.max() == 1:
                        break
                    if len(docs) > FEW_COUNTED and 2 * len(more := np.flatnonzero(least > 1)) < len(docs):
                        least = least.copy()
                        least[more] = np.minimum(least[more], segment.counts(having, docs[more], all_hold))
                        continue
                counts = known[having] = segment.counts(having, docs, all_hold)
            least = counts if least is None else np.minimum(least, counts)
        assert least is not None
        return least


def _df(form: str, parts: Sequence[str], everywhere: Sequence[Asked]) -> int:
    """In how many live articles of all segments the rarest bigram occurs."""
    if len(everywhere) == 1:
        return everywhere[0].df(form, parts)
    if len(parts) == 1:
        return sum([asked.df(form, parts) for asked in everywhere])
    bigrams = itertools.pairwise(parts)
    return min([sum([asked.df("".join(bigram), bigram) for asked in everywhere]) for bigram in bigrams])


class _Weighed:
    """A ranking term with its forms cut into units, what their counts weigh, and what saturation is multiplied by: the
    formula of docs/ranking.md."""

    def __init__(self, term: Term, articles: int, everywhere: Sequence[Asked]) -> None:
        self.form, self._is_word, variants = term
        parts = units(self.form)
        self._forms = [(self.form, parts)]
        self.weights: tuple[float, ...] = (0.5, 0.5) if self._is_word else (1.0,)
        df = _df(self.form, parts, everywhere)
        for form in variants:
            parts = units(form)
            self._forms.append((form, parts))
            df = max(df, _df(form, parts, everywhere))
        if variants:
            self.weights += tuple([VARIANT_WEIGHT * weight for weight in self.weights]) * len(variants)
        self.factor = math.log(1 + (articles - df + 0.5) / (df + 0.5)) * (K1 + 1)

    def counts(self, asked: Asked, docs: Docs, known: dict[PostingList, Counts]) -> Iterator[Counts | Floats]:
        """How often each form occurs in each of `docs`; of a word also how often it is a token."""
        segment = asked.segment
        for form, parts in self._forms:
            yield asked.occurrences(form, parts, docs, known)
            if self._is_word:
                yield segment.counts(segment.word_postings(form), docs, False)


@lru_cache(64)
def _matrix(weights: tuple[tuple[float, ...], ...]) -> Floats:
    """What the counts of all terms, one after the other, weigh in each of them: 0 in the others."""
    matrix, at = np.zeros((len(weights), sum(map(len, weights)))), 0
    for row, own in enumerate(weights):
        matrix[row, at : at + len(own)] = own
        at += len(own)
    return matrix


def _rounded(scores: Floats) -> Floats:
    """To SCORE_DIGITS, as NumPy rounds, in a third of the time."""
    rounded: Floats = np.rint(scores * _SCALE) / _SCALE
    return rounded


def _best(segment: SegmentView, docs: Docs, scores: Floats, sort: Sort, stop: int | None) -> list[Ranked]:
    """(first key, −score, id, and where it is) of the best `stop` documents in order.

    The first key is 0 unless the order is by year or date.
    """
    first: Iterable[int] = itertools.repeat(0)
    if sort == "relevance":
        if stop is not None and len(docs) > 4 * stop:
            least = np.partition(scores, -stop)[-stop] if stop else math.inf
            kept = scores >= least
            docs, scores = docs[kept], scores[kept]
    else:
        values = segment.numbers(sort)[docs]
        values = np.where(values < 0, 1, -values)
        order = np.lexsort((segment.id_order[docs], -scores, values))[:stop]
        docs, scores, first = docs[order], scores[order], values[order].tolist()
    columns = (first, (-scores).tolist(), segment.id_order[docs].tolist(), docs.tolist())
    best = sorted(zip(*columns, strict=False))[:stop]
    if not best:
        return []
    keys, ordered, places, numbers = zip(*best, strict=True)
    return list(zip(keys, ordered, segment.ids(places), itertools.repeat(segment), numbers, strict=False))


def _facets(counted: Sequence[tuple[SegmentView, Mask]]) -> Facets:
    def counts(field: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for segment, among in counted:
            total.update(dict(segment.count_values(field, among)))
        return total

    years = Counter({int(year): count for year, count in counts("year").items()})
    return facet_rows(counts("region"), years, counts(AGENCY_FACET), counts(SOURCE_FACET))


def _run(plan: Plan, asked: Asked, notices: bool, deadline: float) -> Docs:
    segment = asked.segment
    try:
        return run(plan, asked, segment.articles | segment.notices if notices else segment.articles, deadline)
    except TimeoutError:
        raise QueryError(f"the query was stopped after {QUERY_SECONDS:g} seconds: make it more specific") from None


def run(plan: Plan, asked: Asked, among: Mask, deadline: float = math.inf) -> Docs:
    """Those of `among`, ascending, that match `plan`. Raises TimeoutError after the deadline."""
    segment = asked.segment
    match plan:
        case Lookup():
            return _all_lookups((plan,), asked, among, deadline)
        case Close(pieces=pieces, distance=distance):
            for piece in pieces:
                among = segment.mask(run(OneOf(piece), asked, among, deadline))
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
        case All(parts=plans):
            return _all(plans, asked, among, deadline)
        case OneOf(parts=plans):
            return _union([run(part, asked, among, deadline) for part in plans])
        case Minus(part=part):
            return np.flatnonzero(among & ~segment.mask(run(part, asked, among, deadline))).astype(np.uint16)
        case Enough(parts=plans, weights=weights, needed=needed):
            number, weight = np.zeros(segment.size), np.zeros(segment.size)
            for part, own in zip(plans, weights, strict=True):
                docs = run(part, asked, among, deadline)
                number[docs] += 1
                weight[docs] += own
            return np.flatnonzero((number >= 2) & (weight >= needed)).astype(np.uint16)


def _all(plans: Sequence[Plan], asked: Asked, among: Mask, deadline: float) -> Docs:
    """Those that match every one of `plans`: cheap and selective ones are asked first, the others of what is left."""
    lookups = [plan for plan in plans if isinstance(plan, Lookup)]
    others = sorted((plan for plan in plans if not isinstance(plan, Lookup)), key=_cost)
    docs: Docs | None = None
    for plan in others:
        if docs is None and lookups and _cost(plan) > LOOKUP_COST:
            docs, lookups = _all_lookups(lookups, asked, among, deadline), []
            among = asked.segment.mask(docs)
        docs = run(plan, asked, among, deadline)
        if not len(docs):
            return docs
        among = asked.segment.mask(docs)
    if lookups:
        return _all_lookups(lookups, asked, among, deadline)
    return np.flatnonzero(among).astype(np.uint16) if docs is None else docs


def _all_lookups(lookups: Sequence[Lookup], asked: Asked, among: Mask, deadline: float) -> Docs:
    """Those that hold every form: what has the bigrams of all is judged form by form."""
    docs = asked.holding(lookups, among)
    # Of few documents not every bigram was looked up.
    sure = len(lookups) == 1 or len(docs) > FEW
    for lookup in lookups:
        if not len(docs):
            break
        if lookup.title_only:
            docs = asked.segment.with_title(docs, lookup.form)
        elif not (lookup.exact and (sure or len(lookup.units) == 1)):
            docs = asked.segment.judged(docs, lookup.form, asked.rarest_first(lookup), deadline)
    return docs


def _cost(plan: Plan) -> int:
    """Keys before lookups (LOOKUP_COST), judging and subtracting last."""
    match plan:
        case KeysIn() | KeysBetween() | KeysWith():
            return 0
        case Close() | Minus():
            return 4
        case _:
            return 3


def _of(docs: Docs, among: Mask) -> Docs:
    return docs[among[docs]]


def _union(lists: Sequence[Docs]) -> Docs:
    if len(lists) == 1:
        return lists[0]
    return np.unique(np.concatenate(lists)) if lists else NO_DOCS
