"""A Whoosh index in a directory as an engine: reading one generation, and writing the next in one commit."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError
from whoosh.writing import CLEAR

from swsearch.engines.base import Found, Meta, Record, SeedFile, Sort
from swsearch.engines.whoosh.arrays import DamagedFile
from swsearch.engines.whoosh.codec import NAME, ArrayIndex, Writer, merge_small, write_toc
from swsearch.engines.whoosh.lock import WriteLock
from swsearch.engines.whoosh.schema import (
    META,
    SEED,
    meta_document,
    read_meta,
    read_record,
    read_seed,
    record_document,
    seed_document,
)
from swsearch.engines.whoosh.search import Snapshot
from swsearch.engines.whoosh.segment import SegmentView
from swsearch.errors import EngineError, IndexCorrupt, IndexMissing, SwsearchError
from swsearch.query.nodes import BoundNode
from swsearch.settings import LOCK_SECONDS

T = TypeVar("T")


class DurableStorage(FileStorage):  # type: ignore[misc]
    """Files of an index; the rename that publishes a generation comes after everything it names is on the disk."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._synced: set[str] = set(self.list())

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Publish `oldname` as `newname`: segment files first, then the directory, then the name."""
        for name in [*(set(self.list()) - self._synced), oldname]:
            with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
                _sync(self._fpath(name))
                self._synced.add(name)
        _sync_directory(self.folder)
        os.replace(self._fpath(oldname), self._fpath(newname))
        _sync_directory(self.folder)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync_directory(path: str) -> None:
    if os.name == "posix":  # Windows cannot open a directory, and needs no such sync
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class WhooshEngine:
    """One generation of a Whoosh index; with `write`, also the only writer of the next.

    Raises IndexMissing, IndexLocked, IndexCorrupt. `fresh` writes over whatever index is there, damaged or not; it
    is replaced by the first commit.
    """

    name = "whoosh"

    def __init__(
        self, path: str, *, write: bool = False, fresh: bool = False, lock_timeout_s: float = LOCK_SECONDS
    ) -> None:
        self.path = path
        self._lock: WriteLock | None = None
        self._writer: Any = None
        self._fresh = fresh
        self._cleared = False
        self._guard = threading.RLock()
        if write:
            _make_directory(path)
            self._lock = WriteLock(Path(path), lock_timeout_s)
        elif not os.path.isdir(path):
            raise _missing(path)
        self._storage = DurableStorage(path)
        try:
            self._index = self._open(write)
            self._load()
        except BaseException:
            self.close()
            raise

    # ---- opening

    def _open(self, write: bool) -> Any:
        if write and (self._fresh or TOC._latest_generation(self._storage, NAME) < 0):
            # Whoosh counts generations from 0; a damaged index is continued, so that its name is never used twice.
            generation = TOC._latest_generation(self._storage, NAME) + 1
            write_toc(self._storage, generation, [])
        try:
            return _guarded(self.path, lambda: ArrayIndex(self._storage))
        except EmptyIndexError:
            raise _missing(self.path) from None

    def _load(self) -> None:
        def load() -> tuple[int, Any, Snapshot]:
            reader = self._index.reader()
            leaves = [leaf for leaf, _ in reader.leaf_readers()] if reader.doc_count_all() else []
            return self._index.latest_generation(), reader, Snapshot([SegmentView(leaf._perdoc) for leaf in leaves])

        self._generation, self._reader, self._snapshot = _guarded(self.path, load)
        if self._lock is None and self.meta() is None:
            raise _missing(self.path)

    # ---- writing

    def _writing(self) -> Any:
        if self._lock is None:
            raise EngineError("this index was opened for reading only", self.name)
        if self._writer is None:
            self._writer = Writer(self._index)
        return self._writer

    def add(self, records: Iterable[Record], files: Iterable[SeedFile]) -> None:
        """See Engine."""
        writer = self._writing()
        for record in records:
            writer.add_document(**record_document(record))
        for seed in files:
            writer.add_document(**seed_document(seed))

    def remove(self, files: Iterable[str]) -> None:
        """See Engine. It is what was committed that is removed."""
        if self._cleared:
            return
        base = 0
        for segment in self._snapshot.segments:
            for file in files:
                for doc in segment.with_key("file", file).tolist():
                    if segment.live[doc]:
                        self._writing().delete_document(base + doc)
            base += segment.size

    def clear(self) -> None:
        """See Engine."""
        self._writing()
        self._cleared = True

    def commit(self, meta: Meta) -> None:
        """See Engine. Segment files and directory reach the disk before the name that makes them current."""
        writer = self._writing()
        base = 0
        for segment in self._snapshot.segments if not self._cleared else ():
            for doc in segment.with_key("kind", str(META)).tolist():
                if segment.live[doc]:
                    writer.delete_document(base + doc)
            base += segment.size
        writer.add_document(**meta_document(meta))
        writer.commit(mergetype=CLEAR if self._cleared else merge_small)
        self._writer, self._cleared = None, False
        self._load()

    def rollback(self) -> None:
        """See Engine."""
        if self._writer is not None:
            self._writer.cancel()
        self._writer, self._cleared = None, False

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
        return self._read(lambda: self._snapshot.scores(bound, *self._find(id)))

    def article(self, id: str) -> Record:
        """See Engine."""

        def read() -> Record:
            segment, doc = self._find(id)
            return read_record(segment.record(doc))

        return self._read(read)

    def _find(self, id: str) -> tuple[SegmentView, int]:
        for segment in self._snapshot.segments:
            for doc in segment.with_key("id", id).tolist():
                if segment.live[doc]:
                    return segment, doc
        raise KeyError(id)

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
        return self._generation

    def refresh(self) -> bool:
        """See Engine."""
        with self._guard:
            if self._index.latest_generation() == self._generation:
                return False
            old = self._reader
            self._load()
            old.close()
            return True

    def check(self) -> tuple[str, ...]:
        """See Engine: every record is read, and the counts of its seed are held against it."""
        return self._read(self._check)

    def _check(self) -> tuple[str, ...]:
        problems = []
        held: dict[str, list[int]] = {}
        for segment in self._snapshot.segments:
            for number, mask in enumerate((segment.articles, segment.notices)):
                for doc in mask.nonzero()[0].tolist():
                    record = read_record(segment.record(doc))
                    held.setdefault(record.file, [0, 0])[number] += 1
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
        # Whoosh's readers keep a file position, so threads take turns.
        with self._guard:
            return _guarded(self.path, read)

    def close(self) -> None:
        """See Engine."""
        with self._guard:
            with suppress(Exception):
                self.rollback()
            reader = self.__dict__.pop("_reader", None)
            if reader is not None:
                reader.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None


def _guarded(path: str, read: Callable[[], T]) -> T:
    """What `read` returns; errors from below a damaged file become IndexCorrupt."""
    try:
        return read()
    except (SwsearchError, KeyError, EmptyIndexError, MemoryError):
        raise
    except PermissionError as error:
        raise EngineError(f"the index {path} cannot be read: {error.strerror} ({error.filename})", "whoosh") from error
    except DamagedFile as error:
        files = (str(error).partition(":")[0],)
        raise IndexCorrupt(f"the index {path} is damaged, {error}: run swsearch rebuild --full", path, files) from error
    except Exception as error:  # a torn file shows as anything from struct.error to AssertionError
        raise IndexCorrupt(
            f"the index {path} is damaged ({type(error).__name__}: {error}): run swsearch rebuild --full", path
        ) from error


def _make_directory(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise EngineError(f"the index directory {path} cannot be made: {error.strerror}", "whoosh") from error


def _missing(path: str) -> IndexMissing:
    return IndexMissing(f"there is no index at {path}: make one with swsearch rebuild", path)
