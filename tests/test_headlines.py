"""Headlines find their bodies wherever they stand, and their lines are joined as printed."""

import itertools

import pytest

from swsearch.pages.headlines import title_of
from swsearch.pages.layout import rows_of
from swsearch.pages.segment import segment
from swsearch.records import Page

BODIES = {
    "天津出台社工站意见": [
        "日前，天津市民政局印发《关于进一步发挥社工站作用的指导",
        "意见》，提出巩固社工站建设成果，提升服务质量。天津市已",
        "实现社工站全覆盖，社工站在打通为民服务上取得成效。",
    ],
    "兰州持证社工达四千人": [
        "近日，兰州市委社会工作部公布，兰州市持证社会工作专业人",
        "才总数已达到四千余人。兰州市将持续加大投入，优化人才发",
        "展环境，提高人才待遇，吸引更多人才投身社会工作。",
    ],
    "拉萨推进四级社工服务": [
        "近日，记者从拉萨市民政局了解到，拉萨市按照市级建孵化基",
        "地的思路，有序推动建设四级社会工作服务体系。拉萨市现有",
        "社会工作专业人才两千余人，服务站点覆盖率逐年提高。",
    ],
}


def found(blocks):
    """Title -> first characters of the body, of a page of these blocks."""
    page = Page("x.txt", "\n\n".join("\n".join(block) for block in blocks))
    return {article.title: article.paragraphs[0][:8] for article in segment(page).articles}


WANTED = {title: lines[0][:8] for title, lines in BODIES.items()}
SOURCE = ["（据《民政日报》）"]


@pytest.mark.parametrize("order", list(itertools.permutations(BODIES)))
@pytest.mark.parametrize("place", ["before", "behind", "first", "last", "crossed"])
def test_headlines_before_behind_and_away_from_their_bodies(order, place):
    titles = [[title] for title in order]
    bodies = [[*BODIES[title], *SOURCE] for title in order]
    blocks = {
        "before": [block for pair in zip(titles, bodies, strict=True) for block in pair],
        "behind": [block for pair in zip(bodies, titles, strict=True) for block in pair],
        "first": titles + bodies,
        "last": bodies + titles,
        "crossed": [titles[1], bodies[0], titles[0], bodies[1], bodies[2], titles[2]],
    }[place]
    assert found(blocks) == WANTED


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (
            ["天津两部门发布指导意见", "要求更好发挥社工站服务群众作用"],
            "天津两部门发布指导意见 要求更好发挥社工站服务群众作用",
        ),
        (["湖北：", "印发《湖北省社区规划》"], "湖北：印发《湖北省社区规划》"),
        (["印发《关于动员引导慈善力量", "加强关爱帮扶的通知》"], "印发《关于动员引导慈善力量加强关爱帮扶的通知》"),
        (["河北省民政厅召开工作推进", "暨社工站全覆盖现场会"], "河北省民政厅召开工作推进暨社工站全覆盖现场会"),
        (
            ["持证人数达 4496人", "甘肃兰州社会工作专业人才队伍", "再添新活力"],
            "持证人数达4496人 甘肃兰州社会工作专业人才队伍再添新活力",
        ),
        (["江西南昌实现乡镇社会", "工作服务站全覆盖"], "江西南昌实现乡镇社会工作服务站全覆盖"),
        (["加大马力", "站点建设数量实现新突破"], "加大马力 站点建设数量实现新突破"),
    ],
)
def test_parts_are_joined_by_a_space_and_wraps_by_nothing(lines, title):
    assert title_of(rows_of(lines), "南昌市全面完成社会工作服务站建设") == title


def test_a_kicker_and_a_second_line_belong_to_the_headline():
    kicker = ["推动社会工作高质量发展"]
    blocks = [[*kicker, "天津出台社工站意见"], [*BODIES["天津出台社工站意见"], *SOURCE]]
    blocks += [["拉萨推进四级社工服务"], BODIES["拉萨推进四级社工服务"]]
    assert list(found(blocks)) == ["推动社会工作高质量发展 天津出台社工站意见", "拉萨推进四级社工服务"]


def test_teasers_and_page_headers_are_no_headlines():
    blocks = [
        ["社会工作·SOCIAL WORK"],
        ["发挥专业优势", "创新模式大显身手 08 版"],
        ["天津出台社工站意见"],
        BODIES["天津出台社工站意见"],
    ]
    page = Page("x.txt", "\n\n".join("\n".join(block) for block in blocks))
    out = segment(page)
    assert [article.title for article in out.articles] == ["天津出台社工站意见"]
    assert [(notice.kind, notice.text) for notice in out.notices] == [
        ("page_header", "社会工作·SOCIAL WORK"),
        ("teaser", "发挥专业优势 创新模式大显身手08版"),
    ]
