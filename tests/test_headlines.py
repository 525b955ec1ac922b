"""Headlines find their bodies wherever they stand, and their lines are joined as printed."""

import itertools
import random

import pytest

from swsearch.pages.assignment import Body, Line, assign
from swsearch.pages.headlines import title_of
from swsearch.pages.layout import rows_of
from swsearch.pages.segment import segment
from swsearch.pages.unwrap import weights
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


class Shares:
    """Words of three bodies, said by hand: `values[body's first paragraph][row]`."""

    def __init__(self, values):
        self.values = values

    def shares(self, body, first):
        return self.values[first]


def score_of(labels, lines, bodies, values, near_before, near_after):
    """What `labels` are worth, said the long way; None if they are not allowed."""
    w = weights()
    total, used, size = 0.0, set(), 0
    for at, (line, label) in enumerate(zip(lines, labels, strict=True)):
        before = labels[at - 1] if at and lines[at - 1].slot == line.slot else -1
        if label < 0:
            total, size = total + line.none, 0
            continue
        body = bodies[label]
        total += values[body.first][line.at]
        if label == before:
            total += line.join + (near_before if line.last and body.before == line.slot else 0)
            total += w["head.long"] if size >= 3 else 0
            size += 1
            continue
        if label in used:
            return None
        used.add(label)
        size = 1
        places = [near_after] if line.first and body.after == line.slot else []
        places += [near_before] if line.last and body.before == line.slot else []
        away = line.slot not in (body.before, body.after)
        total += max(places, default=0) + (w["head.away"] if away else 0)
        if before >= 0:
            total += w["head.order"] if label == before + 1 else w["head.disorder"] if label < before else 0
            if bodies[before].before == line.slot == body.after:
                total += w["head.crossed"]
    return total + sum(body.missing for at, body in enumerate(bodies) if at not in used)


def made_page(seed):
    """Lines, bodies and words of a small page, drawn by lot."""
    rng = random.Random(seed)
    bodies = [Body(at, at + 1, 1 << at, at, rng.choice([-3.0, -1.0])) for at in range(rng.randint(1, 3))]
    slots = sorted(rng.choices(range(len(bodies) + 1), k=rng.randint(1, 5)))
    lines = []
    for row, slot in enumerate(slots):
        first, last = slot not in slots[:row], slot not in slots[row + 1 :]
        lines.append(Line(row, slot, first, last, rng.uniform(-2, 2), rng.choice([-1.2, -0.5, 0.0])))
    values = [[rng.choice([0.0, rng.uniform(0, 6)]) for _ in lines] for _ in bodies]
    return lines, bodies, values


@pytest.mark.parametrize("seed", range(150))
def test_the_search_finds_the_best_of_all_labels(seed):
    lines, bodies, values = made_page(seed)
    w = weights()
    best = None
    for near in ((w["head.near"], w["head.far_side"]), (w["head.far_side"], w["head.near"])):
        for labels in itertools.product(range(-1, len(bodies)), repeat=len(lines)):
            score = score_of(labels, lines, bodies, values, *near)
            best = max((x for x in (best, score) if x is not None), default=None)
    total, labels, habit = assign(lines, bodies, Shares(values), -1, -1e9)
    near = (w["head.near"], w["head.far_side"])
    assert total == pytest.approx(best)
    assert total == pytest.approx(score_of(labels, lines, bodies, values, *(near[::-1] if habit else near)))
    assert assign(lines, bodies, Shares(values), -1, best - 1e-6) is not None
    assert assign(lines, bodies, Shares(values), -1, best + 1e-6) is None


@pytest.mark.parametrize(
    "title",
    [
        ["奉贤柘林：住进“椿萱庭”", "乡邻还在身旁"],
        ["北京社区养老服务驿站", "2020年将达上千家"],
        ["光芒四「攝」", "身障據點自拍成果短片巡展"],
    ],
)
def test_two_lines_of_headline_that_fill_a_column_together_are_no_broken_line_of_body(title):
    body = [
        "社区养老服务驿站共有三百八十处，可供老人",
        "就近用餐、理发、量血压，也能在这里下棋、",
        "写字、听讲座。驿站由街道提供房屋，由机构",
        "运营，费用由市区两级补助。",
        "今年还要新建一百处，其中六成在山区乡镇，",
        "做到每村都有人管，每户都有人问。",
        "（据《北京晚报》）",
    ]
    first = ["会议听取了各区的汇报，讨论了明年的预算。", "（据《人民日报》）"]
    text = "\n".join(["明年预算先听各区", *body[:4], *first, *title, *body])
    articles = segment(Page("page.txt", text + "\n")).articles
    assert [article.title.replace(" ", "") for article in articles][-1] == "".join(title)
