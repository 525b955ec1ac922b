"""match_form against a table written by hand from the rules, and against itself."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.text.fold import fold
from swsearch.text.match import (
    BREAK,
    MARK,
    _by_array,
    _by_pieces,
    _marks,
    _pointed,
    find_spans,
    grams,
    map_form,
    match_form,
    match_lines,
    units,
)

DATA = Path(__file__).parent / "data"
OWN = json.loads((DATA / "match_table_own.json").read_text(encoding="utf-8"))
TABLE = json.loads((DATA / "match_table.json").read_text(encoding="utf-8"))["rows"] + OWN["rows"]

TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from("社工站全覆蓋盖着著，。、（）“”《》 　\n0123456789.,-—~·ABCabcＡ１：%+①¶\x1f\u200b𠮷"),
        st.characters(),
    ),
    max_size=40,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['query']} in {row['text']}: {row['why']}")
def test_table(row):
    assert match_form(row["query"])
    assert (match_form(row["query"]) in match_form(row["text"])) is row["found"]


@pytest.mark.parametrize("text", OWN["empty"])
def test_nothing_to_search_for(text):
    assert not match_form(text)


@pytest.mark.parametrize("text", OWN["not_empty"])
def test_something_to_search_for(text):
    assert match_form(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", ""),
        ("，。", ""),
        ("“ ”", ""),
        ("社工，站", "社工¶站"),
        ("《社工站》，共24个！", f"社工站¶共{MARK}24{MARK}个"),
        ("social work", f"{MARK}social{MARK}{MARK}work{MARK}"),
        ("1,234.5", f"{MARK}1,234.5{MARK}"),
        ("1,a.5", f"{MARK}1{MARK}¶{MARK}a{MARK}¶{MARK}5{MARK}"),
        ("a。”“b", f"{MARK}a{MARK}¶{MARK}b{MARK}"),
        ("社\x1f工", "社工"),
        ("社工……——站", "社工¶站"),
    ],
)
def test_form(text, form):
    assert match_form(text) == form


@given(TEXT)
def test_map_agrees_with_form(text):
    """The mapped form is the form, and its offsets ascend within the text."""
    form, offsets = map_form(text)
    assert form == match_form(text)
    assert len(offsets) == len(form)
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


@given(TEXT)
def test_map_by_array_or_by_pieces(text):
    form, offsets = _by_array(fold(text), whole=True)
    assert (form, offsets.tolist()) == _by_pieces(_pointed(fold(text)))


@given(TEXT)
def test_form_has_no_outer_or_double_breaks(text):
    form = match_form(text)
    assert not form.startswith(BREAK)
    assert not form.endswith(BREAK)
    assert BREAK * 2 not in form
    assert "".join(units(form)) == form


@given(TEXT, st.data())
def test_cut_at_unit_boundaries_is_found(text, data):
    """Any string cut out of a text between two units is found in it, and highlighted."""
    form, offsets = map_form(text)
    parts = units(form)
    if not parts:
        return
    first = data.draw(st.integers(0, len(parts) - 1))
    last = data.draw(st.integers(first, len(parts) - 1))
    start = len("".join(parts[:first]))
    end = start + len("".join(parts[first : last + 1]))
    chunk = text[offsets[start] : offsets[end - 1] + 1]
    assert match_form(chunk) in form
    if match_form(chunk):
        assert find_spans(text, [match_form(chunk)])


@given(TEXT)
def test_folding_first_changes_nothing(text):

    assert match_form(fold(text)) == match_form(text)


def test_spans_are_of_the_original():
    text = "各地實現「全覆蓋」，社工 站全覆盖。"
    assert [text[a:b] for a, b in find_spans(text, [match_form("全覆盖"), match_form("社工站")])] == [
        "全覆蓋",
        "社工 站全覆盖",
    ]


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_lines_at_once_or_one_by_one(lines):
    lines = [line.replace("\n", "") for line in lines]
    assert match_lines("\n".join(lines)) == [match_form(line) for line in lines]


def test_grams_count_runs_and_breaks_as_units():
    assert grams(match_form("在2024年，社")) == [f"在{MARK}2024{MARK}", f"{MARK}2024{MARK}年", "年¶", "¶社"]


def test_every_common_han_character_is_a_unit() -> None:
    """What consists of them is its own match form but for folding, and is not looked at any closer."""
    assert not _marks().keys() & range(0x4E00, 0xA000)
