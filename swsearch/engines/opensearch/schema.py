"""What a document brings to the cluster: text already cut, keys to filter and count by, a record to show.

Text is cut here, joined by spaces, and split at them again by the built-in `whitespace` analyzer, so that the cluster
needs no plugin and no dictionary. A seed and the index's description of itself are documents too, of other kinds, so
that one alias covers everything.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from swsearch.engines.base import TITLE_WEIGHT, Indexed, Meta, Record, SeedFile, date_key, region_ancestors
from swsearch.engines.stored import from_stored, to_stored
from swsearch.records import Article
from swsearch.text.match import BREAK, MARK, match_form, units

MAPPING = 1
"""Raised when a field changes its meaning: an index of another mapping is built anew, never written."""

ARTICLE, NOTICE, SEED, META = "article", "notice", "seed", "meta"
META_ID = "meta"
NAMES = ("agency", "source", "byline", "paper")

BATCH = 64
"""Records analysed at a time: what a pass over an array or a call to jieba costs by itself is then nothing."""

UNIT_CHARS = 100
"""A longer unit (a run of letters) is replaced by its hash: the whitespace tokenizer splits at 255 characters."""

LONGEST_KEY = 8000
"""Lucene takes no key above 32,766 bytes; a longer name of an agency or source is found, but not counted in facets."""

_QUOTE = "'"  # stands for MARK, which is white space to the tokenizer; match forms hold no quotes
_LARGEST = 2**62


def mapping(alias: str) -> dict[str, Any]:
    """The mapping of an index that will stand behind `alias`; what is cut is indexed only, not stored again."""
    positions = {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "positions"}
    counts = {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "freqs"}
    keyword = {"type": "keyword", "ignore_above": LONGEST_KEY}
    number = {"type": "long"}
    fields: dict[str, Any] = {
        "grams": positions,  # bigrams of units of the whole text, in order
        "title": positions,  # those of the title
        "units": counts,  # units, those of the title TITLE_WEIGHT times
        "words": counts,  # jieba's words, likewise
        **dict.fromkeys(NAMES, positions),  # bigrams of units of each name
        "agency_name": keyword,
        "source_name": keyword,
        "region": keyword,
        "place": keyword,
        "date": keyword,
        "kind": keyword,
        "file": {"type": "keyword"},
        "id": {"type": "keyword"},
        "year": number,
        "years": number,
        "page": number,
        "length": number,
        "generation": number,
        "record": {"type": "object", "enabled": False},
    }
    return {
        "dynamic": "strict",
        "_meta": {"swsearch": {"mapping": MAPPING, "alias": alias}},
        "_source": {"includes": ["record"]},
        "properties": fields,
    }


def token(unit: str) -> str:
    """A unit or a word as a token: no white space, no lone surrogate, never over-long."""
    return clean(_short(unit))


def _tokens(every: Iterable[str]) -> list[str]:
    return [unit if len(unit) == 1 else _short(unit) for unit in every]


def _short(unit: str) -> str:
    if len(unit) <= UNIT_CHARS:
        return unit.replace(MARK, _QUOTE)
    return f"{_QUOTE}#{hashlib.sha256(unit.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}{_QUOTE}"


def clean(text: str) -> str:
    """`text` as UTF-8 can say it; lone surrogates are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def grams(parts: Sequence[str]) -> list[str]:
    """The bigrams of units as tokens, in order."""
    return _pairs([token(unit) for unit in parts])


def _pairs(tokens: list[str]) -> list[str]:
    return [left + right for left, right in itertools.pairwise(tokens)]


def doc_id(kind: str, name: str) -> str:
    """The `_id` of a document: the cluster takes no more than 512 bytes, ids of articles may be longer."""
    return hashlib.sha256(f"{kind}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:40]


def record_id(id: str) -> str:
    """The `_id` of an article or notice."""
    return doc_id("record", id)


# ---- documents


def record_documents(records: Iterable[Record]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(`_id`, document) of articles and notices, in order."""
    waiting = iter(records)
    while batch := list(itertools.islice(waiting, BATCH)):
        for record, indexed in zip(batch, Indexed.of_all(batch), strict=True):
            yield record_id(record.id), _record_document(record, indexed)


def _record_document(record: Record, indexed: Indexed) -> dict[str, Any]:
    every = _tokens(units(indexed.form))
    title = _tokens(units(indexed.parts[0]))
    head, body = indexed.words
    document: dict[str, Any] = {
        "kind": ARTICLE if isinstance(record, Article) else NOTICE,
        "id": clean(record.id),
        "file": clean(record.file),
        "grams": clean(" ".join(_pairs(every))),
        "title": clean(" ".join(_pairs([*title, BREAK]))),
        "units": clean(" ".join([unit for unit in every + title * (TITLE_WEIGHT - 1) if unit != BREAK])),
        "words": clean(" ".join(_tokens(head * TITLE_WEIGHT + body))),
        "length": indexed.length,
        "record": stored(record),
    }
    return document | (_keys(record) if isinstance(record, Article) else {})


def _keys(article: Article) -> dict[str, Any]:
    facts = article.facts
    names = {
        "agency": facts.agencies,
        "source": (article.source,),
        "byline": (article.byline,),
        "paper": (article.paper,),
    }
    values: dict[str, Any] = {
        field: [" ".join(grams([*units(match_form(name)), BREAK])) for name in held if name]
        for field, held in names.items()
    }
    values |= {
        "agency_name": [clean(name) for name in facts.agencies],
        "source_name": [clean(article.source)] if article.source else [],
        "region": _ancestors(facts.regions),
        "place": _ancestors((*facts.regions, *facts.places)),
        "year": number(facts.year),
        "years": [number(year) for year in facts.years],
        "date": date_key(article.date) if article.date else None,
        "page": number(article.page),
    }
    return {field: value for field, value in values.items() if value not in (None, [])}


def _ancestors(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(clean(ancestor) for path in paths for ancestor in region_ancestors(path)))


def number(value: int | None) -> int | None:
    """A year or page as the cluster's long integers can hold it."""
    return None if value is None else max(-_LARGEST, min(value, _LARGEST))


def seed_document(seed: SeedFile) -> tuple[str, dict[str, Any]]:
    """The document that says that a seed is indexed."""
    return doc_id(SEED, seed.file), {"kind": SEED, "file": clean(seed.file), "record": _plain(asdict(seed))}


def meta_document(meta: Meta) -> tuple[str, dict[str, Any]]:
    """The document that describes the index."""
    return META_ID, {"kind": META, "record": _plain(asdict(meta))}


# ---- records


def stored(record: Record) -> Any:
    """A record as JSON can say it; what says nothing is left out."""
    return _plain(to_stored(record))


def _plain(value: Mapping[str, Any]) -> Any:
    """The object itself; as a JSON string where it holds a lone surrogate, which the cluster would refuse."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return dict(value)


def _object(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else dict(value)
    return found


def read_record(value: Any) -> Record:
    """The article or notice of a stored record."""
    return from_stored(_object(value))


def read_seed(value: Any) -> SeedFile:
    """The seed of a stored record."""
    return SeedFile(**_object(value))


def read_meta(value: Any) -> Meta:
    """The description of the index of a stored record."""
    found = _object(value)
    return Meta(**{**found, "roots": tuple(found["roots"])})
