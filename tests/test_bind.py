from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from strategies import query_text, query_trees

from swsearch.errors import QueryError, QuerySyntaxError, SwsearchError, UnknownFieldError, UnknownRegionError
from swsearch.query import chunks
from swsearch.query.bind import bind, bind_filters, explain, pieces, terms
from swsearch.query.names import name_forms
from swsearch.query.nodes import (
    AllOf,
    AnyOf,
    BoundNode,
    Contains,
    Everything,
    Except,
    Field,
    HasName,
    InRange,
    InRegion,
    Node,
    Nothing,
    Term,
    Weigh,
    Within,
)
from swsearch.query.parse import parse
from swsearch.text.fold import fold
from swsearch.text.match import MARK, match_form

TODAY = datetime.date(2026, 11, 21)
COUNTERPARTS = {"志工": "志愿者", "軟體": "软件", "软件": "軟體"}


class FakeAlternative(NamedTuple):
    text: str
    replaced: tuple[tuple[str, str], ...]


@pytest.fixture(autouse=True)
def _few_variants(monkeypatch):
    """Three pairs instead of the real lists, which have tests of their own."""

    def alternatives(chunk: str, _: Sequence[str]) -> list[FakeAlternative]:
        pairs = tuple((word, other) for word, other in COUNTERPARTS.items() if word in chunk)
        text = chunk
        for word, other in pairs:
            text = text.replace(word, other)
        return [FakeAlternative(text, pairs)] if pairs else []

    monkeypatch.setattr(chunks, "remembered", chunks._read)
    monkeypatch.setattr(chunks, "alternatives", alternatives)
    monkeypatch.setattr(chunks, "has_any", lambda _: True)


def bound(query: str, **options) -> BoundNode:
    return bind(parse(query).node, query=query, today=TODAY, **options).node


def chunk(text: str, *words: str, **more) -> Contains:
    return Contains(text, match_form(text), tuple(map(match_form, words or (text,))), **more)


TREES: list[tuple[str, BoundNode]] = [
    ("", Everything()),
    ("社区", chunk("社区")),
    ("社區", chunk("社區")),
    ("“社区”", chunk("社区", quoted=True)),
    ("标题：社区", chunk("社区", title_only=True)),
    ("社区 养老", AllOf((chunk("社区"), chunk("养老")))),
    ("社区 (养老 慈善)", AllOf((chunk("社区"), chunk("养老"), chunk("慈善")))),
    ("社区 OR 养老", AnyOf((chunk("社区"), chunk("养老")))),
    ("-社区", Except(chunk("社区"))),
    ("--社区", chunk("社区")),
    ("“社区 养老”~9", Within((chunk("社区", quoted=True), chunk("养老", quoted=True)), 9)),
    ("2024年", chunk("2024年", "2024", "年")),
    ("year:2024", InRange("year", 2024, 2024)),
    ("year:>=2022", InRange("year", 2022, None)),
    ("years:近三年", InRange("years", 2024, 2026)),
    ("date:2024-11", InRange("date", "2024-11-01", "2024-11-30")),
    ("page:第8版", InRange("page", 8, 8)),
    ("region:江西", InRegion("region", ("江西省",))),
    ("地區：廣東", InRegion("region", ("广东省",))),
    ("region:沪", InRegion("region", ("上海市",))),
    ("region:河北", InRegion("region", ("河北省",))),
    ("region:南昌", InRegion("region", ("江西省/南昌市",))),
    ("region:河北区", InRegion("region", ("天津市/河北区",))),
    ("place:江西/南昌", InRegion("place", ("江西省/南昌市",))),
    ("place:江西／南昌", InRegion("place", ("江西省/南昌市",))),
    ("region:(湖南 OR 江西)", AnyOf((InRegion("region", ("湖南省",)), InRegion("region", ("江西省",))))),
    ("source:南昌日報", HasName("source", ("南昌日报",))),
    ("byline:皮磊", HasName("byline", ("皮磊",))),
    ("paper:公益时报", HasName("paper", ("公益时报",))),
    ("agency:民政厅", HasName("agency", ("民政厅",))),
    ("软件", chunk("软件", alternatives=("软体",), word_alternatives=(("软件", "软体"),))),
]


@pytest.mark.parametrize(("query", "node"), TREES)
@pytest.mark.parametrize("strict", [False, True])
def test_bound_tree(query: str, node: BoundNode, strict: bool) -> None:
    assert bound(query, strict=strict) == node


# Every example of the query language (DESIGN §5), as its reader would type it on a half-width keyboard.
EXAMPLES = """\
社工站 全覆盖
“社工站全覆盖”
"社工站全覆盖"
社工站 OR 社会工作站
社工站 或 社会工作站
社工站 -招聘
社工站 NOT 招聘
社工站 AND 全覆盖
社工站 与 非 全覆盖
(社工站 OR 社工室) 湖南
甲 OR 乙 丙
乡镇(街道)社工站
title:全覆盖
标题:全覆盖
region:江西
地区:江西
region:江西/南昌
region:沪
region:粤
region:廣東
year:2024
year:2021..2024
年份:2021-2024
year:>=2022
year:近三年
years:2025
date:2024-11
date:2024-11-01..2024-11-15
agency:民政厅
机构:民政厅
agency:人社厅
source:南昌日报
byline:皮磊
place:北京
paper:公益时报
page:8
"社工站 全覆盖"~30
""".splitlines()


def full_width(query: str) -> str:
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in query)


@pytest.mark.parametrize("query", EXAMPLES)
def test_examples_mean_the_same_in_full_width(query: str) -> None:
    """Letters, digits, operators, colons, brackets, quotes and spaces all in full width: the same bound tree."""
    half, full = (parse(text, strict=True) for text in (query, full_width(query)))
    assert (half.warnings, full.warnings) == ((), ())
    trees = [bind(parsed.node, today=TODAY, strict=True).node for parsed in (half, full)]
    assert not isinstance(trees[0], Nothing)
    assert fold(repr(trees[0])) == fold(repr(trees[1]))  # the text of a chunk stays as typed


def test_variants_are_left_out_by_quotes_and_by_literal() -> None:
    assert bound("软件").alternatives == ("软体",)
    assert bound("“软件”").alternatives == ()
    assert bound("软件", literal=True).alternatives == ()
    assert bound("title:软件").alternatives == ("软体",)


def test_variants_of_the_real_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    found = bound("志工 -身心障礙者")
    assert isinstance(found, AllOf)
    assert "志愿者" in found.nodes[0].alternatives
    assert ("志工", "志愿者") in found.nodes[0].word_alternatives
    assert "残疾人" in found.nodes[1].node.alternatives


# what has no searchable character is left out; nothing left is Nothing
EMPTY = [
    ("，。 社区", chunk("社区"), 0),
    ("社区 - 养老", AllOf((chunk("社区"), chunk("养老"))), 3),
    ("社区 -“，”", chunk("社区"), 5),
    ("社区 OR 《》", chunk("社区"), 6),
    ("“社区 ，”~9", chunk("社区", quoted=True), 4),
    ("社区 region:，", chunk("社区"), 10),
    ("，。！", Nothing(), 0),
    ("-《》", Nothing(), 1),
]


@pytest.mark.parametrize(("query", "node", "pos"), EMPTY)
def test_nothing_to_search_for(query: str, node: BoundNode, pos: int) -> None:
    found = bind(parse(query).node, query=query)
    assert found.node == node
    assert "There is nothing to search for in " in found.warnings[0]
    with pytest.raises(QuerySyntaxError, match="There is nothing to search for in") as caught:
        bind(parse(query).node, query=query, strict=True)
    assert caught.value.pos == pos


def test_a_query_without_a_chunk_finds_nothing() -> None:
    assert bound('""') == Nothing()
    assert bind(None) == bind(None, query=" ")
    assert bind(None).node == Everything()


def test_region_of_several_meanings() -> None:
    found = bind(parse("region:朝阳").node)
    assert isinstance(found.node, InRegion)
    assert {"北京市/朝阳区", "吉林省/长春市/朝阳区", "辽宁省/朝阳市"} <= set(found.node.paths)
    assert "any of them is meant: " in found.warnings[0]
    assert "北京市/朝阳区" in found.warnings[0]


def test_unknown_region_in_a_query_matches_nothing() -> None:
    found = bind(parse("region:江西吗").node, strict=True)
    assert found.node == InRegion("region", ())
    assert 'There is no region "江西吗", so nothing is in it (did you mean 江西省' in found.warnings[0]


def test_trees_built_by_hand_are_checked() -> None:
    with pytest.raises(UnknownFieldError, match='There is no field "colour"; the fields are title, region') as caught:
        bind(Field("colour", "红"))
    assert caught.value.field == "colour"
    with pytest.raises(QueryError, match="is no value of year"):
        bind(Field("year", "abc"))


FILTERS = [
    ({}, None),
    ({"region": None, "year": [], "agency": ()}, None),
    ({"region": "江西"}, InRegion("region", ("江西省",))),
    ({"region": ["江西", "湖南"]}, AnyOf((InRegion("region", ("江西省",)), InRegion("region", ("湖南省",))))),
    ({"region": ("江西", "湖南")}, AnyOf((InRegion("region", ("江西省",)), InRegion("region", ("湖南省",))))),
    ({"place": "江西/南昌"}, InRegion("place", ("江西省/南昌市",))),
    ({"year": 2024}, InRange("year", 2024, 2024)),
    ({"year": "2021..2024"}, InRange("year", 2021, 2024)),
    ({"year": "近三年"}, InRange("year", 2024, 2026)),
    ({"year": (2021, 2024)}, InRange("year", 2021, 2024)),
    ({"year": (2024, 2021)}, InRange("year", 2021, 2024)),
    ({"year": (None, 2024)}, InRange("year", None, 2024)),
    ({"year": (2021, None)}, InRange("year", 2021, None)),
    ({"year": (None, None)}, None),
    ({"year": ("2021", "今年")}, InRange("year", 2021, 2026)),
    ({"year": [2021, 2023]}, AnyOf((InRange("year", 2021, 2021), InRange("year", 2023, 2023)))),
    ({"year": range(2021, 2023)}, AnyOf((InRange("year", 2021, 2021), InRange("year", 2022, 2022)))),
    ({"year": [(2021, 2022), ">=2024"]}, AnyOf((InRange("year", 2021, 2022), InRange("year", 2024, None)))),
    ({"years": 2025}, InRange("years", 2025, 2025)),
    ({"page": {8}}, InRange("page", 8, 8)),
    ({"date": datetime.date(2024, 11, 1)}, InRange("date", "2024-11-01", "2024-11-01")),
    ({"date": datetime.datetime(2024, 11, 1, 9)}, InRange("date", "2024-11-01", "2024-11-01")),
    ({"date": ("2024-11", None)}, InRange("date", "2024-11-01", None)),
    ({"date": 2024}, InRange("date", "2024-01-01", "2024-12-31")),
    ({"source": "南昌日报"}, HasName("source", ("南昌日报",))),
    ({"byline": "皮磊", "paper": "时报"}, AllOf((HasName("byline", ("皮磊",)), HasName("paper", ("时报",))))),
]


@pytest.mark.parametrize(("options", "node"), FILTERS)
def test_filters(options: dict, node: BoundNode | None) -> None:
    assert bind_filters(**options, today=TODAY) == node


BAD_FILTERS = [
    ({"year": "abc"}, '"abc" is no value of year: write it as 2024'),
    ({"year": ""}, "is no value of year"),
    ({"year": True}, "is no value of year"),
    ({"year": 2024.5}, "is no value of year"),
    ({"year": (2021, 2022, 2023)}, "A range of year is two values"),
    ({"year": (2021, "x")}, '"x" is no value of year'),
    ({"date": "2024-13"}, "write it as 2024-11"),
    ({"page": "A"}, "write it as 8"),
    ({"region": ""}, "is no value of region: it has nothing to search for"),
    ({"agency": "，"}, "is no value of agency"),
    ({"source": 5}, "is no value of source"),
]


@pytest.mark.parametrize(("options", "message"), BAD_FILTERS)
def test_bad_filters(options: dict, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        bind_filters(**options)


def test_unknown_region_as_an_option_is_an_error() -> None:
    with pytest.raises(UnknownRegionError) as caught:
        bind_filters(region="江西吗")
    assert caught.value.value == "江西吗"
    assert "江西省" in caught.value.near
    assert str(caught.value).startswith('There is no region "江西吗" (did you mean 江西省')


def test_filters_note_a_region_of_several_meanings() -> None:
    notes: list[str] = []
    assert isinstance(bind_filters(region="朝阳", notes=notes), InRegion)
    assert "any of them is meant" in notes[0]


NAMES = [
    ("人社厅", "人力资源和社会保障厅"),
    ("人力资源和社会保障厅", "人社厅"),
    ("江苏省人社厅", "江苏省人力资源和社会保障厅"),
    ("南京市人力资源和社会保障局", "南京市人社局"),
    ("人社", "人力资源和社会保障"),
    ("发改委", "发展和改革委员会"),
    ("国家发展改革委", "国家发展和改革委员会"),
    ("国家发改委", "国家发展改革委"),
    ("卫健委", "卫生健康委员会"),
    ("國家衛健委", "国家卫生健康委员会"),
    ("妇联", "妇女联合会"),
    ("扬州市妇女联合会", "扬州市妇联"),
    ("残联", "残疾人联合会"),
    ("工信厅", "工业和信息化厅"),
    ("民宗委", "民族宗教事务委员会"),
    ("市监局", "市场监督管理局"),
    ("团委", "共青团"),
    ("扬州市委社工部", "扬州市委社会工作部"),
    ("中央社会工作部", "中央社工部"),
    ("江苏省政府", "江苏省人民政府"),
    ("衛福部", "卫生福利部"),
    ("卫生福利部", "卫福部"),
    ("社署", "社会福利署"),
    ("香港社會福利署", "香港社署"),
]


@pytest.mark.parametrize(("value", "form"), NAMES)
def test_short_and_full_names_stand_for_each_other(value: str, form: str) -> None:
    forms = name_forms(value)
    assert forms[0] == match_form(value)
    assert form in forms
    assert bound(f"agency:{value}") == HasName("agency", forms)


def test_no_form_of_a_name_is_a_part_of_it() -> None:
    """人民法院 does not become 法院, which 军事法院 contains too; 沛县人民法院 becomes 沛县法院."""
    assert name_forms("人民法院") == ("人民法院",)
    assert name_forms("沛县人民法院") == ("沛县人民法院", "沛县法院")
    assert len(name_forms("民政厅人社厅发改委卫健委妇联残联")) <= 24


TWO = chunk("社区养老", "社区", "养老")
SOFTWARE = chunk("软件", alternatives=("软体",), word_alternatives=(("软件", "软体"),))
VOLUNTEERS = chunk("招募志工", "招募", "志工", alternatives=("招募志愿者",), word_alternatives=(("志工", "志愿者"),))
TERMS: list[tuple[BoundNode, list[Term]]] = [
    (chunk("社区"), [Term("社区", True)]),
    (TWO, [Term("社区养老"), Term("社区", True), Term("养老", True)]),
    (AllOf((chunk("养老"), TWO)), [Term("养老", True), Term("社区养老"), Term("社区", True)]),
    (chunk("社工站", "社工", "站"), [Term("社工站"), Term("社工", True)]),
    (chunk("站"), [Term("站", True)]),
    (chunk("24个", "24", "个"), [Term(f"{MARK}24{MARK}个")]),
    (chunk("COVID"), [Term(f"{MARK}covid{MARK}")]),
    (AllOf((chunk("社区"), Except(TWO), InRegion("region", ()))), [Term("社区", True)]),
    (AnyOf((chunk("社区", title_only=True), chunk("社区"))), [Term("社区", True)]),
    (Within((chunk("社区"), chunk("养老")), 5), [Term("社区", True), Term("养老", True)]),
    (Except(TWO), []),
    (Everything(), []),
    (SOFTWARE, [Term("软件", True, ("软体",))]),
    (AnyOf((SOFTWARE, chunk("软体"))), [Term("软件", True), Term("软体", True)]),
    (VOLUNTEERS, [Term("招募志工", False, ("招募志愿者",)), Term("招募", True), Term("志工", True, ("志愿者",))]),
]


@pytest.mark.parametrize(("node", "expected"), TERMS)
def test_terms(node: BoundNode, expected: list[Term]) -> None:
    assert list(terms(node)) == expected


def forms(node: BoundNode) -> object:
    return {inner.form for inner in node.nodes} if isinstance(node, AnyOf) else node.form


PIECES = [
    (("社工", "站"), ["社工", "社工站"]),
    (("社工", "站", "全", "覆盖"), ["社工", {"社工站", "站全"}, {"站全", "全覆盖"}, "覆盖"]),
    (("湖南", "的", "社工", "站", "建设", "怎么样"), ["湖南", "社工", {"社工站", "站建设"}, "建设"]),
    (("湖南", "的", "社工", "站", "是", "怎么", "建设", "的"), ["湖南", "社工", {"社工站", "站建设"}, "建设"]),
    (("站", "的", "社工"), ["站社工", "社工"]),
    (("社工", "的", "站"), ["社工", "社工站"]),
    (("站",), ["站"]),
    (("的", "是"), []),
    (("社工", "社工"), ["社工"]),
    ((f"{MARK}n{MARK}", "项目"), [f"{MARK}n{MARK}", "项目"]),
    ((f"{MARK}24{MARK}", "站"), [f"{MARK}24{MARK}", f"{MARK}24{MARK}站"]),
]


@pytest.mark.parametrize(("words", "expected"), PIECES)
def test_pieces(words: tuple[str, ...], expected: list[object]) -> None:
    form = "".join(words)
    assert [forms(piece) for piece in pieces(Contains(form, form, words))] == expected


def test_pieces_do_not_join_across_a_break() -> None:
    whole = Contains("社工，站", "社工¶站", ("社工", "站"))
    assert [forms(piece) for piece in pieces(whole)] == ["社工", "站"]


def test_pieces_do_not_join_across_a_sign_or_a_break_behind_a_function_word() -> None:
    for text in ("社工+站", "社工的，站", "社工，的站"):
        whole = bound(text)
        assert isinstance(whole, Contains)
        assert whole.words[0] == "社工"
        assert [forms(piece) for piece in pieces(whole)] == ["社工", "站"]


def test_pieces_keep_title_and_counterparts() -> None:
    whole = Contains("招募志工", "招募志工", ("招募", "志工"), ("招募志愿者",), (("志工", "志愿者"),), title_only=True)
    assert pieces(whole) == (
        Contains("招募", "招募", ("招募",), title_only=True),
        Contains("志工", "志工", ("志工",), ("志愿者",), (("志工", "志愿者"),), title_only=True),
    )


def test_explain() -> None:
    node = bound("招募志工 -“24个，站” (region:江西 OR year:>=2022) agency:妇联 “甲 乙”~3")
    assert explain(node) == "\n".join(
        [
            "all of",
            "  contains 招募志工",
            "    words: " + " ".join(node.nodes[0].words),
            "    or, ranked below: 招募志愿者",
            *(["    志工 = 志愿者"] if "志工" in node.nodes[0].words else []),
            "  not",
            "    contains 24|个¶站 exactly",
            "      words: 24 个 站",
            "  any of",
            "    region is or lies in 江西省",
            "    year from 2022 to …",
            "  agency contains 妇联 or 妇女联合会",
            "  within 3 units of one paragraph",
            "    contains 甲 exactly",
            "    contains 乙 exactly",
        ]
    )
    weigh = Weigh((chunk("甲"), Everything()), (1.5, 2), 1.75)
    assert explain(weigh).splitlines() == [
        "two or more that weigh at least 1.75 together",
        "  contains 甲  (weighs 1.50)",
        "  every article  (weighs 2.00)",
    ]
    assert [explain(node) for node in (Nothing(), InRegion("place", ()))] == [
        "no article",
        "place is known to no gazetteer: nothing",
    ]


@given(query_trees())
@settings(max_examples=60, deadline=None)
def test_any_tree_binds(node: Node) -> None:
    found = bind(node, today=TODAY)
    assert all(term.form for term in terms(found.node))
    assert explain(found.node).replace("\n", "").isprintable()


@given(query_text())
@settings(max_examples=200, deadline=None)
def test_any_text_binds(text: str) -> None:
    for strict in (False, True):
        try:
            found = bind(parse(text, strict=strict).node, strict=strict, query=text, today=TODAY)
        except SwsearchError:
            continue
        assert explain(found.node).replace("\n", "").isprintable()
        for term in terms(found.node):
            assert term.form
            assert term.form not in term.alternatives
