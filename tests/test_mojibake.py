"""Founder mojibake: broken by the rule, repaired on evidence, genuine characters left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.pages.mojibake import REPAIRS, break_text, repair, repair_page

SEEDS = Path(__file__).parent.parent / "seeds"
# Every repair of the five real pages: file -> line -> broken character -> mark.
REAL = {
    "000_7b1ef790ba9b0d8b.txt": {
        3: {"院": "："},
        414: {"袁": "，", "尧": "、"},
        415: {"渊": "（", "冤": "）"},
        417: {"姻": "■"},
    },
    "001_9367f120725eee19.txt": {
        149: {"野": "“", "冶": "”"},
        198: {"渊": "（", "叶": "《", "曳": "》", "冤": "）"},
        501: {"渊": "（", "冤": "）"},
    },
    "002_83e35d380ba95719.txt": {},
    "003_400df8b64a915a8b.txt": {},
    "004_4ffd5773b4f85cfa.txt": {},
}


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_real_pages(name: str) -> None:
    lines = (SEEDS / name).read_text("utf-8").split("\n")
    repaired = repair_page(lines)
    changes: dict[int, dict[str, str]] = {}
    for number, (before, after) in enumerate(zip(lines, repaired, strict=True), 1):
        assert len(before) == len(after)
        for one, two in zip(before, after, strict=True):
            if one != two:
                changes.setdefault(number, {})[one] = two
    assert changes == REAL[name]


def test_every_cell_of_rows_1_and_3_is_broken_and_known() -> None:
    for row in (0xA1, 0xA3):
        for cell in range(0xA1, 0xFF):
            mark = bytes([row, cell]).decode("gbk")
            hanzi = bytes([row + 0x31, cell]).decode("gbk")
            assert break_text(mark) == hanzi
            assert REPAIRS[hanzi] == mark
    assert len(REPAIRS) == 189  # and 郾


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("渊据叶扬州日报曳冤", "（据《扬州日报》）"),
        ("渊据中共兰州市委社会工作部冤", "（据中共兰州市委社会工作部）"),
        ("野社会工作名师工作室冶四个", "“社会工作名师工作室”四个"),
        ("姻 本报记者 王勇", "■ 本报记者 王勇"),
        ("圆园圆源年", "２０２４年"),
    ],
)
def test_repairs(broken: str, right: str) -> None:
    assert repair(broken) == right


BODY = [
    "日前，记者从扬州市委社会工作部获悉，2024年度全国",
    "社会工作者职业资格考试成绩出炉，扬州市有2772人通过",
    "了今年的社工考试，刷新历史纪录。",
    "",
]
EVIDENCE = ["渊据叶扬州日报曳冤", "", "姻 本报记者 王勇"]
CASES = [
    (printed, right or printed)
    for printed, right in (
        row.split("\t")
        for row in (Path(__file__).parent / "data" / "mojibake_cases.tsv").read_text("utf-8").splitlines()
        if not row.startswith("#")
    )
]


@pytest.mark.parametrize(("printed", "right"), CASES)
def test_lines_of_a_page_with_other_mojibake(printed: str, right: str) -> None:
    assert repair_page([printed, "", *BODY, *EVIDENCE])[0] == right
    assert repair_page([*BODY, *EVIDENCE, *BODY, printed, *BODY])[11] == right


@pytest.mark.parametrize("right", sorted({right for _, right in CASES}))
def test_a_clean_page_is_left_alone(right: str) -> None:
    page = [*BODY, right, *BODY]
    assert repair_page(page) == page


@pytest.mark.parametrize(
    "text",
    [
        "通讯员 何渊",
        "记者 袁立平\n通讯员 尧天明",
        "为青年男女牵线，促成婚\n姻登记、社会救助等问题，医生还做了公益义诊。",
        "平反冤案，曳引机坏了，冶金工人在野外。",
        "幼儿园园长、会员、员工",
        "社会工作院在调整中奋勇前进",
        "上世纪80年代，袁家湾还很遥远；如今，尧治河的路通了。",
    ],
)
def test_no_evidence_no_repair(text: str) -> None:
    assert repair(text) == text


def broken_apart(name: str) -> tuple[list[str], list[str]]:
    right = repair_page((SEEDS / name).read_text("utf-8").split("\n"))
    return right, [break_text(line) for line in right]


@pytest.mark.parametrize("name", sorted(REAL))
def test_pages_broken_whole_come_back(name: str) -> None:
    right, broken = broken_apart(name)
    left = [
        (one, two)
        for before, after in zip(right, repair_page(broken), strict=True)
        for one, two in zip(before, after, strict=True)
        if one != two
    ]
    assert all(two == break_text(one) for one, two in left), "a genuine character was changed"
    assert len(left) <= 3, left


@pytest.mark.parametrize("name", sorted(REAL))
def test_every_second_paragraph_broken_comes_back(name: str) -> None:
    right, broken = broken_apart(name)
    page, inside = [], False
    for number, line in enumerate(right):
        page.append(broken[number] if inside else line)
        if line.rstrip().endswith(("。", "）", "———")):
            inside = not inside
    changed = sum(
        one != two
        for before, after in zip(right, repair_page(page), strict=True)
        for one, two in zip(before, after, strict=True)
    )
    assert changed <= 5


@given(
    st.lists(st.text(st.sampled_from("".join(REPAIRS) + "社工年月，。 　\t0a婚研究国务记者"), max_size=40), max_size=12)
)
def test_lines_keep_their_number_and_length(lines: list[str]) -> None:
    repaired = repair_page(lines)
    assert [len(line) for line in repaired] == [len(line) for line in lines]
    for before, after in zip(lines, repaired, strict=True):
        for one, two in zip(before, after, strict=True):
            assert one == two or REPAIRS[one] == two


@given(st.text())
def test_text_without_such_characters_stays(text: str) -> None:
    text = "".join(char for char in text if char not in REPAIRS)
    assert repair(text) == text
