"""Bound nodes -> plan -> document numbers and scores.

`compile_plan` turns a bound tree into what the index can look up, and needs no index. `Snapshot` runs plans over the
segments of one generation: bigrams filter, match forms judge, weighted BM25 ranks.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, Union

import numpy as np

from swsearch.engines.base import K1, SCORE_DIGITS, VARIANT_WEIGHT, B, Found, Sort, facet_rows
from swsearch.engines.whoosh.schema import AGENCY_FACET, SOURCE_FACET, number_key
from swsearch.engines.whoosh.segment import (
    FEW,
    FEW_JUDGED,
    NO_DOCS,
    NO_POSTINGS,
    Counts,
    Docs,
    Floats,
    Mask,
    Postings,
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

FEW_HITS = 16
"""So few are sooner scored and sorted one by one than by arrays."""

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
    forms = (node.form, *node.alternatives)
    return tuple([Lookup(form, tuple(units(form)), node.title_only) for form in forms])


def _key(value: int | str | None) -> str | None:
    return number_key(value) if isinstance(value, int) else value


Ranked = tuple[float, float, str, SegmentView, int]
"""First key of the order, −score, id, and where it is."""


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
        held = [part.form for part in (plan.parts if isinstance(plan, All) else (plan,)) if isinstance(part, Lookup)]
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
            if len(docs) <= FEW_HITS and sort == "relevance":
                few: list[int] = docs.tolist()
                ranked += _by_relevance(segment, few, self._few_scores(wanted, asked, few), stop)
            else:
                ranked += _best(segment, docs, self._scores(wanted, asked, docs), sort, stop)
            if facets:
                counted.append((segment, segment.mask(docs) & segment.articles))
        if len(everywhere) > 1:
            ranked.sort(key=itemgetter(0, 1, 2))
        shown = ranked[offset:stop]
        # What was found is mostly shown next.
        self._shown = {id: (segment, doc) for _, _, id, segment, doc in shown} if len(shown) <= MOST_SHOWN else {}
        return Found(total, tuple((one[2], -one[1]) for one in shown), _facets(counted) if facets else {})

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
        shape = self._shape(segment, docs)
        weighed = (_Weighed(term, self.articles, everywhere) for term in terms(bound))
        return tuple((one.form, float(one.score(asked, docs, shape, {})[0])) for one in weighed)

    def _scores(self, wanted: Sequence[_Weighed], asked: Asked, docs: Docs) -> Floats:
        if not wanted:
            return np.zeros(len(docs))
        shape = self._shape(asked.segment, docs)
        known: dict[Postings, Counts] = {}
        scores = wanted[0].score(asked, docs, shape, known)
        for one in wanted[1:]:
            scores += one.score(asked, docs, shape, known)
        return scores.round(SCORE_DIGITS)

    def _few_scores(self, wanted: Sequence[_Weighed], asked: Asked, docs: Sequence[int]) -> list[float]:
        """`_scores` of few documents: a call to NumPy takes as long as ten of them."""
        length = asked.segment.length
        shape = [length(doc) * self._per_word + K1 * (1 - B) for doc in docs]
        known: dict[Postings, list[int]] = {}
        parts = [one.few(asked, docs, shape, known) for one in wanted]
        scores = map(sum, zip(*parts, strict=True)) if parts else itertools.repeat(0.0, len(docs))
        return [round(score, SCORE_DIGITS) for score in scores]

    def _shape(self, segment: SegmentView, docs: Docs) -> Floats:
        """k1 · (1 − b + b · L / mean L), which is more than 0."""
        lengths: Floats = segment.lengths[docs]
        return lengths * self._per_word + K1 * (1 - B)


class Asked:
    """A segment under one query, which asks for the same forms and bigrams to find, to weigh and to count."""

    def __init__(self, segment: SegmentView, held: Sequence[str] = ()) -> None:
        """`held` are forms that every document which is scored holds."""
        self.segment, self.held = segment, held
        self._known: dict[tuple[str, str], Postings] = {}
        self._of_form: dict[str, list[Postings]] = {}

    def postings(self, form: str, units: Sequence[str]) -> list[Postings]:
        """Where the postings of each bigram of `form` are, which has these `units`."""
        found = self._of_form.get(form)
        if found is None:
            known, read = self._known, self.segment.postings
            bigrams = list(itertools.pairwise(units))
            for bigram in bigrams:
                if bigram not in known:
                    known[bigram] = read(*bigram)
            found = self._of_form[form] = [known[bigram] for bigram in bigrams]
        return found

    def df(self, form: str, units: Sequence[str]) -> list[int]:
        """In how many live articles each bigram of `form` occurs; of a single unit, the unit."""
        segment = self.segment
        if len(units) == 1:
            return [len(segment.among(segment.unit_docs(form), segment.articles))]
        lists = self.postings(form, units)
        if segment.articles_only:
            return [stop - start for start, stop in lists]
        return [int(np.count_nonzero(segment.articles[segment.docs(where)])) for where in lists]

    def holding(self, lookups: Sequence[Lookup], wanted: Mask) -> Docs:
        """Those of `wanted` that have the bigrams of all `lookups`: all that hold their forms, perhaps others too."""
        segment = self.segment
        lists = [where for form, units, _ in lookups if len(units) > 1 for where in self.postings(form, units)]
        if NO_POSTINGS in lists:
            return NO_DOCS
        single = [segment.unit_docs(form) for form, units, _ in lookups if len(units) == 1]
        docs = segment.common(lists, wanted) if lists else segment.among(single.pop(), wanted)
        for having in single:
            docs = docs[segment.mask(having)[docs]]
        return docs

    def rarest(self, lookup: Lookup) -> int:
        """Where in a form its rarest bigram begins."""
        if len(lookup.units) == 1:
            return 0
        sizes = [stop - start for start, stop in self.postings(lookup.form, lookup.units)]
        return sum(map(len, lookup.units[: sizes.index(min(sizes))]))

    def occurrences(
        self, form: str, units: Sequence[str], docs: Docs, known: dict[Postings, Counts]
    ) -> Counts | Floats:
        """The least count among the bigrams of `units` in each of `docs`; of a single unit, the sum of its counts.

        `known` keeps the counts of bigrams in these documents, for the terms that share them.
        """
        if len(units) == 1:
            return self.segment.unit_counts(units[0], docs)
        lists, all_hold = self._to_count(form, units, known)
        if NO_POSTINGS in lists:
            return np.zeros(len(docs), np.uint8)
        least: Counts | None = None
        for where in lists:
            counts = known.get(where)
            if counts is None and least is not None and all_hold:
                more = np.flatnonzero(least > 1)
                if not len(more):
                    break
                if 2 * len(more) < len(docs):
                    least = least.copy()
                    least[more] = np.minimum(least[more], self.segment.counts(where, docs[more], all_hold))
                    continue
            if counts is None:
                counts = known[where] = self.segment.counts(where, docs, all_hold)
            least = counts if least is None else np.minimum(least, counts)
        assert least is not None
        return least

    def few_occurrences(
        self, form: str, units: Sequence[str], docs: Sequence[int], known: dict[Postings, list[int]]
    ) -> Sequence[float]:
        """`occurrences` in few documents."""
        if len(units) == 1:
            found: list[float] = self.segment.unit_counts(units[0], np.array(docs, dtype=np.uint16)).tolist()
            return found
        lists, all_hold = self._to_count(form, units, known)
        if NO_POSTINGS in lists:
            return [0] * len(docs)
        least: list[int] = []
        for where in lists:
            counts = known.get(where)
            if counts is None:
                if least and all_hold and max(least) == 1:
                    break
                counts = known[where] = self.segment.each(where, docs)
            least = list(map(min, least, counts)) if least else counts
        return least

    def _to_count(
        self, form: str, units: Sequence[str], known: Mapping[Postings, object]
    ) -> tuple[list[Postings], bool]:
        """The postings of the bigrams of a form, those that are known and the short ones first; and whether all
        documents hold the form: then a count of 1 is the least that there can be."""
        lists = sorted(self.postings(form, units), key=lambda where: (where not in known, where[1] - where[0]))
        return lists, any(form in held for held in self.held)


def _df(form: str, parts: Sequence[str], everywhere: Sequence[Asked]) -> int:
    found = [asked.df(form, parts) for asked in everywhere]
    if len(found) == 1:
        return min(found[0])
    return min(map(sum, zip(*found, strict=True))) if found else 0


class _Weighed:
    """A ranking term with its forms cut into units and its idf: the formula of docs/ranking.md."""

    def __init__(self, term: Term, articles: int, everywhere: Sequence[Asked]) -> None:
        self.form, self._is_word = term.form, term.is_word
        self._forms = [(form, units(form)) for form in (term.form, *term.alternatives)]
        df = max(_df(form, parts, everywhere) for form, parts in self._forms)
        self._idf = math.log(1 + (articles - df + 0.5) / (df + 0.5))

    def score(self, asked: Asked, docs: Docs, shape: Floats, known: dict[Postings, Counts]) -> Floats:
        """What the term gives to the score of each of `docs`; 0 where it does not occur."""
        n = self._n(0, asked, docs, known)
        for at in range(1, len(self._forms)):
            n = n + VARIANT_WEIGHT * self._n(at, asked, docs, known)
        scores: Floats = n * (self._idf * (K1 + 1)) / (n + shape)
        return scores

    def few(
        self, asked: Asked, docs: Sequence[int], shape: Sequence[float], known: dict[Postings, list[int]]
    ) -> list[float]:
        """`score` of few documents."""
        n = self._few_n(0, asked, docs, known)
        for at in range(1, len(self._forms)):
            n = [a + VARIANT_WEIGHT * b for a, b in zip(n, self._few_n(at, asked, docs, known), strict=True)]
        factor = self._idf * (K1 + 1)
        return [factor * one / (one + own) for one, own in zip(n, shape, strict=True)]

    def _few_n(self, at: int, asked: Asked, docs: Sequence[int], known: dict[Postings, list[int]]) -> Sequence[float]:
        form, parts = self._forms[at]
        found = asked.few_occurrences(form, parts, docs, known)
        if self._is_word:
            return [(a + b) / 2 for a, b in zip(found, asked.segment.each_tokens(form, docs), strict=True)]
        return found

    def _n(self, at: int, asked: Asked, docs: Docs, known: dict[Postings, Counts]) -> Floats:
        form, parts = self._forms[at]
        found = asked.occurrences(form, parts, docs, known)
        if self._is_word:
            halves: Floats = np.add(found, asked.segment.tokens(form, docs), dtype=np.float64) * 0.5
            return halves
        return found.astype(np.float64)


def _by_relevance(segment: SegmentView, docs: Sequence[int], scores: Sequence[float], stop: int | None) -> list[Ranked]:
    """`_best` by relevance, of documents that may well be shown."""
    places = segment.each_id_order
    ordered = sorted(zip([-score for score in scores], [places[doc] for doc in docs], docs, strict=True))
    return [(0, score, segment.id(doc), segment, doc) for score, _, doc in ordered[:stop]]


def _best(segment: SegmentView, docs: Docs, scores: Floats, sort: Sort, stop: int | None) -> list[Ranked]:
    """(first key, −score, id, and where it is) of the best `stop` documents in order.

    The first key is 0 unless the order is by year or date.
    """
    if sort == "relevance":
        if stop is not None and len(docs) > 4 * stop:
            least = np.partition(scores, -stop)[-stop] if stop else math.inf
            kept = scores >= least
            docs, scores = docs[kept], scores[kept]
        return _by_relevance(segment, docs.tolist(), scores.tolist(), stop)
    scores = -scores
    values = segment.numbers(sort)[docs]
    first = np.where(values < 0, 1, -values)
    order = np.lexsort((segment.id_order[docs], scores, first))[:stop]
    docs = docs[order]
    return [
        (key, score, segment.id(doc), segment, doc)
        for key, score, doc in zip(first[order].tolist(), scores[order].tolist(), docs.tolist(), strict=True)
    ]


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
        if sure and lookup.exact:
            continue
        if lookup.title_only:
            docs = asked.segment.with_title(docs, lookup.form)
        else:
            rare = asked.rarest(lookup) if len(docs) > FEW_JUDGED else 0
            docs = asked.segment.judged(docs, lookup.form, rare, deadline)
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
