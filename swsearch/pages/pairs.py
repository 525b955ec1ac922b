"""Where two neighbouring characters of a text are one of some thousands of pairs: the first step of finding names.

With numpy, where it is loaded, a text of 1,000 characters takes 20 µs, else 100: a pattern then passes over most of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from functools import cached_property
from typing import Any

from swsearch.text.fold import LONG_CHARS

_PLANE = 0x10000  # characters of other planes share cells with those of this one: what is found is looked up


class Pairs:
    """A set of pairs of characters that texts are searched for."""

    def __init__(self, pairs: Collection[str]) -> None:
        self.pairs = frozenset(pairs)

    def places(self, text: str) -> list[int]:
        """Where each pair in `text` begins, ascending."""
        known = self.pairs
        if len(text) < LONG_CHARS or "numpy" not in sys.modules:
            return [at for hit in self._pattern.finditer(text) if text[(at := hit.start()) : at + 2] in known]
        import numpy  # not from sys.modules: another thread may be halfway through

        rows, columns, cells = self._tables
        codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        keys = rows.take(codes[:-1], mode="wrap") + columns.take(codes[1:], mode="wrap")
        return [at for at in cells.take(keys).nonzero()[0].tolist() if text[at : at + 2] in known]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """A character that pairs begin with before one that is the second of a pair."""
        first, second = ("".join(sorted({pair[at] for pair in self.pairs})) for at in (0, 1))
        return re.compile(f"[{re.escape(first)}](?=[{re.escape(second)}])")

    @cached_property
    def _tables(self) -> tuple[Any, Any, Any]:
        """Character -> row, character -> column, and whether the cell where they meet is a pair."""
        import numpy

        firsts = {at: n for n, at in enumerate(sorted({ord(pair[0]) % _PLANE for pair in self.pairs}), 1)}
        seconds = {at: n for n, at in enumerate(sorted({ord(pair[1]) % _PLANE for pair in self.pairs}), 1)}
        width = len(seconds) + 1
        rows = numpy.zeros(_PLANE, dtype=numpy.int32)
        columns = numpy.zeros(_PLANE, dtype=numpy.int32)
        rows[list(firsts)] = [n * width for n in firsts.values()]
        columns[list(seconds)] = list(seconds.values())
        cells = numpy.zeros((len(firsts) + 1) * width, dtype=bool)
        cells[[firsts[ord(pair[0]) % _PLANE] * width + seconds[ord(pair[1]) % _PLANE] for pair in self.pairs]] = True
        return rows, columns, cells
