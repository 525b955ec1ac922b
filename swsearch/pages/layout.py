"""Rows of a page: its printed lines with their width, gaps and place, and how rows are joined to text again.

A row is a line without outer white space, or a part of one where a line holds two things (two teasers, the end of a
body and its credit). Every character of the page that is not white space belongs to exactly one row, so that whoever
hands out rows hands out the whole page once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

CLOSERS = "”’」』）】〕》〉)]\"'"
ENDERS = "。！？!?…"
PAUSES = "，、；,;"
_MAY_CLOSE = frozenset([*CLOSERS, *ENDERS, ".", "—"])
# Characters that never begin a line of their own: they belong to what stands before them.
HANGING = frozenset("，。、；：！？”’」』）】〕》〉…,.;:!?)]%％")


@dataclass(slots=True)  # not frozen: hundreds are made a page, and that sets each field slower
class Row:
    """A printed line or a part of one; `line`, `start` and `end` are 1-based, `end` included.

    `raw` is what the page has, `text` the same after repair, `clean` without layout spaces; `width` is that of
    `clean` in cells (a full-width character counts two). `gap` counts the blank lines before the row; `indent` says
    that white space stood before it; `closed` that a sentence ends with it; `pauses` that it ends at a comma.
    """

    line: int
    start: int
    end: int
    raw: str
    text: str
    clean: str
    width: int
    gap: int
    indent: bool
    closed: bool
    pauses: bool


def is_closed(text: str) -> bool:
    """Whether `text` ends a sentence."""
    at = len(text)
    while at and text[at - 1] in CLOSERS:
        at -= 1
    if not at:
        return False
    if text[at - 1] == ".":
        return at > 1 and text[at - 2] < "\u0250"
    return text[at - 1] in ENDERS or (text.endswith("——") and at == len(text))


def cells(text: str) -> int:
    """The width of `text` in cells: two for each character outside Latin-1, quotes and dashes included."""
    return 2 * len(text) - len(text.encode("latin-1", "ignore"))


_LAYOUT_SPACE = re.compile("[ \t\xa0\u3000]")
_LATIN_GAP = re.compile(r"[!-~]\s+[!-~]")
_SPACES = re.compile(r"\s+")
_LATIN_LINES = re.compile(r"\n(?<=[!-~]\n)\n*[!-~]")  # begins with a line feed: all else is passed over at once


def drop_layout_spaces(text: str) -> str:
    """`text` without the spaces that a layout puts around digits, marks and Han; those between Latin words stay."""
    if not _LAYOUT_SPACE.search(text):
        return text
    if not _LATIN_GAP.search(text):
        return "".join(text.split())
    out: list[str] = []
    at = 0
    for match in _SPACES.finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
        if match.start() and at < len(text) and _keeps_space(text, match.start() - 1, at):
            out.append(" ")
    out.append(text[at:])
    return "".join(out)


def _keeps_space(text: str, left: int, right: int) -> bool:
    """A space stays between two ASCII tokens one of which is a word: "SOCIAL WORK", "v. 2", not "2024 年", "3 %"."""
    a, b = text[left], text[right]
    if a > "\x7f" or b > "\x7f" or not (a.isalnum() or a in ".,;:!?)\"'") or not (b.isalnum() or b in "(\"'"):
        return False
    return any(char.isalpha() for char in text[max(0, left - 2) : left + 1] + text[right : right + 3] if char < "\x80")


def join(parts: Sequence[str]) -> str:
    """Lines of one paragraph as one text: nothing between Han, a space between Latin words."""
    if not _LATIN_LINES.search("\n".join(parts)):
        return "".join(parts)
    out: list[str] = []
    tail = ""  # the last three characters so far: all that counts
    for part in parts:
        if tail and part and _keeps_space(tail + part[:3], len(tail) - 1, len(tail)):
            out.append(" ")
            tail += " "
        out.append(part)
        tail = part[-3:] if len(part) > 2 else (tail + part)[-3:]
    return "".join(out)


TITLE_SPACE = re.compile(  # the class comes first, so that a search passes over all else at once
    r"[ \u3000\xa0](?<=[^\s\x00-\x7f，。、；：！？（《“‘「『—…].)[ \u3000\xa0]*"
    r"(?=[^\s\x00-\x7f，。、；：！？）》”’」』—…])"
)


def clean_title(text: str) -> str:
    """One headline line without layout spaces; a space between two Han parts of it stays."""
    marked = TITLE_SPACE.sub("\ue000", text)
    return drop_layout_spaces(marked).replace("\ue000", " ")


def rows_of(lines: Sequence[str], repaired: Sequence[str] | None = None) -> list[Row]:
    """All rows of the page, one a line that is not blank, in the order of the file."""
    rows: list[Row] = []
    gap = 0
    places: list[tuple[int, int, str, int]] = []  # line, column, what the page has, blank lines before it
    texts: list[str] = []
    for number, (raw, text) in enumerate(zip(lines, repaired or lines, strict=True), 1):
        body = raw.strip()
        if not body:
            gap += 1
            continue
        start = 0
        if len(body) != len(raw):
            start = len(raw) - len(raw.lstrip())
            gap += "\f" in raw[:start]
            text = text[start : start + len(body)]
        places.append((number, start, body, gap))
        texts.append(text)
        gap = 0
    cleans = _clean(texts)
    # Of all rows at once: what a character of Latin-1 takes less than two cells.
    narrow = "\n".join(cleans).encode("latin-1", "ignore").split(b"\n")
    for (number, start, body, gap), text, clean, less in zip(places, texts, cleans, narrow, strict=False):
        width = 2 * len(clean) - len(less)
        last = clean[-1:]
        pauses = last in PAUSES
        closed = last in _MAY_CLOSE and not pauses and (last in ENDERS or is_closed(clean))
        end = start + len(body)
        rows.append(Row(number, start + 1, end, body, text, clean, width, gap, start > 0, closed, pauses))
    return rows


def _clean(texts: Sequence[str]) -> list[str]:
    """The texts without layout spaces; most pages and most rows have none."""
    if not _LAYOUT_SPACE.search("\n".join(texts)):
        return list(texts)
    return [drop_layout_spaces(text) if len(text.split(None, 1)) > 1 else text for text in texts]


def make_row(line: int, start: int, end: int, raw: str, text: str, gap: int) -> Row:
    """The row of `raw[start:end]`, whose repaired form is `text[start:end]`."""
    end = start + len(raw[start:end].rstrip())
    start = end - len(raw[start:end].lstrip())
    return _row(line, start, raw[start:end], text[start:end], gap)


def _row(line: int, start: int, raw: str, text: str, gap: int) -> Row:
    """The row of `raw`, which has no outer white space and stands at column `start` (from 0)."""
    clean = drop_layout_spaces(text)
    width = cells(clean)
    last = clean[-1:]
    pauses = last in PAUSES
    closed = last in _MAY_CLOSE and not pauses and is_closed(clean)
    return Row(line, start + 1, start + len(raw), raw, text, clean, width, gap, start > 0, closed, pauses)


def cut_row(row: Row, places: Sequence[int]) -> list[Row]:
    """`row` cut before each of the characters at `places`, ascending; no part may be without characters."""
    move = row.start - 1
    parts = []
    for start, end in pairwise((0, *places, len(row.raw))):
        part = make_row(row.line, start, end, row.raw, row.text, row.gap if not start else 0)
        indent = row.indent and not start
        parts.append(replace(part, start=part.start + move, end=part.end + move, indent=indent))
    return parts


def blank_weight(rows: Sequence[Row]) -> float:
    """How much a blank line says on this page, 0 to 1: much where few rows have one before them, nothing where most do.

    Pages pulled with a blank line after every line (seeds 000, 001; practice 003, 005) have one before 80 % of the
    rows, the others before 15 to 30 %.
    """
    if len(rows) < 3:
        return 1.0
    share = sum(1 for row in rows[1:] if row.gap) / (len(rows) - 1)
    return min(1.0, max(0.0, (0.6 - share) / 0.2)) if share else 0.0


_NOT_MARK = re.compile("[^\n，。、；：！？“”‘’（）《》「」『』〈〉【】〔〕,;.!?]+")


def marks_of(rows: Sequence[Row]) -> list[str]:
    """For each row its marks, full-width and half-width, and nothing else: in one pass, as most rows have few."""
    return _NOT_MARK.sub("", "\n".join([row.clean for row in rows])).split("\n")[: len(rows)]


def row_widths(rows: Sequence[Row], marks: Sequence[str]) -> tuple[list[int], bool]:
    """The width of each row in cells, with marks counted as the page sets them, and whether that is half a character.

    Founder pages squeeze quotes, brackets, commas and stops to one cell (the five seeds and nmrb: neighbouring rows of
    a column then differ by 0.5 cells instead of 1.1), other pages do not (the practice pages). Whichever makes the rows
    of a column more alike is taken. `marks` is what `marks_of` says.
    """
    full = [row.width for row in rows]
    narrow = "\n".join(marks).encode("latin-1", "ignore").split(b"\n")
    half = [
        row.width - len(mark) + len(less) + (len(row.text) - len(row.clean)) // 2 if row.width > 1 else row.width
        for row, mark, less in zip(rows, marks, narrow, strict=False)
    ]
    apart_full = apart_half = 0
    for at in range(1, len(rows) - 1):
        here = full[at]
        if here < 20 or abs(here - full[at - 1]) > 7 or abs(here - full[at + 1]) > 7 or rows[at].closed:
            continue
        apart_full += abs(2 * here - full[at - 1] - full[at + 1])
        apart_half += abs(2 * half[at] - half[at - 1] - half[at + 1])
    return (half, True) if apart_half < apart_full else (full, False)


_WIDEST = 250  # cells
# Of each width, in hundredths: what the rows in reach say for it (one within two cells speaks for it too), and a little
# for being wide. Too narrow ones stay under 0; -1 and -2 wrap round to the unused end.
_FOR_BEING_WIDE = tuple(width - (width < 8) * 10**9 for width in range(_WIDEST + 3))


def column_widths(widths: Sequence[int], reach: int = 6) -> list[int]:
    """For each row the width of the column it stands in, in cells: the widest width that most rows near it share.

    Rows of a column differ a little (digits, squeezed marks), so widths within two cells speak for each other.
    """
    # What a row says for its width, for those one cell away and for those two cells away.
    full, near, far = 100, 70, 30
    capped = [width if width < _WIDEST else _WIDEST for width in widths]
    scores = list(_FOR_BEING_WIDE)
    score_of = scores.__getitem__
    out: list[int] = []
    best, size = -1, len(capped)
    for at in range(-reach, size):
        comes = capped[at + reach] if at + reach < size else -1
        goes = capped[at - reach - 1] if at > reach else -1
        if goes != comes or not at:
            if comes >= 0:
                scores[comes - 2] += far
                scores[comes - 1] += near
                scores[comes] += full
                scores[comes + 1] += near
                scores[comes + 2] += far
            if goes >= 0:
                scores[goes - 2] -= far
                scores[goes - 1] -= near
                scores[goes] -= full
                scores[goes + 1] -= near
                scores[goes + 2] -= far
            if at >= 0:
                inside = capped[at - reach if at > reach else 0 : at + reach + 1]
                best = max(inside, key=score_of)
                if scores[best] < 0:
                    best = max(inside)
        if at >= 0:
            out.append(best)
    return out


def body_columns(widths: Sequence[int], marked: Sequence[bool], reach: int = 6) -> list[int]:
    """The same, where several headlines stand together that of the body near; `marked`: which rows have a mark.

    Most headlines have none, and a column has one in two rows of three: a column much narrower than those of the page,
    that only rows without marks speak for, is none.
    """
    columns = column_widths(widths, reach)
    middle = sorted(columns)[len(columns) // 2] if columns else 0
    if 4 * min(columns, default=0) >= 3 * middle:
        return columns
    alone = [at for at, column in enumerate(columns) if 4 * column < 3 * middle]
    bodies = []
    for at in alone:
        near = range(max(0, at - reach), min(len(widths), at + reach + 1))
        voting = [widths[other] for other in near if marked[other] and widths[other] >= 8]
        votes = {width: sum([max(0, 3 - abs(width - other)) for other in voting]) for width in voting}
        bodies.append(max(votes, key=lambda width: (votes[width], width), default=middle))
    for at, body in zip(alone, bodies, strict=True):
        if 4 * columns[at] < 3 * body:
            columns[at] = body
    return columns


def line_runs(numbers: Iterable[int], places: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """Line numbers, in reading order, as runs (first, last); a run goes on across blank lines. `places` as below."""
    runs: list[tuple[int, int]] = []
    first = last = -1
    before = -2
    for number in numbers:
        place = places[number]
        if not 0 <= place - before < 2:
            if last >= 0:
                runs.append((first, last))
            first = number
        last, before = number, place
    return (*runs, (first, last)) if last >= 0 else ()


def line_places(rows: Iterable[Row]) -> dict[int, int]:
    """Of each line that is not blank, given all rows of the page: how many such lines stand before it."""
    return {line: at for at, line in enumerate(dict.fromkeys([row.line for row in rows]))}
