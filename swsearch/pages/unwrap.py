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

_KINDS = (PARA, FLOW, HEAD)
_NEVER_FIRST = frozenset("的们們者")
_RARELY_FIRST = frozenset("了着著得性化等及之")
_MARKS = frozenset("，。、；：！？）》”」』,;:")
_MARK = re.compile("[，。、；：！？,;]")
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
    return sum("A" <= char.upper() <= "Z" for char in text) * 2 > len(text)


class Unwrapper:
    """Scores of kinds and moves over the rows of one page."""

    def __init__(self, rows: Sequence[Row], opener: re.Pattern[str], strong: re.Pattern[str]) -> None:
        self.rows = rows
        self.opener = opener
        self.strong = strong
        spaced = sum(1 for row in rows if len(row.text) > len(row.clean))
        self.spaced = spaced > 0.12 * len(rows)
        self.width = row_widths(rows)
        self.columns = column_widths(self.width)
        self.says = blank_weight(rows)
        self.closed = [row.closed for row in rows]
        self.piece = self._find_pieces()
        self.short = [
            width <= (column * 0.6 if _is_latin(rows[at].clean) else column - SHORT) and not self._narrow_pair(at)
            for at, (width, column) in enumerate(zip(self.width, self.columns, strict=True))
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
                if -2 <= total - column <= 3 or abs(total - column + 4) <= 1:
                    break
            if end - at > 1 and (-2 <= total - column <= 3 or abs(total - column + 4) <= 1):
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
        """Whether the row looks like a paragraph's first: two characters short of the column that the next row fills."""
        if not self.insets or at + 1 >= len(self.rows) or self.closed[at]:
            return False
        row, after = self.width[at], self.width[at + 1]
        if row < 12 or after < row + 2:
            return False
        column = max(self.columns[at], self.columns[at + 1])
        return 3 <= column - row <= 6 and column - 2 <= after <= column + 6

    def _narrow_pair(self, at: int) -> bool:
        """Whether rows at-1 and at are as narrow as each other, a mark inside: a column made narrow by a picture."""
        if not 0 < at < len(self.rows):
            return False
        a, b = self.rows[at - 1].clean, self.rows[at].clean
        return abs(self.width[at - 1] - self.width[at]) <= 3 and any(mark in a or mark in b for mark in "，、；,")

    def _best_path(self, start: int, end: int) -> list[str]:
        w = self.w
        resumes = 6.5 if start and not self.closed[start - 1] and not self.rows[start].gap else 0.0
        scores = {
            PARA: w["line.para"] + (w["line.para_indent"] if self.first[start] else 0.0),
            HEAD: self._head(start),
            FLOW: -8.0 + resumes,
        }
        came: list[dict[str, str]] = []
        for at in range(start + 1, end):
            text = self.rows[at].clean
            goes_on = self._goes_on(text)
            hangs = text[:1] in HANGING or not any(char.isalnum() for char in text)
            step = {
                PARA: -6.0 if hangs else (w["line.opener"] if self.opener.match(text) else 0.0) - goes_on,
                FLOW: goes_on + (3.0 if hangs else 0.0),
                HEAD: -6.0 if hangs else self._head(at) - goes_on,
            }
            if self.opener.match(text):
                step[FLOW] += w["line.flow_opener"]
            if self.columns[at] + 3 <= self.width[at] <= 1.6 * self.columns[at]:
                step[FLOW] += w["line.flow_wide"]
            if self.first[at]:
                step[FLOW] += w["line.flow_like_first"]
            if self.strong.match(text):
                step[FLOW] += w["line.strong_opener"]
                step[HEAD] += w["line.strong_opener"]
            new: dict[str, float] = {}
            back: dict[str, str] = {}
            for kind in _KINDS:
                best, back[kind] = max((scores[last] + self._move(at, last, kind), last) for last in _KINDS)
                new[kind] = best + step[kind]
            scores = new
            came.append(back)
        if not self.closed[end - 1]:
            broken = w["line.break_open"] / (2 if self.short[end - 1] else 1)
            scores[PARA] += broken
            scores[FLOW] += broken
        kind = max(_KINDS, key=lambda name: scores[name])
        path = [kind]
        for back in reversed(came):
            kind = back[kind]
            path.append(kind)
        return path[::-1]

    def _goes_on(self, text: str) -> float:
        """How much the first characters say that the row carries on a sentence: 的…, or a mark after one character."""
        if text[:1] in _NEVER_FIRST:
            return self.w["line.first_never"]
        if "a" <= text[:1] <= "z":
            return self.w["line.first_stub"]
        if text[1:2] in _MARKS and text[0] not in "一二三四五六七八九十":
            return self.w["line.first_stub"]
        return self.w["line.first_rarely"] if text[:1] in _RARELY_FIRST else 0.0

    def _head(self, at: int) -> float:
        """How much the row alone looks like a display line."""
        w, row = self.w, self.rows[at]
        text = row.clean
        score = w["line.head"]
        if self.closed[at]:
            score += w["line.head_closed"] if text[-1] in "。…—" else (-1.0 if len(text) < 30 else -4.0)
        elif row.pauses:
            score += w["line.head_pause"]
        elif "。" in text or "；" in text:
            score += w["line.head_stop_inside"]
        else:
            score += w["line.head_plain"]
        score += (text.count("，") + text.count(",")) * w["line.head_comma"] + text.count("、") * w["line.head_list"]
        if self.first[at]:
            score += w["line.head_like_first"]
        elif self.short[at]:
            if not (self._narrow_pair(at) or self._narrow_pair(at + 1)):
                score += w["line.head_short"]
        elif self.width[at] >= self.columns[at] + 4:
            score += w["line.head_wide"] if row.width < 70 else -1.0
        if row.gap:
            score += self.says * w["line.head_blank"]
        if row.width > 76:
            score -= 2.0
        if TITLE_SPACE.search(row.text) or (not self.spaced and len(row.text) > len(text)):
            if not any(mark in text for mark in "，、；"):
                score += w["line.head_space"]
        if text[:1] in HANGING:
            score -= 6.0
        if self.opener.match(text):
            score += w["line.head_opener"]
        if text[-1:] in _NEVER_LAST:
            score += w["line.head_never_last"]
        elif any(text.count(a) != text.count(b) for a, b in _PAIRS):
            score += w["line.head_ends_inside"]
        return score

    def _move(self, at: int, last: str, kind: str) -> float:
        """The score of going from row at-1, taken as `last`, to row `at`, taken as `kind`."""
        w, row, before = self.w, self.rows[at], self.rows[at - 1]
        gap = self.says if row.gap else 0.0
        if self.piece[at]:
            return 4.0 if kind == FLOW and last != HEAD else 0.0 if last == kind == HEAD else -4.0
        if last == HEAD:
            if kind == FLOW:
                return -1e6
            if kind == HEAD:
                return w["line.head_run"] - 0.4 * gap
            return w["line.para_after_head"] + (w["line.para_indent"] if self.first[at] else 0.0)
        short = self.short[at - 1] and not self._narrow_pair(at)
        if self.closed[at - 1]:
            return self._move_from_closed(at, kind, short, gap)
        if kind == FLOW:
            return self._flow(at, last, short, gap)
        soft = short and not before.pauses
        if kind == PARA:
            if before.clean[-1:] in "：:":
                return -1.0
            return w["line.para_after_short_open"] if soft else w["line.para_after_open"]
        return w["line.head_after_short_open"] if soft else w["line.head_after_open"]

    def _flow(self, at: int, last: str, short: bool, gap: float) -> float:
        """The score of row `at` carrying on a row that ends inside a sentence."""
        w, row, before = self.w, self.rows[at], self.rows[at - 1]
        score = w["line.flow"] + (w["line.flow_pause"] if before.pauses else 0.0) - 1.0 * gap
        if last == PARA and self.first[at - 1]:
            score += w["line.flow_first"]
        elif short and not before.pauses:
            if abs(self.width[at - 1] + self.width[at] - self.columns[at]) > 3:  # else: halves of one line
                score += w["line.short_open"]
        elif last == PARA and not before.pauses and self.width[at - 1] <= self.columns[at - 1] - 3:
            score += w["line.first_odd"]
        if row.indent:
            score += w["line.flow_box"]
        if self.width[at] + self.width[at - 1] >= 40 and not (_MARK.search(row.clean) or _MARK.search(before.clean)):
            score += w["line.flow_unmarked"]
        return score

    def _move_from_closed(self, at: int, kind: str, short: bool, gap: float) -> float:
        """The score of a move after the end of a sentence."""
        w, row = self.w, self.rows[at]
        if kind == HEAD:
            return (0.3 if short else 0.0) + (0.0 if row.gap or self.short[at] else self.says * w["line.head_no_gap"])
        full = self.width[at] >= self.columns[at] - 2
        if kind == FLOW:
            return (w["line.full_after_stop"] if full else -1.0) - (3.0 if short else 0.0) - 1.5 * gap
        score = w["line.para"] + (w["line.para_after_short"] if short else 0.0) + gap * w["line.para_blank"]
        if self.first[at]:
            score += w["line.para_indent"]
        elif full:
            score += w["line.para_full"]
        if not row.gap and not short:
            score -= 2 * self.says
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
            if end - at <= 4 and not any(mark in row.clean for row in self.rows[at:end] for mark in "。，！？；!?;,."):
                kinds[at:end] = [HEAD] * (end - at)
            at = end
