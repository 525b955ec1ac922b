"""Syntax nodes -> bound nodes: fields checked, regions and ranges resolved, the analyzer run, once.

Engines get match forms, words, paths and closed ranges; what they get knows nothing of query text. Filters given as
options are bound here too; there a value that cannot be read is an error, while in a query it is a warning.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from swsearch.errors import QueryError, QuerySyntaxError, UnknownFieldError, UnknownRegionError
from swsearch.query.chunks import read_chunk
from swsearch.query.explain import explain
from swsearch.query.fields import FIELDS, find_field
from swsearch.query.names import name_forms
from swsearch.query.nodes import (
    AllOf,
    And,
    AnyOf,
    BoundNode,
    Chunk,
    Contains,
    Everything,
    Except,
    Field,
    HasName,
    InRange,
    InRegion,
    Near,
    Node,
    Not,
    Nothing,
    Or,
    Within,
)
from swsearch.query.terms import pieces, terms
from swsearch.query.tokens import shown
from swsearch.text.match import match_form

if TYPE_CHECKING:
    from swsearch.query.ranges import Range

__all__ = ["Bound", "bind", "bind_filters", "explain", "pieces", "terms"]

_LISTED = 6  # regions of one name that a warning lists; 朝阳 has 4, 城关 13


class Bound(NamedTuple):
    """What engines answer, and a sentence for each thing left out or read in several ways."""

    node: BoundNode
    warnings: tuple[str, ...]


def bind(
    node: Node | None,
    *,
    strict: bool = False,
    literal: bool = False,
    today: datetime.date | None = None,
    query: str = "",
) -> Bound:
    """The bound tree of a syntax tree; None means no condition, or nothing at all if `query` was not blank.

    `literal` leaves out the vocabulary of the other side of the strait, as quotes do for one chunk. A chunk without a
    searchable character is left out with a warning; in strict mode it is a QuerySyntaxError. `query` is the text for
    errors and warnings, `today` what 近三年 counts from.
    """
    if node is None:
        return Bound(Nothing() if query.strip() else Everything(), ())
    binder = _Binder(strict, literal, today, query)
    bound = binder.bind(node)
    if bound is None:
        return Bound(Nothing(), (f"There is nothing to search for in {shown(query or str(node))}.",))
    return Bound(bound, tuple(dict.fromkeys(binder.warnings)) if binder.warnings else ())


def bind_filters(
    *,
    region: Any = None,
    place: Any = None,
    year: Any = None,
    years: Any = None,
    agency: Any = None,
    source: Any = None,
    byline: Any = None,
    paper: Any = None,
    date: Any = None,
    page: Any = None,
    today: datetime.date | None = None,
    notes: list[str] | None = None,
) -> BoundNode | None:
    """The condition that options set, None if they set none: one option's values mean any of, different options all of.

    A value is a text as in the query language, a number or a date, or an iterable of values. For year, years, date and
    page a tuple is a closed range (lo, hi), None being open. Sentences about regions of several meanings are appended
    to `notes`. Raises UnknownRegionError for a region that the gazetteer does not have, QueryError for a value that
    cannot be read.
    """
    binder = _Binder(strict=True, literal=True, today=today, query="")
    given = {"region": region, "place": place, "year": year, "years": years, "agency": agency, "source": source}
    given |= {"byline": byline, "paper": paper, "date": date, "page": page}
    parts: list[BoundNode] = []
    for field, value in given.items():
        found = [binder.option(field, one) for one in _each(field, value)]
        if found:
            parts.append(_any_of(found))
    if notes is not None:
        notes += dict.fromkeys(binder.warnings)
    return _all_of(parts) if parts else None


class _Binder:
    def __init__(self, strict: bool, literal: bool, today: datetime.date | None, query: str) -> None:
        self.strict, self.literal, self.today, self.query = strict, literal, today, query
        self.warnings: list[str] = []

    def bind(self, node: Node) -> BoundNode | None:
        """The bound node; None if nothing of it can be searched. Depth is bounded by what `parse` lets through."""
        match node:
            case Chunk(text=text, quoted=quoted):
                return self._contains(text, quoted=quoted)
            case Near(pieces=parts, distance=distance):
                return self._within(parts, distance)
            case Field():
                return self._field(node)
            case Not(node=inner):
                bound = self.bind(inner)
                return bound.node if isinstance(bound, Except) else bound and Except(bound)
            case And(nodes=nodes):
                return self._several(nodes, _all_of)
            case Or(nodes=nodes):
                return self._several(nodes, _any_of)

    def option(self, field: str, value: object) -> BoundNode:
        """One value of an option."""
        info = find_field(field)
        assert info, field
        if info.kind == "range":
            return self._range(info.name, self._option_range(info.name, value))
        text = str(value)
        if not isinstance(value, str) or not match_form(text):
            raise QueryError(f"{shown(text)} is no value of {field}: it has nothing to search for.", text)
        if info.kind == "name":
            return self._name(info.name, text)
        found = self._region(info.name, text)
        if not found.paths:
            near = _near(text)
            raise UnknownRegionError(f"There is no region {shown(text)}{_did_you_mean(near)}.", text, text, near)
        return found

    def _several(self, nodes: Sequence[Node], join: Callable[[Sequence[BoundNode]], BoundNode]) -> BoundNode | None:
        bound = [found for node in nodes if (found := self.bind(node)) is not None]
        return join(bound) if bound else None

    # ---- chunks

    def _contains(self, text: str, *, quoted: bool = False, title_only: bool = False) -> Contains | None:
        found = read_chunk(text, quoted, title_only, self.literal)
        if found is None:
            self._left_out(text)
        return found

    def _within(self, parts: Sequence[str], distance: int) -> BoundNode | None:
        bound = [found for part in parts if (found := self._contains(part, quoted=True)) is not None]
        if len(bound) < 2:
            return bound[0] if bound else None
        return Within(tuple(bound), distance)

    def _left_out(self, text: str) -> None:
        what = f"There is nothing to search for in {shown(text)}"
        if self.strict:
            raise QuerySyntaxError(f"{what}.", self.query, max(0, self.query.find(text)), ("a searchable character",))
        self.warnings.append(f"{what}; it is left out.")

    # ---- fields

    def _field(self, node: Field) -> BoundNode | None:
        field = find_field(node.name)
        if field is None:
            known = tuple(info.name for info in FIELDS)
            raise UnknownFieldError(
                f"There is no field {shown(node.name)}; the fields are {', '.join(known)}.",
                self.query,
                node.name,
                known,
            )
        if field.kind == "text":
            return self._contains(node.value, quoted=node.quoted, title_only=True)
        if field.kind == "range":
            from swsearch.query.ranges import read_range

            found = read_range(field.name, node.value, self.today)
            if found is None:  # parse lets none of these through; trees built by hand can have them
                raise QueryError(f"{shown(node.value)} is no value of {field.name}.", self.query)
            return self._range(field.name, found)
        if not match_form(node.value):
            self._left_out(node.value)
            return None
        return self._name(field.name, node.value) if field.kind == "name" else self._region(field.name, node.value)

    def _region(self, field: str, value: str) -> InRegion:
        """The region; any of those that the name can mean, with a warning, and none if there is no such name."""
        from swsearch.pages.regions import resolve

        paths = _meant(resolve(value.replace("／", "/")))
        if not paths:
            self.warnings.append(
                f"There is no region {shown(value)}, so nothing is in it{_did_you_mean(_near(value))}."
            )
        elif len(paths) > 1:
            listed = "、".join(paths[:_LISTED]) + (" …" if len(paths) > _LISTED else "")
            self.warnings.append(
                f"{shown(value)} is the name of {len(paths)} regions; any of them is meant: {listed}. "
                f"A path names one: {field}:{paths[0]}"
            )
        return InRegion(cast(Literal["region", "place"], field), paths)

    def _name(self, field: str, value: str) -> HasName:
        return HasName(cast(Literal["agency", "source", "byline", "paper"], field), name_forms(value))

    def _range(self, field: str, found: Range) -> InRange:
        return InRange(cast(Literal["year", "years", "page", "date"], field), found.low, found.high)

    def _option_range(self, field: str, value: object) -> Range:
        """A value of year, years, date or page: a text, a number, a date, or a tuple of two of these or None."""
        from swsearch.query.ranges import Range, between, read_range

        if isinstance(value, tuple):
            if len(value) != 2:
                raise QueryError(f"A range of {field} is two values (lo, hi), not {len(value)}.", str(value))
            low, high = (Range(None, None) if end is None else self._option_range(field, end) for end in value)
            return between(low, high)
        text = value.isoformat()[:10] if isinstance(value, datetime.date) else str(value)
        if isinstance(value, int) and not isinstance(value, bool) and field != "date":
            return Range(value, value)
        found = None if isinstance(value, bool) else read_range(field, text, self.today)
        if found is None:
            example = {"date": "2024-11", "page": "8"}.get(field, "2024, 2021..2024 or >=2022")
            raise QueryError(f"{shown(text)} is no value of {field}: write it as {example}.", text)
        return found


def _each(field: str, value: Any) -> Iterable[Any]:
    """The values of one option, one by one; None and an empty iterable are no values."""
    if value is None:
        return ()
    info = find_field(field)
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return (value,)
    if isinstance(value, tuple) and info and info.kind == "range":
        return (value,) if any(bound is not None for bound in value) else ()
    return value


def _meant(paths: Sequence[str]) -> tuple[str, ...]:
    """Of all that a name can mean, what people mean by it.

    The name of a province is the province (河北 is not the district in Tianjin), and what lies in another of the
    paths comes with it (南昌 is the city, with the county of its name).
    """
    provinces = tuple(path for path in paths if "/" not in path)
    outer = (path for path in paths if not any(path.startswith(f"{other}/") for other in paths))
    return provinces or tuple(outer)


def _near(name: str) -> tuple[str, ...]:
    from swsearch.pages.regions import near

    return near(name)


def _did_you_mean(near: Sequence[str]) -> str:
    return f" (did you mean {', '.join(near)}?)" if near else ""


def _all_of(nodes: Sequence[BoundNode]) -> BoundNode:
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, AllOf) else (node,))]
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def _any_of(nodes: Sequence[BoundNode]) -> BoundNode:
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, AnyOf) else (node,))]
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))
