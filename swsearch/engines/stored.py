"""A record as engines store it: plain JSON values, without what says nothing, and back."""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import fields as fields_of
from typing import Any

from swsearch.engines.base import Record
from swsearch.records import Article, Evidence, Facts, Notice, Span

_ALWAYS = ("id", "file", "title", "paragraphs", "kind", "text")


def to_stored(record: Record) -> dict[str, Any]:
    """The fields that say something: most of a ready-made article's are at their defaults."""
    value = {item.name: getattr(record, item.name) for item in fields_of(record)}
    value = {name: one for name, one in value.items() if one or name in _ALWAYS}
    if record.spans:
        value["spans"] = [(span.line, span.start, span.end) for span in record.spans]
    if isinstance(record, Article):
        if record.facts == Facts():
            del value["facts"]
        else:
            value["facts"] = asdict(record.facts)
    return value


def from_stored(value: dict[str, Any]) -> Record:
    """The article or notice of what `to_stored` gave, after JSON; `value` is used up."""
    if "spans" in value:
        value["spans"] = tuple(Span(*span) for span in value["spans"])
    if "lines" in value:
        value["lines"] = tuple(tuple(run) for run in value["lines"])
    if "paragraphs" not in value:
        return Notice(**value)
    if "facts" in value:
        facts = dict(value["facts"])
        for name in ("regions", "places", "years", "agencies"):
            facts[name] = tuple(facts[name])
        facts["evidence"] = tuple(Evidence(**one) for one in facts["evidence"])
        value["facts"] = Facts(**facts)
    value["paragraphs"] = tuple(value["paragraphs"])
    value["subheads"] = tuple(value.get("subheads", ()))
    return Article(**value)
