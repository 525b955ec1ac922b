from __future__ import annotations

import contextlib
import datetime
import importlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import query_text, query_trees

from swsearch.errors import QueryError, QuerySyntaxError, SwsearchError
from swsearch.query.fields import FIELDS, find_field, near_field
from swsearch.query.nodes import And, Chunk, Field, Near, Node, Not, Or
from swsearch.query.parse import parse
from swsearch.query.ranges import read_range

module = importlib.import_module("swsearch.query.parse")
TODAY = datetime.date(2026, 11, 21)


def identity_rows() -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "data/queries_identity.txt").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(row[0], row[-1]) for row in rows]


@pytest.mark.parametrize(("query", "canonical"), identity_rows())
def test_canonical_text(query: str, canonical: str) -> None:
    parsed = parse(query, strict=True)
    assert (str(parsed.node), parsed.warnings) == (canonical, ())
    assert parse(canonical, strict=True) == parsed
    assert parse(query) == parsed


甲, 乙, 丙 = Chunk("甲"), Chunk("乙"), Chunk("丙")
TREES: list[tuple[str, Node]] = [
    ("甲", 甲),
    ("甲 乙", And((甲, 乙))),
    ("甲 OR 乙 丙", And((Or((甲, 乙)), 丙))),
    ("甲 AND (乙 OR 丙)", And((甲, Or((乙, 丙))))),
    ("NOT 甲 OR 乙", Or((Not(甲), 乙))),
    ("--甲", Not(Not(甲))),
    ("“甲 乙”", Chunk("甲 乙", quoted=True)),
    ("“甲 乙”~7", Near(("甲", "乙"), 7)),
    ("title:甲", Field("title", "甲")),
    ("标题：“甲”", Field("title", "甲", quoted=True)),
    ("title:(甲 OR -乙)", Or((Field("title", "甲"), Not(Field("title", "乙"))))),
    ("title:(甲 region:江西)", And((Field("title", "甲"), Field("region", "江西")))),
    ("-地区：江西", Not(Field("region", "江西"))),
    ("year:近三年", Field("year", "近三年")),
]


@pytest.mark.parametrize(("query", "node"), [row for row in TREES if "甲 region" not in row[0]])
def test_tree(query: str, node: Node) -> None:
    assert parse(query, strict=True).node == node


# (query, what it is read as, part of the warning, place and expectation in strict mode)
LENIENT: list[tuple[str, str | None, str, int, str]] = [
    ("甲 OR", '甲 "OR"', "OR does not stand between two chunks; it is searched as text", 4, "a chunk"),
    ("AND 甲", '"AND" 甲', "AND does not stand between two chunks", 0, "a chunk"),
    ("或", '"或"', "或 does not stand between two chunks", 0, "a chunk"),
    ("甲 OR OR 乙", "甲 OR 乙", "OR stands twice; it is read once", 5, "a chunk"),
    ("甲 AND OR 乙", '甲 ("AND" OR 乙)', "AND does not stand between", 6, "a chunk"),
    ("甲 NOT", '甲 "NOT"', "Nothing follows NOT", 5, "a chunk"),
    ("(甲 OR) 乙", '甲 "OR" 乙', "OR does not stand", 5, "a chunk"),
    ("title:", '"title:"', "Nothing follows title:", 6, "a chunk"),
    ("(甲 乙", "甲 乙", "The bracket ( is not closed; it is left out", 0, ")"),
    ("甲 （（乙）", "甲 乙", "The bracket （ is not closed", 2, ")"),
    ("() 甲", "甲", "There is nothing between the brackets", 1, "a chunk"),
    ('"甲 乙', "甲 乙", 'The quote " is not closed; it is left out', 0, '"'),
    ("甲 “乙", "甲 乙", "The quote “ is not closed", 2, "”"),
    ('"" 甲', "甲", "There is nothing between the quotes", 0, "a text"),
    ("year:abc", '"year:abc"', '"abc" is no value of year:', 0, "2024 or 2021..2024"),
    ("年份：去岁", '"年份：去岁"', "is no value of 年份：", 0, "2024 or 2021..2024"),
    ("date:2024-13", '"date:2024-13"', "is no value of date:", 0, "2024-11 or 2024-11-01..2024-11-15"),
    ("page:A", '"page:A"', "is no value of page:", 0, "8 or 1..4"),
    ("year:(2024 OR x)", 'year:2024 OR "year:x"', '"x" is no value of year:', 0, "2024 or 2021..2024"),
    ('"甲 乙"~0', '"甲 乙"', "~0 is no distance (1 to 1000)", 5, "1 to 1000"),
    ('"甲 乙"~9999999999999', '"甲 乙"', "is no distance", 5, "1 to 1000"),
    ('"甲"~5', '"甲"', "there are not two", 3, "1 to 1000"),
    ('title:"甲 乙"~5', 'title:"甲 乙"', "~5 cannot be asked of title:", 0, "a chunk"),
    ("title:region:江西", "region:江西", "title: is left out", 0, "a chunk"),
    ("title:(甲 region:江西)", "title:甲 region:江西", "title: is left out", 0, "a chunk"),
    ('"', None, "There is nothing to search for in", 0, '"'),
    ("“”", None, "There is nothing to search for in", 0, "a text"),
    ("()", None, "There is nothing to search for in", 1, "a chunk"),
    ("((((", None, "There is nothing to search for in", 0, ")"),
]


@pytest.mark.parametrize(("query", "canonical", "warning", "pos", "expected"), LENIENT)
def test_what_does_not_parse(query: str, canonical: str | None, warning: str, pos: int, expected: str) -> None:
    """Lenient mode reads it as text and says so; strict mode points at the place and says what could stand there."""
    parsed = parse(query)
    assert (None if parsed.node is None else str(parsed.node)) == canonical
    assert warning in " ".join(parsed.warnings)
    assert parse(canonical or "").node == parsed.node
    with pytest.raises(QuerySyntaxError) as caught:
        parse(query, strict=True)
    assert (caught.value.pos, caught.value.query) == (pos, query)
    assert expected in caught.value.expected


def test_caret_counts_wide_characters_twice() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse("甲 “乙", strict=True)
    assert caught.value.caret() == "甲 “乙\n   ^"
    assert str(caught.value) == 'The quote “ is not closed (at character 3 of "甲 “乙").'


@pytest.mark.parametrize("query", ["", " ", "　\n"])
@pytest.mark.parametrize("strict", [False, True])
def test_blank_query_is_valid(query: str, strict: bool) -> None:
    assert (parse(query, strict=strict).node, parse(query).warnings) == (None, ())


@pytest.mark.parametrize("query", ["-甲", "region:江西", "-region:江西", "year:2024 -agency:民政厅"])
def test_filters_and_not_alone_are_valid(query: str) -> None:
    assert str(parse(query, strict=True).node) == query


NEAR_FIELDS = [
    ("regin:江西", "region"),
    ("yaer:2024", "year"),
    ("tilte:甲", "title"),
    ("Agnecy：甲", "agency"),
    ("sorce:甲", "source"),
    ("年分：2024", "年份"),
    ("題目：甲", "标题"),
]


@pytest.mark.parametrize(("query", "field"), NEAR_FIELDS)
@pytest.mark.parametrize("strict", [False, True])
def test_nearly_a_field_is_text_with_a_warning(query: str, field: str, strict: bool) -> None:
    parsed = parse(query, strict=strict)
    assert parsed.node == Chunk(query)
    assert f"(did you mean {field}?); it is searched as text." in parsed.warnings[0]


@pytest.mark.parametrize(
    "query", ["上午10:30", "http://a.cn", "注：甲", "日记：甲", "标准：甲", "A:B", ":", "甲:乙", "ab:c"]
)
def test_a_word_before_a_colon_is_text(query: str) -> None:
    parsed = parse(query, strict=True)
    assert (parsed.node, parsed.warnings) == (Chunk(query), ())


def test_field_names_are_unique() -> None:
    names = [name for field in FIELDS for name in (field.name, *field.aliases)]
    assert len(names) == len(set(names))
    assert all(find_field(name) is not None for name in names)
    assert all(find_field(near) is None and near_field(near) for field in FIELDS for near in field.near)


RANGES: list[tuple[str, str, object, object]] = [
    *[("year", value, 2024, 2024) for value in ("2024", "２０２４", "2024年", "二〇二四年", "二零二四", "民国113年")],
    *[
        ("year", value, 2024, 2024)
        for value in ("民國一百一十三年", "民国一一三年", "中華民國113年", "2024年度", "=2024")
    ],
    *[
        ("year", f"2020{mark}2024", 2020, 2024)
        for mark in ("..", "...", "…", "-", "－", "—", "——", "–", "~", "～", "〜")
    ],
    *[("year", f"2020{mark}2024", 2020, 2024) for mark in ("至", "到", "年至", "年—", " .. ")],
    ("year", "2020年至2024年", 2020, 2024),
    ("year", "民国109年～民国113年", 2020, 2024),
    ("year", "2024..2020", 2020, 2024),
    ("year", ">=2022", 2022, None),
    ("year", "＞＝２０２２年", 2022, None),
    ("year", "≥2022", 2022, None),
    ("year", ">2022", 2023, None),
    ("year", "<=2022", None, 2022),
    ("year", "≤2022", None, 2022),
    ("year", "＜2022", None, 2021),
    ("year", "2022..", 2022, None),
    ("year", "2022至今", 2022, None),
    ("year", "..2022", None, 2022),
    ("year", "2022-", 2022, None),
    ("year", "近三年", 2024, 2026),
    ("year", "近3年", 2024, 2026),
    ("year", "最近三年", 2024, 2026),
    ("year", "近十年", 2017, 2026),
    ("year", "近二十年", 2007, 2026),
    ("year", "近两年", 2025, 2026),
    ("year", "近三年来", 2024, 2026),
    ("year", "今年", 2026, 2026),
    ("year", "去年", 2025, 2025),
    ("year", "去年..今年", 2025, 2026),
    ("years", "民国元年", 1912, 1912),
    ("page", "8", 8, 8),
    ("page", "第８版", 8, 8),
    ("page", "第十二版", 12, 12),
    ("page", "1..4", 1, 4),
    ("page", "1-4", 1, 4),
    ("page", ">4", 5, None),
    ("date", "2024-11", "2024-11-01", "2024-11-30"),
    ("date", "2024年11月", "2024-11-01", "2024-11-30"),
    ("date", "2024年2月份", "2024-02-01", "2024-02-29"),
    ("date", "二〇二四年十一月", "2024-11-01", "2024-11-30"),
    ("date", "民國113年11月1日", "2024-11-01", "2024-11-01"),
    ("date", "今年3月", "2026-03-01", "2026-03-31"),
    ("date", "2024/11/1", "2024-11-01", "2024-11-01"),
    ("date", "2024.11.1", "2024-11-01", "2024-11-01"),
    ("date", "20241101", "2024-11-01", "2024-11-01"),
    ("date", "２０２４－１１－０１", "2024-11-01", "2024-11-01"),
    ("date", "2024", "2024-01-01", "2024-12-31"),
    ("date", "2021-2024", "2021-01-01", "2024-12-31"),
    ("date", "2024-11-01..2024-11-15", "2024-11-01", "2024-11-15"),
    ("date", "2024-11-01-2024-11-15", "2024-11-01", "2024-11-15"),
    ("date", "2024-11-01至2024-11-15", "2024-11-01", "2024-11-15"),
    ("date", "2024年11月1日—2024年11月15日", "2024-11-01", "2024-11-15"),
    ("date", "2024-11..2024-12", "2024-11-01", "2024-12-31"),
    ("date", ">=2024-11", "2024-11-01", None),
    ("date", ">2024-11", "2024-12-01", None),
    ("date", "<2024-11", None, "2024-10-31"),
    ("date", "<=2024-11", None, "2024-11-30"),
    ("date", "近三年", "2024-01-01", "2026-12-31"),
    ("date", "今天", "2026-11-21", "2026-11-21"),
    ("date", "昨天", "2026-11-20", "2026-11-20"),
]


@pytest.mark.parametrize(("field", "value", "low", "high"), RANGES)
def test_ranges(field: str, value: str, low: object, high: object) -> None:
    assert read_range(field, value, TODAY) == (low, high)


NO_RANGES = [
    *[
        ("year", value)
        for value in ("", "abc", "..", "-", "24", "20244", "0000", "近年", "近零年", "二十", "2020-24", "2024-11")
    ],
    *[("year", value) for value in ("2020..2021..2022", ">", ">=x", "民国年", "近99999年", "二〇二", "٢٠٢٤", "千年")],
    *[
        ("date", value)
        for value in ("2024-13", "2024-02-30", "2024-00", "2024-1-0", "11月", "abc", "0000-01", "2024-11-")
    ],
    *[("page", value) for value in ("A1", "", "第版", "99999", "-")],
]


@pytest.mark.parametrize(("field", "value"), NO_RANGES)
def test_unreadable_ranges(field: str, value: str) -> None:
    if (field, value) == ("date", "2024-11-"):
        assert read_range(field, value, TODAY) == ("2024-11-01", None)
    else:
        assert read_range(field, value, TODAY) is None


@given(
    st.sampled_from(["year", "date", "page"]),
    st.text("0123456789年月日第版近三十百〇民国-.~至到>=<今去 ９/", max_size=12),
)
def test_any_range_value_is_read_or_not(field: str, value: str) -> None:
    found = read_range(field, value, TODAY)
    assert found is None or found.low is None or found.high is None or found.low <= found.high  # type: ignore[operator]


LIMITS = [
    ("社" * 100_000, "The query has 100,000 characters; at most 2,000 can be answered."),
    ("(" * 5_000, "The query has 5,000 characters"),
    (" OR ".join(["甲"] * 1_000), "The query has 4,996 characters"),
    ("(" * 1_999 + "甲", "more than 32 levels"),
    ("(" * 33 + "甲" + ")" * 33, "more than 32 levels"),
    ("-" * 1_999 + "甲", "more than 32 levels"),
    ("NOT " * 400 + "甲", "more than 32 levels"),
    ("title:" * 300 + "甲", "more than 32 levels"),
    ("title:(" * 17 + "甲" + ")" * 17, "more than 32 levels"),
    ("甲 " * 257, "more than 256 clauses"),
    ("甲或 " * 257, "more than 256 clauses"),
    ('"' + "甲 " * 257 + '"~9', "more than 256 clauses"),
]


@pytest.mark.parametrize(("query", "message"), LIMITS)
@pytest.mark.parametrize("strict", [False, True])
def test_limits(query: str, message: str, strict: bool) -> None:
    """They are refused in under 10 ms; the bound here is for slow machines."""
    start = time.perf_counter()
    with pytest.raises(QueryError, match=message):
        parse(query, strict=strict)
    assert time.perf_counter() - start < 1


WITHIN = ["(" * 32 + "甲" + ")" * 32, "-" * 32 + "甲", " OR ".join(["甲"] * 256), "甲 " * 256, "“" * 2_000, '"' * 2_000]


@pytest.mark.parametrize(
    "query", [*WITHIN, "OR " * 600, "()" * 1_000, '"a""b"' * 300, "“”" * 1_000, ":" * 2_000, "- " * 99]
)
def test_just_within_the_limits(query: str) -> None:
    start = time.perf_counter()
    parsed = parse(query)
    assert time.perf_counter() - start < 1
    assert parse(str(parsed.node) if parsed.node else "").node == parsed.node
    assert len(parsed.warnings) <= 10


@given(query_trees())
def test_canonical_text_parses_back(node: Node) -> None:
    assert parse(str(node), strict=True).node == node


@given(query_text())
@settings(max_examples=400)
def test_any_text_is_read(text: str) -> None:
    """Lenient mode reads everything within the limits; what it reads has a canonical text that says the same."""
    try:
        parsed = parse(text)
    except QueryError:
        return
    assert "".join(parsed.warnings).isprintable()
    if parsed.node is not None:
        again = parse(str(parsed.node))
        assert again.node == parsed.node


@given(query_text())
@settings(max_examples=400)
def test_strict_differs_only_where_lenient_warns(text: str) -> None:
    try:
        lenient = parse(text)
    except QueryError:  # a limit
        return
    try:
        strict = parse(text, strict=True)
    except QuerySyntaxError as error:
        wrong = error
    else:
        assert strict == lenient
        return
    assert 0 <= wrong.pos <= len(text)
    assert wrong.expected
    assert lenient.warnings


@pytest.mark.stress
@given(st.one_of(query_text(), st.text()))
@settings(max_examples=100_000, deadline=None)
def test_no_text_raises_anything_else(text: str) -> None:
    for strict in (False, True):
        with contextlib.suppress(SwsearchError):
            parse(text, strict=strict)


@given(st.text(st.sampled_from("社工站与或非與0２9a，。、 \u3000\n-:"), max_size=20))
def test_plain_text_is_read_as_any_other(text: str) -> None:
    """What holds no syntax is read by a short cut."""
    at_once = parse(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_PLAIN_CHARS", -1)
        assert parse(text) == at_once
