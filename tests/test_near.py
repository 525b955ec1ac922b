"""Proximity: the same as trying every combination, and never for long."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.engines.scan import _near
from swsearch.errors import QueryError
from swsearch.query.nodes import Contains
from swsearch.text.match import match_form
from swsearch.text.near import near

# (paragraph, pieces, distance, near or not)
TABLE = [
    ("社工站实现全覆盖", "社工站 全覆盖", 8, True),
    ("社工站实现全覆盖", "社工站 全覆盖", 7, False),
    ("全覆盖的社工站", "社工站 全覆盖", 7, True),
    ("社工站，实现，全覆盖", "社工站 全覆盖", 8, True),
    ("社工站在2024年", "社工站 年", 6, True),
    ("社工站在2024年", "社工站 年", 5, False),
    ("社工站", "社工 工站", 9, False),
    ("社工站工站", "社工 工站", 5, True),
    ("社工站工站", "社工 工站", 3, False),
    ("社工和社工", "社工 社工", 5, True),
    ("社工", "社工 社工", 5, False),
    ("甲甲甲", "甲 甲 甲 甲", 9, False),
    ("甲乙甲乙", "甲 乙 甲乙", 4, True),
    ("甲乙乙甲", "甲 乙 甲乙", 4, True),
    ("乙甲甲乙", "甲乙 甲 乙", 4, True),
    ("甲甲乙乙甲", "甲乙 甲乙 甲", 9, False),
]


@pytest.mark.parametrize(("part", "pieces", "distance", "expected"), TABLE)
def test_table(part: str, pieces: str, distance: int, expected: bool) -> None:
    forms = [[match_form(piece)] for piece in pieces.split()]
    assert near(match_form(part), forms, distance) is expected


CHARS = st.text("社工站，2 ", min_size=1, max_size=16)
PIECE = st.text("社工站，2", min_size=1, max_size=3).map(match_form).filter(bool)


@settings(max_examples=400, deadline=None)
@given(CHARS, st.lists(st.lists(PIECE, min_size=1, max_size=2), min_size=2, max_size=4), st.integers(1, 14))
def test_same_as_trying_all(text: str, pieces: list[list[str]], distance: int) -> None:
    nodes = tuple(Contains("", forms[0], alternatives=tuple(forms[1:])) for forms in pieces)
    assert near(match_form(text), pieces, distance) == _near(match_form(text), nodes, distance)


REPEATED = "社工站全覆盖" * 160
MANY = {
    "one piece 256 times": ["社"] * 256,
    "two pieces 128 times": ["社", "工"] * 128,
    "as many as there are": ["社"] * 160,
    "overlapping": ["社工站", "工站全", "站"] * 60,
    "each character 20 times": list("社工站全覆盖") * 20,
    "every bigram": ["社工", "工站", "站全", "全覆", "覆盖", "盖社"] * 20,
    "every string": [REPEATED[at : at + size] for at in range(6) for size in range(1, 9)],
}


@pytest.mark.parametrize("pieces", MANY.values(), ids=MANY)
@pytest.mark.parametrize("distance", [50, 1000])
def test_many_pieces_take_bounded_time(pieces: list[str], distance: int) -> None:
    """0.5 s at most, when it gives up; the bound here is for slow machines."""
    start = time.perf_counter()
    with contextlib.suppress(QueryError):
        near(REPEATED, [[piece] for piece in pieces], distance)
    assert time.perf_counter() - start < 5
