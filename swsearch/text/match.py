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
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from swsearch.text.fold import fold

BREAK = "¶"
MARK = "\x1f"  # white space to Python, so it never survives from a text

_LONE_POINT = re.compile(r"(?<![0-9])[.,]|[.,](?![0-9])")
_RUN = re.compile(r"[0-9a-z.,]+")
_BREAKS = re.compile(f"{BREAK}{BREAK}+")
_UNIT = re.compile(f"{MARK}[^{MARK}]*{MARK}|.", re.DOTALL)


def match_form(text: str) -> str:
    r"""The match form of `text`; empty when nothing in it can be searched.

    >>> match_form("《社工站》，共24个！")
    '社工站¶共\x1f24\x1f个'
    """
    form = _folded(text)
    # What is left of [.,] stands between digits, so the run takes it along.
    form = _RUN.sub(rf"{MARK}\g<0>{MARK}", form).translate(_marks())
    return _BREAKS.sub(BREAK, form).strip(BREAK)


def match_lines(text: str) -> list[str]:
    """The match form of each line of `text`: the same as one by one, in one pass over an array. Needs numpy."""
    import numpy as np

    codes = np.frombuffer(fold(text).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kind = _kinds().take(codes)
    digit = kind == _DIGIT
    point = np.zeros(len(kind), dtype=bool)  # one between digits, which belongs to the run
    point[1:-1] = (kind[1:-1] == _POINT) & digit[:-2] & digit[2:]
    run = (kind >= _DIGIT) & (kind <= _LETTER) | point
    first, last = run.copy(), run.copy()
    first[1:] &= ~run[:-1]
    last[:-1] &= ~run[1:]
    breaks = (kind == _BREAKING) | (kind == _POINT) & ~point
    kept = kind != _TRANSPARENT
    codes, breaks, first, last = codes[kept], breaks[kept], first[kept], last[kept]
    # Of several breaks the first stays, none at the start or the end of a line.
    line_end = codes == ord("\n")
    behind = np.ones(len(codes), dtype=bool)
    behind[1:] = (breaks | line_end)[:-1]
    kept = ~(breaks & behind)
    codes, breaks, first, last, line_end = codes[kept], breaks[kept], first[kept], last[kept], line_end[kept]
    before = np.ones(len(codes), dtype=bool)
    before[:-1] = line_end[1:]
    kept = ~(breaks & before)
    codes, breaks, first, last = codes[kept], breaks[kept], first[kept], last[kept]
    out = np.full(len(codes) + 2 * int(first.sum()), ord(MARK), dtype="<u4")
    out[np.arange(len(codes)) + np.cumsum(first) + np.cumsum(last) - last] = np.where(breaks, ord(BREAK), codes)
    return str(out.data, "utf-32-le", "surrogatepass").split("\n")


def map_form(text: str) -> tuple[str, list[int]]:
    """The match form and, for each of its characters, the offset in `text` that it comes from.

    A MARK has the offset of the character of its run that it stands next to; a BREAK that of the first break.
    """
    folded = _folded(text)
    marks = _marks()
    runs = {run.start(): run.end() for run in _RUN.finditer(folded)}
    form: list[str] = []
    offsets: list[int] = []
    at = 0
    while at < len(folded):
        end = runs.get(at)
        if end is not None:
            form += [MARK, folded[at:end], MARK]
            offsets += [at, *range(at, end), end - 1]
            at = end
            continue
        char = marks.get(ord(folded[at]), folded[at])
        if char is not None and not (char == BREAK and (not form or form[-1] == BREAK)):
            form.append(char)
            offsets.append(at)
        at += 1
    if form and form[-1] == BREAK:
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
    form, offsets = map_form(text)
    found: list[tuple[int, int]] = []
    for wanted in forms:
        at = form.find(wanted) if wanted else -1
        while at >= 0:
            found.append((offsets[at], offsets[at + len(wanted) - 1] + 1))
            at = form.find(wanted, at + 1)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _folded(text: str) -> str:
    """`text` folded, same length, a `.` or `,` outside numbers already a BREAK."""
    return _LONE_POINT.sub(BREAK, fold(text).replace(MARK, " "))


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
