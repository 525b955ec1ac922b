"""Rows, their widths and columns, and how lines become text again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.pages.layout import (
    cells,
    clean_title,
    column_widths,
    cut_row,
    drop_layout_spaces,
    is_closed,
    join,
    line_places,
    line_runs,
    make_row,
    marks_of,
    row_widths,
    rows_of,
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("2024 年 11 月 5 日", "2024年11月5日"),
        ("七星岗街道社工站、 社区社工室", "七星岗街道社工站、社区社工室"),
        ("“社工 +”", "“社工+”"),
        ("SOCIAL WORK in China", "SOCIAL WORK in China"),
        ("（来源：香港 01）", "（来源：香港01）"),
        ("全面深化改革 推进中国式现代化", "全面深化改革推进中国式现代化"),
        ("社會\u3000工作", "社會工作"),
        ("v 2.0, first edition", "v 2.0, first edition"),
        ("5 % 以上", "5%以上"),
    ],
)
def test_layout_spaces_go_and_spaces_between_latin_words_stay(text, clean):
    assert drop_layout_spaces(text) == clean


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("“五社联动”齐治理 未来北京市", "“五社联动”齐治理 未来北京市"),
        ("新北第 20 家日照中心啟用 照顧重度失能身障者", "新北第20家日照中心啟用 照顧重度失能身障者"),
        ("七星岗街道社工站、 社区社工室联动", "七星岗街道社工站、社区社工室联动"),
        ("江苏扬州通过社工考试人数达 2772人", "江苏扬州通过社工考试人数达2772人"),
    ],
)
def test_a_space_between_two_parts_of_a_headline_stays(text, title):
    assert clean_title(text) == title


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["天津市民政局、市委", "社会工作部"], "天津市民政局、市委社会工作部"),
        (["Social work in", "China."], "Social work in China."),
        (["总数达", "4496人"], "总数达4496人"),
        (["共有 1", "109 人"], "共有 1109 人"),
        ([], ""),
    ],
)
def test_lines_are_joined_with_a_space_only_between_latin_words(parts, text):
    assert join(parts) == text


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("。", True),
        ("开展服务。”", True),
        ("是什么？", True),
        ("得到", False),
        ("包括：", False),
        ("发展———", True),
        ("It ends.", True),
        ("社工.", False),
        ("", False),
        ("”", False),
        ("……", True),
    ],
)
def test_the_end_of_a_sentence_is_seen_through_closing_quotes(text, closed):
    assert is_closed(text) is closed


def test_cells_count_full_width_characters_twice():
    assert [cells(text) for text in ("社工", "A1", "社工A1", "“”", "")] == [4, 2, 6, 4, 0]


def test_rows_know_their_place_their_gap_and_their_indent():
    rows = rows_of(["", " 日前，天津", "", "", "市民政局。  "])
    assert [(row.line, row.start, row.end, row.gap, row.indent) for row in rows] == [
        (2, 2, 6, 1, True),
        (5, 1, 5, 2, False),
    ]
    assert [(row.closed, row.pauses) for row in rows] == [(False, False), (True, False)]


def test_a_row_cut_in_two_keeps_every_character_in_its_place():
    row = rows_of(["  人才。 （据《南昌日报》）"])[0]
    left, right = cut_row(row, [3])
    assert (left.raw, left.start, left.end) == ("人才。", 3, 5)
    assert (right.raw, right.start, right.end) == ("（据《南昌日报》）", 7, 15)


def test_marks_count_half_where_that_makes_a_column_even():
    half = rows_of(["社会工作者到底是做什么的呢", "有关人士，介绍与教师，警察", "业工作内容从社会救助到儿童"] * 3)
    assert row_widths(half, marks_of(half))[0][:3] in ([26, 24, 26], [26, 26, 26])
    squeezed = rows_of(["社会工作者到底是做什么的呢", "有关人士，介绍与、教师，警察", "业工作内容从社会救助到儿童"] * 3)
    assert len(set(row_widths(squeezed, marks_of(squeezed))[0])) <= 2


@pytest.mark.parametrize("seed", range(30))
def test_column_widths_slide_as_if_each_row_were_counted_anew(seed):
    rng = random.Random(seed)
    widths = [rng.choice([26, 26, 25, 24, 40, 39, 12, 5, 1, rng.randint(1, 260)]) for _ in range(60)]
    for at, found in enumerate(column_widths(widths)):
        near = [min(width, 250) for width in widths[max(0, at - 6) : at + 7]]
        said = {
            width: sum({0: 100, 1: 70, 2: 30}.get(abs(other - width), 0) for other in near) + width
            for width in near
            if width >= 8
        }
        assert said[found] == max(said.values()) if said else found == max(near)


def test_the_column_is_the_width_that_most_rows_near_share():
    assert column_widths([26, 26, 22, 26, 10, 26, 26]) == [26] * 7
    assert column_widths([]) == []
    assert column_widths([300, 300, 4]) == [250, 250, 250]


def test_runs_go_on_across_blank_lines_only():
    lines = ["a", "", "b", "", "c", "d", "e", "f", "", "g"]
    places = line_places(rows_of(lines))
    assert line_runs([3, 5, 6], places) == ((3, 6),)
    assert line_runs([5, 3], places) == ((5, 5), (3, 3))
    assert line_runs([1, 3, 8, 10], places) == ((1, 3), (8, 10))
    assert line_runs([], places) == ()


@given(st.text(alphabet="社工 ，。2a\u3000\t", max_size=20))
def test_cleaning_drops_nothing_but_white_space(text):
    assert "".join(drop_layout_spaces(text).split()) == "".join(text.split())
    row = make_row(1, 0, len(text), text, text, 0)
    assert row.raw == text[row.start - 1 : row.end]
