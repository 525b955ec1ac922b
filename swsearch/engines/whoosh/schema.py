"""What a Whoosh document holds: postings to find it by, columns to judge, rank and show it.

Stored data are JSON in columns; Whoosh's own stored fields, which it pickles, are not used. A seed and the index's
description of itself are documents too, of other kinds, so that one commit covers everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from whoosh import columns, fields, formats
from whoosh.system import pack_uint

from swsearch.engines.base import Indexed, Meta, Record, SeedFile, region_ancestors
from swsearch.records import Article, Evidence, Facts, Notice, Span, record_dict
from swsearch.text.match import match_form

ARTICLE, NOTICE, SEED, META = "article", "notice", "seed", "meta"

PARTS_END = "\n"  # between the match forms of an article's parts; no match form holds white space but MARK


def term_bytes(term: str) -> bytes:
    """A term as the index has it; lone surrogates of a query keep their place."""
    return term.encode("utf-8", "surrogatepass")


class Counts(fields.FieldType):  # type: ignore[misc]
    """Terms with how often they occur, given as a mapping."""

    def __init__(self) -> None:
        super().__init__(format=formats.Frequency(), analyzer=None)

    def index(self, value: Mapping[str, int], **kwargs: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """(term, count, count, packed count) for each term."""
        return ((term_bytes(term), count, float(count), pack_uint(count)) for term, count in value.items())


class Keys(fields.FieldType):  # type: ignore[misc]
    """Values that a document has or has not, given as strings."""

    def __init__(self) -> None:
        super().__init__(format=formats.Existence(), analyzer=None)

    def index(self, value: Iterable[str], **kwargs: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """(value, 1, 1, nothing) for each distinct value."""
        return ((term_bytes(key), 1, 1.0, b"") for key in set(value))


def schema() -> fields.Schema:
    """The schema; it is code, never read from the index."""
    return fields.Schema(
        grams=Counts(),
        words=Counts(),
        **{name: Keys() for name in ("kind", "id", "file", *KEY_FIELDS)},
        record=fields.COLUMN(columns.CompressedBytesColumn()),
        form=fields.COLUMN(columns.VarBytesColumn()),
        facts=fields.COLUMN(columns.VarBytesColumn()),
        length=fields.COLUMN(columns.NumericColumn("I")),
    )


KEY_FIELDS = ("region", "place", "year", "years", "agency", "source", "byline", "paper", "date", "page")


def number_key(value: int) -> str:
    """A year or a page as a key whose order is the order of numbers; negative ones are none."""
    return f"{max(value, 0):09d}"


def record_document(record: Record) -> dict[str, Any]:
    """The document of an article or a notice."""
    indexed = Indexed.of(record)
    article = isinstance(record, Article)
    return {
        "kind": [ARTICLE if article else NOTICE],
        "id": [record.id],
        "file": [record.file],
        "grams": indexed.gram_counts,
        "words": indexed.word_counts,
        **(_keys(record) if isinstance(record, Article) else {}),
        "record": _pack(record_dict(record)),
        "form": term_bytes(PARTS_END.join(indexed.parts)),
        "facts": _pack(_facet_values(record) if isinstance(record, Article) else {"id": record.id}),
        "length": indexed.length,
    }


def seed_document(seed: SeedFile) -> dict[str, Any]:
    """The document that says that a seed is indexed."""
    return _bare(SEED, asdict(seed)) | {"file": [seed.file]}


def meta_document(meta: Meta) -> dict[str, Any]:
    """The document that describes the index."""
    return _bare(META, asdict(meta))


def read_record(data: bytes) -> Record:
    """The article or notice of a `record` column."""
    value = json.loads(data)
    value["spans"] = tuple(Span(**span) for span in value["spans"])
    value["lines"] = tuple(tuple(run) for run in value["lines"])
    if "paragraphs" not in value:
        return Notice(**value)
    facts = value["facts"]
    value["facts"] = Facts(
        regions=tuple(facts["regions"]),
        places=tuple(facts["places"]),
        year=facts["year"],
        years=tuple(facts["years"]),
        agencies=tuple(facts["agencies"]),
        evidence=tuple(Evidence(**one) for one in facts["evidence"]),
    )
    for name in ("paragraphs", "subheads"):
        value[name] = tuple(value[name])
    return Article(**value)


def read_seed(data: bytes) -> SeedFile:
    """The seed of a `record` column."""
    return SeedFile(**json.loads(data))


def read_meta(data: bytes) -> Meta:
    """The description of the index of a `record` column."""
    value = json.loads(data)
    return Meta(**{**value, "roots": tuple(value["roots"])})


def _bare(kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": [kind], "record": _pack(record), "form": b"", "facts": b"{}", "length": 0}


def _keys(article: Article) -> dict[str, list[str]]:
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
        "date": [article.date] if article.date else [],
        "page": [number_key(article.page)] if article.page is not None else [],
    }


def _facet_values(article: Article) -> dict[str, Any]:
    """What sorting and counting need of an article, apart from its text."""
    facts = article.facts
    return {
        "id": article.id,
        "regions": facts.regions,
        "year": facts.year,
        "agencies": facts.agencies,
        "source": article.source,
        "date": article.date,
    }


def _pack(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
