"""Which rows carry on the row before them: start of a paragraph, its continuation, or a display line.

The rows that no grammar fixed are decided together, by the best path (Viterbi) through three kinds: "P" starts a
paragraph, "C" carries it on, "H" is set for display (headline, kicker, subhead). Three facts about justified Chinese
columns carry most of the weight: a row that ends inside a sentence goes on in the next row, a row in mid-paragraph
fills its column, and only the last row of a paragraph or a display line is short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from operator import add
from string import ascii_lowercase
from typing import NamedTuple

from swsearch.pages.kinds import FLOW, HEAD, PARA
from swsearch.pages.layout import CLOSERS, HANGING, TITLE_SPACE, Row, blank_weight, body_columns, marks_of, row_widths

_NEVER_FIRST = frozenset("的们們者")
_RARELY_FIRST = frozenset("了着著得性化等及之和与與")
_SELDOM_FIRST = _NEVER_FIRST | _RARELY_FIRST | frozenset(ascii_lowercase)
_MARKS = frozenset("，。、；：！？）》”」』,;:")
_NEVER_LAST = frozenset("的和与與及將将把被對对從从並并或於于（《“「『〔【(")
_PAIRS = (("（", "）"), ("《", "》"), ("“", "”"), ("「", "」"))
_BRACKETS = frozenset("（）《》“”「」")
MOST_MARKS = 40  # of a row are looked at; columns have under ten, whole paragraphs in one line more
SEAM_ROWS, SEAM_CHARS = 512, 40_000  # so much at a time is searched: long pages take no longer a row
LEAD_CHARS = 400  # of the next rows are searched for what a headline says
SHORT = 5  # cells under its column from which a row is short: two characters and a half; 4 to 6 score alike

_Three = tuple[float, float, float]
_Six = tuple[float, float, float, float, float, float]


@cache
def weights() -> Mapping[str, float]:
    """The weights of `data/weights.tsv` by name."""
    text = resources.files("swsearch.pages").joinpath("data/weights.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[0]: float(row[1]) for row in rows}


def _is_latin(text: str) -> bool:
    """Whether the row is set in Latin letters, so that columns are ragged."""
    return text.isascii() and any(map(str.isalpha, text))


class _Marks(NamedTuple):
    """What the marks of a row say: `inner`, inside a sentence; `some`, inside or at its end; `sentence`, with Latin
    stops; `stopped`, a full stop or semicolon; how many commas and list commas; `parted`, whether a comma or semicolon
    parts it; `unpaired`, whether a bracket lacks its partner.
    """

    inner: bool
    some: bool
    sentence: bool
    stopped: bool
    commas: int
    listed: int
    parted: bool
    unpaired: bool

    @classmethod
    @lru_cache(maxsize=2048)  # pages have the same few combinations
    def of(cls, marks: str) -> _Marks:
        """What these marks say, in whatever order."""
        commas, listed = marks.count("，") + marks.count(","), marks.count("、")
        stopped = "。" in marks or "；" in marks
        some = bool(commas or listed or stopped or ";" in marks)
        return cls(
            commas > 0 or listed > 0 or ";" in marks,
            some or any(map(marks.__contains__, "：！？")),
            (some and (commas > 0 or stopped or ";" in marks)) or any(map(marks.__contains__, "！？!?.")),
            stopped,
            commas,
            listed,
            "，" in marks or "；" in marks or listed > 0,
            not _BRACKETS.isdisjoint(marks) and any(marks.count(a) != marks.count(b) for a, b in _PAIRS),
        )


class Unwrapper:
    """Scores of kinds and moves over the rows of one page."""

    def __init__(
        self, rows: Sequence[Row], opener: re.Pattern[str], strong: re.Pattern[str], fixed: Sequence[str] = ()
    ) -> None:
        self.w = weights()
        self.rows = rows
        self.clean = clean = [row.clean for row in rows]
        self.strong = strong
        self.hollow = [len(row.text) > len(row.clean) for row in rows]
        self.spaced = sum(self.hollow) > 0.12 * len(rows)
        printed = marks_of(rows)
        self.marks = list(map(_Marks.of, [marks[:MOST_MARKS] for marks in printed]))
        self.width, self.squeezed = row_widths(rows, printed)
        self.columns = body_columns(self.width, [marks.some for marks in self.marks])
        self.says = says = blank_weight(rows)
        self.gaps = [says if row.gap else 0.0 for row in rows]
        self.closed = [row.closed for row in rows]
        self.pauses = [row.pauses for row in rows]
        self.opens = [opener.match(text) is not None for text in clean]
        self.fixed = fixed or [""] * len(rows)
        self.piece = self._find_pieces()
        self.narrow = self._narrow_pairs()
        self.extent = self._extents()
        self.short = [
            width <= (column * 0.6 if text.isascii() and _is_latin(text) else column - SHORT) and not narrow
            for width, column, text, narrow in zip(self.extent, self.columns, clean, self.narrow, strict=False)
        ]
        looks_first = self._look_first()
        self.insets = self._has_insets(looks_first)
        self.first = looks_first if self.insets else [False] * len(rows)

    def _extents(self) -> Sequence[int]:
        """The width of each row with its layout spaces, a cell each; where marks are squeezed, so are the spaces."""
        if self.squeezed or not any(self.hollow):
            return self.width
        return [
            width if part else width + len(row.text) - len(row.clean)
            for width, row, part in zip(self.width, self.rows, self.piece, strict=True)
        ]

    def _find_pieces(self) -> list[bool]:
        """For each row whether it is the rest of a printed line that was broken at a layout space.

        Such a line gives two to four short rows that fill the column together, broken beside a number or behind a mark.
        All of them are then taken to be as wide as the line.
        """
        count, done = len(self.rows), 0
        piece = [False] * count
        for at, (start, column) in enumerate(zip(tuple(self.width), self.columns, strict=True)):
            if start > column - 3 or at < done or self.fixed[at]:
                continue
            begins = at == 0 or self.closed[at - 1] or self.fixed[at - 1] != ""
            if begins and self.clean[at][-1] in CLOSERS:
                continue  # a headline may end so; the first line of a paragraph hardly ever breaks there
            total, end = start, at + 1
            while end < count and end - at < 4 and total <= column - 3 and self._broken_before(end):
                total += self.width[end]
                end += 1
                if -2 <= total - column <= 3 or abs(total - column + 4) <= 2:
                    break
            if self.closed[at] and abs(total - column) > 1:
                continue  # the end of a paragraph and a headline: only an exact fit makes them one line
            if begins and not any(marks.some for marks in self.marks[at:end]):
                continue  # so do two lines of a headline that are parted before a number
            if end - at > 1 and (-2 <= total - column <= 3 or abs(total - column + 4) <= 2):
                piece[at + 1 : end] = [True] * (end - at - 1)
                self.width[at:end] = [total] * (end - at)
                done = end
        return piece

    def _broken_before(self, at: int) -> bool:
        """Whether a printed line can have been broken before this row: at a number, a Latin word or behind a mark."""
        if (self.says > 0.5 and self.rows[at].gap) or self.fixed[at]:
            return False
        if self.closed[at - 1] and self.says < 0.5:
            return False  # the end of a paragraph and a subhead may fill a column too
        a, b = self.rows[at - 1].clean[-1:], self.rows[at].clean[:1]
        return (a in _MARKS and a not in "：:") or (a < "\u0250" and a.isalnum()) or (b < "\u0250" and b.isalnum())

    def kinds(self, fixed: Sequence[str]) -> list[str]:
        """The kind of every row: what `fixed` says, else the best path through each stretch of undecided rows."""
        out = list(fixed)
        heads = self._heads()
        doubtful = self._doubtful(heads)
        self._add_retold(heads, doubtful)
        steps, moves = self._steps(heads), self._moves(self._known_seams(doubtful))
        start = 0
        while start < len(out):
            end = start
            while end < len(out) and not fixed[end]:
                end += 1
            if end > start:
                out[start:end] = self._best_path(start, end, heads[start], steps, moves)
            start = end + 1
        self._demote_unmarked(out)
        return out

    def _has_insets(self, looks_first: Sequence[bool]) -> bool:
        """Whether a paragraph's first row is set in by two characters here (all seeds; hardly any practice page)."""
        at_start = [
            at
            for at in range(1, len(self.rows) - 1)
            if self.closed[at - 1] and self.short[at - 1] and abs(self.columns[at] - self.columns[at - 1]) <= 4
        ]
        return sum(looks_first[at] for at in at_start) * 3 >= len(at_start) if len(at_start) >= 2 else True

    def _look_first(self) -> list[bool]:
        """Whether each row looks like a paragraph's first: two characters short of the column that the next fills."""
        extent, columns = self.extent, self.columns
        return [
            row + 2 <= after
            and row >= 12
            and not closed
            and 3 <= (column := max(here, there)) - row <= 6
            and column - 2 <= after <= column + 6
            for row, after, here, there, closed in zip(
                extent, extent[1:], columns, columns[1:], self.closed, strict=False
            )
        ] + [False] * bool(extent)

    def _narrow_pairs(self) -> list[bool]:
        """For each row, and one more, whether it is as narrow as the one before, a mark in either: a column made narrow
        by a picture."""
        marked = [marks.inner for marks in self.marks]
        width = self.width
        inner = [
            (marked[at] or marked[at - 1]) and -3 <= width[at] - width[at - 1] <= 3 for at in range(1, len(marked))
        ]
        return [False, *inner, False]

    def _best_path(
        self, start: int, end: int, head: float, steps: Sequence[_Three], moves: Sequence[_Six]
    ) -> list[str]:
        """The kinds of the rows from `start` on, before `end`; `head` is what the first one says for H."""
        w = self.w
        resumes = 6.5 if start and not self.closed[start - 1] and not self.rows[start].gap else 0.0
        para = w["line.para"] + (w["line.para_indent"] if self.first[start] else 0.0)
        flow = resumes - 8.0
        came: list[tuple[str, str, str]] = []
        for (step_para, step_flow, step_head), (
            body_para,
            body_head,
            para_flow,
            flow_flow,
            head_head,
            head_para,
        ) in zip(steps[start + 1 : end], moves[start + 1 : end], strict=True):
            body, last = (para, PARA) if para >= flow else (flow, FLOW)
            from_body, from_head = body + body_para, head + head_para
            to_para, from_para = (from_body, last) if from_body >= from_head else (from_head, HEAD)
            from_body, from_head = body + body_head, head + head_head
            to_head, from_h = (from_body, last) if from_body >= from_head else (from_head, HEAD)
            a, b = para + para_flow, flow + flow_flow
            to_flow, from_flow = (a, PARA) if a >= b else (b, FLOW)
            para, flow, head = to_para + step_para, to_flow + step_flow, to_head + step_head
            came.append((from_para, from_flow, from_h))
        if not self.closed[end - 1]:
            broken = w["line.break_open"] / (2 if self.short[end - 1] else 1)
            para += broken
            flow += broken
        kind = HEAD if head > max(para, flow) else PARA if para >= flow else FLOW
        path = [kind]
        for from_para, from_flow, from_h in reversed(came):
            kind = from_para if kind == PARA else from_flow if kind == FLOW else from_h
            path.append(kind)
        return path[::-1]

    def _steps(self, heads: Sequence[float]) -> list[_Three]:
        """What each row itself says for the kinds P, C and H; `heads` as `_heads` gives them."""
        w = self.w
        opener, flow_opener, strong = w["line.opener"], w["line.flow_opener"], w["line.strong_opener"]
        wide, like_first = w["line.flow_wide"], w["line.flow_like_first"]
        out: list[_Three] = []
        for text, head, opens, width, column, looks_first in zip(
            self.clean, heads, self.opens, self.width, self.columns, self.first, strict=True
        ):
            first, second = text[:1], text[1:2]
            goes_on = self._goes_on(first, second) if first in _SELDOM_FIRST or second in _MARKS else 0.0
            if not first.isalnum() and (first in HANGING or not any(map(str.isalnum, text))):
                out.append((-6.0, goes_on + 3.0, -6.0))
                continue
            para, flow, head = -goes_on, goes_on, head - goes_on
            if opens:
                para += opener
                flow += flow_opener
                if self.strong.match(text):
                    flow += strong
                    head += strong
            if column + 3 <= width <= 1.6 * column:
                flow += wide
            if looks_first:
                flow += like_first
            out.append((para, flow, head))
        return out

    def _doubtful(self, heads: Sequence[float]) -> list[int]:
        """The rows that may begin a headline as well as a paragraph: in no sentence, and of no sure look."""
        fixed = self.fixed
        before = True  # whether the row before lets this one begin something
        out = []
        for at, (head, closed) in enumerate(zip(heads, self.closed, strict=True)):
            if before and -1.8 < head < 1.9 and not closed and not fixed[at]:
                out.append(at)
            before = closed or fixed[at] != "" or (before and head > 0)
        return out

    def _add_retold(self, heads: list[float], doubtful: Sequence[int]) -> None:
        """To rows that may be headlines is added how much of them the next rows say again, as leads do.

        Half of the headlines before their bodies have 40 % of their pairs of characters in the next five rows, one of
        ten first rows of paragraphs.
        """
        clean, retold, most = self.clean, self.w["line.head_retold"], self.w["line.head_retold_cap"]
        for at in doubtful:
            text = clean[at]
            begins = at == 0 or self.closed[at - 1] or self.fixed[at - 1]
            if begins and heads[at] > -1.2 and 7 < len(text) <= MOST_MARKS and at + 1 < len(clean):
                after = "\n".join(clean[at + 1 : at + 6])[:LEAD_CHARS]
                pairs = list(map(add, text[::2], text[1::2]))  # every other pair: as good, and half the work
                share = sum(map(after.__contains__, pairs)) / len(pairs)
                if share > 0.2:
                    heads[at] += min(most, retold * (share - 0.2))

    def _known_seams(self, doubtful: Sequence[int]) -> dict[int, bool]:
        """Whether the last character of a row and the first one of the next stand together elsewhere on the page.

        So do two of five neighbouring rows of a column, and one of 200 headlines and first rows of a body: a row that
        might be a headline is so known for the first row of a paragraph. The key is the row behind.
        """
        clean, fixed, seams = self.clean, self.fixed, dict[int, bool]()
        part, text = -1, ""
        for at in doubtful:
            if at + 1 < len(clean) and not fixed[at + 1]:
                a, b = clean[at][-1], clean[at + 1][0]
                if "\u33ff" < a < "\ua000" and "\u33ff" < b < "\ua000":
                    if part != at // SEAM_ROWS:
                        part = at // SEAM_ROWS
                        text = "\n".join(clean[part * SEAM_ROWS : (part + 1) * SEAM_ROWS + 1])[:SEAM_CHARS]
                    seams[at + 1] = a + b in text
        return seams

    def _moves(self, seams: Mapping[int, bool]) -> list[_Six]:
        """The scores of going to each row: body to P, body to H, P to C, C to C, H to H, H to P (H to C is never)."""
        w = self.w
        run, after_head, indent = w["line.head_run"], w["line.para_after_head"], w["line.para_indent"]
        out: list[_Six] = [(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)]
        for at, (piece, gap, first, closed) in enumerate(
            zip(self.piece[1:], self.gaps[1:], self.first[1:], self.closed, strict=False), 1
        ):
            if piece:
                out.append((-4.0, -4.0, 4.0, 4.0, 0.0, -4.0))
                continue
            head_para = after_head + indent if first else after_head
            body = self._after_stop(at, gap) if closed else self._inside_sentence(at, gap)
            out.append((*body, run - 0.4 * gap, head_para))
        for at, known in seams.items():
            to_para, to_head, para_flow, flow_flow, head_head, head_para = out[at]
            if known:
                head_para += w["line.seam_head"]
            else:
                para_flow, flow_flow = para_flow + w["line.seam_not"], flow_flow + w["line.seam_not"]
            out[at] = (to_para, to_head, para_flow, flow_flow, head_head, head_para)
        return out

    def _after_stop(self, at: int, gap: float) -> tuple[float, float, float, float]:
        """The moves from body to row `at` where the row before ends a sentence: to P, to H, P to C, C to C."""
        w, here = self.w, self.rows[at].gap
        full = self.width[at] >= self.columns[at] - 2
        short = self.short[at - 1] and not self.narrow[at]
        body_head = 0.3 if short else 0.0
        if not here and not self.short[at]:
            body_head += self.says * w["line.head_no_gap"]
        flow = (w["line.full_after_stop"] if full else -1.0) - (3.0 if short else 0.0) - 1.5 * gap
        body_para = w["line.para"] + (w["line.para_after_short"] if short else 0.0) + gap * w["line.para_blank"]
        if self.first[at]:
            body_para += w["line.para_indent"]
        elif full:
            body_para += w["line.para_full"]
        if not here and not short:
            body_para -= 2 * self.says
        return body_para, body_head, flow, flow

    def _inside_sentence(self, at: int, gap: float) -> tuple[float, float, float, float]:
        """The same where the row before ends inside a sentence."""
        w, width, wide, pauses = self.w, self.width[at], self.width[at - 1], self.pauses[at - 1]
        soft = not pauses and self.short[at - 1] and not self.narrow[at]
        flow = w["line.flow"] - gap
        if pauses:
            flow += w["line.flow_pause"]
        if self.rows[at].indent:
            flow += w["line.flow_box"]
        if not self.marks[at].some and width + wide >= 40 and not self.marks[at - 1].some:
            flow += w["line.flow_unmarked"]
        para_flow = flow_flow = flow
        if soft:
            body_para, body_head = w["line.para_after_short_open"], w["line.head_after_short_open"]
            if abs(wide + width - self.columns[at]) > 3:  # else: halves of one line
                para_flow += w["line.short_open"]
                flow_flow += w["line.short_open"]
        else:
            body_para, body_head = w["line.para_after_open"], w["line.head_after_open"]
            if not pauses and wide <= self.columns[at - 1] - 3:
                para_flow += w["line.first_odd"]
        if self.clean[at - 1][-1:] in "：:":
            body_para = -1.0
        if self.first[at - 1]:
            para_flow = flow + w["line.flow_first"]
        return body_para, body_head, para_flow, flow_flow

    def _goes_on(self, first: str, second: str) -> float:
        """How much the first characters say that the row carries on a sentence: 的…, or a mark after one character."""
        if first in _NEVER_FIRST:
            return self.w["line.first_never"]
        if second in _MARKS and first not in "一二三四五六七八九十":
            return self.w["line.first_stub"]
        if first in _RARELY_FIRST:
            return self.w["line.first_rarely"]
        return self.w["line.first_stub"] if "a" <= first <= "z" else 0.0

    def _heads(self) -> list[float]:
        """How much each row alone looks like a display line."""
        w = self.w
        alone, plain = w["line.head"], w["line.head"] + w["line.head_plain"]
        pause, stop_inside = alone + w["line.head_pause"], alone + w["line.head_stop_inside"]
        comma, listed = w["line.head_comma"], w["line.head_list"]
        opener, blank, never_last = w["line.head_opener"], w["line.head_blank"], w["line.head_never_last"]
        out: list[float] = []
        for row, text, marks, closed, opens, gap, looks in zip(
            self.rows, self.clean, self.marks, self.closed, self.opens, self.gaps, self._looks(), strict=True
        ):
            if closed:
                score = alone
                score += w["line.head_closed"] if text[-1] in "。…—" else (-1.0 if len(text) < 30 else -4.0)
            elif row.pauses:
                out.append(pause)
                continue
            elif marks.stopped:
                out.append(stop_inside)
                continue
            else:
                score = plain
            score += marks.commas * comma + marks.listed * listed + gap * blank + looks
            if text[:1] in HANGING:
                score -= 6.0
            if opens:
                score += opener
            if text[-1:] in _NEVER_LAST:
                score += never_last
            elif marks.unpaired:
                score += w["line.head_ends_inside"]
            out.append(score)
        return out

    def _looks(self) -> list[float]:
        """How much the width and the spaces of each row are those of a display line."""
        w = self.w
        like_first, is_short, wide = w["line.head_like_first"], w["line.head_short"], w["line.head_wide"]
        out: list[float] = []
        for row, first, short, narrow, next_narrow, width, column, hollow, marks in zip(
            self.rows,
            self.first,
            self.short,
            self.narrow,
            self.narrow[1:],
            self.width,
            self.columns,
            self.hollow,
            self.marks,
            strict=False,
        ):
            score = 0.0
            if first:
                score = like_first
            elif short:
                if not (narrow or next_narrow):
                    score = is_short
            elif width >= column + 4:
                score = wide if row.width < 70 else -1.0
            if row.width > 76:
                score -= 2.0
            if hollow and not marks.parted and (not self.spaced or TITLE_SPACE.search(row.text)):
                score += w["line.head_space"]
            out.append(score)
        return out

    def _demote_unmarked(self, kinds: list[str]) -> None:
        """A paragraph of up to four rows without any mark of a sentence is no paragraph but display lines."""
        at = 0
        while at < len(kinds):
            if kinds[at] != PARA:
                at += 1
                continue
            end = at + 1
            while end < len(kinds) and kinds[end] == FLOW:
                end += 1
            if end - at <= 4 and not any(marks.sentence for marks in self.marks[at:end]):
                kinds[at:end] = [HEAD] * (end - at)
            at = end
