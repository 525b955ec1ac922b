"""What people give beside plain pages: ready-made articles, pages mended by hand, and meta.csv.

- `NAME.jsonl`: one article a line, its text taken as it is (`read_articles`)
- `NAME.articles.json` next to a page: what `swsearch segment --json` printed, mended by hand (`read_mended`)
- `meta.csv`: paper, date and page number of each file (`read_meta`, from `meta.py`)

People write these files, so whatever is wrong is one sentence with its place, and the rest goes in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from swsearch.errors import PageError
from swsearch.pages.given import (
    Wrong,
    check_keys,
    facts_of,
    id_of,
    json_object,
    objects_at,
    read_date,
    read_page_number,
    shown,
    string_at,
    strings_at,
    whole,
)
from swsearch.pages.meta import Meta, read_meta
from swsearch.pages.read import decode, open_seed, printable, read_bytes, seed_name
from swsearch.records import Article, Notice, NoticeKind, Page, Segmented, Span
from swsearch.settings import MAX_PAGE_BYTES

__all__ = ["Meta", "iter_articles", "read_articles", "read_mended", "read_meta"]

PROBLEMS_NAMED = 100
"""Of one file; a file in a wrong form would otherwise be told line by line, 22,000 times."""

ARTICLE_KEYS = (
    *("id", "title", "subheads", "paragraphs", "byline", "byline_line", "source"),
    *("regions", "places", "year", "years", "agencies", "lines"),
)
NOTICE_KEYS = ("kind", "text", "lines")


# ---- articles, one a line


def read_articles(
    path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None
) -> tuple[list[Article], list[PageError]]:
    """The articles of a .jsonl file in its order, and what is wrong with the lines that were left out.

    Raises PageError if the file can't be read at all.
    """
    problems: list[PageError] = []
    return list(iter_articles(path, root, problems)), problems


def iter_articles(
    path: str | os.PathLike[str], root: str | os.PathLike[str] | None, problems: list[PageError]
) -> Iterator[Article]:
    """The articles of a .jsonl file one by one, never more than a line in memory; `problems` grows on the way.

    An article's id is the one that it brings, whatever the file's name.
    """
    name, file = printable(path), seed_name(path, root)
    seen: dict[str, int] = {}
    wrong = 0
    with open_seed(path) as stream:
        for number, line in _numbered_lines(stream):
            if number == 1:
                _check_form(line, name)
            try:
                article = _article_of_line(line, file, name)
                if article is None:
                    continue
                if article.id in seen:
                    raise Wrong(
                        f"the id {shown(article.id)} is that of line {seen[article.id]}; give it one of its own"
                    )
            except (Wrong, PageError) as error:
                wrong += 1
                if wrong <= PROBLEMS_NAMED:
                    reason = error.reason if isinstance(error, PageError) else str(error)
                    problems.append(PageError(name, f"line {number}: {reason}"))
                continue
            seen[article.id] = number
            yield article
    if wrong > PROBLEMS_NAMED:
        more = f"{wrong - PROBLEMS_NAMED} more lines were left out; is each line one article as a JSON object?"
        problems.append(PageError(name, more))


def _check_form(first: bytes, name: str) -> None:
    """PageError for a file that is wrong as a whole, by its first line."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PageError(name, "is in UTF-16; save it again as UTF-8")
    if first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise PageError(name, "is one JSON list; write one object a line (jq -c '.[]')")


def _numbered_lines(stream: Any) -> Iterator[tuple[int, bytes]]:
    """Lines from 1; of one that is too long only its beginning, one byte over the limit."""
    number = 0
    while line := stream.readline(MAX_PAGE_BYTES + 1):
        number += 1
        yield number, line
        while len(line) > MAX_PAGE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_PAGE_BYTES + 1)


def _article_of_line(line: bytes, file: str, name: str) -> Article | None:
    """The article on one line; None for a blank line."""
    if len(line) > MAX_PAGE_BYTES:
        raise Wrong(f"is longer than {MAX_PAGE_BYTES / 2**20:g} MB; is each line one article?")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = decode(line, name)[0]
    text = text.strip()
    if not text:
        return None
    data = json_object(text)
    identifier = id_of(data.get("id"))
    if "title" not in data:
        raise Wrong('has no "title"; give one, "" if it is not known')
    paragraphs = _paragraphs(data)
    subheads = set(strings_at(data, "subheads"))
    return Article(
        id=identifier,
        file=file,
        title=" ".join(_lines_of(string_at(data, "title") or "")),
        paragraphs=paragraphs,
        subheads=tuple(text for text in paragraphs if text in subheads),
        byline=string_at(data, "byline"),
        byline_line=string_at(data, "byline_line"),
        source=string_at(data, "source"),
        facts=facts_of(data),
        paper=string_at(data, "paper"),
        date=read_date(data.get("date")),
        page=read_page_number(data.get("page")),
    )


def _paragraphs(data: Mapping[str, Any]) -> tuple[str, ...]:
    if data.get("paragraphs") is not None:
        texts: Iterable[str] = strings_at(data, "paragraphs")
    elif isinstance(data.get("body"), str):
        texts = (data["body"],)
    else:
        raise Wrong('has neither a text "body" nor a list "paragraphs"; give one of them')
    return tuple(line for text in texts for line in _lines_of(whole(text)))


def _lines_of(text: str) -> list[str]:
    """What line ends part, blank lines left out."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [line for line in text.split("\n") if line and not line.isspace()]


# ---- a page mended by hand


def read_mended(path: str | os.PathLike[str], page: Page) -> Segmented:
    """The articles and notices that the file `path` gives for `page`, in the form that `segment --json` prints.

    Raises PageError, with the place in the file, if it can't be read or doesn't fit the page.
    """
    name = printable(path)
    text = decode(read_bytes(path), name)[0]
    try:
        try:
            data = json_object(text)
        except Wrong as error:
            raise Wrong(f"{error}; print it anew with `swsearch segment --json {page.file}`") from error
        check_keys(data, ("file", "articles", "notices"))
        file = data.get("file", page.file)
        if file != page.file and file != page.file.rpartition("/")[2]:
            raise Wrong(f'"file" is {shown(file)}, but it stands next to {page.file}; rename the file or mend "file"')
        lines = [line.text for line in page.lines]
        articles = tuple(
            _at(f"articles[{at}]", _mended_article, item, page, lines, at)
            for at, item in enumerate(objects_at(data, "articles"))
        )
        notices = tuple(
            _at(f"notices[{at}]", _mended_notice, item, page, lines, at)
            for at, item in enumerate(objects_at(data, "notices"))
        )
        ids: set[str] = set()
        for at, article in enumerate(articles):
            if article.id in ids:
                raise Wrong(f'articles[{at}]: "id" {shown(article.id)} is used twice; number the articles from 1')
            ids.add(article.id)
    except Wrong as error:
        raise PageError(name, str(error)) from error
    return Segmented(page.file, articles, notices)


def _at(place: str, make: Any, *arguments: Any) -> Any:
    try:
        return make(*arguments)
    except Wrong as error:
        raise Wrong(f"{place}: {error}") from error


def _mended_article(data: Mapping[str, Any], page: Page, lines: list[str], at: int) -> Article:
    check_keys(data, ARTICLE_KEYS)
    if not isinstance(data.get("title"), str):
        raise Wrong('has no "title"; give one')
    paragraphs = tuple(line for text in strings_at(data, "paragraphs") for line in _lines_of(text))
    subheads = strings_at(data, "subheads")
    for subhead in subheads:
        if subhead not in paragraphs:
            raise Wrong(f'the subhead {shown(subhead)} is not among the "paragraphs"; put it in its place there')
    identifier = id_of(data["id"]) if data.get("id") is not None else f"{page.stem}:{at + 1}"
    if not identifier.startswith(f"{page.stem}:"):
        raise Wrong(f'"id" is {shown(identifier)}; it must begin with {page.stem}:')
    runs = _runs(data, lines)
    return Article(
        id=identifier,
        file=page.file,
        title=" ".join(_lines_of(string_at(data, "title") or "")),
        paragraphs=paragraphs,
        subheads=subheads,
        byline=string_at(data, "byline"),
        byline_line=string_at(data, "byline_line"),
        source=string_at(data, "source"),
        facts=facts_of(data),
        lines=runs,
        spans=_spans(runs, lines),
        printed=_printed(runs, lines),
    )


def _mended_notice(data: Mapping[str, Any], page: Page, lines: list[str], at: int) -> Notice:
    check_keys(data, NOTICE_KEYS)
    kinds = get_args(NoticeKind)
    kind = data.get("kind", "other")
    if kind not in kinds:
        raise Wrong(f'"kind" is {shown(kind)}; write one of {", ".join(kinds)}')
    text = string_at(data, "text")
    if text is None:
        raise Wrong('has no "text"; give it or take the notice out')
    runs = _runs(data, lines)
    identifier = f"{page.stem}:n{at + 1}"
    return Notice(identifier, page.file, kind, text, runs, _spans(runs, lines), _printed(runs, lines))


def _runs(data: Mapping[str, Any], lines: list[str]) -> tuple[tuple[int, int], ...]:
    """The "lines" of an article or notice: pairs of line numbers of the page."""
    value = data.get("lines") or []
    runs = []
    for run in value if isinstance(value, list) else [value]:
        if not (isinstance(run, list) and len(run) == 2 and all(type(number) is int for number in run)):
            raise Wrong(f'"lines" has {shown(run)}; write pairs of line numbers like [[1, 5], [9, 9]]')
        first, last = run
        if not 1 <= first <= last <= len(lines):
            raise Wrong(f'"lines" has {shown(run)}, but the page has lines 1 to {len(lines)}; mend the numbers')
        runs.append((first, last))
    return tuple(runs)


def _numbers(runs: Iterable[tuple[int, int]]) -> Iterator[int]:
    for first, last in runs:
        yield from range(first, last + 1)


def _spans(runs: Iterable[tuple[int, int]], lines: list[str]) -> tuple[Span, ...]:
    """Whole lines without their outer white space: a hand-made file knows no columns."""
    spans = []
    for number in _numbers(runs):
        text = lines[number - 1]
        if text.strip():
            spans.append(Span(number, len(text) - len(text.lstrip()) + 1, len(text.rstrip())))
    return tuple(spans)


def _printed(runs: Iterable[tuple[int, int]], lines: list[str]) -> str:
    return "\n".join(lines[number - 1] for number in _numbers(runs) if lines[number - 1].strip())
