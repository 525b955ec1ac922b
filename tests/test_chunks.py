from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.query import chunks
from swsearch.query.bind import bind
from swsearch.query.chunks import read_chunk
from swsearch.query.nodes import Contains
from swsearch.query.parse import parse
from swsearch.text import words
from swsearch.text.match import MARK

CHUNKS = [
    ("社工站", Contains("社工站", "社工站", ("社工站",))),
    ("社會", Contains("社會", "社会", ("社会",))),
    ("《社工站》，24个", Contains("《社工站》，24个", f"社工站¶{MARK}24{MARK}个", ("社工站", f"{MARK}24{MARK}", "个"))),
    ("軟體", Contains("軟體", "软体", ("软体",), ("软件",), (("软体", "软件"),))),
    ("“", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), CHUNKS)
def test_read_chunk(text: str, expected: Contains | None) -> None:
    assert read_chunk(text, False, False, False) == expected


def test_quotes_and_literal_leave_the_other_vocabulary_out() -> None:
    assert read_chunk("软件", False, True, False) == Contains(
        "软件", "软件", ("软件",), ("软体",), (("软件", "软体"),), title_only=True
    )
    assert read_chunk("软件", False, True, True) == Contains("软件", "软件", ("软件",), title_only=True)
    assert read_chunk("软件", True, False, False) == Contains("软件", "软件", ("软件",), quoted=True)


PIECES = [
    *"社工站会會的里裡著全覆盖臺台𠮷䜣鿕鿖Ａa1２，、.-“” ①+\u200b\ud800",
    "志工",
    "志愿者",
    "網路",
    "网络",
    "24",
    "Work",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.booleans(), st.booleans(), st.booleans())
@settings(deadline=None)
def test_plain_chunks_are_read_as_any_other(text: str, quoted: bool, title_only: bool, literal: bool) -> None:
    """Han characters that nothing changes go a shorter way."""
    at_once = chunks._read(text, quoted, title_only, literal)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chunks, "is_plain", lambda _: False)
        patched.setattr(words, "is_plain", lambda _: False)
        assert chunks._read(text, quoted, title_only, literal) == at_once
    for _ in range(2):
        assert read_chunk(text, quoted, title_only, literal) == at_once


def test_a_chunk_is_read_once() -> None:
    chunks.remembered.cache_clear()
    first = read_chunk("社工站", False, False, False)
    assert read_chunk("社工站", False, False, False) is first
    others = [
        read_chunk("社工站", *more) for more in ((True, False, False), (False, True, False), (False, False, True))
    ]
    assert [(chunk.quoted, chunk.title_only) for chunk in others if chunk] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_what_is_remembered_is_bounded_and_nobody_can_change_it() -> None:
    chunks.remembered.cache_clear()
    for number in range(2 * chunks.LATEST):
        read_chunk(f"第{number}条", False, False, False)
    assert chunks.remembered.cache_info().currsize == chunks.LATEST
    read_chunk("站" * (chunks.LONGEST_CHARS + 1), False, False, False)
    assert chunks.remembered.cache_info().misses == 2 * chunks.LATEST
    assert hash(read_chunk("志工 24", False, False, False))  # tuples and strings all the way down


def test_nothing_to_search_for_is_said_each_time() -> None:
    for _ in range(2):
        (warning,) = bind(parse("社工站 ，。").node).warnings
        assert warning.startswith("There is nothing to search for in ")
