"""Pages become articles: the five seed pages exactly, and every character of any page once."""

import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.errors import PageError
from swsearch.pages.segment import explain, segment
from swsearch.records import Page, Segmented

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "gold"))
GOLD = json.loads((HERE / "gold" / "seeds_gold.json").read_text(encoding="utf-8"))
PAGES = {page["file"]: page for page in GOLD["seeds"]}
IDS = [(page["file"], number) for page in GOLD["seeds"] for number in range(len(page["segments"]))]


def squeeze(text):
    return re.sub(r"\s+", "", text or "")


@pytest.fixture(scope="module")
def seeds():
    root = HERE.parent / "seeds"
    return {file: segment(Page(file, (root / file).read_text(encoding="utf-8"))) for file in PAGES}


@pytest.mark.parametrize("file", PAGES)
def test_a_seed_page_gives_its_articles_in_reading_order_and_its_notices(seeds, file):
    found, page = seeds[file], PAGES[file]
    stem = file.removesuffix(".txt")
    assert [a.id for a in found.articles] == [f"{stem}:{n}" for n in range(1, len(page["segments"]) + 1)]
    assert [a.title for a in found.articles] == [s["title"] for s in page["segments"]]
    assert [(n.kind, squeeze(n.text)) for n in found.notices] == [
        (n["kind"], squeeze(n["text"])) for n in page["non_article"]
    ]
    assert [n.id for n in found.notices] == [f"{stem}:n{n}" for n in range(1, len(found.notices) + 1)]


@pytest.mark.parametrize(("file", "number"), IDS)
def test_a_seed_article_is_exact(seeds, file, number):
    want, got = PAGES[file]["segments"][number], seeds[file].articles[number]
    paragraphs = [squeeze(p) for p in want["paragraphs"]]
    for rank, at in reversed(list(enumerate(want["subhead_before_paragraph"]))):
        paragraphs.insert(at, squeeze(want["subheads"][rank]))
    assert got.title == want["title"]
    assert list(got.subheads) == want["subheads"]
    assert [squeeze(p) for p in got.paragraphs] == paragraphs
    assert got.source == want["source"]
    assert (
        got.byline == (want["byline"] or "").removeprefix("本报记者 ").strip() or got.byline is want["byline"] is None
    )
    assert got.byline_line == want["byline_line"]


def test_the_lead_that_002_prints_at_its_end_stands_at_the_head_of_its_article(seeds):
    article = seeds["002_83e35d380ba95719.txt"].articles[0]
    assert article.paragraphs[0].startswith("为进一步发挥社会工作专业优势")
    assert article.lines == ((2, 4), (253, 256), (5, 127))


def assert_tiles(page: Page, found: Segmented):
    """Each character that is not white space is in one span; `printed` is the text of the spans."""
    lines = page.text.split("\n")
    seen = set()
    for part in (*found.articles, *found.notices):
        texts = []
        for span in part.spans:
            texts.append(lines[span.line - 1][span.start - 1 : span.end])
            for column in range(span.start - 1, span.end):
                assert (span.line, column) not in seen
                seen.add((span.line, column))
        assert part.printed == "\n".join(texts)
        assert {span.line for span in part.spans} <= {n for a, b in part.lines for n in range(a, b + 1)}
    want = {(n, c) for n, line in enumerate(lines, 1) for c, char in enumerate(line) if not char.isspace()}
    assert want <= seen


@pytest.mark.parametrize("file", PAGES)
def test_every_character_of_a_seed_page_is_used_once(file):
    page = Page(file, (HERE.parent / "seeds" / file).read_text(encoding="utf-8"))
    assert_tiles(page, segment(page))


PIECES = """，|。|日前，|本报讯（记者 王勇）|（据《南昌日报》）|■ 本报记者 皮磊|本报记者  蔡茂楷|08 版
社会工作·SOCIAL WORK|社会工作|天津市民政局|（新华社记者 徐昱/摄）|（上接第一版）|2024年|  |“|”|《|》|渊据叶|曳冤|湖北：
a|word word|图为|责任编辑：张三|第2版|张海亮  付纯志   赵学堂|（据乐清|市民政局）|10 版山东：
8|2010年12月25日 星期六|——|……"""
FRAGMENTS = st.sampled_from(re.split(r"[|\n]", PIECES) + list("\t\x0c\x1c\x85\u2028\ufeff\u3000"))
LINES = st.lists(st.lists(FRAGMENTS, max_size=6).map("".join) | st.text(max_size=30), max_size=40).map("\n".join)


@given(LINES)
@settings(deadline=None, max_examples=150)
def test_any_text_is_used_once_and_never_raises_anything_but_a_page_error(text):
    page = Page("x.txt", text)
    try:
        found = segment(page)
    except PageError:
        assert not text.strip()
        return
    assert_tiles(page, found)
    explain(page)


@pytest.mark.parametrize(
    "text",
    [
        "一行",
        "这是一句话。",
        "Only English here. It has words.\nAnd lines that go on\nfor a while.",
        "标题一\n标题二\n标题三",
        "甲 1 2 3\n乙 4 5 6\n丙 7 8 9",
    ],
)
def test_small_and_odd_pages(text):
    page = Page("x.txt", text)
    assert_tiles(page, segment(page))


def test_latin_words_keep_their_spaces_and_han_gets_none():
    found = segment(Page("x.txt", "Social work in\nChina is growing.\nIt has 2024 stations."))
    assert found.articles[0].paragraphs[0].startswith("Social work in China is growing.")


ODD_PAGES = {
    "every line twice": "日前，甲市民政局\n日前，甲市民政局\n发布通知。\n发布通知。\n（据《甲报》）\n（据《甲报》）",
    "windows line ends that were left": "日前，甲市民政局\r\n发布通知。\r\n（据《甲报》）\r\n",
    "form feeds between columns": "日前，甲市民政局发\n布通知。\x0c近日，乙市民政局\x0c发布通知。",
    "only advertisements": "电话：010-12345678\n地址：北京\n招聘社工 08 版\n广告：张三",
    "only headlines": "\n".join(f"标题之{n}在这里" for n in range(200)),
    "a table": "\n".join(f"{n} {n * 7} {n * 13}" for n in range(300)),
    "twenty thousand lines": "\n".join(["社会工作者在社区里开展服务，", "得到居民的欢迎和支持。", "", "小标题"] * 5000),
}


@pytest.mark.parametrize("name", ODD_PAGES)
def test_odd_pages_are_read_whole(name):
    page = Page("x.txt", ODD_PAGES[name])
    assert_tiles(page, segment(page))


def test_why_a_page_is_read_so_can_be_asked():
    file = IDS[-1][0]
    page = Page(file, (HERE.parent / "seeds" / file).read_text(encoding="utf-8"))
    decisions = explain(page)
    begun = [decision for decision in decisions if decision.what == "a new article begins"]
    assert len(begun) == len(segment(page).articles) - 1
    assert all(decision.score == pytest.approx(sum(value for _, value in decision.parts)) for decision in begun)
    assert any(decision.what.startswith("headline of article 3: 沪甘签署") for decision in decisions)


def test_no_figure_is_under_its_floor():
    from score import gate

    assert gate(variants=20, out=sys.stderr) == []
