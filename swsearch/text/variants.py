"""A chunk of a query -> the same in the vocabulary of the other side of the strait (志工/志愿者, 軟體/软件).

Words come from our reviewed list (data/strait_variants.tsv) and from OpenCC's phrases (data/strait_opencc.tsv). They
are looked up as folded, so that a query in any script finds them, and only where jieba sees a word begin and end: 程式
is not replaced in 方程式, nor 數位 in 少数位置.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import add
from typing import NamedTuple

from swsearch.text.fold import fold

MAX_ALTERNATIVES = 8  # each is a clause of its own to the engine


class Counterparts(NamedTuple):
    """Folded word -> what the other side says, the usual word first; and the lengths of the words that begin with two
    characters, the longest first."""

    words: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, tuple[int, ...]]


class Alternative(NamedTuple):
    """A chunk in the other side's vocabulary, and the words that make the difference: (as typed, counterpart)."""

    text: str
    replaced: tuple[tuple[str, str], ...]


class _Found(NamedTuple):
    start: int
    end: int
    counterparts: tuple[str, ...]


def alternatives(chunk: str, words: Sequence[str] | None = None) -> list[Alternative]:
    """What the other side would write for `chunk`: all its words replaced first, then each alone; at most eight.

    None of them holds what `chunk` holds already: an article with 性侵害 is found by 性侵 as it is. `words` are the
    folded words of the chunk, if they are known.

    >>> [alternative.text for alternative in alternatives("志工培訓")]
    ['志愿者培訓', '义工培訓']
    """
    folded = fold(chunk)
    if not has_any(folded):
        return []
    choices = [list(_find(chunk, folded, words, counterparts)) for counterparts in _both_ways()]
    drafts = [_replace(chunk, found, [each.counterparts[0] for each in found]) for found in choices if len(found) > 1]
    for found in choices:
        drafts += [_replace(chunk, [each], [word]) for each in found for word in each.counterparts]
    out: list[Alternative] = []
    seen = set()
    for draft in drafts:
        other = fold(draft.text)
        if folded not in other and other not in seen:
            seen.add(other)
            out.append(draft)
    return out[:MAX_ALTERNATIVES]


def has_any(folded: str) -> bool:
    """Whether a part of `folded` is a word of the lists. Most chunks have not even the first two characters of one."""
    beginning = _beginning()
    if beginning.keys().isdisjoint(map(add, folded, folded[1:])):
        return False
    starts = beginning.keys() & set(map(add, folded, folded[1:]))
    return any(word in folded for start in starts for word in beginning[start])


def _find(chunk: str, folded: str, words: Sequence[str] | None, counterparts: Counterparts) -> Iterator[_Found]:
    """The list's words in `chunk`, from left to right, the longest first, none inside another one."""
    edges: set[int] | None = None
    at = 0
    while at < len(folded):
        step = 1
        for size in counterparts.sizes.get(folded[at : at + 2], ()):
            others = counterparts.words.get(folded[at : at + size])
            if others is None:
                continue
            edges = _word_edges(folded, chunk, words) if edges is None else edges  # jieba is asked only now
            if at in edges and at + size in edges:
                yield _Found(at, at + size, others)
                step = size
                break
        at += step


def _word_edges(folded: str, chunk: str, words: Sequence[str] | None) -> set[int]:
    """Offsets in `folded` at which a word of `chunk` begins or ends."""
    from swsearch.text.words import words as words_of

    edges: set[int] = set()
    at = 0
    for word in words_of(chunk) if words is None else words:
        at = max(folded.find(word, at), at)
        edges |= {at, at + len(word)}
        at += len(word)
    return edges


def _replace(chunk: str, found: Sequence[_Found], words: Sequence[str]) -> Alternative:
    parts, replaced, at = [], [], 0
    for each, word in zip(found, words, strict=True):
        parts += [chunk[at : each.start], word]
        replaced.append((chunk[each.start : each.end], word))
        at = each.end
    return Alternative("".join(parts) + chunk[at:], tuple(replaced))


@cache
def _both_ways() -> tuple[Counterparts, Counterparts]:
    """From the mainland's words to the others' and back; our list before OpenCC's."""
    forth: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    # Folding keeps tabs, spaces and line ends: once for the whole file is a third of the time of once a word.
    for line, folded in zip(_lists().splitlines(), _folded_lists().splitlines(), strict=True):
        if not line or line.startswith("#"):
            continue
        (mainland, way, others), (mainland_keys, _, others_keys) = line.split("\t"), folded.split("\t")
        for key in others_keys.split():
            back.setdefault(key, []).extend(mainland.split())
        for key in mainland_keys.split() if way == "=" else ():
            forth.setdefault(key, []).extend(others.split())
    return _unique(forth), _unique(back)


@cache
def _lists() -> str:
    return _data("strait_variants.tsv") + _data("strait_opencc.tsv")


@cache
def _folded_lists() -> str:
    return fold(_lists())


@cache
def _beginning() -> dict[str, list[str]]:
    """First two characters -> the folded words of the lists; a tenth of the time that the tables of both ways take."""
    words: dict[str, list[str]] = {}
    for line in _folded_lists().splitlines():
        for word in line.split() if not line.startswith("#") else ():
            words.setdefault(word[:2], []).append(word)
    return words


def _unique(table: dict[str, list[str]]) -> Counterparts:
    sizes: dict[str, set[int]] = {}
    for key in table:
        sizes.setdefault(key[:2], set()).add(len(key))
    return Counterparts(
        {key: tuple(dict.fromkeys(words)) for key, words in table.items()},
        {start: tuple(sorted(found, reverse=True)) for start, found in sizes.items()},
    )


def _data(name: str) -> str:
    return (files("swsearch.text") / "data" / name).read_text(encoding="utf-8")
