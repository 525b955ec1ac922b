"""The text of a chunk -> what it means: its match form, its words, and both in the vocabulary across the strait.

It follows from the text alone: fields, filters and the index have no part in it. People narrow, page through and relax
what they have just asked, so what the latest chunks mean is remembered; that, and no answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from swsearch.query.nodes import Contains
from swsearch.text.fold import fold
from swsearch.text.match import form_of, match_form
from swsearch.text.variants import alternatives, has_any
from swsearch.text.words import cut_lines, is_plain, words_of

LATEST = 512
"""Chunks that are remembered, with half a kilobyte each or, if they are as long as may be, up to seven."""

LONGEST_CHARS = 64


def read_chunk(text: str, quoted: bool, title_only: bool, literal: bool) -> Contains | None:
    """The chunk as engines get it; None if there is nothing to search for in it.

    `literal` leaves out the vocabulary of the other side of the strait, and so do quotes.
    """
    read = remembered if len(text) <= LONGEST_CHARS else _read
    return read(text, quoted, title_only, literal)


def _read(text: str, quoted: bool, title_only: bool, literal: bool) -> Contains | None:
    plain = is_plain(text)
    folded = text if plain else fold(text)
    form = text if plain else form_of(folded)
    if not form:
        return None
    # A word is folded already: all but a run of letters and digits is its own match form.
    cut = cut_lines(text) if plain else words_of((text,))[0]
    found = tuple(cut if plain else [form_of(word) if word[0].isascii() else word for word in cut])
    if literal or quoted or not has_any(folded):
        return Contains(text, form, found, (), (), title_only, quoted)
    return Contains(text, form, found, *_variants(text, cut, form, found), title_only, quoted)


remembered = lru_cache(LATEST)(_read)


def _variants(
    text: str, cut: Sequence[str], form: str, words: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The chunk in the other side's vocabulary, and the words that differ with their counterparts, as match forms."""
    found = alternatives(text, cut)
    if not found:
        return (), ()
    others = dict.fromkeys(match_form(other.text) for other in found)
    pairs = dict.fromkeys((match_form(word), match_form(other)) for one in found for word, other in one.replaced)
    return (
        tuple(other for other in others if other and other != form),
        tuple((word, other) for word, other in pairs if other and other != word and word in words),
    )
