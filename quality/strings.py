"""Strings of a corpus: recall and precision against `in`, and the same articles in four scripts, both ways."""

from __future__ import annotations

import bisect
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.corpus import Doc
from swsearch.query.nodes import Chunk
from swsearch.search import Index
from swsearch.text.fold import fold
from swsearch.text.match import map_form, match_form, units

SCRIPTS = ("s2t", "s2tw", "s2hk")
"""OpenCC's standard, Taiwan and Hong Kong traditional."""

STRINGS = 1000
LONGEST = 8
SEED = 20241115
SHOWN = 10
SAME_ARTICLES = 0.999
"""The share of strings that must find the same articles in all four scripts."""


class Haystack:
    """The match forms of all articles as one text, so that `in` takes milliseconds."""

    def __init__(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        forms = [match_form(text) for text in texts]
        self.ids = ids
        self.starts = np.cumsum([0, *(len(form) + 1 for form in forms)]).tolist()
        self.text = "\n".join(forms)  # a form has no line feed

    def having(self, form: str) -> set[str]:
        """The ids of the articles whose match form has `form` in it."""
        found = set()
        at = self.text.find(form)
        while at >= 0:
            number = bisect.bisect_right(self.starts, at) - 1
            found.add(self.ids[number])
            at = self.text.find(form, self.starts[number + 1])
        return found


def cut_strings(docs: Sequence[Doc], number: int = STRINGS, seed: int = SEED) -> list[str]:
    """Strings of 1 to 8 units, cut between units out of random articles, as printed."""
    rng = random.Random(seed)
    found: list[str] = []
    while len(found) < number:
        text = rng.choice(docs).text
        form, offsets = map_form(text)
        parts = units(form)
        if not parts:
            continue
        first = rng.randrange(len(parts))
        size = rng.randint(1, LONGEST)
        start, end = len("".join(parts[:first])), len("".join(parts[: first + size]))
        string = text[offsets[start] : offsets[end - 1] + 1]
        if match_form(string):
            found.append(string)
    return found


def asked(index: Index, string: str) -> set[str]:
    """The ids of all articles that the index finds for exactly this string."""
    total, hits = index.ids(str(Chunk(string, quoted=True)), limit=None)
    assert total == len(hits)
    return {id for id, _ in hits}


@dataclass(frozen=True)
class Substrings:
    """Pairs of (string, article): how many there are, were found, and were right."""

    strings: int
    right: int
    found: int
    both: int
    complete: int

    def __str__(self) -> str:
        return (
            f"{self.strings:,} strings in {self.right:,} articles: recall {self.both / self.right:.3f}, "
            f"precision {self.both / self.found:.3f}, {self.complete:,} sets exactly as `in` finds them"
        )


def check_substrings(index: Index, haystack: Haystack, strings: Sequence[str]) -> Substrings:
    """What the index finds against `in` on match forms."""
    counts: Counter[str] = Counter()
    for string in strings:
        right, found = haystack.having(match_form(string)), asked(index, string)
        counts.update(right=len(right), found=len(found), both=len(right & found), complete=right == found)
    return Substrings(len(strings), counts["right"], counts["found"], counts["both"], counts["complete"])


def check_queries(index: Index, strings: Sequence[str], tell: Callable[[str], None]) -> bool:
    """Whether enough simplified strings find the same articles when typed in each script; tells a line for each."""
    simplified = [asked(index, string) for string in strings]
    apart = set()
    for script in SCRIPTS:
        others = [convert(script, string) for string in strings]
        wrong = [n for n, other in enumerate(others) if asked(index, other) != simplified[n]]
        apart.update(wrong)
        shown = "".join(f"\n    {strings[n]!r} {others[n]!r}" for n in wrong[:SHOWN])
        tell(f"  typed in {script:5} {1 - len(wrong) / len(strings):.2%} find the same articles{shown}")
    tell(f"  typed in all four {1 - len(apart) / len(strings):.2%} find the same articles (floor 99.9 %)")
    return len(apart) <= (1 - SAME_ARTICLES) * len(strings)


def check_texts(docs: Sequence[Doc], haystack: Haystack, strings: Sequence[str], tell: Callable[[str], None]) -> bool:
    """The same the other way round: articles in each script, strings as they are; and the characters still apart."""
    expected = [haystack.having(match_form(string)) for string in strings]
    apart = set()
    for script in SCRIPTS:
        texts = [convert(script, doc.text) for doc in docs]
        other = Haystack(haystack.ids, texts)
        wrong = [n for n, string in enumerate(strings) if other.having(match_form(string)) != expected[n]]
        apart.update(wrong)
        shown = "".join(f"\n    {strings[n]!r}" for n in wrong[:SHOWN])
        tell(f"  articles in {script:5} {1 - len(wrong) / len(strings):.2%} find the same articles{shown}")
        tell(f"    {characters_apart([doc.text for doc in docs], texts)}")
        del texts, other
    tell(f"  articles in all four {1 - len(apart) / len(strings):.2%} find the same articles (floor 99.9 %)")
    return len(apart) <= (1 - SAME_ARTICLES) * len(strings)


def characters_apart(texts: Sequence[str], others: Sequence[str]) -> str:
    """How many characters of two scripts fold apart, and the most frequent pairs."""
    pairs: Counter[str] = Counter()
    longer = total = 0
    for text, other in zip(texts, others, strict=True):
        total += len(text)
        left, right = fold(text), fold(other)
        if len(left) != len(right):
            longer += 1
        elif left != right:
            pairs.update(f"{a}/{b}" for a, b in zip(left, right, strict=True) if a != b)
    shown = " ".join(f"{pair} {count}" for pair, count in pairs.most_common(SHOWN))
    return f"{sum(pairs.values()):,} of {total:,} characters apart, {longer} texts of another length  {shown}"


@cache
def _converter(script: str) -> Callable[[str], str]:
    import opencc

    found: Callable[[str], str] = opencc.OpenCC(script).convert
    return found


def convert(script: str, text: str) -> str:
    """`text` by OpenCC."""
    return _converter(script)(text)
