"""Proximity: whether pieces stand near one another in a match form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from swsearch.errors import QueryError
from swsearch.text.match import BREAK, units

Place = tuple[int, int]  # first unit, unit behind the last; breaks are none

MAX_LOOKS = 1_000_000
"""Places looked at for one paragraph, half a second. To place pieces that overlap is hard (NP-complete), but it takes
dozens of pieces that share characters, and a paragraph that repeats them, to need more than a thousand."""


def near(part: str, pieces: Sequence[Sequence[str]], distance: int) -> bool:
    """Whether each piece has an occurrence of its own in `part`, all within `distance` units, breaks not counted.

    A piece is given as its forms, any of which will do; `part` is the match form of one paragraph. Pieces that are
    the same are counted, not tried one after the other. Raises QueryError after MAX_LOOKS.
    """
    wanted = Counter(tuple(forms) for forms in pieces)
    shortest = sum(number * min(_size(form) for form in forms) for forms, number in wanted.items())
    if shortest > distance or any(all(form not in part for form in forms) for forms in wanted):
        return False
    at = [0]  # where each character is, in units without breaks
    for unit in units(part):
        at += [at[-1]] * (len(unit) - 1) + [at[-1] + (unit != BREAK)]
    places = {
        forms: sorted({(at[start], at[start + len(form)]) for form in forms for start in _starts(part, form)})
        for forms in wanted
    }
    looks = _Looks()
    # The first piece of a window starts somewhere; the others must then fit in behind it.
    for start in sorted({start for found in places.values() for start, _ in found}):
        window = [
            ([place for place in found if start <= place[0] and place[1] <= start + distance], wanted[forms])
            for forms, found in places.items()
        ]
        if all(_most_apart(found) >= number for found, number in window) and _fit(window, looks):
            return True
    return False


class _Looks:
    def __init__(self) -> None:
        self.left = MAX_LOOKS

    def spend(self, looks: int) -> None:
        self.left -= looks
        if self.left < 0:
            raise QueryError("The pieces of a proximity query overlap in too many ways. Ask for fewer of them.")


def _fit(window: list[tuple[list[Place], int]], looks: _Looks) -> bool:
    """Whether each list has as many places as its number says, none of which overlap. Scarcest first."""
    window = [(found, number) for found, number in window if number]
    if not window:
        return True
    window.sort(key=lambda row: len(row[0]) - row[1])
    (found, number), rest = window[0], window[1:]
    size = sum(len(row) for row, _ in window)
    for nth in range(len(found) - number + 1):
        looks.spend(size)
        start, end = found[nth]
        # Pieces of one list are the same, so they are placed from left to right.
        others = [([place for place in row if place[1] <= start or end <= place[0]], left) for row, left in rest]
        own = [place for place in found[nth + 1 :] if end <= place[0]]
        following = [(own, number - 1), *others]
        if all(_most_apart(row) >= left for row, left in following) and _fit(following, looks):
            return True
    return False


def _most_apart(places: list[Place]) -> int:
    """How many of `places` can be had without overlap: always the one that ends first."""
    number, behind = 0, -1
    for start, end in sorted(places, key=lambda place: place[1]):
        if start >= behind:
            number, behind = number + 1, end
    return number


def _size(form: str) -> int:
    return sum(unit != BREAK for unit in units(form))


def _starts(text: str, form: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)
