"""Where two neighbouring characters of a text are one of some thousands of pairs: the first step of finding names.

With numpy, where it is loaded, a text of 1,000 characters takes 12 µs, else 100: a pattern then passes over most of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from functools import cached_property, lru_cache
from typing import Any

from swsearch.text.fold import LONG_CHARS

_FACTOR = 0x9E35  # of the first character's code, modulo 2**16: pairs share cells, so what is found is looked up


class Pairs:
    """A set of pairs of characters that texts are searched for."""

    def __init__(self, pairs: Collection[str]) -> None:
        self.pairs = frozenset(pairs)

    def places(self, text: str) -> list[int]:
        """Where each pair in `text` begins, ascending."""
        known = self.pairs
        if len(text) < LONG_CHARS or "numpy" not in sys.modules:
            return [at for hit in self._pattern.finditer(text) if text[(at := hit.start()) : at + 2] in known]
        return [at for at in self._cells.take(_keys(text)).nonzero()[0].tolist() if text[at : at + 2] in known]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """A character that pairs begin with before one that is the second of a pair."""
        first, second = ("".join(sorted({pair[at] for pair in self.pairs})) for at in (0, 1))
        return re.compile(f"[{re.escape(first)}](?=[{re.escape(second)}])")

    @cached_property
    def _cells(self) -> Any:
        """Whether a pair has this key: 64 KB, which stay in the processor's cache beside an index of many megabytes."""
        import numpy

        cells = numpy.zeros(0x10000, dtype=bool)
        cells[[(ord(pair[0]) * _FACTOR + ord(pair[1])) % 0x10000 for pair in self.pairs]] = True
        return cells


@lru_cache(maxsize=1)  # the same article is searched for regions, then for agencies
def _keys(text: str) -> Any:
    """The key of the pair that begins at each character of a text but the last."""
    import numpy  # not from sys.modules: another thread may be halfway through

    codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u2")[::2]
    return codes[:-1] * numpy.uint16(_FACTOR) + codes[1:]
