"""Where two neighbouring characters of a text are one of some thousands of pairs: the first step of finding names.

With numpy, where it is loaded, a text of 1,000 characters takes 12 µs, else 100: a pattern then passes over most of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from swsearch.text.fold import LONG_CHARS

_FACTOR, _MASK = 0x9E35, 0x3FFFF  # pairs share cells, so what is found is looked up


class Pairs:
    """Pairs of characters that texts are searched for, each with the lengths of the names it is a part of."""

    def __init__(self, lengths: Mapping[str, tuple[int, ...]]) -> None:
        self.lengths = lengths

    def places(self, text: str) -> list[tuple[int, tuple[int, ...]]]:
        """Where each pair in `text` begins, ascending, and its lengths."""
        known = self.lengths.get
        if len(text) < LONG_CHARS or "numpy" not in sys.modules:
            places = [hit.start() for hit in self._pattern.finditer(text)]
        else:
            places = self._cells.take(_keys(text)).nonzero()[0].tolist()
        return [(at, lengths) for at in places if (lengths := known(text[at : at + 2]))]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """A character that pairs begin with before one that is the second of a pair."""
        first, second = ("".join(sorted({pair[at] for pair in self.lengths})) for at in (0, 1))
        return re.compile(f"[{re.escape(first)}](?=[{re.escape(second)}])")

    @cached_property
    def _cells(self) -> Any:
        """Whether a pair has this key: small enough to stay in the processor's cache beside all that pages need."""
        import numpy

        cells = numpy.zeros(_MASK + 1, dtype=bool)
        cells[[(ord(pair[0]) * _FACTOR + ord(pair[1])) & _MASK for pair in self.lengths]] = True
        return cells


@lru_cache(maxsize=1)  # the same article is searched for regions, then for agencies
def _keys(text: str) -> Any:
    """The key of the pair that begins at each character of a text but the last."""
    import numpy  # not from sys.modules: another thread may be halfway through

    codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return (codes[:-1] * numpy.uint32(_FACTOR) + codes[1:]) & numpy.uint32(_MASK)  # 2**32 is a multiple of the cells
