"""Snippets with highlights, and concordance (KWIC) lines: cut from the original text, found by match form.

What is searched for comes as match forms (`wanted`), and `text.match` says where they stand in the original, so that
traditional text stays traditional and every offset counts code points of what is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from swsearch.query.nodes import BoundNode, positive_leaves
from swsearch.records import Article, Notice
from swsearch.settings import SNIPPET_CHARS
from swsearch.terminal import fit
from swsearch.text.fold import fold
from swsearch.text.match import BREAK, MARK, find_in_folded, find_spans, map_form, match_form

KwicSort = Literal["position", "left", "right"]
Range = tuple[int, int]

MAX_FRAGMENTS = 3
"""More pieces than this read as a heap of words; four far-apart chunks are better judged by the best three."""

LEAST_CHARS = 24
"""A piece of a long sentence shorter than this (a clause) does not show what the match is about."""

KWIC_CELLS = 30
"""Cells of context on either side: with an id in front it fits a terminal of 100 columns."""

# A sentence ends here, with the closing quotes and brackets that follow. All of these are breaks or transparent in
# the match form, so that a form without a BREAK never reaches over the end of a sentence.
# A class of characters comes first, so that most of the text is passed over in one step.
_SENTENCE_END = re.compile(
    r"""[。！？；!?;｡.\n](?:(?<=\n)|(?:(?<=\.)(?=\s)|(?<=[^.\n])[。！？；!?;｡]*)[”’」』）】〕》)"']*)\s*"""
)
_CLAUSE = re.compile(r"[，、：,:—…。！？；\n]+[”’」』）】]*")
_JOINER = re.compile(r"[\u0300-\u036f\u200d\u20d0-\u20ff\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@dataclass(frozen=True, slots=True)
class KwicLine:
    """One occurrence in its context. `part` is "title" or "p1", "p2" … (paragraphs from 1)."""

    id: str
    part: str
    left: str
    match: str
    right: str

    def to_dict(self) -> dict[str, Any]:
        """The line as plain JSON values."""
        return asdict(self)


def wanted(*nodes: BoundNode) -> tuple[str, ...]:
    """The match forms that bound queries look for in text, variants too, each once: what is to be highlighted."""
    forms = (form for node in nodes for leaf in positive_leaves(node) for form in (leaf.form, *leaf.alternatives))
    return tuple(dict.fromkeys(filter(None, forms)))


def snippet(
    record: Article | Notice, forms: Sequence[str], *, max_chars: int = SNIPPET_CHARS
) -> tuple[str, tuple[Range, ...]]:
    """Text of the record that shows its matches, about `max_chars` long, and the highlights as offsets into it.

    Whole sentences where they fit, up to three pieces joined by "…", those first that show most of what was wanted.
    Where the body has nothing of it (the title or a filter matched), its first sentences. Highlights are ascending
    and apart.
    """
    title, paragraphs = _parts(record)
    if not any(paragraphs):
        title, paragraphs = "", (title,)
    text = _Text(title, paragraphs, tuple(dict.fromkeys(filter(None, forms))))
    return text.join(text.pieces(max(max_chars, 1)))


def kwic(
    record: Article | Notice, forms: Sequence[str], width: int = KWIC_CELLS, *, sort: KwicSort = "position"
) -> list[KwicLine]:
    """One line for each occurrence of any of `forms`, with at most `width` cells of its paragraph on either side."""
    title, paragraphs = _parts(record)
    parts = [title, *paragraphs]
    starts = _starts(parts)
    whole = "\n".join(parts)
    lines = []
    for start, end in _occurrences(parts, starts, tuple(filter(None, forms))):
        at, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1
        lines.append(
            KwicLine(
                id=record.id,
                part="title" if at == 0 else f"p{at}",
                left=fit(whole[starts[at] : start], width, right=True),
                match=whole[start:end].replace("\n", " "),
                right=fit(whole[end : starts[last] + len(parts[last])], width),
            )
        )
    return sort_kwic(lines, sort)


def sort_kwic(lines: Iterable[KwicLine], sort: KwicSort) -> list[KwicLine]:
    """Lines as they come, or by what stands left of the match (nearest character first), or right of it.

    Contexts are compared by match form without breaks, so that equal words stand together whatever the punctuation.
    """
    if sort == "position":
        return list(lines)

    def key(line: KwicLine) -> tuple[str, str]:
        left, right = (match_form(text).replace(BREAK, "") for text in (line.left, line.right))
        return (left[::-1], right) if sort == "left" else (right, left[::-1])

    return sorted(lines, key=key)


def _parts(record: Article | Notice) -> tuple[str, tuple[str, ...]]:
    if isinstance(record, Article):
        return record.title, record.paragraphs
    return "", tuple(record.text.split("\n"))


def _starts(parts: Iterable[str]) -> list[int]:
    """Where each part begins in all of them joined by line feeds."""
    starts, at = [], 0
    for part in parts:
        starts.append(at)
        at += len(part) + 1
    return starts


def _occurrences(parts: Sequence[str], starts: Sequence[int], forms: Sequence[str]) -> list[Range]:
    """Each occurrence by itself as a range of the joined parts: leftmost first, the longest of those that overlap."""
    found: list[Range] = []
    missing = set(forms)
    for part, start in zip(parts, starts, strict=True):
        folded = fold(part)
        here = _present(part, [form for form in forms if _may_have(folded, form)])
        if here:
            missing -= here
            found += ((start + s, start + e) for s, e in _each(part, here))
    across = [form for form in missing if BREAK in form]
    if across:
        found += _each("\n".join(parts), across)
    kept: list[Range] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _each(text: str, forms: Iterable[str]) -> Iterator[Range]:
    form, offsets = map_form(text)
    for item in forms:
        at = form.find(item)
        while at >= 0:
            yield offsets[at], offsets[at + len(item) - 1] + 1
            at = form.find(item, at + 1)


class _Text:
    """The body of a record as one string (paragraphs joined by line feeds), its sentences and what they have.

    Forms are numbered, and `has` says which a sentence has, as bits (the last for those that may go over the end of
    one). A form that stands somewhere in the folded body as it is is looked for no further: where marks are between its
    characters it is highlighted if it is shown, but does not choose what is shown. That is five times as fast as the
    match form of the whole body.
    """

    def __init__(self, title: str, paragraphs: Sequence[str], forms: Sequence[str]) -> None:
        self.body = "\n".join(paragraphs)
        self.folded = fold(self.body)
        self.forms = [form for form in forms if BREAK not in form]
        breaking = [form for form in forms if BREAK in form]
        self.across = _find_across(title, paragraphs, breaking) if breaking else []
        self.sentences = _sentences(self.body, self.across)
        self.starts = [start for start, _ in self.sentences]
        self.has: dict[int, int] = {}
        self._spans: dict[Range, list[Range]] = {}
        hard = []
        for number, form in enumerate(self.forms):
            if not self._find(form, 1 << number) and _may_have(self.folded, form):
                hard.append((form, 1 << number))
        for start, _ in self.across:
            self._add(bisect_right(self.starts, start) - 1, 1 << len(self.forms))
        for at, (start, end) in enumerate(self.sentences if hard else ()):
            folded = self.folded[start:end]
            possible = {form: bit for form, bit in hard if _may_have(folded, form)}
            if possible:
                for form in _present(self.body[start:end], list(possible)):
                    self._add(at, possible[form])

    def _add(self, at: int, bit: int) -> None:
        self.has[at] = self.has.get(at, 0) | bit

    def _find(self, form: str, bit: int) -> bool:
        """Whether the folded body has `form` as it is, and then which sentences have it."""
        if MARK in form:
            return False
        folded, starts = self.folded, self.starts
        offset = folded.find(form)
        found = offset >= 0
        while offset >= 0:
            after = bisect_right(starts, offset)
            self._add(after - 1, bit)
            offset = folded.find(form, starts[after]) if after < len(starts) else -1
        return found

    def spans(self, first: int, last: int) -> list[Range]:
        """The matches of the sentences from `first` up to `last` as ranges of the body: ascending, apart."""
        start, end = self.sentences[first][0], self.sentences[last - 1][1]
        if (start, end) not in self._spans:
            # No match goes over the end of a sentence, but those of `across`.
            found = [(start + s, start + e) for s, e in find_in_folded(self.folded[start:end], self.forms)]
            over = [(s, e) for s, e in self.across if start <= s and e <= end]
            self._spans[start, end] = _union([*found, *over]) if over else found
        return self._spans[start, end]

    def pieces(self, room: int) -> list[Range]:
        """Ranges of the body to show, ascending and apart, together at most `room` characters."""
        shown: dict[int, Range] = {}  # sentence -> what of it is shown
        has, sizes = self.has, [*map(len, self.forms), 1]
        missing = (1 << len(sizes)) - 1

        def news(at: int) -> int:
            return sum(size for number, size in enumerate(sizes) if has[at] & missing & 1 << number)

        # Of sentences that have the same, only the first can be chosen: the others then have nothing new.
        left = sorted({has[at]: at for at in sorted(has, reverse=True)}.values())
        while left and len(shown) < MAX_FRAGMENTS:
            at = max(left, key=news) if len(left) > 1 else left[0]  # the first of the best
            start, end = self.sentences[at]
            if not missing & has[at] or (shown and end - start > room < LEAST_CHARS):
                break
            left.remove(at)
            missing &= ~has[at]
            # A long first sentence leaves room for what only others have.
            others = not shown and any(missing & has[other] for other in left)
            share = room * 3 // 5 if others else room
            shown[at] = (start, end) if end - start <= share else self._window(at, max(share, 1))
            room -= shown[at][1] - shown[at][0]
        if not shown and self.sentences:
            start, end = self.sentences[0]
            shown[0] = (start, self._cut(start, start, min(end, start + room), end))
            room -= shown[0][1] - start
        self._grow(shown, room)
        return _union(shown.values())

    def _grow(self, shown: dict[int, Range], room: int) -> None:
        """Fill the room that is left with whole sentences after, then before, those shown."""
        for step in (1, -1):
            for at in sorted(shown):
                while shown[at] == self.sentences[at] and 0 <= at + step < len(self.sentences):
                    at += step
                    start, end = self.sentences[at]
                    if at in shown or end - start > room:
                        break
                    shown[at] = (start, end)
                    room -= end - start

    def _window(self, at: int, room: int) -> Range:
        """The part of a long sentence that shows most of its matches, begun and ended at a clause where one is near."""
        start, end = self.sentences[at]
        spans = self.spans(at, at + 1)

        def last_within(first: int) -> int:
            return max((e for s, e in spans if s >= first and e <= first + room), default=first + room)

        def shows(first: int) -> int:
            return sum(min(e, first + room) - s for s, e in spans if first <= s < first + room)

        first = max((s for s, _ in spans), key=shows)
        last = last_within(first)
        low = max(start, first - (room - (last - first)) // 2)
        if low > start:
            clauses = (match.end() for match in _CLAUSE.finditer(self.body, low - 1, first))
            low = _untorn(self.body, next((edge for edge in clauses if edge >= low), low), first)
        return low, self._cut(low, last, min(end, low + room), end)

    def _cut(self, start: int, least: int, most: int, end: int) -> int:
        """Where to end a piece of a sentence that ends at `end`: after the last clause up to `most`, if one is near."""
        if most >= end:
            return end
        edges = [match.end() for match in _CLAUSE.finditer(self.body, max(least - 1, start), most)]
        if edges and edges[-1] >= least and edges[-1] - start > (most - start) // 2:
            return edges[-1]
        while most > start + 1 and _JOINER.match(self.body[most]):
            most -= 1
        return most

    def join(self, pieces: Iterable[Range]) -> tuple[str, tuple[Range, ...]]:
        """The pieces as one text with "…" where something is left out or a sentence is cut, and its highlights."""
        text = ""
        highlights: list[Range] = []
        for start, end in pieces:
            first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1)
            torn = start != self.starts[first], end != self.sentences[last - 1][1]
            while start < end and self.body[start].isspace():
                start += 1
            while end > start and self.body[end - 1].isspace():
                end -= 1
            if (text or torn[0]) and not text.endswith("…"):
                text += "…"
            shift = len(text) - start
            clipped = ((max(s, start), min(e, end)) for s, e in self.spans(first, last))
            highlights += ((s + shift, e + shift) for s, e in clipped if s < e)
            text += self.body[start:end].replace("\n", " ") + ("…" if torn[1] else "")
        return text, tuple(_union(highlights))


def _find_across(title: str, paragraphs: Sequence[str], forms: Sequence[str]) -> list[Range]:
    """Where the body matches `forms`, which may go over the end of a sentence, a paragraph or the title."""
    found: list[Range] = []
    rest = set(forms)
    for start, paragraph in zip(_starts(paragraphs), paragraphs, strict=True):
        folded = fold(paragraph)
        here = _present(paragraph, [form for form in forms if _may_have(folded, form)])
        rest -= here
        found += ((start + s, start + e) for s, e in find_spans(paragraph, sorted(here))) if here else ()
    if rest:
        skip = len(title) + 1 if title else 0
        whole = "\n".join((title, *paragraphs) if title else paragraphs)
        found += ((max(s - skip, 0), e - skip) for s, e in find_spans(whole, sorted(rest)) if e > skip)
    return _union(found)


def _may_have(folded: str, form: str) -> bool:
    """Whether folded text has every character of `form`: a quick no for most text that does not match."""
    return all(char in folded for char in form if char not in (MARK, BREAK))


def _present(text: str, forms: Sequence[str]) -> frozenset[str]:
    form = match_form(text) if forms else ""
    return frozenset(item for item in forms if item in form)


def _sentences(body: str, whole: Sequence[Range]) -> list[Range]:
    """The sentences of a body as ranges that tile it; none ends inside one of the ranges of `whole`."""
    ends = [stop.end() for stop in _SENTENCE_END.finditer(body)]
    if whole:
        ends = [end for end in ends if not any(s < end < e for s, e in whole)]
    if body and (not ends or ends[-1] < len(body)):
        ends.append(len(body))
    return list(zip([0, *ends], ends, strict=False))


def _untorn(text: str, at: int, most: int) -> int:
    """`at`, or the next place up to `most` that is not between a letter and its combining mark."""
    while at < most and _JOINER.match(text[at]):
        at += 1
    return at


def _union(spans: Iterable[Range]) -> list[Range]:
    out: list[Range] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out
