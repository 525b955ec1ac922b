"""What a bound query is ranked by, and what is left of a chunk when nothing has all of it."""

from __future__ import annotations

from collections.abc import Iterator

from swsearch.query.nodes import AnyOf, BoundNode, Contains, Term, positive_leaves
from swsearch.text.match import MARK, units


def terms(bound: BoundNode) -> tuple[Term, ...]:
    """The distinct ranking terms of a query, in its order: each chunk, and each word of two or more units in it.

    A term and its variants are one term. A variant that the query says itself is a term of its own instead.
    """
    forms: dict[str, bool] = {}
    variants: dict[str, dict[str, None]] = {}
    for leaf in positive_leaves(bound):
        # A run of letters and digits is always one word, so that its occurrences are its tokens: nothing to average.
        forms.setdefault(leaf.form, leaf.words == (leaf.form,) and MARK not in leaf.form)
        variants.setdefault(leaf.form, {}).update(dict.fromkeys(leaf.alternatives))
        counterparts = leaf.word_alternatives
        for word in leaf.words:
            if len(units(word)) >= 2:
                forms[word] = True
                said = (other for of, other in counterparts if of == word)
                variants.setdefault(word, {}).update(dict.fromkeys(said))
    return tuple(
        Term(form, is_word, tuple(other for other in variants[form] if other not in forms))
        for form, is_word in forms.items()
    )


def pieces(chunk: Contains) -> tuple[BoundNode, ...]:
    """What the step *words* asks for instead of a whole chunk, without repeats; empty if it has function words only.

    Each word of two or more characters, and each run of letters or digits, must be contained. A single character
    must stand beside one of its neighbours in the chunk, so that 社工/站 asks for 社工站 and not for any 站.
    """
    from swsearch.text.words import function_words

    idle = function_words()
    found: list[BoundNode] = []
    for at, word in enumerate(chunk.words):
        if word in idle:
            continue
        if len(units(word)) > 1 or MARK in word:
            found.append(_piece(chunk, (word,)))
            continue
        # A neighbour across a break, or with a mark between, does not stand beside it.
        sides = [side for side in _sides(chunk.words, at) if "".join(side) in chunk.form]
        beside = tuple(dict.fromkeys(_piece(chunk, side) for side in sides)) or (_piece(chunk, (word,)),)
        found.append(beside[0] if len(beside) == 1 else AnyOf(beside))
    return tuple(dict.fromkeys(found))


def _sides(words: tuple[str, ...], at: int) -> Iterator[tuple[str, ...]]:
    if at > 0:
        yield words[at - 1 : at + 1]
    if at + 1 < len(words):
        yield words[at : at + 2]


def _piece(chunk: Contains, words: tuple[str, ...]) -> Contains:
    """The words side by side, each with its counterpart across the strait."""
    form = "".join(words)
    counterparts = tuple(pair for pair in chunk.word_alternatives if pair[0] in words)
    swapped = dict.fromkeys(form.replace(word, other) for word, other in counterparts)
    return Contains(form, form, words, tuple(swapped), counterparts, chunk.title_only)
