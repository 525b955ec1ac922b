"""Records -> a batch: documents analysed and inverted apart from any segment, in this process or in another.

Numbers of documents, words and runs are the batch's own; a segment that takes it in gives them its numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from swsearch.engines.base import TITLE_WEIGHT, Record, searched_texts
from swsearch.engines.whoosh.collect import counted, placed
from swsearch.engines.whoosh.invert import U32, U64, Table, Values, gram_postings, pack
from swsearch.engines.whoosh.schema import PARTS_END, pack_record, record_keys, record_kind
from swsearch.text.match import match_lines
from swsearch.text.words import numbered_words_of

BATCH = 96
"""Records analysed at a time: what a pass over an array or a call to jieba costs by itself is then nothing, and the
arrays stay in the processor's cache."""

BATCH_CHARS = 400_000
"""Characters after which a batch is full, however few its records: bounds the memory of a pass."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some documents: `forms` and `records` as they are stored, postings sorted, each once with its value."""

    kinds: bytes
    lengths: U32
    forms: list[bytes]
    records: list[bytes]
    keys: list[list[str]]
    chars: int
    runs: list[str]
    words: list[str]
    grams: tuple[U64, Values]
    tokens: tuple[U64, Values]


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records in order, cut into what is analysed at a time."""
    batch: list[Record] = []
    chars = 0
    for record in records:
        batch.append(record)
        chars += sum(map(len, searched_texts(record)))
        if len(batch) == BATCH or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def invert(records: Sequence[Record]) -> Batch:
    """The batch of some records."""
    texts = [text for record in records for text in searched_texts(record)]
    forms = _forms(texts)
    words, numbers, owners = numbered_words_of(texts)
    # Of a record's two texts the first is the title.
    in_title = (owners & 1) == 0
    tokens = pack(numbers.astype(np.uint64), (owners >> 1).astype(np.uint64))
    tokens = np.concatenate([tokens, *[tokens[in_title]] * (TITLE_WEIGHT - 1)])
    runs = Table()
    with_text = [(doc, form) for doc, form in enumerate(forms) if form]
    grams = gram_postings(with_text, runs) if with_text else np.empty(0, np.uint64)
    return Batch(
        kinds=bytes(map(record_kind, records)),
        lengths=np.bincount((tokens & np.uint64(0xFFFF)).astype(np.int64), minlength=len(records)).astype(np.uint32),
        forms=[form.encode("utf-16-le", "surrogatepass") for form in forms],
        records=list(map(pack_record, records)),
        keys=list(map(record_keys, records)),
        chars=sum(map(len, forms)),
        runs=list(runs.numbers),
        words=words,
        grams=placed(grams),
        tokens=counted(tokens),
    )


def _forms(texts: Sequence[str]) -> list[str]:
    """The match forms of the parts of each record, joined by PARTS_END, the title's first."""
    lines = iter(match_lines("\n".join(texts)))
    out = []
    for at in range(0, len(texts), 2):
        title = next(lines)
        body = itertools.islice(lines, texts[at + 1].count("\n") + 1)
        out.append(PARTS_END.join((title, *filter(None, body))))
    return out
