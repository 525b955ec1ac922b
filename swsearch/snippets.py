"""Snippets with highlights, and concordance (KWIC) lines: cut from the original text, found by match form.

What is searched for comes as match forms (`wanted`), and `text.match` says where they stand in the original, so that
traditional text stays traditional and every offset counts code points of what is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from heapq import heapify, heappop, heapreplace
from itertools import accumulate
from typing import Any, Literal

from swsearch.query.nodes import BoundNode, positive_leaves
from swsearch.records import Article, Notice
from swsearch.settings import SNIPPET_CHARS
from swsearch.terminal import fit
from swsearch.text.fold import fold
from swsearch.text.match import BREAK, MARK, find_in_folded, map_form, match_form

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
# A class of characters comes first (here and in _CLAUSE), so that most of the text is passed over in one step.
_SENTENCE_END = re.compile(
    r"""[。！？；!?;｡.\n](?:(?<=\n)|(?:(?<=\.)(?=\s)|(?<=[^.\n])[。！？；!?;｡]*)[”’」』）】〕》)"']*)\s*"""
)
_CLAUSE = re.compile(r"[，、：,:—…。！？；\n][，、：,:—…。！？；\n]*[”’」』）】]*")
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


def snippets(
    records: Sequence[Article | Notice], forms: Sequence[str], *, max_chars: int = SNIPPET_CHARS
) -> Iterator[tuple[str, tuple[Range, ...]]]:
    """Of each record text that shows its matches, about `max_chars` long, and the highlights as offsets into it.

    Whole sentences where they fit, up to three pieces joined by "…", those first that show most of what was wanted.
    Where the body has nothing of it (the title or a filter matched), its first sentences. Highlights are ascending
    and apart.
    """
    forms = tuple(dict.fromkeys(filter(None, forms)))
    parts = list(map(_shown_parts, records))
    bodies = ["\n".join(paragraphs) for _, paragraphs in parts]
    folded = fold("".join(bodies))  # in one go, which is sooner than one by one
    at = 0
    for (title, paragraphs), body in zip(parts, bodies, strict=True):
        text = _Text(title, paragraphs, forms, body, folded[at : at + len(body)])
        at += len(body)
        yield text.join(text.pieces(max(max_chars, 1)))


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


def _shown_parts(record: Article | Notice) -> tuple[str, tuple[str, ...]]:
    """Title and paragraphs; of a record without text the title is what is shown."""
    title, paragraphs = _parts(record)
    return (title, paragraphs) if any(paragraphs) else ("", (title,))


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

    Sentences are numbered: `edges` are where each begins, and where the last one found ends. They tile the body and
    are looked for from its beginning only as far as they are asked for; none ends inside a match of `across`.

    Forms are numbered, and `has` says which a sentence has, as bits (the last for those that may go over the end of
    one). A form that stands somewhere in the folded body as it is is looked for no further: where marks are between its
    characters it is highlighted if it is shown, but does not choose what is shown. That is five times as fast as the
    match form of the whole body.
    """

    def __init__(self, title: str, paragraphs: Sequence[str], forms: Sequence[str], body: str, folded: str) -> None:
        self.body, self.folded = body, folded
        self.forms = [form for form in forms if BREAK not in form]
        breaking = [form for form in forms if BREAK in form] if len(self.forms) < len(forms) else []
        self.across = _find_across(title, paragraphs, folded, breaking) if breaking else []
        self.edges = [0]
        self._ends: Iterator[int] = map(re.Match.end, _SENTENCE_END.finditer(body))
        if self.across:
            self._ends = (end for end in self._ends if not any(s < end < e for s, e in self.across))
        self.has = self._choice()
        self._spans: dict[Range, list[Range]] = {}

    def _after(self, offset: int) -> int:
        """The number of the sentence after the one that the character at `offset` is in."""
        edges = self.edges
        if edges[-1] <= offset:
            for end in self._ends:
                edges.append(end)
                if end > offset:
                    return len(edges) - 1
            edges.append(len(self.body))
            return len(edges) - 1
        return bisect_right(edges, offset)

    def _sentence(self, number: int) -> Range | None:
        """Where a sentence begins and ends, None where there is none; the one before it was found already."""
        edges = self.edges
        if number == len(edges) - 1 and edges[-1] < len(self.body):
            self._after(edges[-1])
        return (edges[number], edges[number + 1]) if 0 <= number < len(edges) - 1 else None

    def _choice(self) -> dict[int, int]:
        """Sentences to choose from, ascending, and what each has: of those that have the same, only the first could be
        chosen, and of all only one that has everything there is."""
        folded, edges = self.folded, self.edges
        ahead = self._firsts()
        heapify(ahead)
        everything = sum({bit for _, bit, _, _ in ahead})
        first: dict[int, int] = {}
        while ahead:
            after = self._after(ahead[0][0])
            start, end = edges[after - 1], edges[after]
            bits, matched = 0, ""
            while ahead and ahead[0][0] < end:
                _, bit, form, part = ahead[0]
                if part is form:
                    bits |= bit
                elif _may_have(folded[start:end], form):
                    matched = matched or match_form(self.body[start:end])
                    bits |= bit if form in matched else 0
                offset = folded.find(part, end) if part else -1
                if offset >= 0:
                    heapreplace(ahead, (offset, bit, form, part))
                else:
                    heappop(ahead)
            if bits == everything:
                return {after - 1: bits}
            if bits:
                first.setdefault(bits, after - 1)
        return {at: bits for bits, at in first.items()}

    def _firsts(self) -> list[tuple[int, int, str, str]]:
        """Where each form, or at least a part of it, stands first: the offset, its bit, the form, and that part, which
        is the form itself if that stands there as it is. Those of `across` stand by themselves."""
        firsts = [(start, 1 << len(self.forms), "", "") for start, _ in self.across]
        for number, form in enumerate(self.forms):
            part = form
            offset = -1 if MARK in form else self.folded.find(form)
            if offset < 0 and _may_have(self.folded, form):
                # Whatever marks there are between its characters: a run stands as it is, or else the first character.
                part = max(form.split(MARK)[1::2], key=len, default=form[0])
                offset = self.folded.find(part)
            if offset >= 0:
                firsts.append((offset, 1 << number, form, part))
        return firsts

    def spans(self, start: int, end: int) -> list[Range]:
        """The matches of the sentences between two edges as ranges of the body: ascending, apart."""
        if (start, end) not in self._spans:
            # No match goes over the end of a sentence, but those of `across`.
            found = find_in_folded(self.folded[start:end], self.forms)
            if start:
                found = [(start + s, start + e) for s, e in found]
            if self.across:
                found = _union([*found, *((s, e) for s, e in self.across if start <= s and e <= end)])
            self._spans[start, end] = found
        return self._spans[start, end]

    def pieces(self, room: int) -> list[Range]:
        """Ranges of the body to show, ascending and apart, together at most `room` characters."""
        shown: dict[int, Range] = {}  # sentence -> what of it is shown
        has, left = self.has, list(self.has)
        sizes = [(1 << number, len(form)) for number, form in enumerate([*self.forms, BREAK])]
        missing = (1 << len(sizes)) - 1

        def news(at: int) -> int:
            new = has[at] & missing
            return sum([size for bit, size in sizes if new & bit])

        while left and len(shown) < MAX_FRAGMENTS:
            at = max(left, key=news) if len(left) > 1 else left[0]  # the first of the best
            start, end = self.edges[at], self.edges[at + 1]
            if not missing & has[at] or (shown and end - start > room < LEAST_CHARS):
                break
            left.remove(at)
            missing &= ~has[at]
            # A long first sentence leaves room for what only others have.
            others = not shown and any(missing & has[other] for other in left)
            share = room * 3 // 5 if others else room
            shown[at] = (start, end) if end - start <= share else self._window(at, max(share, 1))
            room -= shown[at][1] - shown[at][0]
        if not shown and (opening := self._sentence(0)):
            start, end = opening
            shown[0] = (start, self._cut(start, start, min(end, start + room), end))
            room -= shown[0][1] - start
        self._grow(shown, room)
        return _union(shown.values())

    def _grow(self, shown: dict[int, Range], room: int) -> None:
        """Fill the room that is left with whole sentences after, then before, those shown."""
        edges = self.edges
        for step in (1, -1):
            for at in sorted(shown):
                if shown[at] != (edges[at], edges[at + 1]):
                    continue
                while at + step not in shown and (beside := self._sentence(at + step)):
                    size = beside[1] - beside[0]
                    if size > room:
                        break
                    at += step
                    shown[at] = beside
                    room -= size

    def _window(self, at: int, room: int) -> Range:
        """The part of a long sentence that shows most of its matches, begun and ended at a clause where one is near."""
        start, end = self.edges[at], self.edges[at + 1]
        spans = self.spans(start, end)
        starts = [s for s, _ in spans]
        before = [0, *accumulate(e - s for s, e in spans)]

        def shows(number: int) -> int:
            most = starts[number] + room
            after = bisect_left(starts, most)
            return before[after] - before[number] - max(spans[after - 1][1] - most, 0)

        first = starts[max(range(len(spans)), key=shows)]
        last = max((e for s, e in spans if s >= first and e <= first + room), default=first + room)
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
        edges = self.edges
        for start, end in pieces:
            first, last = edges[bisect_right(edges, start) - 1], edges[bisect_right(edges, end - 1)]
            torn = start != first, end != last
            piece = self.body[start:end].lstrip()
            start, piece = end - len(piece), piece.rstrip()
            end = start + len(piece)
            if (text or torn[0]) and not text.endswith("…"):
                text += "…"
            shift = len(text) - start
            clipped = [(max(s, start), min(e, end)) for s, e in self.spans(first, last)]
            highlights += [(s + shift, e + shift) for s, e in clipped if s < e]
            text += piece.replace("\n", " ") + ("…" if torn[1] else "")
        return text, tuple(highlights)


def _find_across(title: str, paragraphs: Sequence[str], body: str, forms: Sequence[str]) -> list[Range]:
    """Where the body, which is folded, matches `forms`, which may go over the end of a sentence, a paragraph or the
    title."""
    found: list[Range] = []
    rest = set(forms)
    for start, paragraph in zip(_starts(paragraphs), paragraphs, strict=True):
        folded = body[start : start + len(paragraph)]
        here = _present(paragraph, [form for form in forms if _may_have(folded, form)])
        rest -= here
        found += ((start + s, start + e) for s, e in find_in_folded(folded, sorted(here))) if here else ()
    if rest:
        skip = len(title) + 1 if title else 0
        whole = f"{fold(title)}\n{body}" if title else body
        found += ((max(s - skip, 0), e - skip) for s, e in find_in_folded(whole, sorted(rest)) if e > skip)
    return _union(found)


def _may_have(folded: str, form: str) -> bool:
    """Whether folded text has every character of `form`: a quick no for most text that does not match."""
    return all(char in folded for char in form if char not in (MARK, BREAK))


def _present(text: str, forms: Sequence[str]) -> frozenset[str]:
    form = match_form(text) if forms else ""
    return frozenset(item for item in forms if item in form)


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
