"""One generation of the index, asked: statistics, proximity, pages of hits, facets."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swsearch.engines.base import SCORE_DIGITS, Found, Meta, Record, Sort, facet_rows
from swsearch.engines.opensearch import compile as compiled
from swsearch.engines.opensearch.client import Answer, Cluster
from swsearch.engines.opensearch.schema import ARTICLE, META, META_ID, NOTICE, clean, read_meta, read_record
from swsearch.errors import EngineError, IndexMissing, QueryError
from swsearch.query.bind import terms
from swsearch.query.nodes import AllOf, AnyOf, BoundNode, Except, Term, Weigh, Within
from swsearch.records import Article, Facets
from swsearch.settings import QUERY_SECONDS
from swsearch.text.match import match_form
from swsearch.text.near import near

WINDOW = 10_000
"""From and size reach no further (index.max_result_window); beyond it there are pages of a point in time."""

PAGE = 5_000
KEEP_ALIVE = "2m"
"""A point in time whose reader died is dropped by the cluster after this."""

FACET_VALUES = 10_000
"""A facet with more values is read again, page by page."""

KNOWN_TOKENS = 50_000
"""How many document frequencies a generation remembers: they cannot change."""


@dataclass(frozen=True)
class View:
    """The index behind the alias when it was looked at, and what is counted of it once."""

    index: str
    generation: int
    articles: int
    notices: int
    mean_length: float
    meta: Meta | None


def look(cluster: Cluster, index: str, generation: int) -> View:
    """The numbers of one generation, in one request."""
    body = {
        "size": 1,
        "query": {"terms": {"kind": [ARTICLE, NOTICE, META]}},
        "post_filter": {"term": {"kind": META}},
        "aggs": {
            "kinds": {"terms": {"field": "kind"}},
            "length": {"filter": {"term": {"kind": ARTICLE}}, "aggs": {"sum": {"sum": {"field": "length"}}}},
        },
        "_source": ["record"],
    }
    told = cluster.search(index, body)
    kinds = {row["key"]: row["doc_count"] for row in told["aggregations"]["kinds"]["buckets"]}
    hits = told["hits"]["hits"]
    articles = kinds.get(ARTICLE, 0)
    total = told["aggregations"]["length"]["sum"]["value"]
    return View(
        index=index,
        generation=generation,
        articles=articles,
        notices=kinds.get(NOTICE, 0),
        mean_length=total / articles if articles else 0.0,
        meta=read_meta(hits[0]["_source"]["record"]) if hits and hits[0]["_id"] == META_ID else None,
    )


class Reader:
    """Queries on one view. Safe to share between threads."""

    def __init__(self, cluster: Cluster, view: View) -> None:
        self.view = view
        self._cluster = cluster
        self._known: dict[str, int] = {}
        self._guard = threading.Lock()

    # ---- statistics

    def df(self, form: str) -> int:
        """See Engine.df."""
        tokens = compiled.statistics_tokens(form)
        known = self._counts(tokens, time.monotonic() + QUERY_SECONDS)
        return min(known[one] for one in tokens)

    def _counts(self, tokens: Sequence[str], deadline: float) -> Mapping[str, int]:
        """In how many articles each token occurs."""
        with self._guard:
            known = {one: self._known[one] for one in tokens if one in self._known}
        asked = list(dict.fromkeys(one for one in tokens if one not in known))
        for at in range(0, len(asked), 500):
            some = asked[at : at + 500]
            told = self._cluster.search(self.view.index, compiled.statistics_body(some), deadline=deadline)
            buckets = told["aggregations"]["df"]["buckets"]
            known |= {one: buckets[str(number)]["doc_count"] for number, one in enumerate(some)}
        with self._guard:
            if len(self._known) + len(asked) > KNOWN_TOKENS:
                self._known.clear()
            self._known.update((one, known[one]) for one in asked)
        return known

    def _weighed(self, bound: BoundNode, deadline: float) -> list[tuple[Term, float]]:
        """The ranking terms with their idf."""
        wanted = terms(bound)
        forms = {form: compiled.statistics_tokens(form) for term in wanted for form in (term.form, *term.alternatives)}
        known = self._counts([one for tokens in forms.values() for one in tokens], deadline) if forms else {}

        def idf(term: Term) -> float:
            df = max(min(known[one] for one in forms[form]) for form in (term.form, *term.alternatives))
            return math.log(1 + (self.view.articles - df + 0.5) / (df + 0.5))

        return [(term, idf(term)) for term in wanted]

    # ---- searching

    def search(
        self, bound: BoundNode, limit: int | None, offset: int, sort: Sort, notices: bool, facets: bool
    ) -> tuple[Found, PointInTime | None]:
        """See Engine.search; for more hits than one answer can hold also the point in time they are of."""
        deadline = time.monotonic() + QUERY_SECONDS
        body = self.body(bound, sort, notices, deadline)
        if facets:
            body["aggs"] = compiled.facet_body(FACET_VALUES)
        stop = WINDOW if limit is None else offset + limit
        if stop <= WINDOW:
            start = min(offset, WINDOW)
            told = self._cluster.search(
                self.view.index, {**body, "from": start, "size": max(0, stop - start)}, deadline=deadline
            )
            total = told["hits"]["total"]["value"]
            if limit is not None or total <= WINDOW:
                hits = told["hits"]["hits"]
                return Found(total, _hits(hits), self._facets(told, body, deadline) if facets else {}), None
        return self._far(body, limit, offset, facets)

    def body(self, bound: BoundNode, sort: Sort, notices: bool, deadline: float) -> compiled.Body:
        """What is sent to the cluster for `bound`; proximity is resolved on the way."""
        resolved = self._resolve(bound, notices, deadline)
        query = compiled.compile_query(bound, notices=notices, resolved=resolved)
        return {
            "query": compiled.scored(query, self._weighed(bound, deadline), self.view.mean_length),
            "sort": compiled.order(sort),
            "track_scores": True,
            "track_total_hits": True,
            "stored_fields": "_none_",  # the id comes with the sort values
        }

    def _far(self, body: compiled.Body, limit: int | None, offset: int, facets: bool) -> tuple[Found, PointInTime]:
        """All hits, page by page, of one point in time: a rebuild meanwhile changes nothing. Each page has the time of
        a query."""
        point = PointInTime(self._cluster, self.view.index)
        try:
            found: list[tuple[str, float]] = []
            first: Answer | None = None
            for page in point.pages(body, PAGE):
                first = first or page
                found += _hits(page["hits"]["hits"])
                if limit is not None and len(found) >= offset + limit:
                    break
            assert first is not None
            counted = self._facets(first, body, time.monotonic() + QUERY_SECONDS) if facets else {}
            stop = None if limit is None else offset + limit
            return Found(first["hits"]["total"]["value"], tuple(found[offset:stop]), counted), point
        except BaseException:
            point.close()
            raise

    def parts(self, bound: BoundNode, id: str) -> tuple[tuple[str, float], ...]:
        """What each term gives to the score of one article."""
        deadline = time.monotonic() + QUERY_SECONDS
        query = {"term": {"id": clean(id)}}
        out = []
        for term, idf in self._weighed(bound, deadline):
            body = {"query": compiled.scored(query, [(term, idf)], self.view.mean_length), "size": 1, "_source": False}
            hits = self._cluster.search(self.view.index, body, deadline=deadline)["hits"]["hits"]
            if not hits:
                raise KeyError(id)
            out.append((term.form, float(hits[0]["_score"])))
        return tuple(out)

    # ---- proximity

    def _resolve(self, bound: BoundNode, notices: bool, deadline: float) -> dict[Within, list[str]]:
        """The ids that each Within of the tree matches: those that have all pieces are read and judged."""
        besides: dict[Within, list[BoundNode]] = {}
        for node, beside in _proximities(bound, ()):
            besides.setdefault(node, []).append(AllOf(beside))
        return {
            node: self._judged(
                node, compiled.compile_query(AllOf((AnyOf(tuple(places)), *node.pieces)), notices=notices), deadline
            )
            for node, places in besides.items()
        }

    def _judged(self, node: Within, query: compiled.Body, deadline: float) -> list[str]:
        forms = [[piece.form, *piece.alternatives] for piece in node.pieces]
        kept = []
        point = PointInTime(self._cluster, self.view.index)
        try:
            body = {"query": query, "sort": [{"id": "asc"}], "_source": ["record"], "track_total_hits": False}
            for page in point.pages(body, 500):
                for hit in page["hits"]["hits"]:
                    record = read_record(hit["_source"]["record"])
                    if any(near(part, forms, node.distance) for part in _parts(record)):
                        kept.append(hit["sort"][0])
                if time.monotonic() > deadline:
                    raise QueryError(f"the query was stopped after {QUERY_SECONDS:g} seconds: make it more specific")
        finally:
            point.close()
        return kept

    # ---- facets

    def _facets(self, told: Answer, body: compiled.Body, deadline: float) -> Facets:
        among = told["aggregations"]["facets"]
        counts: dict[str, Counter[Any]] = {}
        for name, field in compiled.FACETS.items():
            if among[name]["sum_other_doc_count"] or among[name]["doc_count_error_upper_bound"]:
                counts[name] = self._all_values(field, body, deadline)
            else:
                counts[name] = Counter({row["key"]: row["doc_count"] for row in among[name]["buckets"]})
        return facet_rows(counts["region"], counts["year"], counts["agency"], counts["source"])

    def _all_values(self, field: str, body: compiled.Body, deadline: float) -> Counter[Any]:
        """Counts of a field with very many values, a page at a time."""
        counts: Counter[Any] = Counter()
        query = {"bool": {"filter": [body["query"], {"term": {"kind": ARTICLE}}]}}
        composite: dict[str, Any] = {"size": FACET_VALUES, "sources": [{"value": {"terms": {"field": field}}}]}
        while True:
            asked = {"size": 0, "query": query, "aggs": {"values": {"composite": composite}}}
            values = self._cluster.search(self.view.index, asked, deadline=deadline)["aggregations"]["values"]
            counts.update({row["key"]["value"]: row["doc_count"] for row in values["buckets"]})
            if "after_key" not in values:
                return counts
            composite = {**composite, "after": values["after_key"]}

    # ---- records

    def every(self, query: compiled.Body, sort: str) -> Iterator[Any]:
        """The stored records of all documents that match, in the order of `sort`."""
        point = PointInTime(self._cluster, self.view.index)
        try:
            body = {"query": query, "sort": [{sort: "asc"}], "_source": ["record"], "track_total_hits": False}
            for page in point.pages(body, 1000):
                for hit in page["hits"]["hits"]:
                    yield hit["_source"]["record"]
        finally:
            point.close()


class PointInTime:
    """An index as it is at this moment, for as long as it is asked; a rebuild does not drop what is being read."""

    def __init__(self, cluster: Cluster, index: str) -> None:
        self._cluster = cluster
        told = cluster.ask(
            "POST",
            f"/{index}/_search/point_in_time",
            keep_alive=KEEP_ALIVE,
            allow_partial_pit_creation=False,
            timeout_s=QUERY_SECONDS,
        )
        cluster.whole(told)
        self._id: str | None = told["pit_id"]

    def search(self, body: Mapping[str, Any]) -> Answer:
        """One page. Raises EngineError when the point in time is gone."""
        assert self._id is not None
        try:
            told = self._cluster.search(None, {**body, "pit": {"id": self._id, "keep_alive": KEEP_ALIVE}})
        except IndexMissing as error:
            raise EngineError(
                "the generation that was being read is gone (a node was restarted, or the index deleted): ask again",
                compiled.ENGINE,
            ) from error
        self._id = told.get("pit_id", self._id)
        return told

    def pages(self, body: Mapping[str, Any], size: int) -> Iterator[Answer]:
        """Pages of `size` until there are no more hits; at least one."""
        asked = {**body, "size": size}
        while True:
            told = self.search(asked)
            yield told
            hits = told["hits"]["hits"]
            if len(hits) < size:
                return
            asked = {name: part for name, part in asked.items() if name != "aggs"}
            asked["search_after"] = hits[-1]["sort"]

    def close(self) -> None:
        """Let the cluster forget it; it does so by itself when this fails."""
        if self._id is not None:
            id, self._id = self._id, None
            try:
                self._cluster.ask("DELETE", "/_search/point_in_time", {"pit_id": [id]}, timeout_s=5)
            except (EngineError, IndexMissing):
                return


def _hits(hits: Sequence[Any]) -> tuple[tuple[str, float], ...]:
    """(id, score); scores come in single precision."""
    return tuple((hit["sort"][-1], round(float(hit["_score"]), SCORE_DIGITS)) for hit in hits)


def _parts(record: Record) -> list[str]:
    """The match forms of the title and of each paragraph."""
    if isinstance(record, Article):
        texts: tuple[str, ...] = (record.title.replace("\n", " "), *record.paragraphs)
    else:
        texts = (record.text,)
    return [form for text in texts for line in text.split("\n") if (form := match_form(line))]


def _proximities(node: BoundNode, beside: tuple[BoundNode, ...]) -> Iterator[tuple[Within, tuple[BoundNode, ...]]]:
    """Each Within of a tree, with what an article must match besides to match the tree at all."""
    match node:
        case Within():
            yield node, beside
        case AllOf(nodes=nodes):
            plain = tuple(child for child in nodes if not _has_proximity(child))
            for child in nodes:
                yield from _proximities(child, (*beside, *plain))
        case AnyOf(nodes=nodes) | Weigh(nodes=nodes):
            for child in nodes:
                yield from _proximities(child, beside)
        case Except(node=child):
            yield from _proximities(child, beside)
        case _:
            return


def _has_proximity(node: BoundNode) -> bool:
    return next(_proximities(node, ()), None) is not None
