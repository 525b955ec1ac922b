"""Rows of the frame of a page: sections, folios, dates, mastheads, staff; and lines of body that look like them."""

import pytest

from swsearch.pages.frame import is_frame, is_section
from swsearch.pages.segment import segment
from swsearch.records import Page


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


BODY = """市图书馆周末延长开放
自本周起，市图书馆每周五、周六开放时间延长至晚上九
点半，少儿阅览室同步开放，读者凭身份证即可入馆。
"""


@pytest.mark.parametrize(
    "frame",
    [
        "04\n民生\n2022.08.16 星期二 责任编辑/陈静\n",
        "要闻 A02\n2024年11月19日 星期二\n",
        "综合新闻\n第 6 版\n本版编辑 张力 版式 赵欣\n",
    ],
)
def test_the_frame_of_a_page_is_no_headline(frame):
    (article,) = segment(Page("page.txt", frame + BODY)).articles
    assert article.title == "市图书馆周末延长开放"


@pytest.mark.parametrize(
    "caption",
    [
        "11月16日，小学生在科技馆体验机器人项目。 王强摄（人民视觉）\n",
        "图为志愿者在社区为老人理发。 本报记者 张帆 摄\n",
        "▲ 市民在新开放的公园里散步。\n新华社记者 李明 摄\n",
        "志愿者在社区包饺子\n（赵文博 摄）\n",
    ],
)
def test_a_caption_and_its_credit_are_notices_whatever_stands_above(caption):
    found = segment(Page("page.txt", BODY + "公益花园进小区\n" + caption))
    assert [notice.kind for notice in found.notices][-2:] == ["caption", "photo_credit"]
    assert [article.title for article in found.articles] == ["市图书馆周末延长开放"] or not caption
