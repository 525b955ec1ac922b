"""What a document brings to the index: text to judge by, words and keys to find and rank by, a record to show.

A seed and the index's description of itself are documents too, of other kinds, so that one commit covers everything.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from whoosh import fields

from swsearch.engines.base import Meta, Record, SeedFile, date_key, region_ancestors
from swsearch.engines.stored import from_stored, to_stored
from swsearch.records import Article
from swsearch.text.match import match_form

KIND, KEYS, RECORD = "kind", "keys", "record"
ARTICLE, NOTICE, SEED, META = range(4)

PARTS_END = "\n"  # between the match forms of an article's parts; no match form holds white space but MARK

# Fields whose names are only counted, as printed; the others are looked up.
AGENCY_FACET, SOURCE_FACET = "agency=", "source="


def schema() -> fields.Schema:
    """What Whoosh sees of a document without text: a seed, or the index's description of itself.

    Articles come to the codec in batches.
    """
    return fields.Schema(**{name: fields.STORED() for name in (KIND, KEYS, RECORD)})


def key(field: str, value: str) -> str:
    """A value of a field as one key; keys of a field stand together, in the order of their values."""
    return f"{field}\0{value}"


def number_key(value: int) -> str:
    """A year or a page as a value whose order is the order of numbers; negative ones are none."""
    return f"{max(value, 0):09d}"


def record_kind(record: Record) -> int:
    """ARTICLE or NOTICE."""
    return ARTICLE if isinstance(record, Article) else NOTICE


def record_keys(record: Record) -> list[str]:
    """The keys by which a record is found and counted."""
    values = {"id": [record.id], "file": [record.file], "kind": [str(record_kind(record))]}
    values |= _values(record) if isinstance(record, Article) else {}
    return [key(field, value) for field, held in values.items() for value in held]


def pack_record(record: Record) -> bytes:
    """A record as it is stored; `read_record` reads it."""
    return _pack(to_stored(record))


def seed_document(seed: SeedFile) -> dict[str, Any]:
    """The document that says that a seed is indexed."""
    return _bare(SEED, asdict(seed), [key("file", seed.file)])


def meta_document(meta: Meta) -> dict[str, Any]:
    """The document that describes the index."""
    return _bare(META, asdict(meta), [])


def read_record(data: bytes) -> Record:
    """The article or notice of a stored record."""
    return from_stored(_unpack(data))


def read_seed(data: bytes) -> SeedFile:
    """The seed of a stored record."""
    return SeedFile(**_unpack(data))


def read_meta(data: bytes) -> Meta:
    """The description of the index of a stored record."""
    value = _unpack(data)
    return Meta(**{**value, "roots": tuple(value["roots"])})


def _bare(kind: int, record: Mapping[str, Any], keys: list[str]) -> dict[str, Any]:
    return {KIND: kind, KEYS: [key("kind", str(kind)), *keys], RECORD: _pack(record)}


def _values(article: Article) -> dict[str, list[str]]:
    facts = article.facts
    return {
        "region": [ancestor for path in facts.regions for ancestor in region_ancestors(path)],
        "place": [ancestor for path in (*facts.regions, *facts.places) for ancestor in region_ancestors(path)],
        "year": [number_key(facts.year)] if facts.year is not None else [],
        "years": [number_key(year) for year in facts.years],
        "agency": [match_form(agency) for agency in facts.agencies],
        "source": [match_form(article.source)] if article.source else [],
        "byline": [match_form(article.byline)] if article.byline else [],
        "paper": [match_form(article.paper)] if article.paper else [],
        "date": [date_key(article.date)] if article.date else [],
        "page": [number_key(article.page)] if article.page is not None else [],
        AGENCY_FACET: list(facts.agencies),
        SOURCE_FACET: [article.source] if article.source else [],
    }


def _pack(value: Mapping[str, Any]) -> bytes:
    """JSON, UTF-16, deflated: of Chinese text 39 % of its UTF-8 bytes remain, from UTF-8 it would be 46 %."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-16-le", "surrogatepass"), 3)


def _unpack(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(data).decode("utf-16-le", "surrogatepass"))
    return value
