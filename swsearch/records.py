"""The frozen records that flow between rooms: page -> articles and notices -> hits and results.

Offsets and columns count code points. Lines and columns of a page are 1-based, both ends included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

NoticeKind = Literal["page_header", "teaser", "caption", "photo_credit", "other"]
Relaxed = Literal["no", "words", "some"]
Facets = Mapping[str, Sequence[Mapping[str, Any]]]


def _by_position(self: Any) -> tuple[Any, tuple[Any, ...]]:
    """For pickle: records travel between processes, and a dataclass that is frozen asks for its fields each time."""
    return type(self), tuple([getattr(self, name) for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of one line of a page: line and columns 1-based, `end` included."""

    line: int
    start: int
    end: int

    __reduce__ = _by_position


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page as it stands in the file, without its line end."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one newspaper page.

    `file` is the path under seeds/ with forward slashes; `text` is decoded, its line ends are line feeds.
    """

    file: str
    text: str
    encoding: str = "utf-8"

    @property
    def stem(self) -> str:
        """`file` without its suffix: what an article's id begins with."""
        return file_stem(self.file)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, blank ones too, in the order of the file."""
        return tuple(Line(number, text) for number, text in enumerate(self.text.split("\n"), 1))


def file_stem(file: str) -> str:
    """The path of a seed without its last suffix; directories and inner dots stay."""
    head, dot, tail = file.rpartition(".")
    return head if dot and "/" not in tail and head and not head.endswith("/") else file


@dataclass(frozen=True, slots=True)
class Evidence:
    """The text that proves a fact: `part` is "title", "source", "byline" or "p1", "p2" … (paragraphs from 1);
    `start` and `end` are offsets into that part (`source` and `byline` mean the fields, not the printed lines)."""

    field: str
    value: str
    part: str
    start: int
    end: int

    __reduce__ = _by_position


@dataclass(frozen=True, slots=True)
class Facts:
    """What an article is about.

    Regions and places are paths from province down (`江西省/南昌市`), most central first.
    """

    regions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    year: int | None = None
    years: tuple[int, ...] = ()
    agencies: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    __reduce__ = _by_position


@dataclass(frozen=True, slots=True)
class Article:
    """One cleaned article of a page.

    `paragraphs` are in reading order with subheads in their place; `subheads` repeats those. `spans` are the
    characters of the page that it was made from (headline, paragraphs, credits), in reading order, and `lines`
    the runs of page lines they lie on (a run goes on across blank lines); both are empty for ready-made articles.
    `printed` is its text as the page has it, line by line, before any repair.
    """

    id: str
    file: str
    title: str
    paragraphs: tuple[str, ...]
    subheads: tuple[str, ...] = ()
    byline: str | None = None
    byline_line: str | None = None
    source: str | None = None
    facts: Facts = Facts()
    paper: str | None = None
    date: str | None = None
    page: int | None = None
    lines: tuple[tuple[int, int], ...] = ()
    spans: tuple[Span, ...] = ()
    printed: str = ""
    kind: str = "article"

    __reduce__ = _by_position

    @property
    def text(self) -> str:
        """Title and paragraphs, one a line: what is searched."""
        return "\n".join((self.title, *self.paragraphs))

    def to_dict(self) -> dict[str, Any]:
        """The article in the form that `swsearch segment --json` prints."""
        return {
            "id": self.id,
            "title": self.title,
            "subheads": list(self.subheads),
            "paragraphs": list(self.paragraphs),
            "byline": self.byline,
            "byline_line": self.byline_line,
            "source": self.source,
            "regions": list(self.facts.regions),
            "places": list(self.facts.places),
            "year": self.facts.year,
            "years": list(self.facts.years),
            "agencies": list(self.facts.agencies),
            "lines": [list(run) for run in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """Text of a page that is no article: kept, never lost, searched only when asked for."""

    id: str
    file: str
    kind: NoticeKind
    text: str
    lines: tuple[tuple[int, int], ...] = ()
    spans: tuple[Span, ...] = ()
    printed: str = ""

    __reduce__ = _by_position

    def to_dict(self) -> dict[str, Any]:
        """The notice in the form that `swsearch segment --json` prints."""
        return {"kind": self.kind, "text": self.text, "lines": [list(run) for run in self.lines]}


@dataclass(frozen=True, slots=True)
class Segmented:
    """What the page pipeline makes of one page, in reading order."""

    file: str
    articles: tuple[Article, ...]
    notices: tuple[Notice, ...]

    def to_dict(self) -> dict[str, Any]:
        """The page in the form that `swsearch segment --json` prints."""
        return {
            "file": self.file,
            "articles": [article.to_dict() for article in self.articles],
            "notices": [notice.to_dict() for notice in self.notices],
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found. `highlights` are (start, end) offsets into `snippet`, which is cut from the original text."""

    rank: int
    id: str
    kind: str
    score: float
    title: str
    file: str
    lines: tuple[tuple[int, int], ...]
    year: int | None
    years: tuple[int, ...]
    regions: tuple[str, ...]
    agencies: tuple[str, ...]
    source: str | None
    byline: str | None
    paper: str | None
    date: str | None
    page: int | None
    snippet: str
    highlights: tuple[tuple[int, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, in the order of the fields."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    def marked(self, left: str = "[", right: str = "]") -> str:
        """The snippet with every highlight between `left` and `right`."""
        return mark(self.snippet, self.highlights, left, right)


def mark(text: str, highlights: Iterable[tuple[int, int]], left: str, right: str) -> str:
    """`text` with each (start, end) of `highlights`, ascending and apart, between `left` and `right`."""
    out, at = [], 0
    for start, end in highlights:
        out += [text[at:start], left, text[start:end], right]
        at = end
    return "".join([*out, text[at:]])


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to one query: `total` counts all matches, `hits` holds those asked for, best first."""

    query: str
    total: int
    relaxed: Relaxed
    took_ms: float
    warnings: tuple[str, ...]
    facets: Facets
    hits: tuple[Hit, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __getitem__(self, at: int) -> Hit:
        return self.hits[at]

    def __bool__(self) -> bool:
        return self.total > 0

    def to_dict(self) -> dict[str, Any]:
        """The object that `swsearch query --json` prints."""
        return {
            "query": self.query,
            "total": self.total,
            "relaxed": self.relaxed,
            "took_ms": self.took_ms,
            "warnings": list(self.warnings),
            "facets": {name: [dict(row) for row in rows] for name, rows in self.facets.items()},
            "hits": [hit.to_dict() for hit in self.hits],
        }

    def __repr__(self) -> str:
        found = "1 article" if self.total == 1 else f"{self.total} articles"
        notes = f", relaxed to {self.relaxed}" if self.relaxed != "no" else ""
        lines = [f"<Results {self.query!r}: {found}{notes}, {self.took_ms:.1f} ms>"]
        lines += [f"  {hit.rank}. {hit.title}  ({hit.id})  {hit.marked()}" for hit in self.hits]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A small table for notebooks; every text is escaped."""
        import html  # its table of entities takes longer to load than a query to answer

        rows = []
        for hit in self.hits:
            facts = " · ".join(
                [*hit.regions, *([str(hit.year)] if hit.year else []), *([hit.source] if hit.source else [])]
            )
            snippet = mark(hit.snippet, hit.highlights, "\x02", "\x03")
            snippet = html.escape(snippet).replace("\x02", "<mark>").replace("\x03", "</mark>")
            rows.append(
                f"<tr><td>{hit.rank}</td><td><b>{html.escape(hit.title)}</b><br>"
                f"<small>{html.escape(facts)} <code>{html.escape(hit.id)}</code></small><br>{snippet}</td></tr>"
            )
        head = f"<p>{html.escape(self.query)}: {self.total} found, {self.took_ms:.1f} ms</p>"
        notes = "".join(f"<p><em>{html.escape(note)}</em></p>" for note in self.warnings)
        return f"{head}{notes}<table>{''.join(rows)}</table>"


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
