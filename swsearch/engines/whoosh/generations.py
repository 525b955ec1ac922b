"""Generations of an index: the TOC that names the segments of one, in JSON, and the writer of the next.

A generation is `_MAIN_<number>.toc` and the segment files that it names. Nothing of it is ever changed; the next one
shares segments with it. The newest is the one that counts.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whoosh.index import TOC, EmptyIndexError, FileIndex
from whoosh.writing import SegmentWriter

from swsearch.engines.whoosh.arrays import DamagedFile
from swsearch.engines.whoosh.codec import MOST_CHARS, SUFFIX, ArrayCodec, ArrayDocuments, ArrayReader, ArraySegment
from swsearch.engines.whoosh.invert import MOST_DOCS
from swsearch.engines.whoosh.schema import schema
from swsearch.engines.whoosh.storage import DurableStorage

if TYPE_CHECKING:
    from swsearch.engines.whoosh.batch import Batch

NAME = "MAIN"
LAYOUT = 4
"""Raised when files of an older layout cannot be read any more."""

TAIL_CHARS = 1_000_000
"""Segments with fewer characters are always merged into the new one: a commit of one page takes up to 0.15 s for it,
and however many there were, a query meets one small segment."""

MERGE_RATIO = 3
"""A larger segment is merged when it is less than so many times larger than what has joined: sizes fall
geometrically, and a document is copied some log(N) times."""

MOST_GONE = 1 / 3
"""A segment is rewritten when more of its documents are deleted: they are read past by every query."""

LISTINGS = 10
"""A directory is not listed at one instant: while a writer swaps TOCs, neither may be seen. So often it is tried."""

_OURS = re.compile(rf"_{NAME}_(\d+)\.toc(?:\.new)?|{NAME}_[0-9a-z]+{re.escape(SUFFIX)}")
_TOC = re.compile(rf"_{NAME}_(\d+)\.toc")


class OtherLayout(Exception):
    """The index was written by a version whose files this one does not read; `found` is its layout."""

    def __init__(self, found: object) -> None:
        super().__init__(f"layout {found}")
        self.found = found


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation as it was committed. `mark` tells it from any other, of the same number too."""

    number: int
    segments: tuple[ArraySegment, ...] = ()
    mark: str = ""


def toc_name(number: int) -> str:
    """The file that names a generation."""
    return f"_{NAME}_{number}.toc"


def latest(storage: DurableStorage) -> int:
    """The number of the newest generation, -1 if there is none. Raises OSError."""
    for attempt in range(LISTINGS):
        if attempt:
            time.sleep(0.005)
        names = storage.list()
        numbers = [int(found[1]) for name in names if (found := _TOC.fullmatch(name))]
        if numbers:
            return max(numbers)
        if not any(map(_OURS.fullmatch, names)):
            break
    return -1


def read_generation(storage: DurableStorage, number: int) -> Generation:
    """A generation by its TOC. Raises DamagedFile, OtherLayout, OSError."""
    name = toc_name(number)
    with open(os.path.join(storage.folder, name), "rb") as stream:
        text, _, crc = stream.read().rpartition(b"\n")
    if crc != b"%08x" % zlib.crc32(text):
        raise DamagedFile(f"{name}: it is not what was written")
    value = json.loads(text)
    if value.get("layout") != LAYOUT:
        raise OtherLayout(value.get("layout"))
    if value["generation"] != number:
        raise DamagedFile(f"{name}: it is the TOC of generation {value['generation']}")
    return Generation(number, tuple(ArraySegment(NAME, **one) for one in value["segments"]), crc.decode())


def open_newest(storage: DurableStorage, had: Sequence[ArrayReader] = ()) -> tuple[Generation, tuple[ArrayReader, ...]]:
    """The newest generation with its segments opened; those that are among `had` are not opened again.

    Raises EmptyIndexError, DamagedFile, OtherLayout, OSError.
    """
    known = {reader.segment.segid: reader for reader in had}
    while True:
        number = latest(storage)
        if number < 0:
            raise EmptyIndexError(f"no index in {storage.folder}")
        try:
            generation = read_generation(storage, number)
            return generation, tuple(
                known[one.segid].seen_as(one) if one.segid in known else ArrayReader(storage, one)
                for one in generation.segments
            )
        except FileNotFoundError as error:
            # A writer may have removed it meanwhile; then there is a newer one, and each round reads a later one.
            if latest(storage) == number:
                raise DamagedFile(f"{os.path.basename(error.filename)}: it is missing") from None


def write_generation(
    storage: DurableStorage, number: int, segments: Sequence[ArraySegment], committed: Callable[[], None]
) -> None:
    """Publish a generation whose segments are on the disk: the rename is the commit, `committed` is called then."""
    value = {"layout": LAYOUT, "generation": number, "segments": [segment.to_dict() for segment in segments]}
    text = json.dumps(value, separators=(",", ":")).encode()
    temporary = toc_name(number) + ".new"
    with storage.create_file(temporary) as stream:
        stream.write(text + b"\n%08x" % zlib.crc32(text))
    storage.publish(temporary, toc_name(number), committed)


def clean(storage: DurableStorage, generation: Generation) -> None:
    """Remove what `generation` does not name: older ones, and what a writer left that was stopped."""
    names = {segment.file for segment in generation.segments} | {toc_name(generation.number)}
    for name in storage.list():
        if _OURS.fullmatch(name) and name not in names:
            storage.delete_file(name)


class ArrayIndex(FileIndex):  # type: ignore[misc]
    """What Whoosh's writer asks of an index: the generation that it goes on from."""

    def __init__(self, storage: DurableStorage, generation: Generation) -> None:
        self.storage, self.indexname, self._schema = storage, NAME, schema()
        self.generation = generation

    def _read_toc(self) -> TOC:
        # Copies: the writer notes deleted documents in them.
        segments = [ArraySegment(NAME, **one.to_dict()) for one in self.generation.segments]
        return TOC(self._schema, segments, self.generation.number)


class Writer(SegmentWriter):  # type: ignore[misc]
    """Writes the next generation: as many segments as its documents fill, small old ones merged in.

    `readers` are the open segments of the generation it goes on from. When a commit fails or is interrupted, what it
    wrote is removed; if that was after the commit point, `published` is true and all of it stays.
    """

    def __init__(self, index: ArrayIndex, readers: Sequence[ArrayReader], jobs: int = 1) -> None:
        self.perdocwriter: ArrayDocuments
        self.newsegment: ArraySegment
        self.published = False
        self._filled: list[ArraySegment] = []
        self._readers = {reader.segment.segid: reader for reader in readers}
        super().__init__(index, _lk=False, codec=ArrayCodec(jobs), compound=False)

    def add_document(self, **given: Any) -> None:
        """See Whoosh."""
        if self.perdocwriter.full:
            self._next_segment()
        super().add_document(**given)

    def add_batch(self, batch: Batch) -> None:
        """Write documents that are inverted already."""
        if not self.perdocwriter.holds(len(batch.kinds), batch.chars):
            self._next_segment()
        self.perdocwriter.add_batch(batch)
        self._added = True

    def place(self) -> tuple[int, int]:
        """Where the next document goes; for `undo`."""
        return len(self._filled), len(self.perdocwriter)

    def undo(self, place: tuple[int, int]) -> None:
        """Delete what was added from `place` on: documents of segments that are written or begun."""
        before, first = place
        sizes = [*(segment.docs for segment in self._filled), len(self.perdocwriter)]
        for number, segment in enumerate((*self._filled, self.newsegment)):
            for doc in range(first if number == before else 0, sizes[number] if number >= before else 0):
                segment.delete_document(doc)

    def add_segment(self, segment: ArraySegment) -> None:
        """Copy the live documents of an old segment, array by array."""
        reader = self._readers[segment.segid].seen_as(segment)
        live = [doc for doc in range(reader.size) if not reader.is_deleted(doc)]
        if not self.perdocwriter.holds(len(live), segment.chars):
            self._next_segment()
        if live:
            self.perdocwriter.add_segment(reader, live)
            self._added = True

    def get_segment(self) -> ArraySegment:
        """See Whoosh, which would count the documents of all segments."""
        return self.newsegment

    def _next_segment(self) -> None:
        self.perdocwriter.close()
        self._filled.append(self.newsegment)
        self.newsegment = self.codec.new_segment(self.storage, self.indexname)
        self.perdocwriter = self.codec.per_document_writer(self.storage, self.newsegment)

    def commit(self, mergetype: Any = None, optimize: Any = None, merge: Any = None) -> None:
        """See Whoosh."""
        try:
            super().commit(mergetype)
        except BaseException:
            self._remove_files()
            raise

    def cancel(self) -> None:
        """Drop everything; Whoosh would write the segment first."""
        self._remove_files()
        self.perdocwriter.is_closed = True
        self.is_closed = True

    def _commit_toc(self, segments: Sequence[ArraySegment]) -> None:
        kept = tuple(segment for segment in (*segments, *self._filled) if segment.doc_count())

        def committed() -> None:
            self.published = True

        write_generation(self.storage, self.generation, kept, committed)
        clean(self.storage, Generation(self.generation, kept))

    def _remove_files(self) -> None:
        if not self.published:
            for segment in (*self._filled, self.newsegment):
                self.storage.delete_file(segment.file)
            self.storage.delete_file(toc_name(self.generation) + ".new")


def merge_small(writer: Writer, segments: Sequence[ArraySegment]) -> list[ArraySegment]:
    """Whoosh's merge policy: what is small, much deleted, or not much larger than what has joined, joins the new one.

    Returns the segments that are left as they are.
    """
    chars, docs, kept = writer.perdocwriter.chars, len(writer.perdocwriter), []
    for segment in sorted(segments, key=lambda one: one.live_chars):
        live = segment.doc_count()
        much_gone = segment.deleted_count() > MOST_GONE * segment.docs
        small = segment.live_chars <= max(TAIL_CHARS, MERGE_RATIO * chars)
        if much_gone or (small and chars + segment.live_chars <= MOST_CHARS and docs + live <= MOST_DOCS):
            writer.add_segment(segment)
            chars += segment.live_chars
            docs += live
        else:
            kept.append(segment)
    return kept
