"""String + filters -> parse -> bind -> engine -> (relax) -> snippets -> Results.

`search()` opens an index for one query; `open_index()` keeps it open for many.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, Union, cast

from swsearch.engines.base import Engine, Found, Meta, Record, Remote, Sort, open_engine
from swsearch.errors import IndexCorrupt, QueryError
from swsearch.query import bind as binding
from swsearch.query.nodes import (
    AllOf,
    AnyOf,
    BoundNode,
    Contains,
    Node,
    Or,
    Weigh,
)
from swsearch.query.parse import parse
from swsearch.records import Article, Facts, Hit, Relaxed, Results
from swsearch.settings import HITS_SHOWN, Settings
from swsearch.snippets import kwic, snippets, sort_kwic, wanted
from swsearch.stale import stale_because
from swsearch.turns import Turns, last_change

if TYPE_CHECKING:
    from swsearch.snippets import KwicLine, KwicSort

Asks = TypeVar("Asks", bound=Callable[..., Any])

PathLike = Union[str, "os.PathLike[str]"]

MOST_HITS = 1_000_000_000
"""Above any index: an offset or limit past it is a slip of the hand."""

READ_AT_ONCE = 10
"""Records read before snippets are cut: doing one thing at a time is a tenth faster, and all hits may be too many."""

SHARES = (1 / 2, 1 / 4)
"""What *some* asks for of the weight of all of a query's pieces: half, and where no article has half, a quarter.

Why not half alone: docs/ranking.md."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an index says of itself. `stale` says why it should be rebuilt, `stale_files` which seeds show old text."""

    path: str
    engine: str
    generation: int
    articles: int
    notices: int
    files: int
    size_bytes: int
    built: str
    format: int
    stale: tuple[str, ...]
    stale_files: tuple[str, ...]


class _Asked(NamedTuple):
    """A query made ready: the tree that the engine answers, the parts of its conjunction, and its syntax."""

    query: str
    node: BoundNode
    parts: tuple[BoundNode, ...]
    syntax: Node | None
    warnings: tuple[str, ...]

    def relaxable(self) -> tuple[Contains, ...]:
        """The parts that may be relaxed: unquoted chunks, if the query has no OR."""
        if self.syntax is None or _has_or(self.syntax):
            return ()
        chunks = (part for part in self.parts if isinstance(part, Contains))
        return tuple(chunk for chunk in chunks if not (chunk.quoted or chunk.title_only))


def _on_one_generation(ask: Asks) -> Asks:
    """`ask`, with nobody else moving the index on meanwhile: for what asks the engine more than once."""

    @wraps(ask)
    def asked(self: Index, *args: Any, **options: Any) -> Any:
        self._follow()
        with self._turns.asking():
            return ask(self, *args, **options)

    return cast(Asks, asked)


class Index:
    """An open index: any number of queries from any number of threads, all on the generation that it opened.

    A context manager. `refresh()` moves on to the newest generation, once what is being asked is answered. With
    `follow` every question looks first whether there is a newer one, for processes that run for long.
    """

    def __init__(self, path: PathLike | None = None, *, verify: bool = False, follow: bool = False) -> None:
        """Open what `path`, SWSEARCH_INDEX, swsearch.toml or ./index names; `verify` reads and checks all of it.

        Raises IndexMissing, IndexCorrupt.
        """
        self.path = Settings.load(index=path).index
        self.follow = follow
        self._turns = Turns()
        self._seen = last_change(self.path)
        self._engine: Engine = open_engine(self.path)
        self._read_meta()
        if verify:
            problems = self._engine.check()
            if problems:
                self.close()
                raise IndexCorrupt(f"the index {self.path} is damaged: {problems[0]}", self.path, problems)

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        articles, _ = self._engine.counts()
        return f"<Index {self.path!r}: {articles} articles, generation {self._engine.generation()}>"

    def close(self) -> None:
        """Free the files; the index cannot be asked any more."""
        self._engine.close()

    def refresh(self) -> bool:
        """Move on to the newest generation; whether there was one."""
        seen = last_change(self.path)
        with self._turns.moving():
            moved = self._engine.refresh()
            if moved:
                self._read_meta()
            self._seen = seen
        return moved

    def _follow(self) -> None:
        if not self.follow or self._turns.asked_here:
            return
        if not self._seen or last_change(self.path) != self._seen:
            self.refresh()

    # ---- asking

    @_on_one_generation
    def search(
        self,
        query: str = "",
        *,
        region: Any = None,
        place: Any = None,
        year: Any = None,
        years: Any = None,
        agency: Any = None,
        source: Any = None,
        byline: Any = None,
        paper: Any = None,
        date: Any = None,
        page: Any = None,
        limit: int | None = HITS_SHOWN,
        offset: int = 0,
        sort: Sort = "relevance",
        notices: bool = False,
        literal: bool = False,
        exact: bool = False,
        loose: bool = False,
        strict: bool = False,
        facets: bool = True,
    ) -> Results:
        """The articles that match `query` and all filters, best first, with titles and snippets.

        A filter may be one value or a list (any of them); `year=(2021, 2024)` is a closed range. `limit` 0 or None
        means all. Raises QueryError and its kin for what cannot be answered; plain text never fails unless `strict`.
        """
        started = time.perf_counter()
        filters = _given(region, place, year, years, agency, source, byline, paper, date, page)
        asked = self._ask(query, filters, literal=literal, strict=strict)
        most = _checked(limit, offset, sort, exact=exact, loose=loose)

        def run(node: BoundNode, count: int | None = most) -> Found:
            return self._engine.search(node, limit=count, offset=offset, sort=sort, notices=notices, facets=facets)

        node, found, relaxed = self._relaxed(asked, run, exact=exact, loose=loose)
        forms = wanted(node, asked.node)
        hits: list[Hit] = []
        for first in range(0, len(found.hits), READ_AT_ONCE):
            some = found.hits[first : first + READ_AT_ONCE]
            records = [self._engine.article(id) for id, _ in some]
            for (_, score), record, shown in zip(some, records, snippets(records, forms), strict=True):
                hits.append(_hit(offset + len(hits) + 1, score, record, *shown))
        return Results(
            query=query,
            total=found.total,
            relaxed=relaxed,
            took_ms=round((time.perf_counter() - started) * 1000, 3),
            warnings=(*self._stale, *asked.warnings),
            facets=found.facets,
            hits=tuple(hits),
        )

    def ids(
        self, query: str = "", limit: int | None = HITS_SHOWN, *, offset: int = 0, notices: bool = False, **filters: Any
    ) -> tuple[int, tuple[tuple[str, float], ...]]:
        """(total, ((id, score), …)) for programs that need no text; never relaxes."""
        self._follow()
        asked = self._ask(query, _given(**filters) if filters else {})
        found = self._engine.search(
            asked.node, limit=_checked(limit, offset, "relevance"), offset=offset, notices=notices
        )
        return found.total, found.hits

    @_on_one_generation
    def kwic(
        self,
        query: str = "",
        *,
        limit: int | None = HITS_SHOWN,
        offset: int = 0,
        sort: KwicSort = "position",
        width: int = 30,
        literal: bool = False,
        strict: bool = False,
        notices: bool = False,
        **filters: Any,
    ) -> list[KwicLine]:
        """A concordance line for each occurrence in the best `limit` articles; "left" and "right" sort by context."""
        asked = self._ask(query, _given(**filters) if filters else {}, literal=literal, strict=strict)
        found = self._engine.search(
            asked.node, limit=_checked(limit, offset, "relevance"), offset=offset, notices=notices
        )
        forms = wanted(asked.node)
        lines = [line for id, _ in found.hits for line in kwic(self._engine.article(id), forms, width)]
        return sort_kwic(lines, sort)

    @_on_one_generation
    def explain(self, query: str = "", *, literal: bool = False, strict: bool = False, **options: Any) -> str:
        """How the query is read, and how each hit's score is made up. Takes the options of `search`."""
        results = self.search(query, literal=literal, strict=strict, **{**options, "facets": False})
        filters = {name: value for name, value in options.items() if name in FILTERS}
        asked = self._ask(query, _given(**filters) if filters else {}, literal=literal, strict=strict)
        lines, node = [binding.explain(asked.node)], asked.node
        if results.relaxed != "no":
            notices = bool(options.get("notices"))
            tried = (weaker for step, weaker in self._weaker(asked) if step == results.relaxed)
            node = next(weaker for weaker in tried if self._engine.search(weaker, limit=1, notices=notices).total)
            lines += [f"relaxed: {results.relaxed}", binding.explain(node)]
        if isinstance(self._engine, Remote):
            lines.append(f"sent to {self._engine.name}: {json.dumps(self._engine.body(node), ensure_ascii=False)}")
        for hit in results:
            parts = [f"{_shown(form)} {score:.3f}" for form, score in self._engine.scores(node, hit.id) if score]
            lines.append(f"{hit.rank}. {hit.id}  {hit.score:.3f} = {' + '.join(parts) or '0'}")
        return "\n".join(lines)

    def article(self, id: str) -> Record:
        """One article or notice, whole. Raises QueryError when there is none of that id."""
        self._follow()
        try:
            return self._engine.article(id)
        except KeyError:
            raise QueryError(f"there is no article {id!r}: ids are printed by swsearch query", id) from None

    @_on_one_generation
    def status(self) -> Status:
        """What the index says of itself."""
        articles, notices = self._engine.counts()
        files = self._engine.files()
        return Status(
            path=self.path,
            engine=self._engine.name,
            generation=self._engine.generation(),
            articles=articles,
            notices=notices,
            files=len(files),
            size_bytes=self._size(),
            built=self._meta.built if self._meta else "",
            format=self._meta.format if self._meta else 0,
            stale=self._stale,
            stale_files=tuple(f"{seed.file}: {seed.stale}" for seed in files.values() if seed.stale),
        )

    def check(self) -> tuple[str, ...]:
        """What is wrong with the stored data, a sentence each; empty when all is well."""
        return self._engine.check()

    # ---- inside

    def _size(self) -> int:
        if isinstance(self._engine, Remote):
            return self._engine.size_bytes()
        return sum(item.stat().st_size for item in Path(self.path).glob("*") if item.is_file())

    def _read_meta(self) -> None:
        self._meta: Meta | None = self._engine.meta()
        because = stale_because(self._meta) if self._meta else None
        self._stale = (f"{because}: run swsearch rebuild",) if because else ()

    def _ask(self, query: str, filters: Mapping[str, Any], *, literal: bool = False, strict: bool = False) -> _Asked:
        parsed = parse(query, strict=strict)
        bound = binding.bind(parsed.node, strict=strict, literal=literal, query=query)
        node, warnings = bound.node, parsed.warnings + bound.warnings
        parts = node.nodes if isinstance(node, AllOf) else (node,)
        if filters:
            notes: list[str] = []
            narrowed = binding.bind_filters(**filters, notes=notes)
            if narrowed is not None:
                parts = (*parts, narrowed) if query.strip() else (narrowed,)
                node = parts[0] if len(parts) == 1 else AllOf(parts)
            warnings = (*warnings, *notes)
        return _Asked(query, node, parts, parsed.node, warnings)

    def _relaxed(self, asked: _Asked, run: Any, *, exact: bool, loose: bool) -> tuple[BoundNode, Found, Relaxed]:
        """The first of: the query as it is, its words, some of its words, that finds anything; else the query."""
        found: Found = run(asked.node)
        if (found.total and not loose) or exact:
            return asked.node, found, "no"
        for step, node in self._weaker(asked):
            if (relaxed := run(node)).total:
                return node, relaxed, step
        return asked.node, found, "no"

    def _weaker(self, asked: _Asked) -> Iterator[tuple[Relaxed, BoundNode]]:
        """The query relaxed, one step at a time: its words, then some of them; steps that say nothing new left out."""
        chunks = asked.relaxable()
        fixed = tuple(part for part in asked.parts if part not in chunks)
        pieces = tuple(dict.fromkeys(piece for chunk in chunks for piece in binding.pieces(chunk)))
        if pieces and pieces != chunks:
            yield "words", AllOf((*fixed, *pieces))
        if len(pieces) >= 3:
            articles, _ = self._engine.counts()
            weights = tuple(_idf(articles, self._df(piece)) for piece in pieces)
            for share in SHARES:
                yield "some", AllOf((*fixed, Weigh(pieces, weights, sum(weights) * share)))

    def _df(self, piece: BoundNode) -> int:
        if isinstance(piece, AnyOf):
            return max(map(self._df, piece.nodes))
        assert isinstance(piece, Contains)
        return max(self._engine.df(form) for form in (piece.form, *piece.alternatives))


FILTERS = ("region", "place", "year", "years", "agency", "source", "byline", "paper", "date", "page")


def search(query: str = "", *, index: PathLike | None = None, **options: Any) -> Results:
    """The articles of an index that match: see `Index.search`, whose options these are.

    >>> search("社工站 全覆盖", region="天津", year=(2021, 2024), agency="民政局", limit=10)  # doctest: +SKIP
    """
    with open_index(index) as opened:
        return opened.search(query, **options)


def open_index(path: PathLike | None = None, *, verify: bool = False, follow: bool = False) -> Index:
    """An open index, to be used in a `with` statement. Raises IndexMissing, IndexCorrupt."""
    return Index(path, verify=verify, follow=follow)


def _given(
    region: Any = None,
    place: Any = None,
    year: Any = None,
    years: Any = None,
    agency: Any = None,
    source: Any = None,
    byline: Any = None,
    paper: Any = None,
    date: Any = None,
    page: Any = None,
) -> dict[str, Any]:
    values = (region, place, year, years, agency, source, byline, paper, date, page)
    return {name: value for name, value in zip(FILTERS, values, strict=True) if value is not None}


def _checked(limit: int | None, offset: int, sort: str, *, exact: bool = False, loose: bool = False) -> int | None:
    """The limit, None for all. Raises QueryError for numbers and names that make no sense."""
    if limit is not None and not 0 <= limit <= MOST_HITS:
        raise QueryError(f"limit {limit}: give 0 or more (0 means all)")
    if not 0 <= offset <= MOST_HITS:
        raise QueryError(f"offset {offset}: give 0 or more")
    if sort not in ("relevance", "year", "date"):
        raise QueryError(f"sort {sort!r}: give relevance, year or date")
    if exact and loose:
        raise QueryError("exact and loose contradict each other: give one of them")
    return limit or None


def _has_or(node: Node) -> bool:
    if isinstance(node, Or):
        return True
    children: Sequence[Node] = getattr(node, "nodes", ()) or ((node.node,) if hasattr(node, "node") else ())
    return any(map(_has_or, children))


def _idf(articles: int, df: int) -> float:
    return math.log(1 + (articles - df + 0.5) / (df + 0.5))


def _shown(form: str) -> str:
    return form.replace("\x1f", " ").strip()


def _hit(rank: int, score: float, record: Record, text: str, highlights: tuple[tuple[int, int], ...]) -> Hit:
    article = record if isinstance(record, Article) else None
    facts = article.facts if article else Facts()
    return Hit(
        rank=rank,
        id=record.id,
        kind=record.kind,
        score=score,
        title=article.title if article else "",
        file=record.file,
        lines=record.lines,
        year=facts.year,
        years=facts.years,
        regions=facts.regions,
        agencies=facts.agencies,
        source=article.source if article else None,
        byline=article.byline if article else None,
        paper=article.paper if article else None,
        date=article.date if article else None,
        page=article.page if article else None,
        snippet=text,
        highlights=highlights,
    )


class _Callable(ModuleType):
    """Python binds a module imported as `swsearch.search` over the function of that name: so calling either works."""

    def __call__(self, *args: Any, **options: Any) -> Results:
        return search(*args, **options)


sys.modules[__name__].__class__ = _Callable
