from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.query.nodes import AllOf, Contains, Everything, Except, HasName, Within
from swsearch.records import Article, Notice, mark
from swsearch.snippets import KwicLine, kwic, snippets, sort_kwic, wanted
from swsearch.terminal import cells
from swsearch.text.match import find_spans, match_form

LEAD = "日前，天津市民政局印发《意见》，推动社工站建设。全市社工站已有240个。"
SECOND = "“五社联动”齐治理！到2025年实现全覆盖；各区配合。"
LONG = "为进一步加强" + "各区各街道各乡镇各部门、" * 20 + "实现社工站的全覆盖，" + "并且推动各项工作、" * 20 + "结束。"


def article(*paragraphs: str, title: str = "标题") -> Article:
    return Article("a:1", "a.txt", title, paragraphs)


def forms(*chunks: str) -> list[str]:
    return [match_form(chunk) for chunk in chunks]


def snippet(record: Article | Notice, wanted_forms: list[str], **room: int) -> tuple[str, tuple[tuple[int, int], ...]]:
    return next(snippets([record], wanted_forms, **room))


def marked(record: Article | Notice, *chunks: str, max_chars: int = 120) -> str:
    return mark(*snippet(record, forms(*chunks), max_chars=max_chars), "[", "]")


@pytest.mark.parametrize(
    ("paragraphs", "chunks", "max_chars", "expected"),
    [
        # Whole sentences, all occurrences marked.
        ((LEAD,), ["社工站"], 120, "日前，天津市民政局印发《意见》，推动[社工站]建设。全市[社工站]已有240个。"),
        # The sentence that has both, then as many neighbours as fit.
        (("今天开会。", LEAD), ["社工站", "240个"], 16, "全市[社工站]已有[240个]。"),
        # Of sentences that show as much, the first.
        (("甲一。乙一。乙二。甲二。",), ["甲", "乙"], 5, "[甲]一。"),
        (("共2个。共24个，1月。1月共24个。",), ["24个", "1月"], 9, "共[24个]，[1月]。"),
        (("县“级”一。县级二。县（级）三。",), ["县级"], 5, "[县级]二。"),
        # Two pieces, far apart.
        ((LEAD, "别的事情。" * 30, SECOND), ["民政局", "全覆盖"], 41,
         "日前，天津市[民政局]印发《意见》，推动社工站建设。…到2025年实现[全覆盖]；各区配合。"),
        # Touching paragraphs are set apart by a space, not by an ellipsis.
        (("加大马力", "社工站建好了。"), ["马力", "社工站"], 120, "加大[马力] [社工站]建好了。"),
        # Traditional stays traditional; marks inside a match are part of the highlight.
        (("乡镇（街道）社工站。",), ["街道社工站"], 120, "乡镇（[街道）社工站]。"),
        (("臺灣的社會工作站。",), ["台湾的社会"], 120, "[臺灣的社會]工作站。"),
        # A match may go over the end of a clause, a sentence, a paragraph.
        (("齐治理！到2025年。",), ["治理，到2025年"], 120, "齐[治理！到2025年]。"),
        (("他说齐治理", "到会。"), ["治理。到会"], 120, "他说齐[治理 到会]。"),
        (("齐治理！到2025年。" + "多" * 60 + "。",), ["治理，到2025"], 5, "…[治理！到2]…"),
        # Overlapping matches are one highlight.
        (("乡镇社工站全覆盖。",), ["社工站全", "全覆盖"], 120, "乡镇[社工站全覆盖]。"),
        # Nothing in the body: its first sentences.
        (("头一句。第二句。", "第三句。"), ["标题"], 9, "头一句。第二句。"),
        (("头一句。第二句。",), [], 120, "头一句。第二句。"),
        ((LONG,), [], 20, "为进一步加强各区各街道各乡镇各部门、…"),
        # Half a number is no match, even where a cut leaves one.
        (("共11月。1月。",), ["1月"], 120, "共11月。[1月]。"),
    ],
)  # fmt: skip
def test_snippet(paragraphs: tuple[str, ...], chunks: list[str], max_chars: int, expected: str) -> None:
    assert marked(article(*paragraphs), *chunks, max_chars=max_chars) == expected


def test_a_long_sentence_is_cut_at_clauses_around_its_match() -> None:
    text = marked(article(LONG), "社工站", max_chars=60)
    assert text.startswith("…各区")
    assert text.endswith("、…")
    assert "实现[社工站]的全覆盖，" in text


def test_the_title_is_the_snippet_of_an_article_without_a_body() -> None:
    assert marked(article(title="湖北：社工站建成"), "社工站") == "湖北：[社工站]建成"
    assert snippet(article(title=""), forms("甲")) == ("", ())


def test_snippets_of_several_records_are_those_of_each() -> None:
    records = [article(LEAD), article(title="社工站"), Notice("a:n1", "a.txt", "teaser", "臺灣\n社工站"), article(LONG)]
    several = list(snippets(records, forms("社工站", "台湾"), max_chars=50))
    assert several == [snippet(record, forms("社工站", "台湾"), max_chars=50) for record in records]
    assert [mark(*one, "[", "]") for one in several][1:3] == ["[社工站]", "[臺灣] [社工站]"]


def test_a_match_over_title_and_first_paragraph_shows_its_part_in_the_body() -> None:
    assert marked(article("站里来人。别的。", title="新建社工"), "社工。站里") == "[站里]来人。别的。"


def test_a_notice_has_a_snippet() -> None:
    assert marked(Notice("a:n1", "a.txt", "teaser", "五社联动\n09 版"), "联动") == "五社[联动] 09 版"


def test_a_cut_leaves_combining_marks_with_their_letter() -> None:
    text, _ = snippet(article("e\u0301" * 50), forms("甲"), max_chars=21)
    assert text == "e\u0301" * 10 + "…"


TEXT = st.text(alphabet="社工站全覆盖，。！\n 1a0.（）“”e\u0301𠀀", max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXT, max_size=4), TEXT, st.lists(TEXT.map(match_form), max_size=3), st.integers(1, 40))
def test_snippets_are_cut_from_the_text_and_mark_what_matches(
    paragraphs: list[str], title: str, wanted_forms: list[str], max_chars: int
) -> None:
    record = article(*paragraphs, title=title)
    text, highlights = snippet(record, wanted_forms, max_chars=max_chars)
    assert len(text) <= max_chars + 6
    body = ("\n".join(paragraphs) if any(paragraphs) else title).replace("\n", " ")
    for piece in text.split("…"):
        assert piece in body
    ends = [0, *(offset for span in highlights for offset in span), len(text)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in highlights)
    found = any(form and form in match_form(p) for form in wanted_forms for p in paragraphs)
    assert bool(highlights) or not found


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT, max_size=4), st.lists(TEXT.map(match_form), max_size=3))
def test_a_snippet_with_room_for_all_marks_what_find_spans_says(paragraphs: list[str], wanted_forms: list[str]) -> None:
    """Searching sentence by sentence loses nothing."""
    wanted_forms = [form for form in wanted_forms if "¶" not in form]
    if not any(paragraph.strip() for paragraph in paragraphs):
        return
    body = "\n".join(paragraphs)
    text, highlights = snippet(article(*paragraphs), wanted_forms, max_chars=1000)
    assert text == body.strip().replace("\n", " ") or not highlights
    expected = [
        body[s + shift : e + shift]
        for shift, paragraph in zip(_offsets(paragraphs), paragraphs, strict=True)
        for s, e in find_spans(paragraph, wanted_forms)
    ]
    assert "".join(text[s:e] for s, e in highlights) == "".join(expected).replace("\n", " ")


def _offsets(paragraphs: list[str]) -> list[int]:
    return [sum(len(p) + 1 for p in paragraphs[:at]) for at in range(len(paragraphs))]


def test_kwic_has_a_line_for_each_occurrence() -> None:
    record = article(LEAD, "社工站社工站", title="天津社工站")
    lines = kwic(record, forms("社工站"), 8)
    assert [(line.part, line.left, line.match, line.right) for line in lines] == [
        ("title", "天津", "社工站", ""),
        ("p1", "》，推动", "社工站", "建设。全"),
        ("p1", "设。全市", "社工站", "已有240"),
        ("p2", "", "社工站", "社工站"),
        ("p2", "社工站", "社工站", ""),
    ]
    assert all(line.id == "a:1" for line in lines)
    assert all(cells(line.left) <= 8 and cells(line.right) <= 8 for line in lines)


def test_kwic_takes_the_longest_of_overlapping_matches() -> None:
    assert [line.match for line in kwic(article("社工站全覆盖"), forms("社工", "社工站全", "全覆盖"))] == ["社工站全"]


def test_kwic_shows_a_match_over_paragraphs_on_one_line() -> None:
    assert kwic(article("齐治理", "到会。"), forms("治理。到会")) == [KwicLine("a:1", "p1", "齐", "治理 到会", "。")]


def test_kwic_sorts_by_context() -> None:
    record = article("乙社工站丙。", "甲，社工站乙。", "丙社工站《甲》。", "社工站乙")
    right = [line.right[:1] for line in kwic(record, forms("社工站"), sort="right")]
    left = [line.left[-1:] for line in kwic(record, forms("社工站"), sort="left")]
    assert right == ["丙", "乙", "乙", "《"]  # 《 does not count: 丙 < 乙 < 甲 by code point
    assert left == ["", "丙", "乙", "，"]
    lines = kwic(record, forms("社工站"))
    assert sort_kwic(reversed(lines), "position") == lines[::-1]


def test_wanted_takes_all_forms_that_are_asked_for_and_no_other() -> None:
    one = Contains("软件", "软件", alternatives=("软体",))
    near = Within((Contains("甲", "甲"), Contains("乙", "乙")), 3)
    node = AllOf((one, Except(Contains("丙", "丙")), near, HasName("agency", ("民政局",)), Everything(), one))
    assert wanted(node) == ("软件", "软体", "甲", "乙")
