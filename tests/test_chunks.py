from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.query import chunks
from swsearch.query.chunks import read_chunk
from swsearch.query.nodes import Contains
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
    at_once = read_chunk(text, quoted, title_only, literal)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chunks, "is_plain", lambda _: False)
        patched.setattr(words, "is_plain", lambda _: False)
        assert read_chunk(text, quoted, title_only, literal) == at_once
