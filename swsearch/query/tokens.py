"""Query text -> tokens: where a chunk begins and ends, and which marks in it are syntax.

A bracket, quote, `-` or field colon is syntax only where a chunk starts: after a space, an operator, an opening
bracket or a field colon. A closer is syntax only where it closes such an opener. Everywhere else they are text,
so 乡镇(街道)社工站, COVID-19, 上午10:30 and 首批“名师工作室” are one chunk each. That is why the tokens are cut by
hand: a lexer of regular expressions does not know where it stands.

Never fails but for the limits; what it cannot read becomes text and a Problem.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from swsearch.errors import QueryError
from swsearch.query.fields import FieldInfo, find_field, near_field

MAX_CHARS = 2000  # a headline has 40, a long Boolean query of a librarian some hundreds
MAX_LEVELS = 32  # of brackets, NOT and fields within each other
MAX_CLAUSES = 256  # chunks, pieces and values
MAX_DISTANCE = 1000  # units of "…"~n: about the longest paragraph of a newspaper

Kind = Literal["TEXT", "NEAR", "FIELD", "AND", "OR", "NOT", "LPAR", "RPAR"]

_OPERATORS: dict[str, Kind] = {
    "AND": "AND",
    "OR": "OR",
    "NOT": "NOT",
    "与": "AND",
    "與": "AND",
    "或": "OR",
    "非": "NOT",
}
_QUOTES = {'"': '"＂', "＂": '"＂', "“": "”", "「": "」", "『": "』"}  # opener -> what closes it
_MIXED = {'"': "”", "＂": "”", "“": '"＂“'}  # what closes where the proper closer is missing: “社工站", “社工站“
_OPENERS = "(（"
_CLOSERS = ")）"
_MINUS = "-－"
# AND( and NOT“ are operators, though nothing stands between; 非(营利) and 与“五社联动” are text.
_GLUED = re.compile(r'([A-ZＡ-Ｚ]{2,3})(?=[(（"＂“「『])')
_FIELD = re.compile(r'([^\s:：()（）"＂“”「」『』]{1,24})[:：]')
_EDGE = re.compile(r"[\s()（）]")
_DASHES = re.compile("[-－]+")
_DISTANCE = re.compile(r"[~～]([0-9０-９]+)")
_WIDE_LETTERS = str.maketrans({chr(code + 0xFEE0): chr(code) for code in range(ord("A"), ord("Z") + 1)})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of syntax: `text` is the chunk, else the mark, operator or field with its colon as typed.

    `pos` is where it starts. A NEAR token is a quoted text with a distance. A TEXT that does not stand bare is quoted.
    """

    kind: Kind
    text: str
    pos: int
    quoted: bool = False
    distance: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A place that is no syntax: `what` is wrong with it and what is `done` instead, two halves of a sentence.

    Those that are `strict` are errors in strict mode, the others only remarks.
    """

    what: str
    done: str
    pos: int
    expected: tuple[str, ...] = ()
    strict: bool = True

    def __str__(self) -> str:
        return f"{self.what}; {self.done}."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a query text consists of, in order."""

    tokens: tuple[Token, ...]
    problems: tuple[Problem, ...]


def cut(query: str) -> Tokens:
    """The tokens of a query and what could not be read. Raises QueryError beyond the limits, before any real work."""
    if len(query) > MAX_CHARS:
        raise QueryError(
            f"The query has {len(query):,} characters; at most {MAX_CHARS:,} can be answered. "
            "Search for a shorter part of the text.",
            query[:MAX_CHARS],
        )
    return _Cutter(query).run()


def stands_bare(text: str) -> bool:
    """Whether `text`, typed as it is where a chunk may start, is one unquoted chunk, within brackets too."""
    if not text or any(char.isspace() for char in text):
        return False
    first = text[0]
    if first in _OPENERS or first in _QUOTES or unicodedata.category(first) == "Cf":
        return False
    if first in _MINUS and text.strip(_MINUS):
        return False
    return not (_operator(text) or _operator_before(text, 0) or _field_at(text, 0)[1] or _closes_more(text))


def quote(text: str) -> str:
    """`text` in the first pair of quotes that gives it back; quotes that no pair can hold are left out of it."""
    opener = _holder(text)
    return f"{opener}{text}{_QUOTES[opener][0]}" if opener else f'"{_quotable(text)}"'


def opens_more(text: str) -> bool:
    """Whether a bracket inside the last chunk of `text` is still open, so that a closer after it would be text."""
    depth = 0
    for char in "".join(text.rsplit(None, 1)[-1:]):
        depth = depth + 1 if char in _OPENERS else max(0, depth - 1) if char in _CLOSERS else depth
    return depth > 0


def as_text(token: Token) -> Token:
    """The token as a chunk that is searched for as it was typed; quoted if it does not stand bare."""
    if stands_bare(token.text):
        return Token("TEXT", token.text, token.pos)
    return Token("TEXT", _quotable(token.text), token.pos, quoted=True)


def shown(text: str) -> str:
    """The text as a message quotes it: short, and without a character that a terminal could not print."""
    text = text if len(text) <= 40 else text[:39] + "…"
    return quote("".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text))


class _Cutter:
    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0
        self.end = 0  # where the last token ends
        self.tokens: list[Token] = []
        self.problems: list[Problem] = []
        self.open: list[tuple[int, int]] = []  # (index of the LPAR token, prefixes before it) of open groups
        self.prefixes = 0  # NOT and fields directly before this place
        self.clauses = 0
        self.closers = {
            opener: _closed_by(query, opener, closer) for opener, closer in _QUOTES.items() if closer[0] != '"'
        }

    def run(self) -> Tokens:
        while self.at < len(self.query):
            char = self.query[self.at]
            if char.isspace():
                self.at += 1
                continue
            glued = self.end == self.at and self._glued()
            if not glued and unicodedata.category(char) == "Cf":
                self.at += 1
            elif self.open and char in _CLOSERS:
                self._close()
            elif glued:
                self._chunk()
            elif char in _OPENERS:
                self._open()
            elif char in _QUOTES:
                self._quoted(char)
            elif char in _MINUS and self._chunk_follows():
                self._add(Token("NOT", char, self.at), 1)
            elif not self._field():
                self._chunk()
        unclosed = [index for index, _ in self.open]
        for index in unclosed:
            pos = self.tokens[index].pos
            what = f"The bracket {self.query[pos]} is not closed"
            self.problems.append(Problem(what, "it is left out", pos, (")",)))
        dropped = set(unclosed)
        tokens = tuple(token for index, token in enumerate(self.tokens) if index not in dropped)
        return Tokens(tokens, tuple(sorted(self.problems, key=lambda problem: problem.pos)))

    def _glued(self) -> bool:
        """Whether the place follows a closing bracket or quote directly, where nothing but a closer is syntax."""
        if not self.tokens or self.end != self.at:
            return False
        last = self.tokens[-1]
        return last.kind in ("RPAR", "NEAR") or (last.kind == "TEXT" and last.quoted)

    def _chunk_follows(self) -> bool:
        """Whether a chunk begins right after the mark here; a dash that stands alone is text."""
        dashes = _DASHES.match(self.query, self.at)
        end = dashes.end() if dashes else self.at
        after = self.query[end : end + 1]
        return bool(after) and not after.isspace() and not (self.open and after in _CLOSERS)

    def _add(self, token: Token, length: int) -> None:
        self.tokens.append(token)
        self.at += length
        self.end = self.at
        self.prefixes = self.prefixes + 1 if token.kind in ("NOT", "FIELD") else 0
        if token.kind in ("TEXT", "NEAR"):
            self.clauses += len(token.text.split()) if token.kind == "NEAR" else 1
            if self.clauses > MAX_CLAUSES:
                raise QueryError(f"The query has more than {MAX_CLAUSES} clauses. Ask for less at once.", self.query)
        if self.open or self.prefixes:
            self._check_levels()

    def _check_levels(self) -> None:
        if sum(before + 1 for _, before in self.open) + self.prefixes > MAX_LEVELS:
            raise QueryError(
                f"Brackets, NOT and fields stand more than {MAX_LEVELS} levels deep within each other. "
                "Write the query flatter.",
                self.query,
            )

    def _open(self) -> None:
        self.open.append((len(self.tokens), self.prefixes))
        self._add(Token("LPAR", self.query[self.at], self.at), 1)

    def _close(self) -> None:
        self.open.pop()
        self._add(Token("RPAR", self.query[self.at], self.at), 1)

    def _quoted(self, opener: str) -> None:
        start = self.at
        closer = self._closer(opener)
        if closer < 0:
            what = f"The quote {opener} is not closed"
            self.problems.append(Problem(what, "it is left out", start, (_QUOTES[opener][0],)))
            self.at += 1
            return
        text = self.query[start + 1 : closer]
        length = closer + 1 - start
        if not text.strip():
            what = "There is nothing between the quotes"
            self.problems.append(Problem(what, "they are left out", start, ("a text",)))
            self.at += length
            return
        distance = _DISTANCE.match(self.query, closer + 1)
        if distance:
            self._near(text, length + len(distance[0]), distance[1])
        else:
            self._add(Token("TEXT", text, start, quoted=True), length)

    def _near(self, text: str, length: int, digits: str) -> None:
        number = int(digits) if len(digits) <= 9 else MAX_DISTANCE + 1
        if not 1 <= number <= MAX_DISTANCE:
            what = f"~{digits[:9]} is no distance (1 to {MAX_DISTANCE})"
        elif len(text.split()) < 2:
            what = f"~{digits} says how near the pieces between the quotes are, but there are not two"
        else:
            self._add(Token("NEAR", text, self.at, True, number), length)
            return
        pos = self.at + length - len(digits) - 1
        done = "it is left out and the string between the quotes is searched"
        self.problems.append(Problem(what, done, pos, (f"1 to {MAX_DISTANCE}",)))
        self._add(Token("TEXT", text, self.at, quoted=True), length)

    def _closer(self, opener: str) -> int:
        """Where the quote that opens here is closed, or -1."""
        if opener in self.closers:
            own = self.closers[opener].get(self.at, -1)
        else:
            own = _first(self.query, _QUOTES[opener], self.at + 1)
        return own if own >= 0 else _first(self.query, _MIXED.get(opener, ""), self.at + 1)

    def _field(self) -> bool:
        """Reads `name:` if one stands here."""
        word, field, length = _field_at(self.query, self.at)
        if field:
            self._add(Token("FIELD", self.query[self.at : self.at + length], self.at), length)
            return True
        near = near_field(word)
        if near:
            what = f"{shown(word)} is no field (did you mean {near}?)"
            self.problems.append(Problem(what, "it is searched as text", self.at, (near,), strict=False))
        return False

    def _chunk(self) -> None:
        """Reads up to the next space, or up to the bracket that closes the innermost group."""
        start = self.at
        # Right behind a minus or a field colon a word is a word: -非, title:AND.
        bound = start > 0 and self.end == start and self.tokens[-1].kind in ("NOT", "FIELD")
        glued = self.end == start and self._glued()
        operator = None if bound else _operator_before(self.query, start)
        if operator:
            self._add(Token(*operator, start), len(operator[1]))
            return
        text = self.query[start : self._chunk_end()]
        kind = _operator(text)
        if kind and not bound:
            self._add(Token(kind, text, start), len(text))
        elif kind or glued or _closes_more(text):
            self._add(as_text(Token("TEXT", text, start)), len(text))
        else:
            self._add(Token("TEXT", text, start), len(text))

    def _chunk_end(self) -> int:
        """The next space, or the bracket that closes the innermost group and not one inside the chunk."""
        inside = 0
        for mark in _EDGE.finditer(self.query, self.at):
            if mark[0] in _OPENERS:
                inside += 1
            elif mark[0] in _CLOSERS:
                if not inside and self.open:
                    return mark.start()
                inside = max(0, inside - 1)
            else:
                return mark.start()
        return len(self.query)


def _operator(text: str) -> Kind | None:
    """The operator that a whole chunk is, if it is one."""
    return None if len(text) > 3 else _OPERATORS.get(text.translate(_WIDE_LETTERS))


def _operator_before(text: str, at: int) -> tuple[Kind, str] | None:
    """The Latin operator that stands here right before a bracket or quote, and how it is typed."""
    found = _GLUED.match(text, at)
    kind = _operator(found[1]) if found else None
    return (kind, found[1]) if found and kind else None


def _field_at(text: str, at: int) -> tuple[str, FieldInfo | None, int]:
    """The word before a colon here, the field it names, and the length of both; an empty word if there is none."""
    found = _FIELD.match(text, at)
    return (found[1], find_field(found[1]), len(found[0])) if found else ("", None, 0)


def _first(text: str, chars: str, start: int) -> int:
    places = [place for char in chars if (place := text.find(char, start)) >= 0]
    return min(places, default=-1)


def _closed_by(text: str, opener: str, closer: str) -> dict[int, int]:
    """Each opener's place -> that of its closer, those in between being balanced."""
    if opener not in text:
        return {}
    closed: dict[int, int] = {}
    waiting: list[int] = []
    for at, char in enumerate(text):
        if char == opener:
            waiting.append(at)
        elif char == closer and waiting:
            closed[waiting.pop()] = at
    return closed


def _closes_more(text: str) -> bool:
    """Whether a closing bracket in it has no opening one, so that it would close a group around the chunk."""
    depth = 0
    for mark in _EDGE.findall(text):
        depth += (mark in _OPENERS) - (mark in _CLOSERS)
        if depth < 0:
            return True
    return False


def _holder(text: str) -> str | None:
    """The first opening quote between which and its closer `text` can stand, or None."""
    if not any(char in text for char in _QUOTES['"']):
        return '"'
    for opener in "“「『":
        closer = _QUOTES[opener]
        if _closed_by(f"{opener}{text}{closer}", opener, closer).get(0) == len(text) + 1:
            return opener
    return None


def _quotable(text: str) -> str:
    """The text without the quotes that no pair around it could hold; they are transparent to matching."""
    return text if _holder(text) else re.sub('["＂]', "", text)
