"""Results, articles, facets and concordances as lines of text: for a person at a terminal, or as CSV and citations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swsearch.records import Article, Facets, Hit, Notice, Page, Segmented
from swsearch.snippets import KwicLine
from swsearch.terminal import Screen, cells, fit, joined, pad
from swsearch.text.match import find_spans

if TYPE_CHECKING:
    from swsearch.pages.segment import Decision

REGIONS_SHOWN = 3
"""A round-up of ten provinces would fill the line that says where a hit is from."""

FACET_ROWS = 20
"""Names beyond this are a list to save (--json), not to read."""

FIRST_LINE = "\u3000\u3000"
"""How Chinese print begins a paragraph; on a terminal only, a pipe gets the text alone."""

CSV_COLUMNS = (
    "rank", "id", "kind", "score", "title", "file", "lines", "year", "years", "regions", "agencies", "source",
    "byline", "paper", "date", "page", "snippet",
)  # fmt: skip
BOM = "\ufeff"  # without it Excel reads UTF-8 as the system's old encoding


def hit_lines(hit: Hit, screen: Screen, forms: Sequence[str] = ()) -> list[str]:
    """One hit: rank and title, what it is about and its id, the snippet; `forms` are marked in the title too."""
    rank = f"{hit.rank}. "
    indent = " " * len(rank)
    spans = find_spans(hit.title, forms) if screen.colour and forms else ()
    title = screen.lines(hit.title or f"[{hit.kind}]", spans, indent=indent, first=rank, style="title")
    about = joined([_regions(hit.regions), hit.year, hit.source, hit.id])
    lines = [*title, *screen.lines(about, indent=indent, style="dim")]
    if hit.snippet:
        lines += screen.lines(hit.snippet, hit.highlights, indent=indent)
    return lines


def _regions(paths: Sequence[str]) -> str:
    return "、".join(paths[:REGIONS_SHOWN]) + ("…" if len(paths) > REGIONS_SHOWN else "")


def article_lines(record: Article | Notice, screen: Screen, forms: Sequence[str] = ()) -> Iterator[str]:
    """A whole article or notice to read, the matches of `forms` marked on a terminal."""

    def marked(text: str, style: str = "") -> list[str]:
        return screen.lines(text, find_spans(text, forms) if forms else (), style=style)

    if isinstance(record, Notice):
        yield from screen.lines(joined([record.id, record.kind]), style="dim")
        yield from marked(record.text)
        return
    facts = record.facts
    yield from marked(record.title, "title")
    printed = joined([record.paper, record.date, f"p. {record.page}" if record.page is not None else None])
    about = [
        joined([record.id, "、".join(facts.regions), facts.year, record.source, record.byline]),
        "、".join(facts.agencies),
        printed,
    ]
    for line in filter(None, about):
        yield from screen.lines(line, style="dim")
    yield ""
    for paragraph in record.paragraphs:
        if paragraph in record.subheads:
            yield from marked(paragraph, "title")
        else:
            yield from marked(FIRST_LINE + paragraph if screen.tty else paragraph)


def segmented_lines(page: Segmented, screen: Screen) -> Iterator[str]:
    """What the page pipeline made of one page, to read: articles in full, then the notices."""
    yield screen.styled(page.file, "dim")
    for article in page.articles:
        yield ""
        yield from article_lines(article, screen)
        yield from screen.lines(f"[lines {_runs(article.lines)}]", style="dim")
    for notice in page.notices:
        yield ""
        yield from article_lines(notice, screen)
        yield from screen.lines(f"[lines {_runs(notice.lines)}]", style="dim")


def decision_lines(page: Page, decisions: Iterable[Decision], screen: Screen) -> Iterator[str]:
    """Why a page is read as it is, in the order of its lines: each decision with its score and what that is made of."""
    yield screen.styled(page.file, "dim")
    texts = page.text.split("\n")
    for decision in sorted(decisions, key=lambda one: one.lines):
        first, _ = decision.lines
        place = _runs([decision.lines]) if first else "page"
        begins = f" · {texts[first - 1].strip()}" if first and ":" not in decision.what else ""
        lead = f"{place:<10} {decision.score:+7.1f}  "
        yield from screen.lines(f"{decision.what}{begins}", first=lead, indent=" " * len(lead))
        parts = joined([f"{name} {part:+.1f}" for name, part in decision.parts], ", ")
        if parts:
            yield from screen.lines(parts, indent=" " * len(lead), style="dim")


def _runs(lines: Iterable[tuple[int, int]], separator: str = ", ") -> str:
    """Runs of lines as ranges; with two dots, as in queries, because Excel takes 1-2 for a day."""
    return separator.join(str(a) if a == b else f"{a}..{b}" for a, b in lines)


def facet_lines(facets: Facets, screen: Screen) -> Iterator[str]:
    """Each facet with its counts; regions as a tree."""
    for name, rows in facets.items():
        labelled = [(_label(row), int(row["count"])) for row in rows]
        if not labelled:
            continue
        yield screen.styled(name, "title")
        if name == "region":
            shown = [(f"{'  ' * depth}{label}", count) for depth, label, count in region_tree(labelled)]
        else:
            shown = list(labelled[:FACET_ROWS])
        width = max(cells(label) for label, _ in shown)
        digits = max(len(str(count or "")) for _, count in shown)
        for label, count in shown:
            yield screen.text(f"  {pad(label, width)}  {count or '':>{digits}}")
        if len(labelled) > len(shown):
            yield screen.styled(f"  … {len(labelled) - len(shown)} more", "dim")


def _label(row: Mapping[str, Any]) -> str:
    return next(str(value) for name, value in row.items() if name != "count")


def region_tree(rows: Iterable[tuple[str, int]]) -> Iterator[tuple[int, str, int]]:
    """(depth, name, count) of region paths, each below its parent, siblings in the order of `rows`.

    A parent that has no row of its own gets the count 0.
    """
    counts: dict[str, int] = {}
    children: dict[str, list[str]] = {}
    for path, count in rows:
        names = path.split("/")
        for depth in range(len(names)):
            parent, whole = "/".join(names[:depth]), "/".join(names[: depth + 1])
            if whole not in counts:
                counts[whole] = 0
                children.setdefault(parent, []).append(whole)
        counts[path] = count

    def walk(parent: str, depth: int) -> Iterator[tuple[int, str, int]]:
        for path in children.get(parent, ()):
            yield depth, path.rpartition("/")[2], counts[path]
            yield from walk(path, depth + 1)

    yield from walk("", 0)


def kwic_lines(lines: Sequence[KwicLine], screen: Screen) -> Iterator[str]:
    """A concordance: the matches stand in one column; on a terminal as much context as its width has room for."""
    ids = [f"{line.id} {line.part}" for line in lines]
    id_width = max(map(cells, ids), default=0)
    match_width = max((cells(line.match) for line in lines), default=0)
    side = max((max(cells(line.left), cells(line.right)) for line in lines), default=0)
    if screen.tty:
        side = min(side, max(8, (screen.width - id_width - match_width - 4) // 2))
    for name, line in zip(ids, lines, strict=True):
        left, right = pad(fit(line.left, side, right=True), side, right=True), fit(line.right, side)
        match = screen.styled(line.match, "match")
        yield f"{screen.styled(pad(name, id_width), 'dim')}  {screen.text(left)} {match} {screen.text(right)}".rstrip()


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that Excel opens right: byte order mark, CRLF, no cell that it would take for a formula."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return BOM + out.getvalue()


def csv_cell(value: object) -> object:
    """Numbers as they are, None as an empty cell, text that begins like a formula behind an apostrophe.

    See https://owasp.org/www-community/attacks/CSV_Injection; Excel takes the full-width signs too.
    """
    if value is None or isinstance(value, (int, float)):
        return "" if value is None else value
    text = str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else text


def hit_row(hit: Hit) -> list[object]:
    """One hit as CSV_COLUMNS has it; several values in a cell are set apart by "; "."""
    row: list[object] = []
    for name in CSV_COLUMNS:
        value = getattr(hit, name)
        if name == "lines":
            value = _runs(value, "; ")
        elif isinstance(value, tuple):
            value = "; ".join(map(str, value))
        row.append(value)
    return row


def citation(article: Article) -> str:
    """The reference of a newspaper article by GB/T 7714-2015: 责任者. 题名[N]. 报纸名, 年-月-日(版次).

    What is not known is left out; the year that the article is about is not taken for its date.
    """
    names = _names(article.byline or "")
    who = ", ".join(names[:3]) + (", 等" if len(names) > 3 else "")
    page = f"({article.page})" if article.page is not None else ""
    where = joined([article.paper, article.date], ", ") + page
    return ". ".join(part for part in (who, f"{article.title}[N]", where) if part) + "."


def _names(byline: str) -> list[str]:
    """The names of a byline; a space parts names, but not the characters of one (王 明)."""
    names: list[str] = []
    for part in re.split(r"[、，,;；/]+", byline):
        pieces = part.split()
        names += ["".join(pieces)] if all(len(piece) == 1 for piece in pieces) else pieces
    return [name for name in names if name]
