"""How a query is read, for people: what `--explain` prints."""

from __future__ import annotations

from collections.abc import Iterator

from swsearch.query.nodes import (
    AllOf,
    AnyOf,
    BoundNode,
    Contains,
    Everything,
    Except,
    HasName,
    InRange,
    InRegion,
    Nothing,
    Weigh,
    Within,
)
from swsearch.text.match import MARK


def explain(bound: BoundNode) -> str:
    """A tree, one condition a line, those within another indented by two spaces.

    Of each chunk its match form (¶ is any break, | a unit's edge), its words and its variants.
    """
    return "\n".join(_lines(bound))


def _lines(node: BoundNode) -> Iterator[str]:
    match node:
        case Contains():
            yield from _chunk(node)
        case Within(pieces=pieces, distance=distance):
            yield from _under(f"within {distance} units of one paragraph", pieces)
        case Except(node=inner):
            yield from _under("not", (inner,))
        case AllOf(nodes=nodes):
            yield from _under("all of", nodes)
        case AnyOf(nodes=nodes):
            yield from _under("any of", nodes)
        case Weigh(nodes=nodes, weights=weights, needed=needed):
            yield f"two or more that weigh at least {needed:.2f} together"
            for part, weight in zip(nodes, weights, strict=True):
                for at, line in enumerate(_lines(part)):
                    yield f"  {line}  (weighs {weight:.2f})" if at == 0 else f"  {line}"
        case _:
            yield _filter(node)


def _under(head: str, nodes: tuple[BoundNode, ...] | tuple[Contains, ...]) -> Iterator[str]:
    yield head
    for node in nodes:
        for line in _lines(node):
            yield f"  {line}"


def _chunk(chunk: Contains) -> Iterator[str]:
    where = "title contains" if chunk.title_only else "contains"
    yield f"{where} {_shown(chunk.form)}" + (" exactly" if chunk.quoted else "")
    if chunk.words and chunk.words != (chunk.form,):
        yield "  words: " + " ".join(map(_shown, chunk.words))
    if chunk.alternatives:
        yield "  or, ranked below: " + " ".join(map(_shown, chunk.alternatives))
    for word, other in chunk.word_alternatives:
        yield f"  {_shown(word)} = {_shown(other)}"


def _filter(node: InRegion | InRange | HasName | Everything | Nothing) -> str:
    match node:
        case InRegion(field=field, paths=paths):
            return (
                f"{field} is or lies in {' or '.join(paths)}" if paths else f"{field} is known to no gazetteer: nothing"
            )
        case InRange(field=field, low=low, high=high):
            return f"{field} from {'…' if low is None else low} to {'…' if high is None else high}"
        case HasName(field=field, forms=forms):
            return f"{field} contains {' or '.join(map(_shown, forms))}"
        case Everything():
            return "every article"
        case Nothing():
            return "no article"


def _shown(form: str) -> str:
    """The form with edges of units visible: one bar between two units, none at the ends."""
    edges = form.replace(MARK + MARK, "|").replace(MARK, "|").strip("|")
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in edges)
