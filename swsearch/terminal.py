"""What text looks like on a terminal: how wide it is, where lines break, what must not be sent raw, and colours.

Widths are cells: a wide character takes two, a combining or format character none, any other one. Characters of
ambiguous width (quotes, dashes) count one, as terminals in a UTF-8 locale show them.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TextIO

Ranges = Sequence[tuple[int, int]]

# C0 (but not the line feed), DEL and C1 drive the terminal; bidi controls re-order what a reader sees; the line and
# paragraph separators break lines. Each becomes one visible character, so that offsets stay.
_VISIBLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code != 0x0A},
    0x09: " ",
    0x7F: "\u2421",
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd"),
    0x2028: " ",
    0x2029: " ",
}

# Never first on a line, never last on one: the marks of GB/T 15834 and brackets.
_NOT_FIRST = frozenset("，。、；：！？…—”’）》〉】」』〕,.;:!?)]}%％·")
_NOT_LAST = frozenset("“‘（《〈【「『〔([{")
_PIECE = re.compile(r"[A-Za-z0-9_@#&+=/.:,%'-]+|.", re.DOTALL)


def safe(text: str) -> str:
    """`text`, as long, with every character that would drive a terminal made visible; line feeds stay."""
    return text.translate(_VISIBLE)


@lru_cache(maxsize=8192)
def _cell(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") and char != "\u00ad" else 1


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The longest beginning of `text` (its end, with `right`) that takes at most `width` cells."""
    used, kept = 0, 0
    for char in reversed(text) if right else text:
        used += _cell(char)
        if used > width:
            break
        kept += 1
    if not right:
        return text[:kept]
    end = text[len(text) - kept :]
    while end and _cell(end[0]) == 0:  # a combining mark whose letter is cut off
        end = end[1:]
    return end


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` with spaces up to `width` cells, in front of it with `right`."""
    spaces = " " * (width - cells(text))
    return spaces + text if right else text + spaces


def wrap(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Offsets of the lines that `text` breaks into at `width` cells; line feeds break too.

    Words and numbers in ASCII stay whole where they fit, closing marks never begin a line, opening ones never end one.
    """
    start = 0
    for paragraph in text.split("\n"):
        yield from _wrap_one(text, start, start + len(paragraph), width)
        start += len(paragraph) + 1


def _wrap_one(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    line, used, at = start, 0, start
    breaks: list[int] = []  # places in this line where it may break
    while at < end:
        match = _PIECE.match(text, at, end)
        stop = match.end() if match else at + 1
        size = cells(text[at:stop])
        if size > width and stop - at > 1:  # a word longer than a line
            stop = at + max(1, len(fit(text[at:stop], max(width - used, 1))))
            size = cells(text[at:stop])
        if at > line and text[at] not in _NOT_FIRST and text[at - 1] not in _NOT_LAST and _cell(text[at]):
            breaks.append(at)
        if used + size > width and at > line:
            cut = breaks[-1] if breaks else at
            yield line, _rstrip(text, line, cut)
            line = _lstrip(text, cut, end)
            breaks, at = [], max(line, at)
            used = cells(text[line:at])
            continue
        used += size
        at = stop
    yield line, _rstrip(text, line, end)


def _lstrip(text: str, start: int, end: int) -> int:
    while start < end and text[start] == " ":
        start += 1
    return start


def _rstrip(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] == " ":
        end -= 1
    return end


def _columns(stream: TextIO | None) -> int:
    """What COLUMNS says, or the terminal itself; shutil does the same, but importing it takes 3 ms."""
    with suppress(KeyError, ValueError):
        return int(os.environ["COLUMNS"]) or 80
    with suppress(AttributeError, OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns if stream is not None else 80
    return 80


@dataclass(frozen=True, slots=True)
class Screen:
    """Where output goes: `tty` says that a person reads it, `colour` that it may be coloured, `width` is in cells.

    Without a terminal text is passed on as it is: not wrapped, not coloured, nothing replaced.
    """

    tty: bool = False
    colour: bool = False
    width: int = 80

    @classmethod
    def of(cls, stream: TextIO | None) -> Screen:
        """What `stream` is; NO_COLOR (https://no-color.org) and TERM=dumb turn colours off."""
        tty = stream is not None and not stream.closed and stream.isatty()
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(tty, tty and not plain, max(20, _columns(stream)))

    def text(self, text: str) -> str:
        """`text` as it may be sent there."""
        return safe(text) if self.tty else text

    def styled(self, text: str, style: str) -> str:
        """`text` in one of the STYLES, if colours are on."""
        return f"\x1b[{STYLES[style]}m{self.text(text)}\x1b[0m" if self.colour and text else self.text(text)

    def marked(self, text: str, ranges: Ranges, style: str = "") -> str:
        """`text` with `ranges` of it highlighted, and the rest in `style`."""
        out, at = [], 0
        for start, end in ranges:
            out += [self._rest(text[at:start], style), self.styled(text[start:end], "match")]
            at = end
        return "".join([*out, self._rest(text[at:], style)])

    def _rest(self, text: str, style: str) -> str:
        return self.styled(text, style) if style else self.text(text)

    def lines(self, text: str, ranges: Ranges = (), *, indent: str = "", first: str = "", style: str = "") -> list[str]:
        """`text` with `ranges` highlighted, wrapped on a terminal with a hanging indent; `first` begins line one."""
        first = first or indent
        if not self.tty:
            inner = ("\n" + indent).join(text.split("\n"))
            return [first + inner]
        out: list[str] = []
        for start, end in wrap(text, max(10, self.width - max(cells(indent), cells(first)))):
            inside = [(max(s, start) - start, min(e, end) - start) for s, e in ranges if s < end and e > start]
            out.append((indent if out else first) + self.marked(text[start:end], inside, style))
        return out


STYLES = {"match": "1;31", "title": "1", "dim": "2", "rank": "2", "warning": "33", "error": "1;31"}
"""SGR codes: a match is bold red, as grep shows it."""


def joined(items: Iterable[object], separator: str = " · ") -> str:
    """What there is of `items`, as text."""
    return separator.join(str(item) for item in items if item not in (None, "", ()))
