"""The oracle: it keeps articles in memory, reads every one for every query, and does each sum in the obvious way.

Nothing here is fast. Other engines must return the same sets, and scores equal to 1e-5.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from swsearch.engines.base import (
    K1,
    SCORE_DIGITS,
    TITLE_WEIGHT,
    VARIANT_WEIGHT,
    B,
    Found,
    Indexed,
    Meta,
    Record,
    SeedFile,
    Sort,
    count_facets,
    date_key,
    sort_key,
)
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
from swsearch.records import Article, Facts
from swsearch.text.match import BREAK, match_form, units


@dataclass(frozen=True)
class _Entry:
    record: Record
    indexed: Indexed

    @cached_property
    def gram_list(self) -> list[tuple[str, int]]:
        """Every bigram of units in order, with what one occurrence counts."""
        parts = units(self.indexed.form)
        title = len(units(self.indexed.parts[0]))
        return [
            (left + right, TITLE_WEIGHT if at < title else 1)
            for at, (left, right) in enumerate(itertools.pairwise(parts))
        ]

    @property
    def facts(self) -> Facts:
        return self.record.facts if isinstance(self.record, Article) else Facts()

    def occurrences(self, form: str) -> int:
        wanted = units(form)
        if len(wanted) == 1:
            return sum(weight for gram, weight in self.gram_list if units(gram)[0] == form)
        return min(
            sum(weight for gram, weight in self.gram_list if gram == left + right)
            for left, right in itertools.pairwise(wanted)
        )

    def tokens(self, form: str) -> int:
        title, body = self.indexed.words
        return TITLE_WEIGHT * title.count(form) + body.count(form)


class ScanEngine:
    """Articles in memory, every one read for every query."""

    name = "scan"

    def __init__(self) -> None:
        self._committed: dict[str, _Entry] = {}
        self._entries: dict[str, _Entry] = {}
        self._files: dict[str, SeedFile] = {}
        self._meta: Meta | None = None
        self._generation = 0
        self._committed_files: dict[str, SeedFile] = {}

    # ---- writing

    def add(self, records: Iterable[Record], files: Iterable[SeedFile]) -> None:
        """See Engine."""
        for record in tuple(records):
            self._entries[record.id] = _Entry(record, Indexed.of(record))
        self._files.update((seed.file, seed) for seed in files)

    def remove(self, files: Iterable[str]) -> None:
        """See Engine."""
        for file in set(files):
            self._files.pop(file, None)
            self._entries = {id: entry for id, entry in self._entries.items() if entry.record.file != file}

    def clear(self) -> None:
        """See Engine."""
        self._entries, self._files = {}, {}

    def commit(self, meta: Meta) -> None:
        """See Engine."""
        self._committed, self._committed_files, self._meta = dict(self._entries), dict(self._files), meta
        self._generation += 1

    def rollback(self) -> None:
        """See Engine."""
        self._entries, self._files = dict(self._committed), dict(self._committed_files)

    # ---- reading

    def search(
        self,
        bound: BoundNode,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: Sort = "relevance",
        notices: bool = False,
        facets: bool = False,
    ) -> Found:
        """See Engine."""
        universe = [entry for entry in self._committed.values() if notices or isinstance(entry.record, Article)]
        matches = [entry for entry in universe if self._matches(bound, entry)]
        ranked = []
        for entry in matches:
            score = round(sum(part for _, part in self._parts(bound, entry)), SCORE_DIGITS)
            date = entry.record.date if isinstance(entry.record, Article) else None
            ranked.append((sort_key(sort, score, entry.record.id, entry.facts.year, date), entry.record.id, score))
        ranked.sort()
        stop = None if limit is None else offset + limit
        counted = [(entry.facts, entry.record.source) for entry in matches if isinstance(entry.record, Article)]
        return Found(
            total=len(matches),
            hits=tuple((id, score) for _, id, score in ranked[offset:stop]),
            facets=count_facets(counted) if facets else {},
        )

    def df(self, form: str) -> int:
        """See Engine."""
        wanted = units(form)
        if len(wanted) == 1:
            return sum(form in units(entry.indexed.form) for entry in self._articles())
        return min(
            sum(any(gram == left + right for gram, _ in entry.gram_list) for entry in self._articles())
            for left, right in itertools.pairwise(wanted)
        )

    def scores(self, bound: BoundNode, id: str) -> tuple[tuple[str, float], ...]:
        """See Engine."""
        return tuple((term.form, score) for term, score in self._parts(bound, self._committed[id]))

    def article(self, id: str) -> Record:
        """See Engine."""
        return self._committed[id].record

    def records(self, file: str) -> tuple[Record, ...]:
        """See Engine."""
        found = [entry.record for entry in self._committed.values() if entry.record.file == file]
        return tuple(sorted(found, key=lambda record: record.id))

    def files(self) -> Mapping[str, SeedFile]:
        """See Engine."""
        return dict(self._committed_files)

    def meta(self) -> Meta | None:
        """See Engine."""
        return self._meta

    def counts(self) -> tuple[int, int]:
        """See Engine."""
        articles = len(self._articles())
        return articles, len(self._committed) - articles

    def generation(self) -> int:
        """See Engine."""
        return self._generation

    def refresh(self) -> bool:
        """See Engine."""
        return False

    def check(self) -> tuple[str, ...]:
        """See Engine."""
        return ()

    def close(self) -> None:
        """See Engine."""

    # ---- matching

    def _articles(self) -> list[_Entry]:
        return [entry for entry in self._committed.values() if isinstance(entry.record, Article)]

    def _matches(self, node: BoundNode, entry: _Entry) -> bool:
        match node:
            case Contains(form=form, alternatives=alternatives, title_only=title_only):
                text = entry.indexed.parts[0] if title_only else entry.indexed.form
                return any(wanted in text for wanted in (form, *alternatives))
            case Within(pieces=pieces, distance=distance):
                return any(_near(part, pieces, distance) for part in entry.indexed.parts)
            case InRegion(field=field, paths=paths):
                held = entry.facts.regions if field == "region" else (*entry.facts.regions, *entry.facts.places)
                return any(f"{own}/".startswith(f"{path}/") for own in held for path in paths)
            case InRange(field=field, low=low, high=high):
                values = _values(entry, field)
                return any((low is None or _order(low) <= v) and (high is None or v <= _order(high)) for v in values)
            case HasName(field=field, forms=forms):
                return any(form in match_form(name) for name in _names(entry, field) for form in forms)
            case Everything():
                return True
            case Nothing():
                return False
            case Except(node=child):
                return not self._matches(child, entry)
            case AllOf(nodes=nodes):
                return all(self._matches(child, entry) for child in nodes)
            case AnyOf(nodes=nodes):
                return any(self._matches(child, entry) for child in nodes)
            case Weigh(nodes=nodes, weights=weights, needed=needed):
                had = [weight for child, weight in zip(nodes, weights, strict=True) if self._matches(child, entry)]
                return len(had) >= 2 and sum(had) >= needed

    # ---- ranking

    def _parts(self, bound: BoundNode, entry: _Entry) -> list[tuple[Term, float]]:
        """What each distinct term gives to the entry's score: the formula of docs/ranking.md, term by term."""
        articles = self._articles()
        mean = sum(other.indexed.length for other in articles) / len(articles) if articles else 0.0
        shape = K1 * (1 - B + B * (entry.indexed.length / mean if mean else 0.0))
        out = []
        for term in terms(bound):
            df = max(self.df(form) for form in (term.form, *term.alternatives))
            idf = math.log(1 + (len(articles) - df + 0.5) / (df + 0.5))
            n = _n(term, entry, term.form)
            n += VARIANT_WEIGHT * sum(_n(term, entry, form) for form in term.alternatives)
            out.append((term, idf * (K1 + 1) * n / (n + shape) if n else 0.0))
        return out


def _n(term: Term, entry: _Entry, form: str) -> float:
    occurrences = entry.occurrences(form)
    return (entry.tokens(form) + occurrences) / 2 if term.is_word else float(occurrences)


def _near(part: str, pieces: tuple[Contains, ...], distance: int) -> bool:
    """Whether every piece has a place of its own in `part`, all places within `distance` units."""
    at = [0]  # where each character of the part is, in units without breaks
    for unit in units(part):
        at += [at[-1]] * (len(unit) - 1) + [at[-1] + (unit != BREAK)]
    places = []
    for piece in pieces:
        found = set()
        for form in (piece.form, *piece.alternatives):
            for start in range(len(part)):
                if part.startswith(form, start):
                    found.add((at[start], at[start + len(form)]))
        places.append(sorted(found))
    for chosen in itertools.product(*places):
        ordered = sorted(chosen)
        apart = all(left[1] <= right[0] for left, right in itertools.pairwise(ordered))
        if apart and max(end for _, end in chosen) - ordered[0][0] <= distance:
            return True
    return False


def _order(value: int | str) -> tuple[int, str]:
    """Numbers and dates in one order; a field has only one of the two."""
    return (value, "") if isinstance(value, int) else (0, value)


def _values(entry: _Entry, field: str) -> list[tuple[int, str]]:
    record = entry.record
    if not isinstance(record, Article):
        return []
    found: dict[str, list[int | str | None]] = {
        "year": [record.facts.year],
        "years": list(record.facts.years),
        "page": [record.page],
        "date": [date_key(record.date) if record.date else None],
    }
    return [_order(value) for value in found[field] if value is not None]


def _names(entry: _Entry, field: str) -> list[str]:
    record = entry.record
    if not isinstance(record, Article):
        return []
    if field == "agency":
        return list(record.facts.agencies)
    value = {"source": record.source, "byline": record.byline, "paper": record.paper}[field]
    return [value] if value else []
