"""What a bound query is ranked by, and what is left of a chunk when nothing has all of it."""

from __future__ import annotations

from collections.abc import Sequence

from swsearch.query.nodes import AnyOf, BoundNode, Contains, Term, positive_leaves
from swsearch.text.match import MARK, units


def terms(bound: BoundNode) -> tuple[Term, ...]:
    """The distinct ranking terms of a query, in its order: each chunk, and each word of two or more units in it.

    A term and its variants are one term. A variant that the query says itself is a term of its own instead; one that
    holds another variant is left to that one, since it would count twice and come before the literal form.
    """
    forms: dict[str, bool] = {}
    variants: dict[str, list[str]] = {}
    for leaf in positive_leaves(bound):
        form, words, counterparts = leaf.form, leaf.words, leaf.word_alternatives
        # A run of letters and digits is always one word, so that its occurrences are its tokens: nothing to average.
        forms.setdefault(form, words == (form,) and MARK not in form)
        if leaf.alternatives:
            variants.setdefault(form, []).extend(leaf.alternatives)
        for word in words:
            if len(word) > 1 and MARK not in word:
                forms[word] = True
                if counterparts:
                    variants.setdefault(word, []).extend(other for of, other in counterparts if of == word)
    if not variants:
        return tuple([Term(form, is_word) for form, is_word in forms.items()])
    return tuple(
        [
            Term(form, is_word, _shortest([other for other in variants.get(form, ()) if other not in forms]))
            for form, is_word in forms.items()
        ]
    )


def _shortest(variants: Sequence[str]) -> tuple[str, ...]:
    """Those of the variants that hold no other one."""
    return tuple(one for one in dict.fromkeys(variants) if not any(other in one for other in variants if other != one))


def pieces(chunk: Contains) -> tuple[BoundNode, ...]:
    """What the step *words* asks for instead of a whole chunk, without repeats; empty if it has function words only.

    Function words go first. Each other word of two or more characters, and each run of letters or digits, must be
    contained. A single character must stand beside one of the words that are then its neighbours in the chunk, so
    that 社工/站/是/建设 asks for 社工站 or 站建设, and not for any 站.
    """
    found: list[BoundNode] = []
    kept = _without_function_words(chunk)
    for at, (word, _) in enumerate(kept):
        if len(units(word)) > 1 or MARK in word:
            found.append(_piece(chunk, (word,)))
            continue
        sides = [
            (kept[left][0], kept[left + 1][0])
            for left in (at - 1, at)
            if 0 <= left < len(kept) - 1 and kept[left][1] == kept[left + 1][1]
        ]
        beside = tuple(dict.fromkeys(_piece(chunk, side) for side in sides)) or (_piece(chunk, (word,)),)
        found.append(beside[0] if len(beside) == 1 else AnyOf(beside))
    return tuple(dict.fromkeys(found))


def _without_function_words(chunk: Contains) -> list[tuple[str, int]]:
    """The words that say something, in order, each with the number of its stretch.

    A stretch ends where anything but words stands in the chunk, a break or a sign: words are no neighbours across it.
    """
    from swsearch.text.words import function_words

    idle = function_words()
    kept: list[tuple[str, int]] = []
    stretch, at = 0, 0
    for word in chunk.words:
        start = chunk.form.find(word, at)
        if start != at:
            stretch += 1
        at = max(start, at) + len(word)
        if word not in idle:
            kept.append((word, stretch))
    return kept


def _piece(chunk: Contains, words: tuple[str, ...]) -> Contains:
    """The words side by side, each with its counterpart across the strait."""
    form = "".join(words)
    counterparts = tuple(pair for pair in chunk.word_alternatives if pair[0] in words)
    swapped = dict.fromkeys(form.replace(word, other) for word, other in counterparts)
    return Contains(form, form, words, tuple(swapped), counterparts, chunk.title_only)
