"""Text -> match form and back to offsets: the one definition of "found".

A chunk matches a text exactly when `match_form(chunk) in match_form(text)`. The form is made so:

1. every character is folded to one character (`fold`);
2. a run of ASCII letters and digits, with a `.` or `,` between digits, is one unit and stands between two MARKs;
3. transparent marks vanish: quotes, brackets, middle dots, spaces, format characters;
4. breaking marks become BREAK, several in a row one, none at the ends: sentence and clause marks, dashes,
   a `.` or `,` outside numbers, paragraph ends;
5. every other code point is a unit.

The classes of 3 and 4 are in data/marks.json.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from swsearch.text.fold import fold

BREAK = "¶"
MARK = "\x1f"  # white space to Python, so it never survives from a text

SHORT_CHARS = 64
"""Up to here a text may be a chunk, which most often has Han characters only."""

LONG_CHARS = 600
"""From here mapping by array is faster, where numpy is loaded: it takes 0.1 ms for any text up to then."""

_LONE_POINT = re.compile(r"[.,](?:(?<![0-9].)|(?![0-9]))")
_RUN = re.compile(r"[0-9a-z.,]+")
_UNIT = re.compile(f"{MARK}[^{MARK}]*{MARK}|.", re.DOTALL)


def match_form(text: str) -> str:
    r"""The match form of `text`; empty when nothing in it can be searched.

    >>> match_form("《社工站》，共24个！")
    '社工站¶共\x1f24\x1f个'
    """
    return form_of(fold(text))


def form_of(folded: str) -> str:
    """The match form of text that is folded already."""
    if len(folded) <= SHORT_CHARS and all_han(folded):  # units all of them
        return folded
    # What is left of [.,] stands between digits, so the run takes it along.
    form = _RUN.sub(_marked, _pointed(folded))
    marks = _classes()
    if not form.isascii() and marks.far.search(form):
        form = form.translate(_marks())
    return marks.breaking.sub(BREAK, marks.vanishing.sub("", form)).strip(BREAK)


def _marked(run: re.Match[str]) -> str:
    """The run between MARKs. As a template it takes 2 us of every text, though it have no run."""
    return f"{MARK}{run[0]}{MARK}"


def all_han(text: str) -> bool:
    """Whether `text` has common Han characters only, and any. Not by a pattern, which would take 1 ms to make."""
    return bool(text) and min(text) >= "\u4e00" and max(text) <= "\u9fff"


def match_lines(text: str) -> list[str]:
    """The match form of each line of `text`: the same as one by one, in one pass over an array. Needs numpy."""
    form, _ = _by_array(fold(text), whole=False)
    return form.split("\n")


def _by_array(folded: str, *, whole: bool) -> tuple[str, Any]:
    """The match form and the offsets of its characters; line feeds stay in it and end forms, unless it is `whole`."""
    import numpy as np

    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kind = _kinds().take(codes)
    digit = kind == _DIGIT
    point = np.zeros(len(kind), dtype=bool)  # one between digits, which belongs to the run
    point[1:-1] = (kind[1:-1] == _POINT) & digit[:-2] & digit[2:]
    run = (kind >= _DIGIT) & (kind <= _LETTER) | point
    first, last = run.copy(), run.copy()
    first[1:] &= ~run[:-1]
    last[:-1] &= ~run[1:]
    line_end = np.zeros(len(kind), dtype=bool) if whole else codes == ord("\n")
    breaks = (kind == _BREAKING) | (kind == _POINT) & ~point
    if whole:
        breaks |= codes == ord("\n")
    at = np.flatnonzero(kind != _TRANSPARENT)
    # Of several breaks the first stays, none at the start or the end of a line.
    ends = line_end[at]
    behind = np.ones(len(at), dtype=bool)
    behind[1:] = (breaks[at] | ends)[:-1]
    at = at[~(breaks[at] & behind)]
    before = np.ones(len(at), dtype=bool)
    before[:-1] = line_end[at[1:]]
    at = at[~(breaks[at] & before)]
    opens, closes = first[at], last[at]
    places = np.arange(len(at)) + np.cumsum(opens) + np.cumsum(closes) - closes
    out = np.full(len(at) + 2 * int(opens.sum()), ord(MARK), dtype="<u4")
    out[places] = np.where(breaks[at], ord(BREAK), codes[at])
    offsets = np.empty(len(out), dtype=np.int64)
    offsets[places] = at
    offsets[places[opens] - 1], offsets[places[closes] + 1] = at[opens], at[closes]
    return str(out.data, "utf-32-le", "surrogatepass"), offsets


def map_form(text: str) -> tuple[str, list[int]]:
    """The match form and, for each of its characters, the offset in `text` that it comes from.

    A MARK has the offset of the character of its run that it stands next to; a BREAK that of the first break.
    """
    return _map_folded(fold(text))


def _map_folded(folded: str) -> tuple[str, list[int]]:
    if len(folded) >= LONG_CHARS and "numpy" in sys.modules:
        form, places = _by_array(folded, whole=True)
        return form, places.tolist()
    return _by_pieces(_pointed(folded))


def _by_pieces(folded: str) -> tuple[str, list[int]]:
    """The match form of folded text whose lone points are BREAKs already, and the offsets of its characters."""
    form: list[str] = []
    offsets: list[int] = []
    last = BREAK  # none at the start
    for piece in _classes().pieces.finditer(folded):
        start, end = piece.span()
        kind = piece.lastindex
        if kind == 4:
            kind = _FAR[_marks().get(ord(piece[0]), "")]
        if kind is None:
            last = folded[start:end]
            form.append(last)
            offsets += range(start, end)
        elif kind == 1:
            last = f"{MARK}{folded[start:end]}{MARK}"
            form.append(last)
            offsets += (start, *range(start, end), end - 1)
        elif kind == 2 and last is not BREAK:
            last = BREAK
            form.append(last)
            offsets.append(start)
    if form and form[-1] is BREAK:
        form.pop()
        offsets.pop()
    return "".join(form), offsets


def units(form: str) -> list[str]:
    """The units of a match form in order, BREAK among them, runs with their MARKs."""
    return _UNIT.findall(form) if MARK in form else list(form)


def grams(form: str) -> list[str]:
    """The bigrams of neighbouring units of a match form in order."""
    parts = units(form)
    return [left + right for left, right in itertools.pairwise(parts)]


def find_spans(text: str, forms: Sequence[str]) -> list[tuple[int, int]]:
    """Where `text` matches any of `forms`: (start, end) offsets into it, ascending, overlaps and neighbours joined."""
    return find_in_folded(fold(text), forms)


def find_in_folded(folded: str, forms: Sequence[str]) -> list[tuple[int, int]]:
    """The same of text that is folded already."""
    text, place = _findable(folded, forms)
    found: list[tuple[int, int]] = []
    for form in forms:
        last = len(form) - 1
        at = text.find(form) if form else -1
        while at >= 0:
            found.append((place(at), place(at + last) + 1) if place else (at, at + last + 1))
            at = text.find(form, at + 1)
    found.sort()
    spans = found[:1]
    for start, end in found[1:]:
        if start > spans[-1][1]:
            spans.append((start, end))
        elif end > spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
    return spans


def _findable(folded: str, forms: Sequence[str]) -> tuple[str, Callable[[int], int] | None]:
    """A text in which `forms` stand wherever `folded` matches them, and where its characters come from; None: it is
    `folded` itself."""
    every = "".join(forms)
    if MARK in every or BREAK in every:
        return _mapped(folded)
    # Units other than runs stand in the text as they are, but for what vanishes between them.
    gaps = [gap.span() for gap in _classes().gaps.finditer(folded)]
    if not gaps:
        return folded, None
    kept, starts, shifts, after = [], [], [0], 0
    for start, end in gaps:
        if folded[start] > "\uffff":
            return _mapped(folded)
        kept.append(folded[after:start])
        starts.append(start - shifts[-1])
        shifts.append(shifts[-1] + end - start)
        after = end
    kept.append(folded[after:])
    return "".join(kept), lambda at: at + shifts[bisect_right(starts, at)]


def _mapped(folded: str) -> tuple[str, Callable[[int], int]]:
    form, offsets = _map_folded(folded)
    return form, offsets.__getitem__


def _pointed(folded: str) -> str:
    """As long, with a `.` or `,` outside numbers already a BREAK."""
    return _LONE_POINT.sub(BREAK, folded.replace(MARK, " "))


_FAR_CHARS = "\U00010000-\U0010ffff"


class _Classes:
    """The marks as patterns. A class of `re` is a table for the BMP; characters outside it are compared one by one, and
    there are thousands of marks: so those have a class of their own."""

    def __init__(self) -> None:
        near = {chr(code): mark for code, mark in _marks().items() if code <= 0xFFFF} | {BREAK: BREAK}
        self._breaking = "".join(re.escape(char) for char, mark in near.items() if mark)
        self._vanishing = "".join(re.escape(char) for char, mark in near.items() if not mark)
        self.breaking, self.vanishing = re.compile(f"[{self._breaking}]+"), re.compile(f"[{self._vanishing}]+")
        self.far = re.compile(f"[{_FAR_CHARS}]")
        # A class, not a repeated one, comes first, so that most of the text is passed over in one step.
        self.gaps = re.compile(f"[{self._vanishing}{_FAR_CHARS}][{self._vanishing}]*")

    @cached_property
    def pieces(self) -> re.Pattern[str]:
        """Runs (group 1), breaks (2), what vanishes (3), a character outside the BMP (4), and the rest."""
        marks = f"{self._breaking}{self._vanishing}{_FAR_CHARS}"
        return re.compile(
            f"([0-9a-z.,]+)|([{self._breaking}]+)|([{self._vanishing}]+)|([{_FAR_CHARS}])|[^0-9a-z.,{marks}]+"
        )


_classes = cache(_Classes)


@cache
def _marks() -> dict[int, str | None]:
    """For `str.translate`: None for what vanishes, BREAK for what breaks."""
    data = json.loads((files("swsearch.text") / "data/marks.json").read_text(encoding="utf-8"))
    table: dict[int, str | None] = {}
    for name, replacement in (("transparent", None), ("breaking", BREAK)):
        for first, last in data[name]:
            table.update(dict.fromkeys(range(first, last + 1), replacement))
    del table[ord(MARK)]  # those of a text are gone by then, see _folded
    return table


_FAR = {"": None, BREAK: 2, None: 3}

_OTHER, _TRANSPARENT, _BREAKING, _POINT, _DIGIT, _LETTER = range(6)


@cache
def _kinds() -> Any:
    """What each folded code point is to a match form, as an array."""
    import numpy as np

    kinds = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
    for code, mark in _marks().items():
        kinds[code] = _TRANSPARENT if mark is None else _BREAKING
    kinds[ord("\n")] = _OTHER
    kinds[ord(MARK)] = _TRANSPARENT
    kinds[[ord("."), ord(",")]] = _POINT
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[ord("a") : ord("z") + 1] = _LETTER
    return kinds
