"""The words of a short text, looked up in jieba's dictionary where it lies, without loading 350,000 of them.

A query is a few characters long and often the only one of its process; loading the dictionary would take longer than
all the rest. The file is sorted, so a word is found in it by halving. The cut is jieba's: the likeliest path over the
words that are there (its `calc` and `get_DAG`). Where jieba would go on to guess words that no dictionary has, this
gives up, and the dictionary must be loaded after all.
"""

from __future__ import annotations

import itertools
import math
import mmap
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

SHORT_CHARS = 24
"""Up to here looking up takes under 5 ms; loading takes 130."""

_FILE_BYTES = 5_071_852
_TOTAL = 60_101_967  # of the frequencies in that file; any other file is left to jieba itself
# Words that the file has at a place where halving does not look (大S and 阿Q stand before 一); a test finds no others.
_OUT_OF_ORDER = {"一": 217830, "一一": 1670, "一一二": 11, "吉林": 89, "高富帅": 13, "高姓大名": 3}


class Dictionary:
    """jieba's dict.txt with domain words beside it: word -> frequency."""

    def __init__(self, path: Path, own: Iterable[tuple[str, int]]) -> None:
        """Map the file at `path`. Raises OSError, or ValueError if it is not the file that this module knows."""
        with open(path, "rb") as stream:
            self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._map) != _FILE_BYTES:
            raise ValueError(f"{path} has {len(self._map)} bytes, not {_FILE_BYTES}")
        words = dict(own)
        self._log_total = math.log(_TOTAL + sum(words.values()))
        self._own: Mapping[str, int] = _OUT_OF_ORDER | words
        self._own_starts = {word[:end] for word in self._own for end in range(1, len(word) + 1)}
        self.find = lru_cache(1024)(self._find)

    def _find(self, word: str) -> tuple[int, bool]:
        """The frequency of a word of Han characters, 0 if it is none, and whether any word begins with it."""
        wanted = word.encode()
        low, high = 0, len(self._map)
        while low < high:
            middle = (low + high) // 2
            start = self._map.rfind(b"\n", low, middle) + 1 or low
            end = self._map.find(b"\n", middle)
            # Words that begin with a letter are not in order, but all of them come before the first Han character.
            if self._map[start:end].partition(b" ")[0] < wanted:
                low = end + 1
            else:
                high = start
        line = self._map[low : self._map.find(b"\n", low)]
        found, _, rest = line.partition(b" ")
        frequency = int(rest.partition(b" ")[0]) if found == wanted else 0
        return self._own.get(word, frequency), found.startswith(wanted) or word in self._own_starts

    def cut(self, run: str) -> list[str] | None:
        """The words of a run of Han characters; None where jieba would guess."""
        ends = [self._ends(run, start) for start in range(len(run))]
        best: list[tuple[float, int]] = [(0.0, 0)] * (len(run) + 1)
        for start in range(len(run) - 1, -1, -1):
            best[start] = max(
                (math.log(self.find(run[start:end])[0] or 1) - self._log_total + best[end][0], end)
                for end in ends[start]
            )
        words, start = [], 0
        while start < len(run):
            words.append(run[start : best[start][1]])
            start = best[start][1]
        # Single characters side by side are what jieba's model makes words of.
        if any(len(left) == len(right) == 1 for left, right in itertools.pairwise(words)):
            return None
        return words

    def _ends(self, run: str, start: int) -> list[int]:
        ends = []
        for end in range(start + 1, len(run) + 1):
            frequency, goes_on = self.find(run[start:end])
            if frequency:
                ends.append(end)
            if not goes_on:
                break
        return ends or [start + 1]


@cache
def dictionary(own: tuple[tuple[str, int], ...]) -> Dictionary | None:
    """Jieba's dictionary with these words beside it; None where it is not the one that this module knows."""
    from importlib.util import find_spec

    package = find_spec("jieba")
    if package is None or package.origin is None:
        return None
    try:
        return Dictionary(Path(package.origin).parent / "dict.txt", own)
    except (OSError, ValueError):
        return None
