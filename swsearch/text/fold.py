"""Characters -> canonical characters, one to one, so that offsets never move.

Folding is for finding, never for showing: full width becomes half width, capitals small letters, traditional
characters and those of Taiwan and Hong Kong the common simplified one, and characters that only a word could tell
apart (著/着, 復/複/覆, 瞭/了) one class. The classes are data/fold.tsv; tools/make_fold.py writes it.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files
from typing import Any

LONG_CHARS = 64  # from here numpy is faster, where it is loaded: 97 -> 7 ns a character on articles of 900


def fold(text: str) -> str:
    """`text` with each character replaced by the one that stands for its class; as long as `text`.

    Context-free, and folded text folds to itself.

    >>> fold("ＡＢＣ臺灣隨著瞭解")
    'abc台湾随着了解'
    """
    if len(text) < LONG_CHARS or "numpy" not in sys.modules:  # a query must not wait for numpy to load
        return text.translate(_classes())
    import numpy  # not from sys.modules: another thread may be halfway through

    codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return str(_class_of_code().take(codes).data, "utf-32-le", "surrogatepass")


def unlike_themselves() -> str:
    """The characters that folding changes."""
    return _table()[::4]


@cache
def _table() -> str:
    """Each line is exactly character, tab, representative, line feed: cut by stride, a tenth of the time of a loop."""
    return (files("swsearch.text") / "data/fold.tsv").read_text(encoding="utf-8")


@cache
def _classes() -> dict[int, int]:
    """Code point -> that of its representative, for the characters that are not their own."""
    return str.maketrans(_table()[::4], _table()[2::4])


@cache
def _class_of_code() -> Any:
    """The same as an array over all code points."""
    import numpy

    table = numpy.arange(sys.maxunicode + 1, dtype="<u4")
    classes = _classes()
    table[list(classes)] = list(classes.values())
    return table
