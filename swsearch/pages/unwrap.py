"""Which rows carry on the row before them: start of a paragraph, its continuation, or a display line.

The rows that no grammar fixed are decided together, by the best path (Viterbi) through three kinds: "P" starts a
paragraph, "C" carries it on, "H" is set for display (headline, kicker, subhead). Three facts about justified Chinese
columns carry most of the weight: a row that ends inside a sentence goes on in the next row, a row in mid-paragraph
fills its column, and only the last row of a paragraph or a display line is short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from swsearch.pages.kinds import FLOW, HEAD, PARA
from swsearch.pages.layout import HANGING, TITLE_SPACE, Row, blank_weight, column_widths, row_widths

_NEVER_FIRST = frozenset("的们們者")
_RARELY_FIRST = frozenset("了着著得性化等及之")
_MARKS = frozenset("，。、；：！？）》”」』,;:")
_MARK = re.compile("[，。、；：！？,;]")
_INNER = re.compile("[，、；,]")
_SENTENCE_MARK = re.compile("[。，！？；!?;,.]")
_BRACKET = re.compile("[（）《》“”「」]")
_NEVER_LAST = frozenset("的和与與及將将把被對对從从並并或於于（《“「『〔【(")
_PAIRS = (("（", "）"), ("《", "》"), ("“", "”"), ("「", "」"))
SHORT = 5  # cells under its column from which a row is short: two characters and a half; 4 to 6 score alike


@cache
def weights() -> Mapping[str, float]:
    """The weights of `data/weights.tsv` by name."""
    text = resources.files("swsearch.pages").joinpath("data/weights.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[0]: float(row[1]) for row in rows}


def _is_latin(text: str) -> bool:
    """Whether the row is set in Latin letters, so that columns are ragged."""
    return text.isascii() and any(map(str.isalpha, text))


class Unwrapper:
    """Scores of kinds and moves over the rows of one page."""

    def __init__(self, rows: Sequence[Row], opener: re.Pattern[str], strong: re.Pattern[str]) -> None:
        self.rows = rows
        self.clean = clean = [row.clean for row in rows]
        self.strong = strong
        spaced = sum(1 for row in rows if len(row.text) > len(row.clean))
        self.spaced = spaced > 0.12 * len(rows)
        self.width = row_widths(rows)
        self.columns = column_widths(self.width)
        self.says = blank_weight(rows)
        self.closed = [row.closed for row in rows]
        self.opens = [opener.match(text) is not None for text in clean]
        self.piece = self._find_pieces()
        self.narrow = self._narrow_pairs()
        self.short = [
            width <= (column * 0.6 if text.isascii() and _is_latin(text) else column - SHORT) and not narrow
            for width, column, text, narrow in zip(self.width, self.columns, clean, self.narrow, strict=False)
        ]
        self.insets = True
        self.insets = self._has_insets()
        self.first = [self._looks_first(at) for at in range(len(rows))]
        self.w = weights()

    def _find_pieces(self) -> list[bool]:
        """For each row whether it is the rest of a printed line that was broken at a layout space.

        Such a line gives two to four short rows that fill the column together, broken beside a number or behind a mark.
        All of them are then taken to be as wide as the line.
        """
        count = len(self.rows)
        piece = [False] * count
        at = 0
        while at < count - 1:
            column, total, end = self.columns[at], self.width[at], at + 1
            while end < count and end - at < 4 and total <= column - 3 and self._broken_before(end):
                total += self.width[end]
                end += 1
                if -2 <= total - column <= 3 or abs(total - column + 4) <= 2:
                    break
            if self.closed[at] and abs(total - column) > 1:
                end = at + 1  # the end of a paragraph and a headline: only an exact fit makes them one line
            if end - at > 1 and (-2 <= total - column <= 3 or abs(total - column + 4) <= 2):
                piece[at + 1 : end] = [True] * (end - at - 1)
                self.width[at:end] = [total] * (end - at)
                at = end
            else:
                at += 1
        return piece

    def _broken_before(self, at: int) -> bool:
        """Whether a printed line can have been broken before this row: at a number, a Latin word or behind a mark."""
        if self.says > 0.5 and self.rows[at].gap:
            return False
        if self.closed[at - 1] and self.says < 0.5:
            return False  # the end of a paragraph and a subhead may fill a column too
        a, b = self.rows[at - 1].clean[-1:], self.rows[at].clean[:1]
        return (a in _MARKS and a not in "：:") or (a < "\u0250" and a.isalnum()) or (b < "\u0250" and b.isalnum())

    def kinds(self, fixed: Sequence[str]) -> list[str]:
        """The kind of every row: what `fixed` says, else the best path through each stretch of undecided rows."""
        out = list(fixed)
        start = 0
        while start < len(out):
            end = start
            while end < len(out) and not fixed[end]:
                end += 1
            if end > start:
                out[start:end] = self._best_path(start, end)
            start = end + 1
        self._demote_unmarked(out)
        return out

    def _has_insets(self) -> bool:
        """Whether a paragraph's first row is set in by two characters here (all seeds; hardly any practice page)."""
        at_start = [
            at
            for at in range(1, len(self.rows) - 1)
            if self.closed[at - 1] and self.short[at - 1] and abs(self.columns[at] - self.columns[at - 1]) <= 4
        ]
        seen = sum(self._looks_first(at) for at in at_start)
        return seen * 3 >= len(at_start) if len(at_start) >= 2 else True

    def _looks_first(self, at: int) -> bool:
        """Whether the row looks like a paragraph's first: two characters short of the column that the next fills."""
        if not self.insets or at + 1 >= len(self.rows) or self.closed[at]:
            return False
        row, after = self.width[at], self.width[at + 1]
        if row < 12 or after < row + 2:
            return False
        column = max(self.columns[at], self.columns[at + 1])
        return 3 <= column - row <= 6 and column - 2 <= after <= column + 6

    def _narrow_pairs(self) -> list[bool]:
        """For each row, and one more, whether it is as narrow as the one before, a mark in either: a column made narrow
        by a picture."""
        marked = [_INNER.search(text) is not None for text in self.clean]
        width = self.width
        inner = [
            (marked[at] or marked[at - 1]) and -3 <= width[at] - width[at - 1] <= 3 for at in range(1, len(marked))
        ]
        return [False, *inner, False]

    def _best_path(self, start: int, end: int) -> list[str]:
        w = self.w
        resumes = 6.5 if start and not self.closed[start - 1] and not self.rows[start].gap else 0.0
        para = w["line.para"] + (w["line.para_indent"] if self.first[start] else 0.0)
        flow, head = resumes - 8.0, self._head(start)
        came: list[tuple[str, str, str]] = []
        for at in range(start + 1, end):
            step_para, step_flow, step_head = self._steps(at)
            body_para, body_head, para_flow, flow_flow, head_head, head_para = self._moves(at)
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

    def _steps(self, at: int) -> tuple[float, float, float]:
        """What row `at` itself says for the kinds P, C and H."""
        w, text = self.w, self.clean[at]
        first = text[:1]
        goes_on = self._goes_on(text)
        if not first.isalnum() and (first in HANGING or not any(map(str.isalnum, text))):
            return -6.0, goes_on + 3.0, -6.0
        para, flow, head = -goes_on, goes_on, self._head(at) - goes_on
        if self.opens[at]:
            para += w["line.opener"]
            flow += w["line.flow_opener"]
            if self.strong.match(text):
                flow += w["line.strong_opener"]
                head += w["line.strong_opener"]
        if self.columns[at] + 3 <= self.width[at] <= 1.6 * self.columns[at]:
            flow += w["line.flow_wide"]
        if self.first[at]:
            flow += w["line.flow_like_first"]
        return para, flow, head

    def _moves(self, at: int) -> tuple[float, float, float, float, float, float]:
        """The scores of going to row `at`: body to P, body to H, P to C, C to C, H to H, H to P (H to C is never)."""
        if self.piece[at]:
            return -4.0, -4.0, 4.0, 4.0, 0.0, -4.0
        w, row, before = self.w, self.rows[at], self.rows[at - 1]
        gap = self.says if row.gap else 0.0
        first, width, column = self.first[at], self.width[at], self.columns[at]
        head_head = w["line.head_run"] - 0.4 * gap
        head_para = w["line.para_after_head"] + (w["line.para_indent"] if first else 0.0)
        short = self.short[at - 1] and not self.narrow[at]
        if before.closed:
            full = width >= column - 2
            body_head = 0.3 if short else 0.0
            if not row.gap and not self.short[at]:
                body_head += self.says * w["line.head_no_gap"]
            flow = (w["line.full_after_stop"] if full else -1.0) - (3.0 if short else 0.0) - 1.5 * gap
            body_para = w["line.para"] + (w["line.para_after_short"] if short else 0.0) + gap * w["line.para_blank"]
            if first:
                body_para += w["line.para_indent"]
            elif full:
                body_para += w["line.para_full"]
            if not row.gap and not short:
                body_para -= 2 * self.says
            return body_para, body_head, flow, flow, head_head, head_para
        pauses, wide = before.pauses, self.width[at - 1]
        soft = short and not pauses
        body_para = w["line.para_after_short_open"] if soft else w["line.para_after_open"]
        if before.clean[-1:] in "：:":
            body_para = -1.0
        body_head = w["line.head_after_short_open"] if soft else w["line.head_after_open"]
        flow = w["line.flow"] + (w["line.flow_pause"] if pauses else 0.0) - gap
        if row.indent:
            flow += w["line.flow_box"]
        if width + wide >= 40 and not (_MARK.search(row.clean) or _MARK.search(before.clean)):
            flow += w["line.flow_unmarked"]
        para_flow = flow_flow = flow
        if soft and abs(wide + width - column) > 3:  # else: halves of one line
            para_flow += w["line.short_open"]
            flow_flow += w["line.short_open"]
        elif not soft and not pauses and wide <= self.columns[at - 1] - 3:
            para_flow += w["line.first_odd"]
        if self.first[at - 1]:
            para_flow = flow + w["line.flow_first"]
        return body_para, body_head, para_flow, flow_flow, head_head, head_para

    def _goes_on(self, text: str) -> float:
        """How much the first characters say that the row carries on a sentence: 的…, or a mark after one character."""
        first = text[:1]
        if first in _NEVER_FIRST:
            return self.w["line.first_never"]
        if text[1:2] in _MARKS and first not in "一二三四五六七八九十":
            return self.w["line.first_stub"]
        if first in _RARELY_FIRST:
            return self.w["line.first_rarely"]
        return self.w["line.first_stub"] if "a" <= first <= "z" else 0.0

    def _head(self, at: int) -> float:
        """How much the row alone looks like a display line."""
        w, row = self.w, self.rows[at]
        text = row.clean
        score = w["line.head"]
        if row.closed:
            score += w["line.head_closed"] if text[-1] in "。…—" else (-1.0 if len(text) < 30 else -4.0)
        elif row.pauses:
            return score + w["line.head_pause"]
        elif "。" in text or "；" in text:
            return score + w["line.head_stop_inside"]
        else:
            score += w["line.head_plain"]
        listed = text.count("、")
        score += (text.count("，") + text.count(",")) * w["line.head_comma"] + listed * w["line.head_list"]
        if self.first[at]:
            score += w["line.head_like_first"]
        elif self.short[at]:
            if not (self.narrow[at] or self.narrow[at + 1]):
                score += w["line.head_short"]
        elif self.width[at] >= self.columns[at] + 4:
            score += w["line.head_wide"] if row.width < 70 else -1.0
        if row.gap:
            score += self.says * w["line.head_blank"]
        if row.width > 76:
            score -= 2.0
        parted = len(row.text) > len(text) and (not self.spaced or TITLE_SPACE.search(row.text) is not None)
        if parted and not (listed or "，" in text or "；" in text):
            score += w["line.head_space"]
        if text[:1] in HANGING:
            score -= 6.0
        if self.opens[at]:
            score += w["line.head_opener"]
        if text[-1:] in _NEVER_LAST:
            score += w["line.head_never_last"]
        elif _BRACKET.search(text) and any(text.count(a) != text.count(b) for a, b in _PAIRS):
            score += w["line.head_ends_inside"]
        return score

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
            if end - at <= 4 and not any(map(_SENTENCE_MARK.search, self.clean[at:end])):
                kinds[at:end] = [HEAD] * (end - at)
            at = end
