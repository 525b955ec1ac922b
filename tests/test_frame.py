"""Rows of the frame of a page: sections, folios, dates, mastheads, staff; and lines of body that look like them."""

import pytest

from swsearch.pages.frame import is_frame, is_section


@pytest.mark.parametrize(
    "text",
    [
        "要闻 A02",
        "2 要闻",
        "第6版 综合新闻",
        "新闻 NEWS",
        "A12 深圳·民生 2021年3月2日 星期二 南方都市报",
        "人民日报 2023年5月8日 星期一",
        "本版编辑 张力 版式 赵欣",
        "责编：李敏 | 美编：周舟 | 校对：王芳",
        "2022.08.16 星期二 责任编辑/陈静 电话:010-65369393",
    ],
)
def test_a_row_of_nothing_but_frame_is_frame(text):
    assert is_frame(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024年11月5日",
        "2024年 11月5日至6日",
        "03",
        "第9批 12个",
        "民生银行",
        "责任编辑",
        "社会工作在调整中奋勇前进",
        "今年新建20处",
    ],
)
def test_a_date_a_number_or_a_word_of_it_alone_is_none(text):
    assert not is_frame(text)


@pytest.mark.parametrize(
    ("text", "is_one"), [("民生", True), ("综合新闻", True), ("要闻·综合", True), ("民生大事", False)]
)
def test_sections_have_known_names(text, is_one):
    assert is_section(text) is is_one
