"""A Whoosh codec whose segments are one file of NumPy arrays each.

Whoosh drives it: its writer hands over the stored fields of every document and closes the segment. Nothing is pickled,
no field is `indexed` in Whoosh's sense: a segment is inverted in bulk when it is closed (invert.py). Which segments
there are stands in generations.py.
"""

from __future__ import annotations

import copy
import itertools
import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from whoosh.codec import base

from swsearch.engines.whoosh.arrays import Array, ArrayFile, ArrayWriter, DamagedFile
from swsearch.engines.whoosh.collect import Collector, with_places, without_places
from swsearch.engines.whoosh.invert import (
    DOC_BITS,
    LAST_DOC,
    MOST_DOCS,
    MOST_RUNS,
    PLACE_UNITS,
    RUNS,
    UNIT_BITS,
    Table,
    Values,
    pack,
)
from swsearch.engines.whoosh.schema import KEYS, KIND, PARTS_END, RECORD

if TYPE_CHECKING:
    from swsearch.engines.whoosh.batch import Batch

Add = Callable[[str, "Array | bytes"], None]
"""Writes an array under its name."""

SUFFIX = ".arrays"
MOST_CHARS = 20_000_000
"""Characters of match forms in one segment: bounds the memory of a rebuild, which took 567 MB in all
for 22,368 articles with 19.7 million."""

APART = (PARTS_END * PLACE_UNITS).encode("utf-16-le")
"""Before, between and after match forms: no form reaches over two ends of a part, so none into another document; and
what begins in the place of a bigram begins in no later document."""

LARGE = 0xFF
"""Counts from here on stand in a table of their own."""


class ArrayCodec(base.Codec):  # type: ignore[misc]
    """Segments of arrays."""

    length_stats = False

    def __init__(self, jobs: int = 1) -> None:
        self._jobs = jobs

    def per_document_writer(self, storage: Any, segment: Any) -> ArrayDocuments:
        """What collects the documents of a new segment."""
        return ArrayDocuments(storage, segment, self._jobs)

    def field_writer(self, storage: Any, segment: Any) -> Any:
        """Nothing to write: no field is indexed in Whoosh's sense."""
        return _NoFields()

    def terms_reader(self, storage: Any, segment: Any) -> Any:
        """Nothing to read: see `field_writer`."""
        return _NoTerms()

    def per_document_reader(self, storage: Any, segment: Any) -> ArrayReader:
        """The arrays of a segment."""
        return ArrayReader(storage, segment)

    def new_segment(self, storage: Any, indexname: str) -> ArraySegment:
        """A segment of a new name."""
        return ArraySegment(indexname)


class ArraySegment(base.Segment):  # type: ignore[misc]
    """What the TOC says of one segment."""

    def __init__(
        self,
        indexname: str,
        segid: str = "",
        docs: int = 0,
        chars: int = 0,
        deleted: Iterable[int] = (),
        size: int = 0,
        sha256: str = "",
    ) -> None:
        super().__init__(indexname)
        self.segid: str = segid or self._random_id()
        self.docs = docs
        self.chars = chars
        self.deleted = set(deleted)
        self.size = size
        self.sha256 = sha256

    def to_dict(self) -> dict[str, Any]:
        """The segment as the TOC holds it."""
        return {
            "segid": self.segid,
            "docs": self.docs,
            "chars": self.chars,
            "deleted": sorted(self.deleted),
            "size": self.size,
            "sha256": self.sha256,
        }

    @property
    def file(self) -> str:
        """The name of its one file."""
        name: str = self.make_filename(SUFFIX)
        return name

    @property
    def live_chars(self) -> int:
        """About how many characters its live documents have."""
        live = self.docs - len(self.deleted)
        return self.chars * live // max(1, self.docs)

    def codec(self) -> ArrayCodec:
        """See Whoosh."""
        return ArrayCodec()

    def should_assemble(self) -> bool:
        """One file already."""
        return False

    def set_doc_count(self, doccount: int) -> None:
        """See Whoosh."""
        self.docs = doccount

    def doc_count_all(self) -> int:
        """See Whoosh."""
        return self.docs

    def deleted_count(self) -> int:
        """See Whoosh."""
        return len(self.deleted)

    def deleted_docs(self) -> Iterator[int]:
        """See Whoosh."""
        return iter(self.deleted)

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """See Whoosh."""
        (self.deleted.add if delete else self.deleted.discard)(docnum)

    def is_deleted(self, docnum: int) -> bool:
        """See Whoosh."""
        return docnum in self.deleted


# ---- writing a segment


class ArrayDocuments(base.PerDocumentWriter):  # type: ignore[misc]
    """Collects documents, sorts their postings when closed (by `jobs` threads), and writes the segment's file."""

    def __init__(self, storage: Any, segment: ArraySegment, jobs: int = 1) -> None:
        self._storage, self._segment, self._jobs = storage, segment, jobs
        self.is_closed = False
        self._now: dict[str, Any] = {}
        self._kinds = bytearray()
        self._lengths = array("I")
        self._forms: list[bytes] = []
        self._records: list[bytes] = []
        self._keys: list[list[str]] = []
        self._runs, self._vocabulary = Table(), Table()
        self._grams, self._words = Collector(), Collector()
        self.chars = 0

    @property
    def full(self) -> bool:
        """Whether the next document belongs into another segment."""
        return (
            len(self._kinds) >= MOST_DOCS
            or self.chars >= MOST_CHARS
            or len(self._runs) > MOST_RUNS // 2  # a document of 24 million characters has fewer than that
        )

    def holds(self, docs: int, chars: int) -> bool:
        """Whether so much more goes into this segment; anything goes into an empty one."""
        return not self._kinds or (
            len(self._kinds) + docs <= MOST_DOCS and self.chars + chars <= MOST_CHARS and not self.full
        )

    def __len__(self) -> int:
        return len(self._kinds)

    def start_doc(self, docnum: int) -> None:
        """See Whoosh."""
        self._now = {}

    def add_field(self, fieldname: str, fieldobj: Any, value: Any, length: int) -> None:
        """See Whoosh."""
        self._now[fieldname] = value

    def cancel_doc(self) -> None:
        """See Whoosh."""
        self._now = {}

    def finish_doc(self) -> None:
        """Take what the fields brought."""
        now = self._now
        self._kinds.append(now[KIND])
        self._lengths.append(0)
        self._forms.append(b"")
        self._records.append(now[RECORD])
        self._keys.append(now[KEYS])

    def add_batch(self, batch: Batch) -> None:
        """Take in documents that are inverted already."""
        base_doc = np.uint64(len(self._kinds))
        self._kinds += batch.kinds
        self._lengths.frombytes(batch.lengths.tobytes())
        self._forms += batch.forms
        self._records += batch.records
        self._keys += batch.keys
        self.chars += batch.chars
        terms, counts = batch.tokens
        words = np.array(self._vocabulary.all(batch.words), dtype=np.uint64)
        docs = (terms & LAST_DOC) + base_doc
        self._words.add(pack(words[terms >> np.uint64(DOC_BITS)], docs), counts)
        grams, values = batch.grams
        if batch.runs:
            numbers = np.array(self._runs.all(batch.runs), dtype=np.uint64)
            grams = pack(_with_runs(grams >> np.uint64(DOC_BITS), numbers), grams & LAST_DOC)
        self._grams.add(grams + base_doc, values)

    def add_segment(self, reader: ArrayReader, live: Sequence[int]) -> None:
        """Copy the documents `live` of another segment: postings are renumbered, not made anew."""
        base_doc = len(self._kinds)
        new = np.full(reader.size, -1, dtype=np.int64)
        new[np.array(live, dtype=np.int64)] = np.arange(base_doc, base_doc + len(live))
        self._kinds += reader.kinds[live].tobytes()
        self._lengths.extend(reader.lengths[live].tolist())
        forms, records = reader.texts(live)
        self._forms += forms
        self.chars += sum(map(len, forms)) // 2
        self._records += records
        self._keys += reader.document_keys(live)
        owners, docs, counts = reader.words_postings.moved(new)
        words = _renumber(self._vocabulary, reader.words, owners)
        self._words.add(pack(words[owners], docs), counts)
        owners, docs, values = reader.grams.moved(new)
        grams = np.zeros(len(reader.gram_terms), dtype=np.uint64)
        used = _used(owners, len(grams))
        terms = reader.gram_terms[used]
        units = np.concatenate(_units(terms))
        runs = (units[units >= RUNS] - np.uint64(RUNS)).astype(np.int64)
        grams[used] = _with_runs(terms, _renumber(self._runs, reader.runs, runs))
        self._grams.add(pack(grams[owners], docs), values)

    def close(self) -> None:
        """Sort what was collected and write it."""
        self.is_closed = True
        if not self._kinds:
            return
        with self._storage.create_file(self._segment.file) as stream:
            out = ArrayWriter(stream)
            if self._jobs == 1:
                self._write(out.add)
            else:
                self._write_behind(out.add)
            self._segment.sha256, self._segment.size = out.finish(
                {"docs": len(self._kinds), "segment": self._segment.segid}
            )
        self._segment.docs, self._segment.chars = len(self._kinds), self.chars

    def _write_behind(self, add: Add) -> None:
        """`_write`, another thread hashing and writing arrays, one after the other, while the next are sorted."""
        from concurrent.futures import Future, ThreadPoolExecutor

        added: list[Future[None]] = []
        with ThreadPoolExecutor(1) as pool:
            self._write(lambda name, array: added.append(pool.submit(add, name, array)))
            for one in added:
                one.result()

    def _write(self, add: Add) -> None:
        add("kinds", bytes(self._kinds))
        add("lengths", np.frombuffer(self._lengths, dtype=np.uint32))
        sizes = [len(form) // 2 + PLACE_UNITS for form in self._forms]
        add("form_at", np.cumsum([PLACE_UNITS, *sizes], dtype=np.int64))
        add("form", np.frombuffer(APART.join([b"", *self._forms, b""]), "<u2"))
        add("record_at", np.cumsum([0, *map(len, self._records)], dtype=np.uint64))
        add("record", b"".join(self._records))
        self._forms, self._records = [], []
        # Words first, and let go: what bigrams take while they are sorted is the peak of a rebuild.
        for name, inverter in (("word", self._words), ("gram", self._grams)):
            postings = inverter.postings(self._jobs)
            add(f"{name}_lists", postings.lists.astype(np.uint32))
            add(f"{name}_docs", postings.docs)
            if name == "gram":
                add("gram_terms", postings.terms)
                counts, places = without_places(postings.values)
                _write_counts(add, name, counts)
                add("gram_places", places)
            else:
                assert len(postings.terms) == len(self._vocabulary), "a word without a list shifts those after it"
                _write_counts(add, name, postings.values)
        _write_strings(add, "word", self._vocabulary)
        _write_strings(add, "run", self._runs)
        self._write_keys(add)

    def _write_keys(self, add: Add) -> None:
        held: dict[str, list[int]] = {}
        for doc, keys in enumerate(self._keys):
            for key in set(keys):
                held.setdefault(key, []).append(doc)
        ordered = sorted(held)
        texts = [key.encode("utf-8", "surrogatepass") for key in ordered]
        add("key_at", np.cumsum([0, *map(len, texts)], dtype=np.uint32))
        add("key_text", b"".join(texts))
        add("key_lists", np.cumsum([0, *(len(held[key]) for key in ordered)], dtype=np.uint32))
        add("key_docs", np.array([doc for key in ordered for doc in held[key]], dtype=np.uint16))


def _units(grams: Array) -> tuple[Array, Array]:
    """The first and the second unit of each bigram."""
    return grams >> np.uint64(UNIT_BITS), grams & np.uint64((1 << UNIT_BITS) - 1)


def _with_runs(grams: Array, numbers: Array) -> Array:
    """Bigrams with the runs in them numbered as `numbers` says."""
    first, second = _units(grams)
    for units in (first, second):
        runs = units >= RUNS
        units[runs] = numbers[units[runs] - np.uint64(RUNS)] + np.uint64(RUNS)
    return (first << np.uint64(UNIT_BITS)) | second


def _used(owners: Array, size: int) -> Array:
    """Which of `size` numbers occur in `owners`, ascending."""
    used = np.zeros(size, dtype=bool)
    used[owners] = True
    return np.flatnonzero(used)


def _renumber(table: Table, strings: Strings, owners: Array) -> Array:
    """Old number -> number in `table` of those strings that `owners` names. The others, which only deleted documents
    had, get none: each string of a segment has a list, which has its number."""
    used = _used(owners, len(strings))
    numbers = np.zeros(len(strings), dtype=np.uint64)
    texts = strings if len(used) == len(strings) else map(strings.__getitem__, used.tolist())
    numbers[used] = table.all(texts)
    return numbers


def _write_counts(add: Add, name: str, counts: Values) -> None:
    """Counts in one byte; the few beyond that stand in a table of their own."""
    large = np.flatnonzero(counts >= LARGE)
    add(f"{name}_counts", np.minimum(counts, LARGE).astype(np.uint8))
    add(f"{name}_large_at", large.astype(np.uint32))
    add(f"{name}_large", counts[large].astype(np.uint32))


def _write_strings(add: Add, name: str, table: Table) -> None:
    """Strings in the order of their numbers; their numbers in the order of their code points, and how each begins."""
    texts = list(table.numbers)
    order = sorted(range(len(texts)), key=texts.__getitem__)
    coded = [text.encode("utf-8", "surrogatepass") for text in texts]
    add(f"{name}_at", np.cumsum([0, *map(len, coded)], dtype=np.uint32))
    add(f"{name}_text", b"".join(coded))
    add(f"{name}_order", np.array(order, dtype=np.uint32))
    add(f"{name}_first", np.array([beginning(texts[number]) for number in order], dtype=np.uint64))


# ---- reading a segment


def beginning(text: str) -> int:
    """The first three code points of `text` as one number, whose order is theirs."""
    first, second, third, *_ = *map(ord, text[:3]), 0, 0, 0
    return first << 42 | second << 21 | third


class Strings:
    """Numbered strings: number -> string, and back by binary search.

    `order` are the numbers in the order of the strings, if it is another one; with `first`, how each begins, most are
    found in one step.
    """

    def __init__(self, at: Array, text: Array, order: Array | None = None, first: Array | None = None) -> None:
        # Single items of a memoryview are read sooner than those of an array.
        self._at = at.data
        self._order, self._first = (None if one is None else one.data for one in (order, first))
        self._all_at = at
        self._text = text.tobytes() if len(text) < 1 << 16 else text.data

    @classmethod
    def read(cls, file: ArrayFile, name: str) -> Strings:
        """Those that `_write_strings` wrote."""
        return cls(*(file.array(f"{name}_{part}") for part in ("at", "text", "order", "first")))

    def __len__(self) -> int:
        return len(self._at) - 1

    def raw(self, number: int) -> bytes:
        """The bytes of a string."""
        return bytes(self._text[self._at[number] : self._at[number + 1]])

    def __getitem__(self, number: int) -> str:
        return self.raw(number).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        at, text = self._all_at.tolist(), bytes(self._text)
        return (text[start:end].decode("utf-8", "surrogatepass") for start, end in itertools.pairwise(at))

    def some(self, places: Iterable[int], first: int, start: int) -> list[str]:
        """Several strings by their places from number `first` on, each from its byte `start` on."""
        at, text, behind = self._at, self._text, first + 1
        return [str(text[at[first + one] + start : at[behind + one]], "utf-8", "surrogatepass") for one in places]

    def place(self, wanted: bytes, low: int = 0, high: int | None = None) -> int:
        """How many strings sort before `wanted`; it is known to lie between `low` and `high`."""
        high = len(self) if high is None else high
        while low < high:
            middle = (low + high) // 2
            if self.raw(middle if self._order is None else self._order[middle]) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, text: str) -> int | None:
        """The number of a string, or None."""
        wanted = text.encode("utf-8", "surrogatepass")
        low, high = 0, len(self)
        if self._first is not None:
            start = beginning(text)
            low = bisect_left(self._first, start)
            high = low + 1 if len(text) < 3 else bisect_right(self._first, start, low)
        place = self.place(wanted, low, high) if high - low > 1 else low
        if place == len(self):
            return None
        number = place if self._order is None else self._order[place]
        return number if self.raw(number) == wanted else None


class PostingList:
    """The documents that have a term, ascending, how often each has it, and of a bigram in which place first."""

    __slots__ = ("_large", "_small", "docs", "places", "size")

    def __init__(
        self, docs: Array, small: Array, large: tuple[Array, Array] | None = None, places: Array | None = None
    ) -> None:
        """`small` are the counts, LARGE where they do not fit: of these `large` has the numbers and the counts."""
        self.docs, self._small, self._large, self.places = docs, small, large, places
        self.size = len(docs)

    @property
    def counts(self) -> Array:
        """How often each of `docs` has the term."""
        if self._large is None:
            return self._small
        counts = self._small.astype(np.uint32)
        numbers, large = self._large
        counts[numbers] = large
        return counts


class StoredPostings:
    """Posting lists of a segment by number."""

    def __init__(self, file: ArrayFile, name: str, placed: bool = False) -> None:
        self.lists = file.array(f"{name}_lists")
        self._places = file.part(f"{name}_places") if placed else None
        self._lists = self.lists.data
        self._docs, self._counts = file.part(f"{name}_docs"), file.part(f"{name}_counts")
        self._large_at: list[int] = file.array(f"{name}_large_at").tolist()
        self._large = file.array(f"{name}_large")

    def __getitem__(self, number: int) -> PostingList:
        return self.between(self._lists[number], self._lists[number + 1])

    def between(self, start: int, stop: int) -> PostingList:
        """The postings from `start` up to `stop`, which may be those of several lists."""
        docs, counts = self._docs.items(start, stop), self._counts.items(start, stop)
        places = None if self._places is None else self._places.items(start, stop)
        low = bisect_left(self._large_at, start)
        high = bisect_left(self._large_at, stop, low)
        if low == high:
            return PostingList(docs, counts, None, places)
        large = np.array(self._large_at[low:high]) - start, self._large[low:high]
        return PostingList(docs, counts, large, places)

    def moved(self, new: Array) -> tuple[Array, Array, Array]:
        """All postings of documents whose `new` number is not negative: number of the list, new document, value."""
        lists = len(self.lists) - 1
        total = int(self.lists[lists]) if lists else 0
        every = self.between(0, total)
        docs, values = new[every.docs], every.counts
        if every.places is not None:
            values = with_places(values, every.places)
        owners = np.repeat(np.arange(lists), (self.lists[1:] - self.lists[:-1]).astype(np.int64))
        kept = docs >= 0
        return owners[kept], docs[kept].astype(np.uint64), values[kept]


class ArrayReader(base.PerDocumentReader):  # type: ignore[misc]
    """The arrays of one segment. Small tables are verified when it is opened, the rest as it is read."""

    def __init__(self, storage: Any, segment: ArraySegment) -> None:
        self.segment = segment
        self._path = os.path.join(storage.folder, segment.file)
        try:
            with open(self._path, "rb") as stream:
                self.file = ArrayFile(stream)
            self._open()
        except DamagedFile as error:
            raise DamagedFile(f"{segment.file}: {error}") from None

    def _open(self) -> None:
        file = self.file
        self.size: int = file.about["docs"]
        if self.size != self.segment.docs or file.about["segment"] != self.segment.segid:
            raise DamagedFile("it is not the one that was committed")
        self.kinds, self.lengths = file.array("kinds"), file.array("lengths")
        self._form_at, self._record_at = file.array("form_at"), file.array("record_at")
        self._form, self._record = file.part("form"), file.part("record")
        self._each_form, self._each_record = self._form_at.data, self._record_at.data
        self.gram_terms = file.array("gram_terms")
        self._each_gram = self.gram_terms.data
        self.grams, self.words_postings = StoredPostings(file, "gram", placed=True), StoredPostings(file, "word")
        self.words, self.runs = Strings.read(file, "word"), Strings.read(file, "run")
        self.keys = Strings(file.array("key_at"), file.array("key_text"))
        self.key_lists, self.key_docs = file.array("key_lists"), file.array("key_docs")

    def gram_postings(self, term: int) -> PostingList | None:
        """The postings of a bigram; None if no document has it."""
        terms = self._each_gram
        at = bisect_left(terms, term)
        return self.grams[at] if at < len(terms) and terms[at] == term else None

    def seen_as(self, segment: ArraySegment) -> ArrayReader:
        """The same arrays in another generation, in which more documents may be deleted."""
        other = copy.copy(self)
        other.segment = segment
        return other

    def check(self) -> str | None:
        """What is wrong with the file, if anything: every byte is read anew and its SHA-256 held against the TOC."""
        import hashlib

        try:
            with open(self._path, "rb") as stream:
                total = hashlib.sha256()
                while block := stream.read(1 << 20):
                    total.update(block)
                if stream.tell() != self.segment.size:
                    return f"it has {stream.tell()} bytes, {self.segment.size} were written"
                if total.hexdigest() != self.segment.sha256:
                    return "its SHA-256 is not the one that was committed"
                self.file.verify()
        except FileNotFoundError:
            return "it is missing"
        except DamagedFile as error:
            return str(error)
        return None

    def form_bytes(self, doc: int) -> bytes:
        """The match forms of a document's parts, UTF-16, joined by line feeds."""
        return self.form_each((doc,))[0]

    def form_each(self, docs: Iterable[int]) -> list[bytes]:
        """The same of several documents."""
        at = self._each_form
        return self._form.read_each([(at[doc], at[doc + 1] - PLACE_UNITS) for doc in docs])

    def form_windows(self, docs: Array, first: Array, width: int) -> Array:
        """`width` units of the file from the unit `first` of the same of several documents on, a column for each."""
        first = self._form_at.take(docs) + first
        self._form.verify_each(first, width)
        found: Array = self._form.array.take(first + np.arange(width)[:, None], mode="clip")
        return found

    def record_bytes(self, doc: int) -> bytes:
        """The stored record of a document, as it was given."""
        return self._record.read(self._each_record[doc], self._each_record[doc + 1])

    def texts(self, docs: Sequence[int]) -> tuple[list[bytes], list[bytes]]:
        """The match forms and the stored records of several documents."""
        return list(map(self.form_bytes, docs)), list(map(self.record_bytes, docs))

    def document_keys(self, docs: Sequence[int]) -> list[list[str]]:
        """The keys of each of `docs`."""
        held: list[list[str]] = [[] for _ in range(self.size)]
        for number, key in enumerate(self.keys):
            for doc in self.key_docs[self.key_lists[number] : self.key_lists[number + 1]].tolist():
                held[doc].append(key)
        return [held[doc] for doc in docs]

    def doc_count(self) -> int:
        """See Whoosh."""
        return self.size - len(self.segment.deleted)

    def doc_count_all(self) -> int:
        """See Whoosh."""
        return self.size

    def has_deletions(self) -> bool:
        """See Whoosh."""
        return bool(self.segment.deleted)

    def is_deleted(self, docnum: int) -> bool:
        """See Whoosh."""
        return docnum in self.segment.deleted

    def deleted_docs(self) -> frozenset[int]:
        """See Whoosh."""
        return frozenset(self.segment.deleted)

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """See Whoosh: the record alone, the other fields are in arrays."""
        return {RECORD: self.record_bytes(docnum)}

    def close(self) -> None:
        """See Whoosh. The file stays mapped as long as an array of it is in use."""


class _NoFields(base.FieldWriter):  # type: ignore[misc]
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


class _NoTerms(base.TermsReader):  # type: ignore[misc]
    def __contains__(self, term: object) -> bool:
        return False

    def terms(self) -> Iterator[Any]:
        return iter(())

    def indexed_field_names(self) -> list[str]:
        return []
