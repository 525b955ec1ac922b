"""The seam between search and storage: what an engine promises, what it stores of an article, and `open_engine`.

An engine stores articles and answers bound queries (`query.nodes`). It never sees query text, and a node that it
cannot answer raises UnsupportedQueryError. `scan` is the slow, obvious one that the others are held against.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from swsearch.query.nodes import BoundNode
from swsearch.records import Article, Facets, Facts, Notice
from swsearch.text.match import BREAK, match_lines

K1 = 1.2
B = 0.75
"""The usual BM25 constants (Robertson & Zaragoza 2009, 3.5)."""

TITLE_WEIGHT = 3
"""An occurrence in the title counts three times, and so does the title's length."""

VARIANT_WEIGHT = 0.8
"""An occurrence of a variant counts less than one of the literal form, so that it ranks below it."""

SCORE_DIGITS = 6
"""Scores are rounded so that engines which add in another order still break ties alike."""

Sort = Literal["relevance", "year", "date"]
Record = Article | Notice


@dataclass(frozen=True, slots=True)
class SeedFile:
    """What the index knows of one seed: its content hash, how much it gave, and why its text is old, if it is."""

    file: str
    sha256: str
    articles: int = 0
    notices: int = 0
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """What an index says of itself: format, fingerprints of what made it, when and from where."""

    format: int
    fingerprints: Mapping[str, str]
    built: str = ""
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An engine's answer: how many match, (id, score) of those asked for in order, and facets over all matches."""

    total: int
    hits: tuple[tuple[str, float], ...]
    facets: Facets = field(default_factory=dict)


@runtime_checkable
class Engine(Protocol):
    """What stores articles and answers bound queries.

    Writing is one transaction: `add` and `remove` are seen by nobody before `commit`, which shows them all at once.
    Statistics (df, N, lengths) are over live articles only; notices and removed articles never count.
    """

    name: str

    def add(self, records: Iterable[Record], files: Iterable[SeedFile]) -> None:
        """Store articles and notices, and the seeds they came from.

        `records` may be an iterator that has yet to read them; if it raises, none of them is stored.
        """

    def remove(self, files: Iterable[str]) -> None:
        """Forget these seeds with all that came from them."""

    def clear(self) -> None:
        """Forget everything."""

    def commit(self, meta: Meta) -> None:
        """Make all changes visible at once, durably."""

    def rollback(self) -> None:
        """Drop all changes since the last commit."""

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
        """The matches of `bound`, best first (ties by id); `limit` None means all."""

    def df(self, form: str) -> int:
        """In how many articles the rarest bigram of `form` occurs (the unit itself, if it is but one)."""

    def scores(self, bound: BoundNode, id: str) -> tuple[tuple[str, float], ...]:
        """What each term of the query gives to one article's score."""

    def article(self, id: str) -> Record:
        """One stored article or notice. Raises KeyError."""

    def records(self, file: str) -> tuple[Record, ...]:
        """All articles and notices that came from a seed, ordered by id."""

    def files(self) -> Mapping[str, SeedFile]:
        """Every seed that the index knows, by its path under seeds/."""

    def meta(self) -> Meta | None:
        """What the last commit said of the index; None before the first."""

    def counts(self) -> tuple[int, int]:
        """How many articles and how many notices there are."""

    def generation(self) -> int:
        """The number of the commit that this engine reads."""

    def refresh(self) -> bool:
        """Move on to the newest generation; whether there was one."""

    def check(self) -> tuple[str, ...]:
        """What is wrong with the stored data, a sentence each; empty when all is well."""

    def close(self) -> None:
        """Free files and locks; changes that were not committed are dropped."""


@runtime_checkable
class Remote(Protocol):
    """What an engine can tell besides when it is another program that stores and answers."""

    def body(self, bound: BoundNode) -> Mapping[str, Any]:
        """What is sent for a query, to be shown."""

    def size_bytes(self) -> int:
        """How much the index takes there."""


@dataclass(frozen=True)
class Indexed:
    """What is searched of one article or notice: the match forms of its parts, the title's first, and the words of
    the title and of the rest.
    """

    parts: tuple[str, ...]
    words: tuple[list[str], list[str]]

    @classmethod
    def of(cls, record: Record) -> Indexed:
        """The searched text of `record`: title, subheads and paragraphs; a notice's text is its one paragraph."""
        return cls.of_all((record,))[0]

    @classmethod
    def of_all(cls, records: Sequence[Record]) -> list[Indexed]:
        """The same of several records, in one pass."""
        from swsearch.text.words import words_of

        texts = [text for record in records for text in searched_texts(record)]
        lines = iter(match_lines("\n".join(texts)))
        words = words_of(texts)
        out = []
        for at in range(0, len(texts), 2):
            head = next(lines)
            body = itertools.islice(lines, texts[at + 1].count("\n") + 1)
            out.append(cls((head, *filter(None, body)), (words[at], words[at + 1])))
        return out

    @property
    def form(self) -> str:
        """The match form of the whole: each part ends in BREAK."""
        return "".join(part + BREAK for part in self.parts if part)

    @property
    def length(self) -> int:
        """Words, those of the title TITLE_WEIGHT times."""
        title, body = self.words
        return TITLE_WEIGHT * len(title) + len(body)


def searched_texts(record: Record) -> tuple[str, str]:
    """What is searched of a record, title and body; a line of the body is a paragraph."""
    if isinstance(record, Article):
        return record.title.replace("\n", " "), "\n".join(record.paragraphs)
    return "", record.text


def region_ancestors(path: str) -> tuple[str, ...]:
    """`a/b/c` -> a, a/b, a/b/c."""
    names = path.split("/")
    return tuple("/".join(names[: depth + 1]) for depth in range(len(names)))


def count_facets(facts: Iterable[tuple[Facts, str | None]]) -> Facets:
    """Facets over (facts, source) of articles: most frequent first, equal counts in the order of their names.

    An article counts once for each of its regions and once for each of their ancestors.
    """
    regions: Counter[str] = Counter()
    years: Counter[int] = Counter()
    agencies: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for fact, source in facts:
        regions.update({ancestor for path in fact.regions for ancestor in region_ancestors(path)})
        agencies.update(set(fact.agencies))
        if fact.year is not None:
            years[fact.year] += 1
        if source:
            sources[source] += 1
    return facet_rows(regions, years, agencies, sources)


def facet_rows(regions: Counter[str], years: Counter[int], agencies: Counter[str], sources: Counter[str]) -> Facets:
    """Counts in the order in which they are shown."""
    return {
        "region": _rows("path", regions),
        "year": _rows("year", years),
        "agency": _rows("agency", agencies),
        "source": _rows("source", sources),
    }


def _rows(name: str, counts: Counter[Any]) -> Sequence[Mapping[str, Any]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple({name: value, "count": count} for value, count in ordered)


def sort_key(sort: Sort, score: float, id: str, year: int | None, date: str | None) -> tuple[Any, ...]:
    """Ascending order of hits: best first, or newest first with unknown years last; ties by score, then id."""
    if sort == "year":
        return (year is None, -(year or 0), -score, id)
    if sort == "date":
        return (date is None, -int(date_key(date or "0").replace("-", "")), -score, id)
    return (-score, id)


def date_key(date: str) -> str:
    """A date as ranges and orders see it: a month or a year without a day is its first day."""
    return date + "-01" * (2 - date.count("-"))


def open_engine(url: str | os.PathLike[str], *, write: bool = False, fresh: bool = False, jobs: int = 1) -> Engine:
    """The engine that `url` names: a directory is a Whoosh index, `opensearch+https://HOST:PORT/NAME` one in a
    cluster. Its library is imported here, not before.

    `fresh` writes over an index that is too damaged to be opened; `jobs` is how many processes may analyse what is
    written. Raises IndexMissing when there is nothing to
    read, IndexLocked when somebody else is writing, IndexCorrupt.
    """
    if os.fspath(url).startswith(("opensearch+https://", "opensearch+http://")):
        from swsearch.engines.opensearch.store import OpenSearchEngine

        return OpenSearchEngine(os.fspath(url), write=write, fresh=fresh)
    from swsearch.engines.whoosh.store import WhooshEngine

    return WhooshEngine(os.fspath(url), write=write, fresh=fresh, jobs=jobs)
