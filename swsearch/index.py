"""Rebuild: what changed in the seeds -> pages -> engine, made visible in one commit.

1. find the seeds under all roots, and what stands beside them (meta.csv, NAME.articles.json);
2. hold their content hashes against those that the index knows: new, changed, removed, unchanged;
3. read what is new or changed, in this process or in `jobs` others;
4. a seed that cannot be read is reported; its last good version stays, marked stale;
5. commit.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING, Union

from swsearch.engines.base import Engine, Meta, Record, SeedFile, open_engine
from swsearch.errors import IndexCorrupt, PageError, SettingError
from swsearch.records import Article, Facts, Notice, Page, file_stem
from swsearch.settings import MAX_PAGE_BYTES, Settings

if TYPE_CHECKING:
    from swsearch.pages.ready import Meta as PageMeta

FORMAT = 1
"""Raised when what an engine stores changes its meaning."""

AT_QUERY_TIME = ("variants.py", "strait_variants.tsv", "strait_opencc.tsv", "function_words.txt")
"""Files of the text room that no index depends on."""

PAGE_SUFFIX, READY_SUFFIX, MENDED_SUFFIX, META_NAME = ".txt", ".jsonl", ".articles.json", "meta.csv"
Progress = Callable[[int, int, str], None]
PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True, slots=True)
class Seed:
    """One file to be indexed: `file` is its path under its root, `meta` what meta.csv says of it."""

    file: str
    path: Path
    root: Path
    mended: Path | None = None
    meta: PageMeta | None = None
    facts: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What one seed gave: the hash of the very bytes that were read, its records, and what was left out."""

    sha256: str
    records: tuple[Record, ...]
    problems: tuple[PageError, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild did; `skipped` names every file that was left out, with its reason."""

    index: str
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[PageError, ...] = ()
    articles: int = 0
    notices: int = 0
    full_because: str | None = None
    took_s: float = 0.0
    generation: int = 0
    notes: tuple[str, ...] = field(default=())


def rebuild(
    seeds: PathLike | Sequence[PathLike] = (),
    *,
    index: PathLike | None = None,
    full: bool = False,
    jobs: int = 1,
    facts: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Bring the index up to date with the seeds and say what was done.

    What lies in none of the roots is removed. Nothing is visible before all is; a crash leaves the old index.
    Raises SettingError for a root that is not there, IndexLocked while another rebuild runs.
    """
    started = time.monotonic()
    given = (seeds,) if isinstance(seeds, (str, os.PathLike)) else tuple(seeds)
    settings = Settings.load(index=index, seeds=given)
    if jobs < 1:
        raise SettingError(f"--jobs {jobs}: give 1 or more", "jobs", jobs)
    found, hidden, problems = find_seeds(settings.seeds, facts=facts)
    engine, because = _open(settings.index, full)
    with closing(engine):
        known = engine.files()
        meta = engine.meta()
        if because is None and meta is not None:
            because = stale_because(meta)
        plan = _compare(found, {} if because else known, known, hidden)
        report = _write(engine, plan, known, because, jobs, progress)
        notes = () if found else (f"no pages in {', '.join(settings.seeds)}: put .txt or .jsonl files there",)
        articles, notices = engine.counts()
        return replace(
            report,
            index=settings.index,
            skipped=(*problems, *report.skipped),
            articles=articles,
            notices=notices,
            full_because=because,
            took_s=time.monotonic() - started,
            generation=engine.generation(),
            notes=notes,
        )


def stale_because(meta: Meta) -> str | None:
    """Why an index that was made as `meta` says does not fit this version, or None if it does."""
    if meta.format != FORMAT:
        return f"the index has format {meta.format}, this version writes {FORMAT}"
    now = fingerprints()
    changed = [name for name in now if meta.fingerprints.get(name) != now[name]]
    return f"{' and '.join(changed)} changed since the index was built" if changed else None


@cache
def fingerprints() -> Mapping[str, str]:
    """Hashes of all that decides what an index holds: the text room with its tables, the dictionary, the page room."""
    from swsearch.text.words import dictionary_fingerprint

    def digest(package: str) -> str:
        total = hashlib.sha256()
        room = package_files(package)
        for folder in (room, room / "data"):
            for item in sorted(folder.iterdir(), key=lambda one: one.name):
                if item.is_file() and not item.name.endswith((".pyc", ".md")) and item.name not in AT_QUERY_TIME:
                    total.update(item.name.encode() + b"\0" + item.read_bytes())
        return total.hexdigest()[:16]

    return {
        "the analyzer": digest("swsearch.text"),
        "the dictionary": dictionary_fingerprint(),
        "the page pipeline": digest("swsearch.pages"),
    }


# ---- 1 seeds


def find_seeds(roots: Sequence[str], *, facts: bool = False) -> tuple[list[Seed], list[str], list[PageError]]:
    """Every seed under `roots` by name, the folders that could not be listed, and what is wrong with others.

    Of two seeds with the same name but for the suffix, the second is left out: their articles would share ids.
    """
    from swsearch.pages.read import seed_name
    from swsearch.pages.ready import read_meta

    seeds: list[Seed] = []
    hidden: list[str] = []
    problems: list[PageError] = []
    taken: dict[str, Path] = {}
    for root in map(Path, roots):
        if not root.exists():
            raise SettingError(
                f"{root}: no such file or directory; name the folder that holds the pages", "seeds", root
            )
        base = root if root.is_dir() else root.parent
        metas: Mapping[str, PageMeta] = {}
        if (base / META_NAME).is_file():
            metas, wrong = read_meta(base / META_NAME)
            problems += wrong
        for path in _walk(root, hidden, problems):
            file = seed_name(path, base)
            stem = file_stem(file)
            if stem in taken:
                reason = f"its articles would have the same ids as those of {taken[stem]}: rename one of the two"
                problems.append(PageError(str(path), reason))
                continue
            taken[stem] = path
            mended = path.with_name(path.stem + MENDED_SUFFIX)
            seeds.append(Seed(file, path, base, mended if mended.is_file() else None, metas.get(file), facts))
        for file in sorted(set(metas) - {seed.file for seed in seeds if seed.root == base}):
            problems.append(
                PageError(str(base / META_NAME), f"{file} is not among the pages: mend the name or drop the row")
            )
    return seeds, hidden, problems


def _walk(root: Path, hidden: list[str], problems: list[PageError]) -> Iterator[Path]:
    """Seeds under `root` in the order of their names; links to folders are followed once."""
    if not root.is_dir():
        yield root
        return
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            identity = (folder.stat().st_dev, folder.stat().st_ino)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(PageError(str(folder), f"cannot be listed: {error.strerror}"))
            hidden.append("" if folder == root else folder.relative_to(root).as_posix() + "/")
            continue
        if identity in seen:
            continue
        seen.add(identity)
        waiting += [Path(entry.path) for entry in reversed(entries) if _is_folder(entry) and entry.name[0] != "."]
        for entry in entries:
            if entry.name[0] != "." and entry.name.endswith((PAGE_SUFFIX, READY_SUFFIX)) and not _is_folder(entry):
                yield Path(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


# ---- 2 what changed


@dataclass(frozen=True, slots=True)
class _Plan:
    new: list[Seed]
    changed: list[Seed]
    removed: list[str]
    unchanged: int
    unread: list[tuple[Seed, PageError]]


def _compare(
    seeds: Sequence[Seed], known: Mapping[str, SeedFile], old: Mapping[str, SeedFile], hidden: Sequence[str]
) -> _Plan:
    """What to do with each seed. `old` is what the index knows, `known` what of it can be kept as it is."""
    plan = _Plan([], [], [], 0, [])
    unchanged = 0
    for seed in seeds:
        before = known.get(seed.file)
        try:
            digest = content_hash(seed)
        except PageError as error:
            plan.unread.append((seed, error))
            continue
        if before is not None and before.sha256 == digest and not before.stale:
            unchanged += 1
        elif seed.file in old:
            plan.changed.append(seed)
        else:
            plan.new.append(seed)
    here = {seed.file for seed in seeds}
    gone = [file for file in sorted(set(old) - here) if not any(file.startswith(folder) for folder in hidden)]
    return replace(plan, removed=gone, unchanged=unchanged)


def content_hash(seed: Seed) -> str:
    """SHA-256 of the seed's bytes and of what stands beside it. Raises PageError."""
    total = hashlib.sha256()
    try:
        if seed.file.endswith(PAGE_SUFFIX) and seed.path.stat().st_size > MAX_PAGE_BYTES:
            total.update(str(seed.path.stat().st_size).encode())  # reading it says what is wrong
        elif seed.path.is_file():
            with open(seed.path, "rb") as stream:
                while block := stream.read(1 << 20):
                    total.update(block)
        if seed.mended is not None:
            total.update(b"\0mended\0" + seed.mended.read_bytes())
    except OSError as error:
        raise PageError(str(seed.path), f"cannot be read: {error.strerror}") from error
    if seed.meta is not None:
        total.update(repr(seed.meta).encode("utf-8", "surrogatepass"))
    if seed.facts and seed.file.endswith(READY_SUFFIX):
        total.update(b"\0facts")
    return total.hexdigest()


# ---- 3 reading


def read_seed(seed: Seed) -> Read:
    """The articles and notices of one seed. Raises PageError when nothing of it can be used."""
    digest = content_hash(seed)
    if seed.file.endswith(READY_SUFFIX):
        records, problems = _read_ready(seed)
    else:
        records, problems = _read_page(seed)
    if seed.meta is not None:
        meta = seed.meta
        records = tuple(
            replace(
                record, paper=meta.paper or record.paper, date=meta.date or record.date, page=meta.page or record.page
            )
            if isinstance(record, Article)
            else record
            for record in records
        )
    return Read(digest, records, problems)


def _read_page(seed: Seed) -> tuple[tuple[Record, ...], tuple[PageError, ...]]:
    from swsearch.pages.read import read_page
    from swsearch.pages.segment import segment

    page = read_page(seed.path, seed.root)
    problems: tuple[PageError, ...] = ()
    segmented = None
    if seed.mended is not None:
        from swsearch.pages.ready import read_mended

        try:
            segmented = read_mended(seed.mended, page)
        except PageError as error:
            problems = (error,)
    if segmented is None:
        segmented = segment(page) if page.text.strip() else None
    if segmented is None:
        return (), problems
    return (*segmented.articles, *segmented.notices), problems


def _read_ready(seed: Seed) -> tuple[tuple[Record, ...], tuple[PageError, ...]]:
    from swsearch.pages.ready import read_articles

    articles, problems = read_articles(seed.path, seed.root)
    if seed.facts:
        from swsearch.pages.facts import find_facts

        articles = [
            replace(one, facts=find_facts(one.title, one.paragraphs, one.source, one.byline))
            if one.facts == Facts()
            else one
            for one in articles
        ]
    return tuple(articles), tuple(problems)


def _read_all(seeds: Sequence[Seed], jobs: int) -> Iterator[tuple[Seed, Read | PageError]]:
    """Each seed with what it gave, in order; a worker that dies on a seed costs that seed only."""
    if jobs == 1 or len(seeds) < 2:
        for seed in seeds:
            yield seed, _try_read(seed)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    try:
        with ProcessPoolExecutor(jobs) as pool:
            for seed, result in zip(seeds, pool.map(_try_read, seeds, chunksize=8), strict=True):
                yield seed, result
                done += 1
    except BrokenProcessPool:
        for seed in seeds[done:]:
            try:
                with ProcessPoolExecutor(1) as pool:
                    yield seed, pool.submit(_try_read, seed).result()
            except BrokenProcessPool:
                yield seed, PageError(str(seed.path), "the process that read it died: leave it out or make it smaller")


def _try_read(seed: Seed) -> Read | PageError:
    try:
        return read_seed(seed)
    except PageError as error:
        return error
    except RecursionError:
        return PageError(str(seed.path), "it is nested too deeply to be read")


# ---- 4, 5 writing


def _open(path: str, full: bool) -> tuple[Engine, str | None]:
    """The index opened for writing, and why everything must be read anew, if it must."""
    try:
        engine = open_engine(path, write=True)
        return engine, "it was asked for" if full else None
    except IndexCorrupt as error:
        if not full:
            raise
        return open_engine(path, write=True, fresh=True), str(error)


def _write(
    engine: Engine,
    plan: _Plan,
    known: Mapping[str, SeedFile],
    because: str | None,
    jobs: int,
    progress: Progress | None,
) -> Report:
    todo = [*plan.new, *plan.changed]
    skipped: list[PageError] = []
    unread = list(plan.unread)
    added: dict[str, str] = {}  # id -> file, of this rebuild
    leaving = {seed.file for seed in todo} | set(plan.removed)
    news: list[str] = []
    changes: list[str] = []
    old = {file: engine.records(file) for file in known} if because else {}
    if because:
        engine.clear()
    else:
        engine.remove(plan.removed)
    for number, (seed, result) in enumerate(_read_all(todo, jobs), 1):
        if progress is not None:
            progress(number, len(todo), seed.file)
        if isinstance(result, PageError):
            unread.append((seed, result))
            continue
        skipped += result.problems
        records = []
        for record in result.records:
            other = added.get(record.id) or _holder(engine, record.id, leaving if not because else None)
            if other is not None and other != seed.file:
                reason = f"the id {record.id} is also in {other}: each article needs an id of its own"
                skipped.append(PageError(str(seed.path), reason))
                continue
            added[record.id] = seed.file
            records.append(record)
        if seed.file in known and not because:
            engine.remove([seed.file])
        engine.add(records, [_seed_file(seed.file, result.sha256, records)])
        (changes if seed.file in known else news).append(seed.file)
    changed = bool(news or changes or plan.removed or because)
    for seed, error in unread:
        skipped.append(error)
        before = known.get(seed.file)
        if before is None or (before.stale == error.reason and not because):
            continue
        records_before = old[seed.file] if because else engine.records(seed.file)
        if not because:
            engine.remove([seed.file])
        engine.add(records_before, [replace(before, stale=error.reason)])
        changed = True
    for file in sorted(set(old) - leaving - {seed.file for seed, _ in unread}) if because else ():
        engine.add(old[file], [known[file]])  # in a folder that could not be listed
    if changed or engine.meta() is None:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        engine.commit(Meta(FORMAT, dict(fingerprints()), now))
    return Report("", tuple(news), tuple(changes), tuple(plan.removed), plan.unchanged, tuple(skipped))


def _holder(engine: Engine, id: str, leaving: set[str] | None) -> str | None:
    """The file that the index has this id from, if that file stays as it is."""
    if leaving is None:
        return None
    try:
        file = engine.article(id).file
    except KeyError:
        return None
    return None if file in leaving else file


def _seed_file(file: str, sha256: str, records: Sequence[Record]) -> SeedFile:
    notices = sum(isinstance(record, Notice) for record in records)
    return SeedFile(file, sha256, len(records) - notices, notices)


__all__ = ["Page", "Report", "find_seeds", "fingerprints", "rebuild", "stale_because"]
