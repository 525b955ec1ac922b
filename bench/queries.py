"""The four sets of queries, drawn from the corpus with a seed, so that each has an answer."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from bench.corpus import Doc

SETS = ("substrings", "title words", "two or three words", "phrases")
WHAT = {
    "substrings": "random strings of 2 to 8 characters, cut at unit boundaries",
    "title words": "one word of a title",
    "two or three words": "words of one article, spaces between them",
    "phrases": "one to three neighbouring words, no spaces",
}

_WORD = re.compile("[\u4e00-\u9fa5]{2,}")
_SHORT_WORD = re.compile("[\u4e00-\u9fa5]+")
_SYNTAX = re.compile(r"""[\s"'“”‘’「」『』《》〈〉()（）\[\]【】〔〕{}:：~～·•\-|]""")
"""What a query would read as its own syntax, and marks that matching drops: no query has them, so that every system
is asked for the same characters."""

_TRIES = 400


def draw(docs: list[Doc], number: int, seed: int, without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """`number` different queries of each set (fewer where the corpus is too small), none of them in `without`."""
    from rjieba import cut

    from swsearch.text.match import match_form

    chance = random.Random(seed)
    makers: dict[str, Callable[[Doc], str | None]] = {
        "substrings": lambda doc: _substring(doc, chance, match_form),
        "title words": lambda doc: _pick(_WORD.findall(" ".join(cut(doc.title))), chance),
        "two or three words": lambda doc: _words(doc, chance, cut),
        "phrases": lambda doc: _phrase(doc, chance, cut),
    }
    by_title = list({doc.title: doc for doc in docs}.values())  # many articles may share one
    out = {}
    for name in SETS:
        found = _different(by_title if name == "title words" else docs, makers[name], chance, number, without)
        out[name] = list(found)
    return out


def _different(
    docs: list[Doc],
    make: Callable[[Doc], str | None],
    chance: random.Random,
    number: int,
    without: frozenset[str],
) -> Iterator[str]:
    seen = set(without)
    left = number
    for _ in range(_TRIES * number):
        if not left:
            return
        query = make(chance.choice(docs))
        if query and query not in seen:
            seen.add(query)
            left -= 1
            yield query


def _substring(doc: Doc, chance: random.Random, match_form: Callable[[str], str]) -> str | None:
    text = doc.text
    length = chance.randint(2, 8)
    if len(text) < length:
        return None
    start = chance.randrange(len(text) - length + 1)
    found = text[start : start + length]
    if _SYNTAX.search(found) or not (found[0].isalnum() and found[-1].isalnum()):
        return None
    return found if match_form(found) in match_form(text) else None  # else it cuts a number or a word in two


def _pick(words: list[str], chance: random.Random) -> str | None:
    return chance.choice(words) if words else None


def _line(doc: Doc, chance: random.Random) -> str:
    return chance.choice(doc.body.split("\n"))


def _words(doc: Doc, chance: random.Random, cut: Callable[[str], list[str]]) -> str | None:
    words = sorted({word for word in cut(doc.text) if _WORD.fullmatch(word)})
    wanted = chance.randint(2, 3)
    return " ".join(chance.sample(words, wanted)) if len(words) >= wanted else None


def _phrase(doc: Doc, chance: random.Random, cut: Callable[[str], list[str]]) -> str | None:
    words = cut(_line(doc, chance))
    wanted = chance.randint(1, 3)
    if len(words) < wanted:
        return None
    start = chance.randrange(len(words) - wanted + 1)
    found = "".join(words[start : start + wanted])
    return found if len(found) >= 2 and _SHORT_WORD.fullmatch(found) else None
