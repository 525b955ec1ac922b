"""Rebuild: what changed in the seeds -> pages -> engine, made visible in one commit.

1. find the seeds under all roots, and what stands beside them (meta.csv, NAME.articles.json);
2. hold their content hashes against those that the index knows: new, changed, removed, unchanged;
3. read what is new or changed, in this process or in `jobs` others;
4. write that; a seed that cannot be read is reported, and its last good version stays, marked stale;
5. commit.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Union

from swsearch import workers
from swsearch.engines.base import Engine, Meta, Record, SeedFile, open_engine
from swsearch.errors import IndexCorrupt, IndexStale, PageError, SettingError
from swsearch.records import Article, Facts, Notice, file_stem
from swsearch.settings import MAX_PAGE_BYTES, Settings
from swsearch.stale import FORMAT, fingerprints, stale_because

if TYPE_CHECKING:
    from swsearch.pages.ready import Meta as PageMeta

PAGE_SUFFIX, READY_SUFFIX, MENDED_SUFFIX, META_NAME = ".txt", ".jsonl", ".articles.json", "meta.csv"
LARGE_BYTES = 4 * 1024 * 1024
"""A larger .jsonl is read while what was read of it is written, by several processes if there are: it would take ten
times as many bytes of memory, and longer."""

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
    """What one seed gave: the hash of the very bytes that were read, its records, and what was left out.

    `records` of a large .jsonl are an iterator that reads them, raises PageError, and adds to `problems`.
    """

    sha256: str
    records: Iterable[Record]
    problems: Sequence[PageError] = ()


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
    engine, known, because = _open(settings.index, full, jobs)
    with closing(engine):
        plan = _compare(found, {} if because else known, known, hidden)
        change = _Change(engine, plan, known, because is not None, [seed.file for seed in found])
        change.read(jobs, progress)
        change.keep()
        if change.any or engine.meta() is None:
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            engine.commit(Meta(FORMAT, dict(fingerprints()), now))
        articles, notices = engine.counts()
        return Report(
            index=settings.index,
            new=tuple(change.new),
            changed=tuple(change.changed),
            removed=tuple(plan.removed),
            unchanged=plan.unchanged + change.same,
            skipped=(*problems, *change.skipped),
            articles=articles,
            notices=notices,
            full_because=because,
            took_s=time.monotonic() - started,
            generation=engine.generation(),
            notes=() if found else (f"no pages in {', '.join(settings.seeds)}: put .txt or .jsonl files there",),
        )


def _open(path: str, full: bool, jobs: int) -> tuple[Engine, Mapping[str, SeedFile], str | None]:
    """The index opened for writing, the seeds that it knows, and why everything must be read anew, if it must."""
    because = "it was asked for" if full else None
    try:
        engine = open_engine(path, write=True, jobs=jobs)
        try:
            known, meta = engine.files(), engine.meta()
        except BaseException:
            engine.close()
            raise
        if because is None and meta is not None:
            because = stale_because(meta)
        return engine, known, because
    except IndexCorrupt as error:
        if not full:
            raise
        because = str(error)
    except IndexStale as error:
        because = str(error)
    return open_engine(path, write=True, fresh=True, jobs=jobs), {}, because


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
    problems: list[PageError] = []
    if not seed.file.endswith(READY_SUFFIX):
        return Read(digest, tuple(_with_meta(seed, _read_page(seed, problems))), problems)
    records = _with_meta(seed, _read_ready(seed, problems))
    return Read(digest, _told(seed, records) if _is_large(seed) else tuple(records), problems)


def _is_large(seed: Seed) -> bool:
    with suppress(OSError):  # reading it says what is wrong
        return seed.file.endswith(READY_SUFFIX) and not seed.facts and seed.path.stat().st_size > LARGE_BYTES
    return False


def _with_meta(seed: Seed, records: Iterable[Record]) -> Iterator[Record]:
    """The records with what meta.csv says of their file."""
    meta = seed.meta
    for record in records:
        if meta is not None and isinstance(record, Article):
            record = replace(
                record, paper=meta.paper or record.paper, date=meta.date or record.date, page=meta.page or record.page
            )
        yield record


def _told(seed: Seed, records: Iterable[Record]) -> Iterator[Record]:
    """The records; whatever reading them raises becomes a PageError."""
    try:
        yield from records
    except Exception as error:
        raise _page_error(seed, error) from error


def _read_page(seed: Seed, problems: list[PageError]) -> tuple[Record, ...]:
    from swsearch.pages.read import read_page
    from swsearch.pages.segment import segment

    page = read_page(seed.path, seed.root)
    segmented = None
    if seed.mended is not None:
        from swsearch.pages.ready import read_mended

        try:
            segmented = read_mended(seed.mended, page)
        except PageError as error:
            problems.append(error)
    if segmented is None:
        segmented = segment(page) if page.text.strip() else None
    return (*segmented.articles, *segmented.notices) if segmented is not None else ()


def _read_ready(seed: Seed, problems: list[PageError]) -> Iterator[Record]:
    from swsearch.pages.ready import iter_articles

    articles = iter_articles(seed.path, seed.root, problems)
    if not seed.facts:
        yield from articles
        return
    from swsearch.pages.facts import find_facts

    for one in articles:
        bare = one.facts == Facts()
        yield replace(one, facts=find_facts(one.title, one.paragraphs, one.source, one.byline)) if bare else one


def _read_all(seeds: Sequence[Seed], jobs: int) -> Generator[tuple[Seed, Read | PageError], None, None]:
    """Each seed with what it gave, in order; with `jobs` > 1, one whose process dies costs that seed only."""
    if jobs > 1 and len(seeds) > 1:
        for seed, result in workers.run(_try_read_small, seeds, min(jobs, len(seeds)), _died):
            yield seed, _try_read(seed) if result is None else result
        return
    for seed in seeds:
        yield seed, _try_read(seed)


def _try_read_small(seed: Seed) -> Read | PageError | None:
    """As `_try_read`; None for a large .jsonl, whose records are not worth being sent from process to process."""
    return None if _is_large(seed) else _try_read(seed)


def _try_read(seed: Seed) -> Read | PageError:
    try:
        return read_seed(seed)
    except Exception as error:  # one page that we fail on must not keep the others out
        return _page_error(seed, error)


def _page_error(seed: Seed, error: Exception) -> PageError:
    """What keeps a seed out, as a sentence."""
    if isinstance(error, PageError):
        return error
    if isinstance(error, RecursionError):
        return PageError(str(seed.path), "it is nested too deeply to be read")
    if isinstance(error, MemoryError):
        return PageError(str(seed.path), "there is not enough memory to read it: make it smaller")
    reason = f"swsearch fails on it ({type(error).__name__}: {error}): please report it, with the page"
    return PageError(str(seed.path), reason)


def _died(seed: Seed) -> PageError:
    return PageError(str(seed.path), "the process that read it died: leave it out or make it smaller")


# ---- 4 writing


@dataclass
class _Own:
    """What is known of the records of a seed once they are read: its ids, which of them others lose, and whether it
    has all that it brought."""

    seed: Seed
    ids: set[str] = field(default_factory=set)
    lost: dict[str, set[str]] = field(default_factory=dict)
    problems: list[PageError] = field(default_factory=list)
    notices: int = 0
    whole: bool = True


class _Change:
    """What one rebuild does to the index.

    An id belongs to the first seed that brings it, in the order of the seeds, whatever was indexed first: so that it
    ends where a full rebuild would. A seed that lost an id so is read again each time (its hash is kept as ""), since
    it gets the id back when the other lets go of it. What can only be kept from before comes last.
    """

    def __init__(
        self, engine: Engine, plan: _Plan, known: Mapping[str, SeedFile], anew: bool, order: Sequence[str]
    ) -> None:
        self.new: list[str] = []
        self.changed: list[str] = []
        self.same = 0
        self.skipped: list[PageError] = []
        self.any = anew or bool(plan.removed)
        self._engine, self._known, self._anew = engine, known, anew
        self._order = {file: place for place, file in enumerate(order)}
        self._todo = sorted([*plan.new, *plan.changed], key=lambda seed: self._order[seed.file])
        self._unread = list(plan.unread)
        self._leaving = {seed.file for seed in self._todo} | set(plan.removed)
        self._hidden = sorted(set(known) - self._leaving - {seed.file for seed, _ in plan.unread}) if anew else []
        self._taken: dict[str, str] = {}  # id -> the seed that this rebuild wrote it for
        self._lost: dict[str, set[str]] = {}  # an unchanged seed -> its ids that go to others
        if anew:
            engine.clear()
        else:
            engine.remove(plan.removed)

    def read(self, jobs: int, progress: Progress | None) -> None:
        """Read what is new or changed, and write it."""
        with closing(_read_all(self._todo, jobs)) as results:
            for number, (seed, result) in enumerate(results, 1):
                if progress is not None:
                    progress(number, len(self._todo), seed.file)
                if isinstance(result, PageError):
                    self._unread.append((seed, result))
                    continue
                try:
                    self._write(seed, result)
                except PageError as error:
                    self._unread.append((seed, error))

    def _write(self, seed: Seed, result: Read) -> None:
        """Write what a seed gave. Raises PageError if it cannot be read to its end; then nothing of it is written."""
        before = self._known.get(seed.file)
        own = _Own(seed)
        records: Iterable[Record] = self._kept(own, result.records)
        if isinstance(result.records, tuple) or not (before is None or self._anew):
            records = list(records)
        else:  # nothing to be compared with or removed: it may be written while it is read
            self._engine.add(records, [])
            records = []
        self.skipped += [*result.problems, *own.problems]
        for holder, lost in own.lost.items():
            self._lost.setdefault(holder, set()).update(lost)
        self._taken.update(dict.fromkeys(own.ids, seed.file))
        sha256 = result.sha256 if own.whole else ""
        now = SeedFile(seed.file, sha256, len(own.ids) - own.notices, own.notices)
        if now == before and not own.whole and not self._anew and self._same(seed.file, records):
            self.same += 1
            return
        self._replace(records, now)
        (self.new if before is None else self.changed).append(seed.file)

    def _kept(self, own: _Own, records: Iterable[Record]) -> Iterator[Record]:
        """Those of a seed's records whose ids are its own."""
        seed, ids = own.seed, own.ids
        for record in records:
            holder = seed.file if record.id in ids else self._holder(record.id)
            if holder is not None and self._order.get(holder, -1) <= self._order[seed.file]:
                if holder != seed.file or record.id in ids:
                    reason = f"the id {record.id} is also in {holder}: each article needs an id of its own"
                    own.problems.append(PageError(str(seed.path), reason))
                    own.whole = own.whole and holder == seed.file
                    continue
            elif holder is not None:
                own.lost.setdefault(holder, set()).add(record.id)
            ids.add(record.id)
            own.notices += isinstance(record, Notice)
            yield record

    def _same(self, file: str, records: Sequence[Record]) -> bool:
        return self._engine.records(file) == tuple(sorted(records, key=lambda record: record.id))

    def _holder(self, id: str) -> str | None:
        """The seed that has this id so far, of those that were written now or stay as they are."""
        if id in self._taken or self._anew:
            return self._taken.get(id)
        try:
            file = self._engine.article(id).file
        except KeyError:
            return None
        return None if file in self._leaving else file

    def _replace(self, records: Sequence[Record], seed: SeedFile) -> None:
        if seed.file in self._known and not self._anew:
            self._engine.remove([seed.file])
        self._engine.add(records, [seed])
        self.any = True

    def keep(self) -> None:
        """Write what stays from before though its seed was not read: unreadable, hidden, or robbed of an id."""
        for file, lost in self._lost.items():
            records = [record for record in self._engine.records(file) if record.id not in lost]
            for id in sorted(lost):
                reason = f"the id {id} is also in {self._taken[id]}: each article needs an id of its own"
                self.skipped.append(PageError(file, reason))
            self._replace(records, _seed_file(file, "", records))
        for seed, error in self._unread:
            self.skipped.append(error)
            before = self._known.get(seed.file)
            if before is not None and (self._anew or before.stale != error.reason):
                self._keep(seed.file, error.reason)
        for file in self._hidden:
            self._keep(file, self._known[file].stale)

    def _keep(self, file: str, stale: str) -> None:
        try:
            before = self._engine.records(file)
        except IndexCorrupt as error:
            if not self._anew:
                raise
            self.skipped.append(PageError(file, f"what the index had of it is damaged too: {error}"))
            return
        records = [record for record in before if self._taken.get(record.id, file) == file]
        self._taken.update({record.id: file for record in records})
        self._replace(records, replace(_seed_file(file, self._known[file].sha256, records), stale=stale))


def _seed_file(file: str, sha256: str, records: Sequence[Record]) -> SeedFile:
    notices = sum(isinstance(record, Notice) for record in records)
    return SeedFile(file, sha256, len(records) - notices, notices)
