"""Founder mojibake: broken by the rule, repaired on evidence, genuine characters left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

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
