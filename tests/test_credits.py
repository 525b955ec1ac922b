"""Bylines, sources and photo credits, and what only looks like them."""

import time

import pytest

from swsearch.pages.credits import (
    Credit,
    bare_names,
    is_name,
    lone_name,
    names_in,
    opening_byline,
    read_credit,
    source_name,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("（据《南昌日报》）", "南昌日报"),
        ("（据湖北省民政厅）", "湖北省民政厅"),
        ("（据中共兰州市委社会工作部）", "中共兰州市委社会工作部"),
        ("（来源：《湖北日报》）", "湖北日报"),
        ("（來源：ETtoday新聞雲）", "ETtoday新聞雲"),
        ("（據香港 01）", "香港01"),
        ("（来源： 《自由時報》）", "自由時報"),
        ("（据新华社电）", "新华社"),
        ("（据《人民日报》报道）", "人民日报"),
        ("（摘自《读者》）", "读者"),
        ("来源：澎湃新闻", "澎湃新闻"),
        ("〔據中央社〕", "中央社"),
        ("（据统计）", None),
        ("（据了解，共有三家）", None),
        ("（以下简称《意见》）", None),
        ("据天津市民政局介绍", None),
    ],
)
def test_the_source_is_the_name_alone(text, name):
    assert source_name(text) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("■ 本报记者 皮磊", ("皮磊",)),
        ("本报记者  蔡茂楷", ("蔡茂楷",)),
        ("■ 本报记者 孙佳宁 通讯员 何渊", ("孙佳宁", "何渊")),
        ("□ 记者 皮 磊", ("皮磊",)),
        ("本報記者 李怡靜", ("李怡靜",)),
        ("文/张三", ("张三",)),
        ("（记者 张明敏）", ("张明敏",)),
        ("本报记者 张三、李四报道", ("张三", "李四")),
        ("本报记者 阿依古丽·买买提", ("阿依古丽·买买提",)),
        ("羊城晚报记者 李国辉", ("李国辉",)),
        ("■新快报记者 王吕斌 通讯员 宣萱", ("王吕斌", "宣萱")),
        ("采写：南都记者 张小玲", ("张小玲",)),
    ],
)
def test_a_byline_gives_names_only(text, names):
    assert read_credit(text) == Credit("byline", names=names)


@pytest.mark.parametrize(
    "text",
    [
        "（新华社记者 徐昱/摄）",
        "（赵文博 摄）",
        "新华社记者 徐昱 摄",
        "（资料图片）",
        "（李思雨/供图）",
        "王强摄（人民视觉）",
    ],
)
def test_a_photo_credit_is_no_byline(text):
    assert read_credit(text) == Credit("photo")


@pytest.mark.parametrize(
    "text",
    [
        "记者了解到，近年来拉萨市",
        "记者看到 社工正在 走访居民",
        "图为现场。",
        "社会工作",
        "（以下简称《通知》）",
        "据悉",
    ],
)
def test_body_is_no_credit(text):
    assert read_credit(text) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("张海亮  付纯志   赵学堂", ("张海亮", "付纯志", "赵学堂")),
        ("社会 工作", ()),
        ("张海亮", ()),
        ("欧阳修 王安石", ("欧阳修", "王安石")),
    ],
)
def test_a_row_of_names_is_a_byline(text, names):
    assert bare_names(text) == names


@pytest.mark.parametrize(
    ("paragraph", "names"),
    [
        ("本报讯（记者袁立平）2019年5月23日，", ("袁立平",)),
        ("〔記者吳宗翰／新竹報導〕新竹縣政府", ("吳宗翰",)),
        ("本报讯（记者 张三 通讯员 李四）近日", ("张三", "李四")),
        ("新华社北京8月16日电（记者王勇）", ("王勇",)),
        ("本报讯近日，笔者在河南", None),
        ("记者了解到，近年来", None),
    ],
)
def test_a_byline_that_opens_a_body(paragraph, names):
    found = opening_byline(paragraph)
    assert (found and found[1]) == names


def test_names_and_surnames():
    assert names_in("■ 本报记者 皮磊") == ("皮磊",)
    assert is_name("皮磊")
    assert is_name("欧阳修")
    assert not is_name("的人")


@pytest.mark.parametrize(
    "text", ["记者" + "社会工作者" * 11, "■" + "张三李四王五赵六" * 7, "（" * 50, "本报讯（记者" + "甲乙" * 500]
)
def test_long_rows_are_read_quickly(text):
    start = time.perf_counter()
    read_credit(text)
    opening_byline(text)
    assert time.perf_counter() - start < 0.2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("南都讯记者张小玲通讯员龙公宣凌晨三点多，家住龙岗的蔡女士", ("张小玲", "龙公宣")),
        ("羊城晚报讯 记者李国辉、张三报道：昨日", ("李国辉", "张三")),
        ("通讯记者王强三年来走遍了全县", None),
        ("据资讯记者张三说", None),
    ],
)
def test_a_paper_may_open_a_body_with_names_in_no_bracket(text, names):
    found = opening_byline(text)
    assert (found[1] if found else None) == names


def test_an_opening_byline_broken_off_at_the_end_of_its_line_is_no_row_of_credit():
    assert read_credit("〔記者陳柏宇／新北報") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("李思远", ("李思远",)),
        ("李  明", ("李明",)),
        ("欧阳明月", ("欧阳明月",)),
        ("李明", ()),
        ("在基层", ()),
        ("李思 远", ()),
    ],
)
def test_a_lone_name_has_three_characters_or_stands_apart(text, names):
    assert lone_name(text) == names
