"""The two trees of a query: syntax nodes, whose `str()` is canonical query text, and bound nodes, which engines answer.

Syntax nodes know nothing of the analyzer; bound nodes know nothing of query text: they hold match forms
(`text.match.match_form`), folded values and closed ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Union

from swsearch.query.tokens import opens_more, quote, stands_bare

# ---- syntax ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """What stands between spaces, or between quotes: an article has it or not."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        return self.text if not self.quoted and stands_bare(self.text) else quote(self.text)


@dataclass(frozen=True, slots=True)
class Near:
    """`"甲 乙"~n`: the pieces all occur within `distance` units, in any order, in one paragraph."""

    pieces: tuple[str, ...]
    distance: int

    def __str__(self) -> str:
        return f"{quote(' '.join(self.pieces))}~{self.distance}"


@dataclass(frozen=True, slots=True)
class Field:
    """`name:value`; `name` is canonical (English). For `title` the value is a chunk, quoted or not."""

    name: str
    value: str
    quoted: bool = False

    def __str__(self) -> str:
        return f"{self.name}:{Chunk(self.value, self.quoted)}"


@dataclass(frozen=True, slots=True)
class Not:
    """Every article that `node` does not match."""

    node: Node

    def __str__(self) -> str:
        inner = _in_brackets(self.node) if isinstance(self.node, (And, Or)) else str(self.node)
        dash = isinstance(self.node, Chunk) and inner[:1] in ("-", "－")  # -- alone would be one chunk of text
        return f"NOT {inner}" if dash else f"-{inner}"


@dataclass(frozen=True, slots=True)
class And:
    """Every article that all of `nodes` match; at least two of them, none an And."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(_in_brackets(node) if isinstance(node, (And, Or)) else str(node) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Or:
    """Every article that one of `nodes` matches; at least two of them, none an Or."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(_in_brackets(node) if isinstance(node, (And, Or)) else str(node) for node in self.nodes)


Node = Union[Chunk, Near, Field, Not, And, Or]


def conjunction(nodes: Iterable[Node]) -> Node:
    """One node for all of `nodes` (at least one), an And within an And taken apart."""
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(nodes: Iterable[Node]) -> Node:
    """One node for any of `nodes` (at least one), an Or within an Or taken apart."""
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def _in_brackets(node: Node) -> str:
    """A space keeps the closing bracket out of a last chunk that has an open one of its own."""
    inner = str(node)
    return f"({inner} )" if opens_more(inner) else f"({inner})"


# ---- bound -------------------------------------------------------------------------------------------------------
# Contains and Term are tuples: every query makes some, and a frozen dataclass takes four times as long to make.


class Contains(NamedTuple):
    """A chunk: `form`, or one of `alternatives`, is part of the article's match form (of its title's, if `title_only`).

    `words` are the jieba words of the chunk as match forms, in order, one-character words too.
    `alternatives` are match forms of the chunk in the vocabulary of the other side of the strait;
    `word_alternatives` pairs a word of `words` with the match form of its counterpart.
    A quoted chunk never relaxes.
    """

    text: str
    form: str
    words: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    word_alternatives: tuple[tuple[str, str], ...] = ()
    title_only: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """Proximity: `pieces` (Contains nodes) all occur in one paragraph or in the title, not overlapping, and at most
    `distance` units lie from the start of the first to the end of the last, breaks not counted."""

    pieces: tuple[Contains, ...]
    distance: int


@dataclass(frozen=True, slots=True)
class InRegion:
    """One of `paths` is the article's region (or place), or an ancestor of it. No paths: nothing matches."""

    field: Literal["region", "place"]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InRange:
    """A value of `field` lies in the closed range; None is open. Dates are `YYYY-MM-DD`; unknown values lie in none."""

    field: Literal["year", "years", "page", "date"]
    low: int | str | None
    high: int | str | None


@dataclass(frozen=True, slots=True)
class HasName:
    """A value of `field` contains one of `forms`, both as match forms."""

    field: Literal["agency", "source", "byline", "paper"]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weigh:
    """Relaxed to *some*: at least two of `nodes` match, and the weights of those that do add up to `needed`."""

    nodes: tuple[BoundNode, ...]
    weights: tuple[float, ...]
    needed: float


@dataclass(frozen=True, slots=True)
class Everything:
    """Every article."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No article: what is left of a query without a searchable character."""


@dataclass(frozen=True, slots=True)
class Except:
    """Every article that `node` does not match."""

    node: BoundNode


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every article that all of `nodes` match."""

    nodes: tuple[BoundNode, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Every article that one of `nodes` matches."""

    nodes: tuple[BoundNode, ...]


Leaf = Union[Contains, Within, InRegion, InRange, HasName, Everything, Nothing]
BoundNode = Union[Leaf, Weigh, Except, AllOf, AnyOf]


class Term(NamedTuple):
    """What an article is ranked by: a chunk, or a word of two or more units in one.

    `form` is its match form; `is_word` says that jieba takes it for one word, so that tokens count besides
    occurrences; `alternatives` are forms that count 0.8 of the literal one.
    """

    form: str
    is_word: bool = False
    alternatives: tuple[str, ...] = ()


def positive_leaves(node: BoundNode) -> Sequence[Contains]:
    """The chunks that an article can have and be ranked by, in query order: all that are not under NOT."""
    match node:
        case Contains():
            return (node,)
        case Within(pieces=pieces):
            return pieces
        case AllOf(nodes=nodes) | AnyOf(nodes=nodes) | Weigh(nodes=nodes):
            return [leaf for child in nodes for leaf in positive_leaves(child)]
        case _:
            return ()
