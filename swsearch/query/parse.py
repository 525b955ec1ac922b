"""Query text -> syntax nodes. Plain text never fails: what does not parse is searched as text, with a warning.

1. tokens.py cuts the text; limits are checked there, before any work is done.
2. In lenient mode `_mend` makes the tokens grammatical, so that lark has nothing left to refuse; in strict mode the
   first problem, of the cutter's or of lark's, is raised.
3. lark (grammar.lark, LALR) gives the tree, and it becomes nodes. A query without operators and brackets is a plain
   conjunction: it is read without lark, whose import and grammar cost 120 ms of a cold start.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from swsearch.errors import QuerySyntaxError
from swsearch.query.fields import FieldInfo, find_field
from swsearch.query.nodes import And, Chunk, Field, Near, Node, Not, Or, conjunction, disjunction
from swsearch.query.tokens import Problem, Token, as_text, cut, shown
from swsearch.text.match import all_han

if TYPE_CHECKING:
    from lark import Lark, Tree

_STARTS = ("TEXT", "NEAR", "FIELD", "NOT", "LPAR")  # what an operand begins with
_ENDS = ("TEXT", "NEAR", "RPAR")
_MAX_WARNINGS = 8
_PLAIN_CHARS = 100
_PASSED_OVER = str.maketrans("", "", "0123456789、，。")
_NAMES = {
    "TEXT": "a chunk",
    "NEAR": "",
    "FIELD": "a field",
    "_AND": "AND",
    "_OR": "OR",
    "_NOT": "NOT",
    "_LPAR": "(",
    "_RPAR": ")",
    "$END": "the end",
}


class Parsed(NamedTuple):
    """The tree of a query, None if it has nothing to search for, and a sentence for each thing read as text."""

    node: Node | None
    warnings: tuple[str, ...]


def parse(text: str, *, strict: bool = False) -> Parsed:
    """The syntax tree of a query text.

    `parse(str(node)).node == node` for each node that `parse` gives. Raises QueryError beyond the limits, and in
    strict mode QuerySyntaxError at the first place that is no syntax.

    >>> str(parse("标题：“全覆盖” 社工站 或 社工室").node)
    'title:"全覆盖" (社工站 OR 社工室)'
    """
    if len(text) <= _PLAIN_CHARS and all(map(_is_plain, chunks := text.split(" "))):  # most queries: the same, sooner
        nodes = tuple(map(Chunk, chunks))
        return Parsed(nodes[0] if len(nodes) == 1 else And(nodes), ())
    found = cut(text)
    reader = _Reader(text, strict, list(found.problems))
    node = reader.read(found.tokens)
    if node is None and text.strip():
        message = f"There is nothing to search for in {shown(text)}."
        if strict:
            raise QuerySyntaxError(message, text, 0, ("a chunk",))
        return Parsed(None, (*reader.warnings(), message))
    return Parsed(node, reader.warnings())


def _is_plain(chunk: str) -> bool:
    """Whether what stands between spaces is surely text; a lone Han character may be 与, 或 or 非."""
    return len(chunk) > 1 and (all_han(chunk) or all_han(chunk.translate(_PASSED_OVER)))


class _Reader:
    def __init__(self, text: str, strict: bool, problems: list[Problem]) -> None:
        self.text = text
        self.strict = strict
        self.problems = problems
        self._raise()

    def warnings(self) -> tuple[str, ...]:
        """A sentence for each kind of problem, in the order of the query."""
        said = list(dict.fromkeys(str(problem) for problem in sorted(self.problems, key=lambda problem: problem.pos)))
        more = len(said) - _MAX_WARNINGS
        return (*said[:_MAX_WARNINGS], f"The query has {more} more places like these.") if more > 0 else tuple(said)

    def read(self, tokens: tuple[Token, ...]) -> Node | None:
        if not self.strict:
            tokens = self._mend(tokens)
        if not tokens:
            return None
        kinds = {token.kind for token in tokens}
        if kinds <= {"TEXT", "NEAR", "FIELD", "NOT"} and tokens[-1].kind in _ENDS:
            return self._plain(tokens)
        return self._node(self._tree(tokens))

    def _raise(self) -> None:
        for problem in self.problems if self.strict else ():
            if problem.strict:
                place = f"at character {problem.pos + 1} of {shown(self.text)}"
                raise QuerySyntaxError(f"{problem.what} ({place}).", self.text, problem.pos, problem.expected)

    def _problem(self, what: str, done: str, pos: int, *expected: str) -> None:
        self.problems.append(Problem(what, done, pos, expected))
        self._raise()

    # ---- mending

    def _mend(self, tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        """The tokens with empty brackets and doubled operators left out and misplaced operators as text."""
        kept: list[Token] = []
        for token in tokens:
            if kept and token.kind == "RPAR" and kept[-1].kind == "LPAR":
                self._problem("There is nothing between the brackets", "they are left out", kept.pop().pos, "a chunk")
            elif kept and token.kind in ("AND", "OR") and kept[-1].kind == token.kind:
                self._problem(f"{token.text} stands twice", "it is read once", token.pos, "a chunk")
            else:
                kept.append(token)
        mended: list[Token] = []
        for at, token in enumerate(kept):
            before = at > 0 and mended[-1].kind in _ENDS
            after = at + 1 < len(kept) and kept[at + 1].kind in _STARTS
            if token.kind in ("AND", "OR") and not (before and after):
                what = f"{token.text} does not stand between two chunks"
            elif token.kind in ("NOT", "FIELD") and not after:
                what = f"Nothing follows {token.text}"
            else:
                mended.append(token)
                continue
            self._problem(what, "it is searched as text", token.pos, "a chunk")
            mended.append(as_text(token))
        return tuple(mended)

    # ---- nodes

    def _plain(self, tokens: tuple[Token, ...]) -> Node:
        """The conjunction of chunks, each with the NOT and fields before it."""
        nodes: list[Node] = []
        prefixes: list[Token] = []
        for token in tokens:
            if token.kind in ("NOT", "FIELD"):
                prefixes.append(token)
                continue
            node = _leaf(token)
            while prefixes:
                prefix = prefixes.pop()
                node = Not(node) if prefix.kind == "NOT" else self._in_field(prefix, node)
            nodes.append(node)
        return conjunction(nodes)

    def _tree(self, tokens: tuple[Token, ...]) -> Tree[Any]:
        from lark.exceptions import UnexpectedToken

        try:
            return _lark().parse(tokens)  # our lexer takes tokens, not a text
        except UnexpectedToken as error:
            token = error.token.value
            pos = token.pos if isinstance(token, Token) else len(self.text)
            expected = tuple(sorted(filter(None, (_NAMES[name] for name in error.accepts or error.expected))))
            what = f"{token.text} does not fit here" if isinstance(token, Token) else "The query ends too early"
            place = f"character {pos + 1} of {shown(self.text)}"
            message = f"{what} ({place}); expected is {', '.join(expected)}."
            raise QuerySyntaxError(message, self.text, pos, expected) from None

    def _node(self, tree: Tree[Any]) -> Node:
        """Recursion is bounded by the limit on levels."""
        parts: list[Any] = tree.children
        if tree.data in ("chunk", "near"):
            return _leaf(parts[0].value)
        if tree.data == "negation":
            return Not(self._node(parts[0]))
        if tree.data == "in_field":
            return self._in_field(parts[0].value, self._node(parts[1]))
        nodes = [self._node(part) for part in parts]
        return disjunction(nodes) if tree.data == "disjunction" else conjunction(nodes)

    def _in_field(self, token: Token, node: Node) -> Node:
        """The node with each chunk in it meant as a value of the field; what has a field of its own keeps it."""
        field = find_field(token.text[:-1])
        assert field, token
        match node:
            case Chunk():
                return self._value(token, field, node)
            case Not(node=inner):
                return Not(self._in_field(token, inner))
            case And(nodes=nodes):
                return conjunction([self._in_field(token, part) for part in nodes])
            case Or(nodes=nodes):
                return disjunction([self._in_field(token, part) for part in nodes])
            case Near(pieces=pieces):
                what = f"~{node.distance} cannot be asked of {token.text}"
                self._problem(what, "the string between the quotes is searched there", token.pos, "a chunk")
                return self._value(token, field, Chunk(" ".join(pieces), quoted=True))
            case Field(name=name):
                what = f"{token.text} stands before {name}:, which is a field itself"
                self._problem(what, f"{token.text} is left out", token.pos, "a chunk")
                return node

    def _value(self, token: Token, field: FieldInfo, chunk: Chunk) -> Node:
        if field.kind != "range" or _readable(field.name, chunk.text):
            return Field(field.name, chunk.text, chunk.quoted)
        example = {"date": "2024-11 or 2024-11-01..2024-11-15", "page": "8 or 1..4"}.get(
            field.name, "2024 or 2021..2024"
        )
        what = f"{shown(chunk.text)} is no value of {token.text} (such as {example})"
        self._problem(what, "it is searched as text", token.pos, example)
        return _leaf(as_text(Token("TEXT", token.text + chunk.text, token.pos)))


def _readable(field: str, value: str) -> bool:
    from swsearch.query.ranges import read_range  # late: few queries have a range, and its patterns take 6 ms

    return read_range(field, value) is not None


def _leaf(token: Token) -> Node:
    if token.kind == "NEAR":
        return Near(tuple(token.text.split()), token.distance)
    return Chunk(token.text, token.quoted)


@cache
def _lark() -> Lark:
    """The parser of grammar.lark, over tokens instead of characters."""
    from lark import Lark
    from lark import Token as LarkToken
    from lark.lexer import Lexer

    class Cut(Lexer):
        def __init__(self, _: Any) -> None: ...

        def lex(self, tokens: Any) -> Iterator[LarkToken]:  # type: ignore[override]
            for token in tokens:
                kind = token.kind if token.kind in ("TEXT", "NEAR", "FIELD") else f"_{token.kind}"
                yield LarkToken(kind, token)

    grammar = files("swsearch.query").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer=Cut)
