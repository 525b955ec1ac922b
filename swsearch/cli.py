"""The command `swsearch`: options in, library calls, text out. Nothing here is worth importing from elsewhere.

stdout carries data; notes, warnings and progress go to stderr. Exit status as grep: 0 something found, 1 nothing,
2 an error; `rebuild` also 3, some files were skipped. Only click is imported at the top: each command imports what
it needs, so that a query starts quickly.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from swsearch import __version__
from swsearch.errors import PageError, QueryError, SettingError
from swsearch.settings import HITS_SHOWN, Settings
from swsearch.shell import (
    ERROR,
    FOUND,
    NOTHING,
    SKIPPED,
    Commands,
    Query,
    note,
    read_stdin,
    typed_text,
    whole,
    write,
    write_json,
    write_raw,
)
from swsearch.terminal import Screen, joined, safe

if TYPE_CHECKING:
    from swsearch.records import Page, Results
    from swsearch.search import Index

GARBAGE_OBJECTS = 50_000
KWIC_CELLS = 60  # more than a wide terminal shows on either side of a match

FILTERS = (
    ("region", "REGION", "About this region or any place in it: 江西, 江西/南昌, 粤."),
    ("place", "REGION", "About this region, or mentions it."),
    ("year", "YEARS", "The year it reports on: 2024, 2021..2024, >=2022."),
    ("years", "YEARS", "Any year that the text names."),
    ("agency", "NAME", "An agency whose name contains this: 民政厅, 人社厅."),
    ("source", "NAME", "The paper or office it is credited to: 南昌日报."),
    ("byline", "NAME", "Its author."),
    ("paper", "NAME", "The newspaper, where seeds/meta.csv says so."),
    ("date", "DATES", "The day it appeared: 2024-11, 2024-11-01..2024-11-15."),
    ("page", "PAGES", "The page it stands on: 8, 1..4."),
)
Command = Callable[..., Any]

index_option = click.option(
    "--index", type=click.Path(), metavar="DIR", help="The index. Default: SWSEARCH_INDEX, swsearch.toml, ./index."
)


def filter_options(command: Command) -> Command:
    """The options that narrow a search: one repeated means any of, different ones all of."""
    for name, metavar, text in reversed(FILTERS):
        command = click.option(f"--{name}", type=typed_text, metavar=metavar, multiple=True, help=text)(command)
    return command


def how_options(command: Command) -> Command:
    """The options that say how a query is read."""
    for name, text in (
        ("strict", "A query that does not parse is an error, not text."),
        ("loose", "Its words are enough, from the start."),
        ("exact", "Never relax to the words of a query that finds nothing."),
        ("literal", "No words of the other side of the strait (软件 for 軟體)."),
        ("notices", "Captions, teasers and page headers too."),
    ):
        command = click.option(f"--{name}", is_flag=True, help=text)(command)
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Find every article that says a thing, in folders of Chinese newspaper pages.

    \b
      swsearch rebuild seeds               make or update the index
      swsearch query 社工站 全覆盖           articles that have both
      swsearch query '"社工站全覆盖"'        exactly this string
      swsearch query 社工站 --region 江西 --year 2021..2024

    Exit status: 0 something was found, 1 nothing, 2 an error, 3 (rebuild) some files were skipped.
    """  # noqa: D301  (click wants a real \b)


def main() -> None:
    """The entry point: run the command line and exit."""
    # NumPy's BLAS, which nothing here uses, would start a thread for each core when it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A query is over before there is garbage worth looking for: modules make 40,000 objects that stay. A rebuild makes
    # more, so it is only looked for less often. At the end nothing is: an eighth of the time of a query.
    gc.set_threshold(GARBAGE_OBJECTS)
    try:
        cli.main()
    finally:
        gc.freeze()


# ---- commands


@cli.command()
@click.argument("seeds", nargs=-1, type=click.Path())
@click.option("--full", is_flag=True, help="Read every page anew, changed or not.")
@click.option("--jobs", type=whole(1), default=1, metavar="N", help="Read and analyse in N processes. Default: 1.")
@click.option("--facts", is_flag=True, help="Find regions, years and agencies of .jsonl articles that bring none.")
@index_option
def rebuild(seeds: tuple[str, ...], full: bool, jobs: int, facts: bool, index: str | None) -> int:
    """Bring the index up to date with SEEDS (default: SWSEARCH_SEEDS, swsearch.toml, ./seeds).

    Only new and changed files are read; files in none of SEEDS leave the index. Exit status 3: some files were
    skipped, the others are in.
    """
    from swsearch.index import rebuild as run

    with _progress() as progress:
        report = run(seeds, index=index, full=full, jobs=jobs, facts=facts, progress=progress)
    for problem in report.skipped:
        note(f"skipped: {problem}", "warning")
    for text in report.notes:
        note(text, "warning")
    if report.full_because and not full and (report.unchanged or report.changed):
        note(f"everything was read anew: {report.full_because}")
    counts = (len(report.new), "new"), (len(report.changed), "changed"), (len(report.removed), "removed")
    done = joined([f"{count} {what}" for count, what in (*counts, (report.unchanged, "unchanged")) if count], ", ")
    note(
        f"{done or 'no pages'}; {report.articles} articles and {report.notices} notices in {report.index}, "
        f"{report.took_s:.1f} s"
    )
    return SKIPPED if report.skipped else FOUND


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar on stderr while pages are read, if a person looks; rich is imported when there is something to show."""
    if not Screen.of(sys.stderr).tty:
        yield None
        return
    bars: list[Any] = []

    def show(done: int, total: int, file: str) -> None:
        if not bars:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
            bars.append(Progress(*columns, console=Console(stderr=True), transient=True))
            bars[0].start()
            bars[0].add_task("", total=total)
        bars[0].update(0, completed=done, description=safe(file))

    try:
        yield show
    finally:
        for bar in bars:
            bar.stop()


@cli.command(cls=Query)
@click.argument("words", nargs=-1, type=typed_text, metavar="[QUERY]…")
@click.option(
    "-q", "--queries", type=typed_text, metavar="@FILE", help="Many queries, one a line; - is stdin. Gives JSON lines."
)
@filter_options
@click.option(
    "--limit", type=whole(0), metavar="N", help=f"So many hits, 0 = all. Default: {HITS_SHOWN}; all with --kwic."
)
@click.option("--offset", type=whole(0), default=0, metavar="N", help="Leave out the first N hits.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", "year", "date"]),
    default="relevance",
    help="Newest first, or best first (default).",
)
@click.option("--count", is_flag=True, help="Only how many articles there are.")
@click.option("--facets", is_flag=True, help="Counts by region, year, agency and source, over all matches.")
@click.option("--kwic", is_flag=True, help="A concordance: one line for each occurrence.")
@click.option(
    "--kwic-sort",
    type=click.Choice(["position", "left", "right"]),
    default="position",
    help="Order of the concordance: as it comes (default), or by what stands left or right of the match.",
)
@click.option("--explain", is_flag=True, help="How the query is read and what each score is made of.")
@how_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="One JSON object for each hit, a line each.")
@click.option("--csv", "as_csv", is_flag=True, help="A table that Excel opens.")
@index_option
def query(words: tuple[str, ...], queries: str | None, index: str | None, **options: Any) -> int:
    """Find articles. Words are joined by a space, which means that an article must have all of them.

    \b
      社工站 全覆盖      both strings, anywhere     "社工站全覆盖"    exactly this string
      社工站 OR 社工室    either                    社工站 -招聘      without
      title:全覆盖       in the title              "甲 乙"~30       within 30 characters
      region:江西  year:2021..2024  agency:民政厅  source:南昌日报  …   see `swsearch fields`
    """  # noqa: D301  (click wants a real \b)
    modes = [name for name in ("count", "kwic", "explain") if options.pop(name)]
    formats = [name for name in ("json", "jsonl", "csv") if options.pop(f"as_{name}")]
    facets, kwic_sort = options.pop("facets"), options.pop("kwic_sort")
    text = " ".join(words)
    filtered = any(options[name] for name, _, _ in FILTERS)
    _check_query_options(text, queries, modes, formats, facets, filtered)
    same: dict[str, Any] = {
        name: _any_of(value) if isinstance(value, tuple) else value for name, value in options.items()
    }
    mode, form = modes[0] if modes else "", formats[0] if formats else ""
    if same["limit"] is None:
        same["limit"] = 0 if mode == "kwic" else HITS_SHOWN

    from swsearch.search import open_index

    with open_index(index) as opened:
        if queries is not None:
            return _many(opened, _read_queries(queries), mode == "count", {**same, "facets": facets})
        if mode == "kwic":
            return _kwic(opened, text, form, {**same, "sort": kwic_sort})
        if mode == "explain":
            write([Screen.of(sys.stdout).text(opened.explain(text, **same)).rstrip("\n")])
            return FOUND
        if mode == "count":
            results = opened.search(text, **{**same, "offset": 0, "limit": 1, "facets": False})
            _notes(results)
            write([str(results.total)])
        else:
            results = opened.search(text, **same, facets=facets or form == "json")
            _print_results(results, form, facets, same["literal"])
        return FOUND if results.total else NOTHING


def _check_query_options(
    text: str, queries: str | None, modes: Sequence[str], formats: Sequence[str], facets: bool, filtered: bool
) -> None:
    """Raises a usage error for options that do not go together."""
    for names in (formats, modes):
        if len(names) > 1:
            raise click.UsageError(f"--{names[0]} and --{names[1]} do not go together; give one of them.")
    if queries is not None:
        if text or formats not in ([], ["jsonl"]) or modes not in ([], ["count"]):
            raise click.UsageError("-q goes with filters, --limit, --facets and --count; it gives JSON lines.")
    elif not filtered and not text.strip():
        raise click.UsageError("give a query, a filter such as --region, or -q @FILE.")
    elif formats and modes and modes != ["kwic"]:
        raise click.UsageError(f"--{modes[0]} and --{formats[0]} do not go together; give one of them.")
    elif facets and (modes or formats not in ([], ["json"])):
        raise click.UsageError("--facets goes with hits on the screen, or with --json, which always has them.")


def _any_of(values: tuple[str, ...]) -> str | list[str] | None:
    return list(values) if len(values) > 1 else values[0] if values else None


def _notes(results: Results) -> None:
    """What the searcher should know besides the hits."""
    for warning in results.warnings:
        note(f"warning: {warning}", "warning")
    if results.relaxed == "words":
        note("nothing has all of it as typed; showing articles that have its words")
    elif results.relaxed == "some":
        note("nothing has all of its words; showing articles that have some of them")


def _print_results(results: Results, form: str, facets: bool, literal: bool) -> None:
    if form == "json":
        write_json(results.to_dict())
        return
    _notes(results)
    if form == "jsonl":
        for hit in results.hits:
            write_json(hit.to_dict())
    elif form == "csv":
        from swsearch.printing import CSV_COLUMNS, csv_text, hit_row

        write_raw(csv_text(CSV_COLUMNS, map(hit_row, results.hits)))
    else:
        from swsearch.printing import facet_lines, hit_lines

        screen = Screen.of(sys.stdout)
        forms = _forms(results.query, literal, results.relaxed != "no") if screen.colour else ()
        for number, hit in enumerate(results.hits):
            write([*([""] if number else []), *hit_lines(hit, screen, forms)])
        if facets:
            write([*([""] if results.hits else []), *facet_lines(results.facets, screen)])
    note(f"{_shown(results)}, {results.took_ms:.0f} ms")


def _shown(results: Results) -> str:
    """How many of how many; from where to where on later pages."""
    if not results.total:
        return "nothing found"
    first, last = (results.hits[0].rank, results.hits[-1].rank) if results.hits else (0, 0)
    part = f"{first} to {last}" if first > 1 else str(len(results.hits))
    return f"{part} of {results.total} article{'s' if results.total != 1 else ''}"


def _forms(query: str, literal: bool, words: bool) -> tuple[str, ...]:
    """The match forms that a query's hits are marked with, its words too if they were enough."""
    from swsearch.query.bind import bind
    from swsearch.query.nodes import positive_leaves
    from swsearch.query.parse import parse
    from swsearch.snippets import wanted

    bound = bind(parse(query).node, literal=literal).node
    inner = (word for leaf in positive_leaves(bound) for word in leaf.words if len(word) > 1) if words else ()
    return (*wanted(bound), *inner)


def _kwic(index: Index, text: str, form: str, options: dict[str, Any]) -> int:
    options = {name: value for name, value in options.items() if name not in ("exact", "loose")}  # never relaxes
    lines = index.kwic(text, **options, width=KWIC_CELLS)
    if form == "json":
        write_json({"query": text, "lines": [line.to_dict() for line in lines]})
    elif form == "jsonl":
        for line in lines:
            write_json(line.to_dict())
    else:
        from swsearch.printing import csv_text, kwic_lines

        if form == "csv":
            rows = ((line.id, line.part, line.left, line.match, line.right) for line in lines)
            write_raw(csv_text(("id", "part", "left", "match", "right"), rows))
        else:
            write(kwic_lines(lines, Screen.of(sys.stdout)))
    if form != "json":
        note(f"{len(lines)} occurrences" if len(lines) != 1 else "1 occurrence")
    return FOUND if lines else NOTHING


def _read_queries(name: str) -> list[str]:
    """The queries of a file, one a line; blank lines are none."""
    path = name.removeprefix("@")
    try:
        data = read_stdin() if path == "-" else open(path, "rb").read()  # noqa: SIM115
    except OSError as error:
        raise SettingError(f"{path}: the queries cannot be read: {error.strerror}", "queries", path) from error
    try:
        return [line.strip() for line in data.decode("utf-8-sig").split("\n") if line.strip()]
    except UnicodeDecodeError as error:
        raise SettingError(f"{path}: the queries are not UTF-8 (byte {error.start})", "queries", path) from error


def _many(index: Index, queries: Iterable[str], count: bool, options: dict[str, Any]) -> int:
    """One JSON object for each query, in order; one that fails says so in its place and lets the others go on."""
    status = NOTHING
    for text in queries:
        try:
            results = index.search(text, **options)
        except QueryError as error:
            write_json({"query": text, "error": str(error)})
            note(f"{text}: {error}", "error")
            status = ERROR
            continue
        write_json({"query": text, "total": results.total} if count else results.to_dict())
        status = FOUND if results.total and status != ERROR else status
    return status


@cli.command()
@click.argument("id", type=typed_text)
@click.option("--as-printed", is_flag=True, help="Its lines as they stand on the page, nothing mended.")
@click.option("--match", type=typed_text, metavar="QUERY", help="Mark what this query finds in it.")
@click.option("--cite", is_flag=True, help="Only a reference (GB/T 7714) of what is known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@index_option
def show(id: str, as_printed: bool, match: str | None, cite: bool, as_json: bool, index: str | None) -> int:
    """Show the article or notice ID, as `query` prints it, in full."""
    from swsearch.records import Article
    from swsearch.search import open_index

    if cite + as_json + as_printed > 1:
        raise click.UsageError("--as-printed, --cite and --json do not go together; give one of them.")
    with open_index(index) as opened:
        record = opened.article(id)
    screen = Screen.of(sys.stdout)
    if as_json:
        known = {"file": record.file, "kind": record.kind, **record.to_dict(), "id": record.id}
        if isinstance(record, Article):
            known |= {"paper": record.paper, "date": record.date, "page": record.page}
        write_json(known)
    elif as_printed:
        write([screen.text(record.printed)])
    elif cite:
        if not isinstance(record, Article):
            raise click.UsageError(f"{id} is a notice; only articles are cited.")
        from swsearch.printing import citation

        write([screen.text(citation(record))])
    else:
        from swsearch.printing import article_lines

        write(article_lines(record, screen, _forms(match, False, False) if match else ()))
    return FOUND


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@index_option
def status(as_json: bool, index: str | None) -> int:
    """Say what the index holds and whether it is up to date with this version."""
    from dataclasses import asdict

    from swsearch.search import open_index

    with open_index(index) as opened:
        state = asdict(opened.status())
    if as_json:
        write_json(state)
        return FOUND
    screen = Screen.of(sys.stdout)
    width = max(map(len, state)) + 2
    for name, value in state.items():
        text = joined(value, "; ") if isinstance(value, (tuple, list)) else str(value)
        write([screen.text(f"{name.replace('_', ' '):<{width}}{text or '-'}")])
    for reason in state["stale"]:
        note(f"warning: {reason}", "warning")
    return FOUND


@cli.command()
@index_option
def check(index: str | None) -> int:
    """Verify every file of the index and that its counts agree. Exit status 2: something is wrong."""
    from swsearch.search import open_index

    with open_index(index) as opened:
        problems = opened.check()
    if problems:
        write(map(safe, problems))
        note("swsearch: the index is damaged; `swsearch rebuild --full` makes it anew from the seeds", "error")
        return ERROR
    note("the index is sound")
    return FOUND


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True), metavar="FILE…")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object a page, a line each: mend it and keep it as NAME.articles.json.",
)
@click.option("--explain", is_flag=True, help="Why each line went where it did.")
def segment(files: tuple[str, ...], as_json: bool, explain: bool) -> int:
    """Show what the page pipeline makes of each FILE (- is stdin), without any index."""
    from swsearch.pages import segment as pipeline
    from swsearch.printing import decision_lines, segmented_lines

    if as_json and explain:
        raise click.UsageError("--json and --explain do not go together; give one of them.")
    screen, status = Screen.of(sys.stdout), FOUND
    for number, file in enumerate(files):
        try:
            page = _read(file)
            if explain:
                write(decision_lines(page, pipeline.explain(page), screen))
                continue
            result = pipeline.segment(page)
        except PageError as error:
            note(f"swsearch: {error}", "error")
            status = ERROR
            continue
        if as_json:
            write_json(result.to_dict())
        else:
            write([*(["", ""] if number else []), *segmented_lines(result, screen)])
    return status


def _read(file: str) -> Page:
    """The page of a file, named as a rebuild would name it if it lies among the seeds; of stdin for "-"."""
    from swsearch.pages.read import decode, read_page, seed_name
    from swsearch.records import Page

    if file == "-":
        text, encoding = decode(read_stdin(), "-")
        return Page("-", text, encoding)
    roots = Settings.load().seeds
    return read_page(file, next((root for root in roots if "/" in seed_name(file, root)), None))


@cli.command()
def fields() -> int:
    """List the fields of the query language with their other names."""
    from swsearch.query.fields import FIELDS

    screen = Screen.of(sys.stdout)
    for field in FIELDS:
        write([screen.styled(field.name, "title") + "  " + "、".join(field.aliases)])
        write(screen.lines(field.help, indent="    "))
    return FOUND
