"""Queries that nobody means well, from end to end: a sentence within 10 ms, or an answer that makes sense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import query_text

from swsearch import open_index
from swsearch.errors import QueryError, SwsearchError
from swsearch.search import Index

QUICK_S = 0.010
"""What a refusal may take of the processor; the best of five counts, a busy machine is not a slow program."""
PATIENCE_S = 5.0
"""What an answer may take on a slow, busy machine. Alone the slowest of these take 50 ms."""


@pytest.fixture(scope="module")
def index(seed_index: Path) -> Iterator[Index]:
    with open_index(seed_index) as opened:
        yield opened


REFUSED = [
    ("社" * 100_000, "The query has 100,000 characters; at most 2,000 can be answered."),
    ("a" * 2_001, "The query has 2,001 characters"),
    ("(" * 5_000, "The query has 5,000 characters"),
    ("（" * 1_000 + "社工站" + "）" * 1_000, "characters"),
    ("(" * 998 + "社工站" + ")" * 998, "more than 32 levels"),
    (" OR ".join(["社"] * 1_000), "characters"),
    ("社或 " * 257, "more than 256 clauses"),
    ("社 或 " * 400 + "工", "more than 256 clauses"),
    ("社 " * 257, "more than 256 clauses"),
    ("- " * 200 + "-" * 500 + "社", "more than 32 levels"),
    ("title:" * 300 + "社", "more than 32 levels"),
    ('"' + "社 " * 257 + '"~9', "more than 256 clauses"),
]


@pytest.mark.parametrize(("query", "message"), REFUSED, ids=lambda text: f"{text[:12]} … {len(text)}")
@pytest.mark.parametrize("strict", [False, True])
def test_limits_are_refused_at_once(index: Index, query: str, message: str, strict: bool) -> None:
    took = []
    for _ in range(5):
        start = time.thread_time()
        with pytest.raises(QueryError, match=message):
            index.search(query, strict=strict)
        took.append(time.thread_time() - start)
    assert min(took) < QUICK_S


# (query, as many hits as this query has (None: no hits), whether something was left out or read as text)
ANSWERED = [
    ("社工站\u0000", None, False),  # NUL is a code point like others: no article has it
    ("\u0000", None, False),
    ("社工站 \ud800", None, False),
    ("\udfff\ud800", None, False),
    ("蓋\ud800", None, False),
    ("社工站\u0301", None, False),
    ("\u0301\u0302\u0303", None, False),
    ("\u200f社\u202e工\u202c站\u200e", "社工站", False),  # direction marks vanish
    ("\u2067社工站\u2069", "社工站", False),
    ("\ufeff社工站", "社工站", False),
    ("社\u200b工\u200d站", "社工站", False),
    ("社工站\U000e0100", "社工站", False),
    ("，。！？；：", None, True),  # nothing to search for: left out, with a warning
    ("…… —— 社工站", "社工站", True),
    ("《》「」『』【】", None, True),
    ("\u200f\u202e", None, True),
    ("AND", None, True),  # operators between nothing are text
    ("AND OR NOT", None, True),
    ("与 或 非", "“与” OR “非”", True),
    ("OR 社工站 OR", "社工站 OR OR", True),
    ("----", None, True),
    ("()()()", None, True),
    ("((社工站", "社工站", True),
    ("社工站))", "社工站", False),  # a bracket that closes nothing is text, and brackets vanish
    ('"社工站', "社工站", True),
    ("“”“”社工站", "社工站", True),
    ("-(-(-(-社工站)))", "社工站", False),
    ("(" * 32 + "社工站" + ")" * 32, "社工站", False),
    ("社工站 OR " * 255 + "社工站", "社工站", False),
    ("社工站 " * 256, "社工站", False),
    ("社工站 " + "-天津 " * 255, "社工站 -天津", False),
    ('"' + "社 " * 256 + '"~1000', None, False),
    ('"' + "社 工 " * 128 + '"~1000', None, False),
    ('"社 工 站"~1000', '"站 社 工"~1000', False),
    ("a" * 2_000, None, False),
    ("社" * 2_000, None, False),
    ("社工" * 1_000, None, False),
    ("1." * 1_000, None, False),
    ("社，" * 1_000, None, False),
    ("title:region:year:社工站", None, True),
    ("region:\ud800", None, True),
    ("year:99999999999999999999", None, True),
    ("agency:" + "民" * 1_900, None, False),
    ("社工站\n全覆盖\t", "社工站 全覆盖", False),
    ("\x1f社工站\x1f", "社工站", False),
    ("¶社工站¶", "社工站", False),  # a paragraph mark is a break
    ("社工站'; DROP TABLE articles; --", None, True),
    ("<script>alert(1)</script>", None, False),
    ("../../etc/passwd", None, False),
    ("%s%n{0}${jndi}", None, False),
    ("社工.*", None, False),
    ("社工*", None, False),
]


@pytest.mark.parametrize(("query", "same_as", "warned"), ANSWERED, ids=lambda value: ascii(value)[:30])
def test_within_the_limits_there_is_an_answer(index: Index, query: str, same_as: str | None, warned: bool) -> None:
    start = time.perf_counter()
    results = index.search(query, limit=0, exact=True)
    assert time.perf_counter() - start < PATIENCE_S
    expected = {hit.id for hit in index.search(same_as, limit=0, exact=True)} if same_as else set()
    assert {hit.id for hit in results} == expected
    assert bool(results.warnings) is warned, results.warnings
    assert "".join(results.warnings).isprintable()
    assert "Traceback" not in repr(results)
    relaxed = index.search(query, limit=3)  # relaxing must not raise, and has the same hits where there are any
    assert relaxed.total == results.total or relaxed.relaxed != "no"
    for hit in relaxed:
        assert all(0 <= start < end <= len(hit.snippet) for start, end in hit.highlights)
    index.explain(query, limit=2)
    index.kwic(query, limit=2)


@settings(max_examples=150, deadline=None)
@given(query=st.one_of(query_text(), st.text(max_size=30)), strict=st.booleans(), loose=st.booleans())
def test_any_query_is_answered_or_refused(index: Index, query: str, strict: bool, loose: bool) -> None:
    _ask(index, query, strict, loose)


@pytest.mark.stress
@settings(max_examples=5_000, deadline=None)
@given(query=st.one_of(query_text(), st.text(max_size=60)), strict=st.booleans(), loose=st.booleans())
def test_any_of_many_queries_is_answered_or_refused(index: Index, query: str, strict: bool, loose: bool) -> None:
    _ask(index, query, strict, loose)


def _ask(index: Index, query: str, strict: bool, loose: bool) -> None:
    """Nothing but SwsearchError comes out; hits are in order, and what was marked lies within the snippet."""
    try:
        results = index.search(query, limit=5, strict=strict, loose=loose)
    except SwsearchError:
        return
    assert len(results) == min(results.total, 5)
    assert [hit.score for hit in results] == sorted((hit.score for hit in results), reverse=True)
    for hit in results:
        assert all(0 <= start < end <= len(hit.snippet) for start, end in hit.highlights)
    results.to_dict()
    results._repr_html_()
