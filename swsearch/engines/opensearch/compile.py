"""Bound nodes -> the body of an OpenSearch query, a plain dict; nothing is sent.

Substring search is phrase search over bigrams of units. What needs more than the cluster can say (`"…"~n`) is
answered first, by `search`, and stands here as the ids that it found.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from swsearch.engines.base import K1, VARIANT_WEIGHT, B, Sort
from swsearch.engines.opensearch.schema import ARTICLE, NOTICE, grams, number, token
from swsearch.errors import UnsupportedQueryError
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
from swsearch.text.match import units

Body = dict[str, Any]
Resolved = Mapping[Within, Sequence[str]]

ENGINE = "opensearch"
MOST_IDS = 65_536
"""A `terms` query takes no more (index.max_terms_count)."""

EXACT_PIECES = 14
"""Up to so many pieces all subsets are looked at (16,384) to find integer weights that decide as floats do."""

SCORE = """
double total = 0;
double shape = params.k1 * (1 - params.b + (params.mean > 0 ? params.b * doc['length'].value / params.mean : 0));
for (def term : params.terms) {
  double n = 0;
  for (def form : term.forms) {
    double found;
    if (form.unit != null) {
      found = termFreq('units', form.unit);
    } else {
      long least = Long.MAX_VALUE;
      for (def gram : form.grams) {
        long held = termFreq('grams', gram);
        if (held > 0) { held += 2 * termFreq('title', gram); }
        if (held < least) { least = held; }
        if (least == 0) { break; }
      }
      found = least;
    }
    if (form.word != null) { found = (termFreq('words', form.word) + found) / 2; }
    n += form.weight * found;
  }
  if (n > 0) { total += term.idf * (params.k1 + 1) * n / (n + shape); }
}
return Math.round(total * 1000000) / 1000000.0;
""".strip()
"""The formula of docs/ranking.md. Occurrences in `grams` count 1, in `title` 2 more; idf and mean length are those of
the whole index, sent along, so that the number of shards changes nothing."""


def compile_query(node: BoundNode, *, notices: bool = False, resolved: Resolved | None = None) -> Body:
    """The articles (and notices, if wanted) that `node` matches, as a filter without scores.

    Raises UnsupportedQueryError for a Within that `resolved` does not answer.
    """
    return {"bool": {"filter": [_kinds(notices), _filter(node, resolved or {})]}}


def _kinds(notices: bool) -> Body:
    return {"terms": {"kind": [ARTICLE, NOTICE]}} if notices else {"term": {"kind": ARTICLE}}


def _filter(node: BoundNode, resolved: Resolved) -> Body:
    match node:
        case Contains():
            return _contains(node)
        case Within():
            return _ids(node, resolved)
        case InRegion(field=field, paths=paths):
            return {"terms": {field: list(paths)}} if paths else {"match_none": {}}
        case InRange(field=field, low=low, high=high):
            return _range(field, low, high)
        case HasName(field=field, forms=forms):
            return _any([_phrase(field, form) for form in forms])
        case Everything():
            return {"match_all": {}}
        case Nothing():
            return {"match_none": {}}
        case Except(node=child):
            return {"bool": {"must_not": [_filter(child, resolved)]}}
        case AllOf(nodes=nodes):
            return {"bool": {"filter": [_filter(child, resolved) for child in nodes]}}
        case AnyOf(nodes=nodes):
            return _any([_filter(child, resolved) for child in nodes])
        case Weigh():
            return _weigh(node, resolved)


def _any(bodies: Sequence[Body]) -> Body:
    if len(bodies) == 1:
        return bodies[0]
    return {"bool": {"should": list(bodies), "minimum_should_match": 1}} if bodies else {"match_none": {}}


def _contains(node: Contains) -> Body:
    field = "title" if node.title_only else "grams"
    return _any([_phrase(field, form) for form in dict.fromkeys((node.form, *node.alternatives))])


def _phrase(field: str, form: str) -> Body:
    """Values of `field` that contain `form`: its bigrams side by side; of one unit, a bigram that begins with it."""
    parts = units(form)
    if len(parts) == 1:
        unit = token(form)
        return {"term": {"units": unit}} if field == "grams" else {"prefix": {field: unit}}
    tokens = grams(parts)
    return {"term": {field: tokens[0]}} if len(tokens) == 1 else {"match_phrase": {field: " ".join(tokens)}}


def _range(field: str, low: int | str | None, high: int | str | None) -> Body:
    bounds = {
        name: number(value) if isinstance(value, int) else value
        for name, value in (("gte", low), ("lte", high))
        if value is not None
    }
    return {"range": {field: bounds}} if bounds else {"exists": {"field": field}}


def _ids(node: Within, resolved: Resolved) -> Body:
    found = resolved.get(node)
    name = f"Within(~{node.distance})"
    if found is None:
        raise UnsupportedQueryError(f"{name} cannot be compiled for OpenSearch alone", engine=ENGINE, nodes=(name,))
    if len(found) > MOST_IDS:
        raise UnsupportedQueryError(
            f"{len(found)} articles have the pieces within {node.distance} units of each other, and OpenSearch takes "
            f"{MOST_IDS} at most: add words, or narrow it by region or year",
            engine=ENGINE,
            nodes=(name,),
        )
    return {"terms": {"id": list(found)}}


# ---- relaxed queries


def _weigh(node: Weigh, resolved: Resolved) -> Body:
    """At least two pieces, whose weights add up to what is needed. The cluster adds in single precision, where whole
    numbers below 2^24 are exact: so the weights are whole numbers that decide as the given ones do."""
    bodies = [_filter(child, resolved) for child in node.nodes]
    weights, needed = whole_weights(node.weights, node.needed)
    functions = [{"filter": body, "weight": weight} for body, weight in zip(bodies, weights, strict=True)]
    return {
        "function_score": {
            "query": {"bool": {"should": bodies, "minimum_should_match": 2}},
            "functions": functions,
            "score_mode": "sum",
            "boost_mode": "replace",
            "min_score": needed,
        }
    }


def whole_weights(weights: Sequence[float], needed: float) -> tuple[list[int], int]:
    """Whole numbers below 2^24 in sum, and a threshold: the same subsets reach it as reach `needed` with `weights`.

    Of more than EXACT_PIECES weights, subsets within a millionth of the threshold may be let in besides.
    """
    total = sum(weights) or 1.0
    for bits in (12, 18, 23):
        scale = (2**bits - len(weights)) / total
        whole = [max(1, round(weight * scale)) for weight in weights]
        if len(weights) > EXACT_PIECES:
            continue
        enough, short = 2**30, 0
        for chosen in itertools.product((False, True), repeat=len(weights)):
            own = sum(itertools.compress(whole, chosen))
            if sum(itertools.compress(weights, chosen)) >= needed:
                enough = min(enough, own)
            else:
                short = max(short, own)
        if short < enough:
            return whole, enough
    return whole, max(1, int(needed * scale) - len(weights))


# ---- ranking


def statistics_body(tokens: Sequence[str]) -> Body:
    """In how many articles each token (`u` + a unit, `g` + a bigram) occurs."""
    fields = {"u": "units", "g": "grams"}
    return {
        "size": 0,
        "query": {"term": {"kind": ARTICLE}},
        "aggs": {
            "df": {"filters": {"filters": {str(at): {"term": {fields[t[0]]: t[1:]}} for at, t in enumerate(tokens)}}}
        },
    }


def statistics_tokens(form: str) -> list[str]:
    """The tokens that decide the df of a form: of one unit the unit, else its distinct bigrams."""
    parts = units(form)
    return ["u" + token(form)] if len(parts) == 1 else ["g" + gram for gram in dict.fromkeys(grams(parts))]


def scored(query: Body, terms: Sequence[tuple[Term, float]], mean_length: float) -> Body:
    """`query` with the score of docs/ranking.md; `terms` come with their idf."""
    if not terms:
        return {"constant_score": {"filter": query, "boost": 0}}
    params = {"k1": K1, "b": B, "mean": mean_length, "terms": [_term(term, idf) for term, idf in terms]}
    return {"script_score": {"query": query, "script": {"lang": "painless", "source": SCORE, "params": params}}}


def _term(term: Term, idf: float) -> Body:
    forms = [(term.form, 1.0), *((form, VARIANT_WEIGHT) for form in term.alternatives)]
    return {"idf": idf, "forms": [_form(form, weight, term.is_word) for form, weight in forms]}


def _form(form: str, weight: float, is_word: bool) -> Body:
    parts = units(form)
    single = len(parts) == 1
    return {
        "weight": weight,
        "unit": token(form) if single else None,
        "grams": None if single else list(dict.fromkeys(grams(parts))),
        "word": token(form) if is_word else None,
    }


# ---- order and facets


def order(sort: Sort) -> list[Body]:
    """Best first, or newest first with unknown values last; ties by score, then id."""
    best: list[Body] = [{"_score": "desc"}, {"id": "asc"}]
    return best if sort == "relevance" else [{sort: {"order": "desc", "missing": "_last"}}, *best]


FACETS = {"region": "region", "year": "year", "agency": "agency_name", "source": "source_name"}


def facet_body(size: int) -> Body:
    """Counts of values over all articles that match; notices are never counted."""
    terms = {name: {"terms": {"field": field, "size": size}} for name, field in FACETS.items()}
    return {"facets": {"filter": {"term": {"kind": ARTICLE}}, "aggs": terms}}
