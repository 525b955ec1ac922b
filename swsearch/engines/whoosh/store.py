"""A Whoosh index in a directory as an engine: reading one generation, and writing the next in one commit."""

from __future__ import annotations

import itertools
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from whoosh.index import EmptyIndexError
from whoosh.writing import CLEAR

from swsearch.engines.base import Found, Meta, Record, SeedFile, Sort
from swsearch.engines.whoosh.arrays import DamagedFile
from swsearch.engines.whoosh.codec import ArrayReader
from swsearch.engines.whoosh.generations import (
    LAYOUT,
    ArrayIndex,
    Generation,
    OtherLayout,
    Writer,
    clean,
    latest,
    merge_small,
    open_newest,
    read_generation,
    toc_name,
)
from swsearch.engines.whoosh.lock import WriteLock
from swsearch.engines.whoosh.schema import (
    META,
    SEED,
    meta_document,
    read_meta,
    read_record,
    read_seed,
    seed_document,
)
from swsearch.engines.whoosh.search import Snapshot
from swsearch.engines.whoosh.segment import SegmentView
from swsearch.engines.whoosh.storage import DurableStorage, sync_directory
from swsearch.errors import EngineError, IndexCorrupt, IndexMissing, IndexStale
from swsearch.query.nodes import BoundNode
from swsearch.settings import LOCK_SECONDS

T = TypeVar("T")

WAITING, WAITING_FOR_JOBS = 96, 6_000
"""Records that are collected before they are inverted, here or by several processes: making one costs as much as a
hundred records."""


class WhooshEngine:
    """One generation of a Whoosh index; with `write`, also the only writer of the next.

    Raises IndexMissing, IndexLocked, IndexCorrupt. `fresh` writes over whatever index is there, damaged or not; it
    is replaced by the first commit.
    """

    name = "whoosh"

    def __init__(
        self,
        path: str,
        *,
        write: bool = False,
        fresh: bool = False,
        jobs: int = 1,
        lock_timeout_s: float = LOCK_SECONDS,
    ) -> None:
        self.path = path
        self._jobs = jobs
        self._waiting: list[Record] = []
        self._lock: WriteLock | None = None
        self._writer: Any = None
        self._cleared = False
        self._guard = threading.RLock()
        self._generation = Generation(-1)
        self._readers: tuple[ArrayReader, ...] = ()
        self._read_errors = _ReadErrors(path)
        self._snapshot = Snapshot([])
        self._closed = False
        if write:
            _make_directory(path)
            self._lock = WriteLock(Path(path), lock_timeout_s)
        self._storage = DurableStorage(path)
        try:
            with self._read_errors:
                self._open(fresh)
        except BaseException:
            self.close()
            raise

    # ---- opening

    def _open(self, fresh: bool) -> None:
        if self._lock is None:
            self._load()
            if self.meta() is None:
                raise _missing(self.path)
            return
        number = latest(self._storage)
        if fresh or number < 0:
            # A damaged index is continued, so that the name of a generation is never used twice.
            self._generation = Generation(max(number, 0))
            return
        self._load()
        with _write_errors(self.path):
            self._storage.settle()
            clean(self._storage, self._generation)  # what a writer left that was stopped

    def _load(self) -> None:
        self._generation, self._readers = open_newest(self._storage, self._readers)
        self._snapshot = Snapshot([SegmentView(reader) for reader in self._readers])

    # ---- writing

    def _writing(self) -> Any:
        if self._lock is None:
            raise EngineError("this index was opened for reading only", self.name)
        if self._writer is None:
            self._writer = Writer(ArrayIndex(self._storage, self._generation), self._readers, self._jobs)
        return self._writer

    def add(self, records: Iterable[Record], files: Iterable[SeedFile]) -> None:
        """See Engine."""
        writer = self._writing()
        with self._read_errors, _write_errors(self.path):
            if isinstance(records, Sequence):
                self._waiting += records
                if len(self._waiting) >= (WAITING if self._jobs == 1 else WAITING_FOR_JOBS):
                    self._invert_waiting(writer)
            else:
                place = writer.place()
                try:
                    _invert(writer, records, self._jobs)
                except BaseException:
                    writer.undo(place)
                    raise
            for seed in files:
                writer.add_document(**seed_document(seed))

    def _invert_waiting(self, writer: Writer) -> None:
        """Write the records that wait; inverted here, or by other processes where there is enough to do."""
        waiting, self._waiting = self._waiting, []
        _invert(writer, waiting, self._jobs if len(waiting) >= WAITING_FOR_JOBS // 2 else 1)

    def remove(self, files: Iterable[str]) -> None:
        """See Engine. It is what was committed that is removed."""
        with self._read_errors, _write_errors(self.path):
            self._delete([("file", file) for file in files])

    def _delete(self, keys: Iterable[tuple[str, str]]) -> None:
        """Note the documents that have one of the keys as deleted in the generation that is being written."""
        keys, base = tuple(keys), 0
        for segment in self._snapshot.segments if not self._cleared else ():
            for field, value in keys:
                for doc in segment.with_key(field, value).tolist():
                    if segment.live[doc]:
                        self._writing().delete_document(base + doc)
            base += segment.size

    def clear(self) -> None:
        """See Engine."""
        self._writing()
        self._cleared = True

    def commit(self, meta: Meta) -> None:
        """See Engine. Everything new is on the disk before the name that makes it count; after a failure, and after
        `rollback`, the files are those of the old generation."""
        writer = self._writing()
        assert self._lock is not None
        with self._read_errors, _write_errors(self.path, lambda: writer.published):
            try:
                self._invert_waiting(writer)
                self._delete([("kind", str(META))])
                writer.add_document(**meta_document(meta))
                self._lock.verify()
                writer.commit(mergetype=CLEAR if self._cleared else merge_small)
            except BaseException:
                self.rollback()
                raise
            self._writer, self._cleared = None, False
            self._load()

    def rollback(self) -> None:
        """See Engine."""
        writer, self._writer, self._cleared = self._writer, None, False
        self._waiting = []
        if writer is not None and not writer.is_closed:
            writer.cancel()

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
        return self._read(lambda: self._snapshot.search(bound, limit, offset, sort, notices, facets))

    def df(self, form: str) -> int:
        """See Engine."""
        return self._read(lambda: self._snapshot.df(form))

    def scores(self, bound: BoundNode, id: str) -> tuple[tuple[str, float], ...]:
        """See Engine."""
        return self._read(lambda: self._snapshot.scores(bound, id))

    def article(self, id: str) -> Record:
        """See Engine."""

        def read() -> Record:
            segment, doc = self._snapshot.find(id)
            return read_record(segment.record(doc))

        return self._read(read)

    def records(self, file: str) -> tuple[Record, ...]:
        """See Engine."""

        def read() -> list[Record]:
            return [
                read_record(segment.record(doc))
                for segment in self._snapshot.segments
                for doc in segment.with_key("file", file).tolist()
                if segment.articles[doc] or segment.notices[doc]
            ]

        return tuple(sorted(self._read(read), key=lambda record: record.id))

    def files(self) -> Mapping[str, SeedFile]:
        """See Engine."""
        seeds = self._read(lambda: [read_seed(data) for data in self._records(SEED)])
        return {seed.file: seed for seed in seeds}

    def meta(self) -> Meta | None:
        """See Engine."""
        return self._read(lambda: next((read_meta(data) for data in self._records(META)), None))

    def _records(self, kind: int) -> list[bytes]:
        return [
            segment.record(doc)
            for segment in self._snapshot.segments
            for doc in segment.with_key("kind", str(kind)).tolist()
            if segment.live[doc]
        ]

    def counts(self) -> tuple[int, int]:
        """See Engine."""
        return self._snapshot.articles, self._snapshot.notices

    def generation(self) -> int:
        """See Engine."""
        return self._generation.number

    def refresh(self) -> bool:
        """See Engine."""
        with self._guard:
            self._check_open()
            with self._read_errors:
                if latest(self._storage) == self._generation.number and self._is_newest():
                    return False
                self._load()
            return True

    def _is_newest(self) -> bool:
        """Whether the newest TOC, which has our number, is ours: the index may have been made anew from nothing."""
        try:
            return read_generation(self._storage, self._generation.number).mark == self._generation.mark
        except FileNotFoundError:  # a writer was quicker
            return False

    def check(self) -> tuple[str, ...]:
        """See Engine: every byte of every file is held against the TOC, and every record against its seed's counts.

        A handle on an older generation moves on first: there is no promise for files that no generation needs.
        """
        self.refresh()
        return self._read(lambda: self._check_files() or self._check_counts())

    def _check_files(self) -> tuple[str, ...]:
        while True:
            wrong = [(reader.segment.file, reader.check()) for reader in self._readers]
            try:
                read_generation(self._storage, self._generation.number)
            except FileNotFoundError:
                wrong.append((toc_name(self._generation.number), "it is missing"))
            problems = tuple(f"{name}: {one}: run swsearch rebuild --full" for name, one in wrong if one)
            if not problems or latest(self._storage) == self._generation.number:
                return problems
            self._load()  # a writer was quicker

    def _check_counts(self) -> tuple[str, ...]:
        problems = []
        held: dict[str, list[int]] = {}
        ids: set[str] = set()
        for segment in self._snapshot.segments:
            for number, mask in enumerate((segment.articles, segment.notices)):
                for doc in mask.nonzero()[0].tolist():
                    record = read_record(segment.record(doc))
                    held.setdefault(record.file, [0, 0])[number] += 1
                    if record.id in ids:
                        problems.append(
                            f"{record.file}: the id {record.id} is there twice: run swsearch rebuild --full"
                        )
                    ids.add(record.id)
        for seed in self.files().values():
            found = held.pop(seed.file, [0, 0])
            if found != [seed.articles, seed.notices]:
                problems.append(
                    f"{seed.file}: {seed.articles} articles and {seed.notices} notices were indexed, "
                    f"{found[0]} and {found[1]} are there: run swsearch rebuild --full"
                )
        problems += [f"{file}: articles of a seed that the index does not know" for file in held]
        return tuple(problems)

    def _read(self, read: Callable[[], T]) -> T:
        # What is cached of a segment is built by the first who asks, so threads take turns.
        with self._guard, self._read_errors:
            self._check_open()
            return read()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError(f"the index {self.path} was closed; open it again", self.name)

    def close(self) -> None:
        """See Engine. Files that are mapped are freed with the last array of them that is in use."""
        with self._guard:
            if not self._closed:
                self._closed = True
                with suppress(Exception):
                    self.rollback()
                self._readers, self._snapshot = (), Snapshot([])
                if self._lock is not None:
                    self._lock.release()
                    self._lock = None


def _invert(writer: Writer, records: Iterable[Record], jobs: int) -> None:
    """Write records, inverted a batch at a time by `jobs` processes, while the next ones are made."""
    from swsearch.engines.whoosh.batch import batches, invert  # a query needs none of this

    some = batches(records)
    if jobs == 1:
        for batch in some:
            writer.add_batch(invert(batch))
        return
    from swsearch import workers

    for first in itertools.islice(some, 1):  # what is loaded for it, processes that are forked now have too
        writer.add_batch(invert(first))
    # A process that died leaves its batch to this one, which then says what is wrong with it.
    with closing(workers.run(invert, some, jobs, invert)) as inverted:
        for _, one in inverted:
            writer.add_batch(one)


class _ReadErrors:
    """Errors from below are told by what can be done about them.

    All bytes are under checksums, so DamagedFile is how damage shows; the decoders' own errors are here for damage
    that a checksum did not catch, one case in four billion.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        path = self._path
        match error:
            case None:
                return
            case DamagedFile():
                files = (str(error).partition(":")[0],)
                told = f"the index {path} is damaged, {error}: run swsearch rebuild --full"
                raise IndexCorrupt(told, path, files) from error
            case OtherLayout():
                told = f"the index {path} has layout {error.found}, this version reads {LAYOUT}: run swsearch rebuild"
                raise IndexStale(told, path, str(LAYOUT), str(error.found)) from error
            case EmptyIndexError() | FileNotFoundError() | NotADirectoryError():
                raise _missing(path) from None
            case struct.error() | zlib.error() | UnicodeError():
                told = f"the index {path} is damaged ({type(error).__name__}: {error}): run swsearch rebuild --full"
                raise IndexCorrupt(told, path) from error
            case OSError():
                named = f" ({os.path.basename(error.filename)})" if isinstance(error.filename, str) else ""
                told = f"the index {path} cannot be read: {error.strerror or error}{named}"
                raise EngineError(told, "whoosh") from error


@contextmanager
def _write_errors(path: str, published: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """What the disk refuses becomes a sentence that says which generation there is now."""
    try:
        yield
    except OSError as error:
        now = (
            "the new one is there, but the disk did not confirm it: look at the disk, then run swsearch check"
            if published()
            else "nothing of it was changed; mend that and run the rebuild again"
        )
        raise EngineError(f"the index {path} cannot be written: {error.strerror or error}; {now}", "whoosh") from error


def _make_directory(path: str) -> None:
    try:
        if not os.path.isdir(path):
            os.makedirs(path, exist_ok=True)
            sync_directory(os.path.dirname(os.path.abspath(path)))
    except OSError as error:
        raise EngineError(f"the index directory {path} cannot be made: {error.strerror}", "whoosh") from error


def _missing(path: str) -> IndexMissing:
    return IndexMissing(f"there is no index at {path}: make one with swsearch rebuild", path)
