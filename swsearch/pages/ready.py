"""Articles that come ready-made, and what people say of pages beside them.

- `NAME.jsonl`: one article a line, its text taken as it is (`read_articles`)
- `NAME.articles.json` next to a page: what `swsearch segment --json` printed, mended by hand (`read_mended`)
- `meta.csv`: paper, date and page number of each file (`read_meta`)

People write these files, so whatever is wrong is one sentence with its place, and the rest goes in.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from swsearch.errors import PageError
from swsearch.pages.read import decode, open_seed, printable, read_bytes, seed_name
from swsearch.records import Article, Facts, Notice, NoticeKind, Page, Segmented, Span
from swsearch.settings import MAX_PAGE_BYTES

PROBLEMS_NAMED = 100
"""Of one file; a file in a wrong form would otherwise be told line by line, 22,000 times."""

ARTICLE_KEYS = (
    *("id", "title", "subheads", "paragraphs", "byline", "byline_line", "source"),
    *("regions", "places", "year", "years", "agencies", "lines"),
)
NOTICE_KEYS = ("kind", "text", "lines")
META_COLUMNS = ("file", "paper", "date", "page")

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?")
_PAGE = re.compile(r"第?\s*0*([1-9]\d{0,3})\s*版?")


_FACT_KEYS = ("regions", "places", "year", "years", "agencies")
_NO_FACTS = Facts()


class _Wrong(ValueError):
    """One sentence on a value, without its place."""


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
                    raise _Wrong(
                        f"the id {_shown(article.id)} is that of line {seen[article.id]}; give it one of its own"
                    )
            except (_Wrong, PageError) as error:
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
        raise _Wrong(f"is longer than {MAX_PAGE_BYTES / 2**20:g} MB; is each line one article?")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = decode(line, name)[0]
    text = text.strip()
    if not text:
        return None
    data = _object(text)
    identifier = _id(data.get("id"))
    if "title" not in data:
        raise _Wrong('has no "title"; give one, "" if it is not known')
    paragraphs = _paragraphs(data)
    subheads = set(_strings(data, "subheads"))
    return Article(
        id=identifier,
        file=file,
        title=" ".join(_lines_of(_string(data, "title") or "")),
        paragraphs=paragraphs,
        subheads=tuple(text for text in paragraphs if text in subheads),
        byline=_string(data, "byline"),
        byline_line=_string(data, "byline_line"),
        source=_string(data, "source"),
        facts=_facts(data),
        paper=_string(data, "paper"),
        date=read_date(data.get("date")),
        page=read_page_number(data.get("page")),
    )


def _paragraphs(data: Mapping[str, Any]) -> tuple[str, ...]:
    if data.get("paragraphs") is not None:
        texts: Iterable[str] = _strings(data, "paragraphs")
    elif isinstance(data.get("body"), str):
        texts = (data["body"],)
    else:
        raise _Wrong('has neither a text "body" nor a list "paragraphs"; give one of them')
    return tuple(line for text in texts for line in _lines_of(_whole(text)))


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
            data = _object(text)
        except _Wrong as error:
            raise _Wrong(f"{error}; print it anew with `swsearch segment --json {page.file}`") from error
        _check_keys(data, ("file", "articles", "notices"), "")
        file = data.get("file", page.file)
        if file != page.file and file != page.file.rpartition("/")[2]:
            raise _Wrong(f'"file" is {_shown(file)}, but it stands next to {page.file}; rename the file or mend "file"')
        lines = [line.text for line in page.lines]
        articles = tuple(
            _at(f"articles[{at}]", _mended_article, item, page, lines, at)
            for at, item in enumerate(_objects(data, "articles"))
        )
        notices = tuple(
            _at(f"notices[{at}]", _mended_notice, item, page, lines, at)
            for at, item in enumerate(_objects(data, "notices"))
        )
        ids: set[str] = set()
        for at, article in enumerate(articles):
            if article.id in ids:
                raise _Wrong(f'articles[{at}]: "id" {_shown(article.id)} is used twice; number the articles from 1')
            ids.add(article.id)
    except _Wrong as error:
        raise PageError(name, str(error)) from error
    return Segmented(page.file, articles, notices)


def _at(place: str, make: Any, *arguments: Any) -> Any:
    try:
        return make(*arguments)
    except _Wrong as error:
        raise _Wrong(f"{place}: {error}") from error


def _mended_article(data: Mapping[str, Any], page: Page, lines: list[str], at: int) -> Article:
    _check_keys(data, ARTICLE_KEYS, "")
    if not isinstance(data.get("title"), str):
        raise _Wrong('has no "title"; give one')
    paragraphs = tuple(line for text in _strings(data, "paragraphs") for line in _lines_of(text))
    subheads = _strings(data, "subheads")
    for subhead in subheads:
        if subhead not in paragraphs:
            raise _Wrong(f'the subhead {_shown(subhead)} is not among the "paragraphs"; put it in its place there')
    identifier = _id(data["id"]) if data.get("id") is not None else f"{page.stem}:{at + 1}"
    if not identifier.startswith(f"{page.stem}:"):
        raise _Wrong(f'"id" is {_shown(identifier)}; it must begin with {page.stem}:')
    runs = _runs(data, lines)
    return Article(
        id=identifier,
        file=page.file,
        title=" ".join(_lines_of(_string(data, "title") or "")),
        paragraphs=paragraphs,
        subheads=subheads,
        byline=_string(data, "byline"),
        byline_line=_string(data, "byline_line"),
        source=_string(data, "source"),
        facts=_facts(data),
        lines=runs,
        spans=_spans(runs, lines),
        printed=_printed(runs, lines),
    )


def _mended_notice(data: Mapping[str, Any], page: Page, lines: list[str], at: int) -> Notice:
    _check_keys(data, NOTICE_KEYS, "")
    kinds = get_args(NoticeKind)
    kind = data.get("kind", "other")
    if kind not in kinds:
        raise _Wrong(f'"kind" is {_shown(kind)}; write one of {", ".join(kinds)}')
    text = _string(data, "text")
    if text is None:
        raise _Wrong('has no "text"; give it or take the notice out')
    runs = _runs(data, lines)
    identifier = f"{page.stem}:n{at + 1}"
    return Notice(identifier, page.file, kind, text, runs, _spans(runs, lines), _printed(runs, lines))


def _runs(data: Mapping[str, Any], lines: list[str]) -> tuple[tuple[int, int], ...]:
    """The "lines" of an article or notice: pairs of line numbers of the page."""
    value = data.get("lines") or []
    runs = []
    for run in value if isinstance(value, list) else [value]:
        if not (isinstance(run, list) and len(run) == 2 and all(type(number) is int for number in run)):
            raise _Wrong(f'"lines" has {_shown(run)}; write pairs of line numbers like [[1, 5], [9, 9]]')
        first, last = run
        if not 1 <= first <= last <= len(lines):
            raise _Wrong(f'"lines" has {_shown(run)}, but the page has lines 1 to {len(lines)}; mend the numbers')
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


# ---- meta.csv


@dataclass(frozen=True, slots=True)
class Meta:
    """What meta.csv says of one file: newspaper, date (2024-11-05, 2024-11 or 2024) and page number."""

    paper: str | None = None
    date: str | None = None
    page: int | None = None


def read_meta(path: str | os.PathLike[str]) -> tuple[dict[str, Meta], list[PageError]]:
    """What the table says of each file, and what is wrong with it; a bad cell is left out, the rest of its row counts.

    Raises PageError if it can't be read at all.
    """
    name = printable(path)
    text = decode(read_bytes(path), name)[0]
    problems: list[PageError] = []
    metas: dict[str, Meta] = {}
    lines: dict[str, int] = {}
    columns: list[str] | None = None
    reader = csv.reader(text.split("\n"), strict=False)
    while True:
        number = reader.line_num + 1
        try:
            row = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            problems.append(PageError(name, f"line {number}: is no row of a table ({error}); mend its quotes"))
            continue
        if not any(row):
            continue
        if columns is None:
            columns = [cell.lower() for cell in row]
            problems += [PageError(name, f"line {number}: {reason}") for reason in _wrong_columns(columns)]
            if "file" not in columns:
                break
            continue
        cells: dict[str, str] = {}
        for column, cell in zip(columns, row, strict=False):
            cells.setdefault(column, cell)
        reasons = (
            [f"has {len(row)} cells for {len(columns)} columns; mend its commas"] if len(row) > len(columns) else []
        )
        file = re.sub(r"^(?:\./)+", "", cells.get("file", "").replace("\\", "/"))
        if not file:
            reasons.append("names no file; write its path in the column `file`")
        elif file in metas:
            reasons.append(f"{file} has its row on line {lines[file]} already; the first one counts")
        else:
            metas[file], wrong = _meta(cells)
            reasons += wrong
            lines[file] = number
        problems += [PageError(name, f"line {number}: {reason}") for reason in reasons]
    return metas, problems


def _wrong_columns(columns: list[str]) -> list[str]:
    reasons = []
    known = ",".join(META_COLUMNS)
    if "file" not in columns:
        return [f"has no column `file`, so nothing of it is used; begin the table with the line {known}"]
    for at, column in enumerate(columns):
        if column and column not in META_COLUMNS:
            reasons.append(f"the column {_shown(column)} is unknown and not used; known are {known}")
        elif column and column in columns[:at]:
            reasons.append(f"the column {_shown(column)} is there twice; the first one counts")
    return reasons


def _meta(cells: Mapping[str, str]) -> tuple[Meta, list[str]]:
    values: dict[str, Any] = {"paper": cells.get("paper") or None}
    reasons = []
    for column, read in (("date", read_date), ("page", read_page_number)):
        try:
            values[column] = read(cells.get(column) or None)
        except _Wrong as error:
            reasons.append(f"{error}; it is left out")
    return Meta(**values), reasons


# ---- values


def read_date(value: object) -> str | None:
    """2024-11-05, 2024-11 or 2024 for a date in one of the usual spellings; None for none. Raises ValueError."""
    if value is None or value == "":
        return None
    found = _DATE.fullmatch(str(value).strip()) if isinstance(value, (str, int)) else None
    if found:
        year, month, day = (int(part) if part else None for part in found.groups())
        try:
            datetime.date(year or 0, month or 1, day or 1)
        except ValueError:
            found = None
    if not found:
        raise _Wrong(f'"date" is {_shown(value)}; write it like 2024-11-05, 2024-11 or 2024')
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part is not None)])


def read_page_number(value: object) -> int | None:
    """The number for 8, "8", "08" or "第8版"; None for none. Raises ValueError."""
    if value is None or value == "":
        return None
    found = _PAGE.fullmatch(str(value).strip()) if isinstance(value, (str, int)) else None
    if not found:
        raise _Wrong(f'"page" is {_shown(value)}; write a number from 1 to 9999')
    return int(found[1])


def _facts(data: Mapping[str, Any]) -> Facts:
    if data.keys().isdisjoint(_FACT_KEYS):
        return _NO_FACTS
    year = _year(data.get("year"), "year")
    years = {_year(value, "years") for value in _list(data, "years")} | {year}
    return Facts(
        regions=tuple(dict.fromkeys(map(_region, _strings(data, "regions")))),
        places=tuple(dict.fromkeys(map(_region, _strings(data, "places")))),
        year=year,
        years=tuple(sorted(value for value in years if value is not None)),
        agencies=tuple(dict.fromkeys(_strings(data, "agencies"))),
    )


def _region(name: str) -> str:
    """The region's full path (南昌 -> 江西省/南昌市), or the name as it is where it can mean several (朝阳) or none."""
    from swsearch.pages.gazetteer import resolve, within

    paths = resolve(name)  # higher levels first
    return paths[0] if paths and all(within(path, paths[0]) for path in paths) else name


def _year(value: object, key: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if type(value) is not int or not 1000 <= value <= 9999:
        raise _Wrong(f'"{key}" has {_shown(value)}; write a year of four digits, or null')
    return value


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, " if "\n" in text else ""
        raise _Wrong(f"is not JSON ({place}column {error.colno}: {error.msg})") from error
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of 5,000 digits
        raise _Wrong("is not JSON of this kind (nested too deeply, or a number too long)") from error
    if not isinstance(data, dict):
        raise _Wrong(f"is {_shown(data)}, not a JSON object {{…}}")
    return data


def _objects(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    items = _list(data, key)
    for at, item in enumerate(items):
        if not isinstance(item, dict):
            raise _Wrong(f"{key}[{at}]: is {_shown(item)}, not an object {{…}}")
    return items


def _check_keys(data: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in data:
        if key not in known:
            raise _Wrong(f"{place}the key {_shown(key)} is unknown; known are {', '.join(known)}")


def _id(value: object) -> str:
    if type(value) is int:
        return str(value)
    if not isinstance(value, str) or not value.strip() or not value.strip().isprintable():
        raise _Wrong(f'"id" is {_shown(value)}; give a short text or a number, no two the same')
    return _whole(value.strip())


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Wrong(f'"{key}" is {_shown(value)}; write a list […]')
    return value


def _strings(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = _list(data, key)
    for value in values:
        if not isinstance(value, str):
            raise _Wrong(f'"{key}" has {_shown(value)}; write texts in quotes')
    return tuple(map(_whole, values))


def _string(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Wrong(f'"{key}" is {_shown(value)}; write a text in quotes, or null')
    return _whole(value)


def _whole(text: str) -> str:
    """The text with halves of surrogate pairs, which no file can hold, as U+FFFD."""
    try:
        text.encode()  # ten times as quick as looking for them
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


def _shown(value: object) -> str:
    """The value as JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = _whole(text)
    return text if len(text) <= 60 else f"{text[:57]}…"
