"""Pages of any length go through in time that grows no faster than they do: eight times the page, about eight times."""

import itertools
import re
import time
from pathlib import Path

import pytest

from swsearch.pages import segment as pipeline
from swsearch.pages.mojibake import break_text
from swsearch.records import Facts, Page

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
LINES = [line for path in SEEDS for line in path.read_text(encoding="utf-8").split("\n")]
BODY = [line for line in LINES if len(line.strip()) > 10]
RUN = "".join(line.strip() for line in BODY)
FLOW = re.sub("[^\u4e00-\u9fff，]", "", RUN)  # sentences that never end
TIMES = 8
MOST = 24  # times as long; in linear time it is 8, in quadratic 64


def cycle(values, count):
    return list(itertools.islice(itertools.cycle(values), count))


def every_third(line, others, count):
    return [line if at % 3 == 0 else other for at, other in enumerate(cycle(others, count))]


SHAPES = {
    "real lines": lambda n: cycle(LINES, n),
    "no blank line": lambda n: cycle(BODY, n),
    "one paragraph": lambda n: cycle([FLOW[at : at + 26] for at in range(0, len(FLOW) - 26, 26)], n),
    "Latin": lambda n: ["The quick brown fox jumps over"] * n,
    "one character a line": lambda n: cycle(RUN, n),
    "broken marks": lambda n: cycle(map(break_text, BODY), n),
    "bylines": lambda n: every_third("■ 本报记者 皮磊", BODY, n),
    "photo credits": lambda n: every_third("新华社记者 徐昱/摄", BODY, n),
    "headlines": lambda n: [line[:9] + "\n" for line in cycle(BODY, n)],
    "names": lambda n: ["张海亮 付纯志 赵学堂"] * n,
    "sources": lambda n: ["（据《南昌日报》）"] * n,
    "teasers in one line": lambda n: ["版".join(["创新模式 08 "] * n)],
    "one line": lambda n: ["".join(cycle(RUN, 20 * n))],
    "broken marks in one line": lambda n: ["袁遥渊冤圆园圆源" * n],
    "spaces in one line": lambda n: ["天津 08" + " " * 40 * n + "版"],
    "dates in one line": lambda n: ["2024年1月1日" + "第一期版" * 2 * n + "x"],
}


def seconds(page):
    started = time.process_time()
    pipeline.segment(page)
    return time.process_time() - started


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_no_faster_than_the_page(shape, monkeypatch):
    monkeypatch.setattr(pipeline, "find_facts", lambda *_: Facts())  # they are asked of each article by itself
    short, long = (Page("x.txt", "\n".join(SHAPES[shape](size))) for size in (500, 500 * TIMES))
    pipeline.segment(short)  # reads the tables
    for _ in range(3):  # a collection of garbage, or a busy neighbour, may fall into one of them
        factor = seconds(long) / max(0.002, min(seconds(short) for _ in range(3)))
        if factor < MOST:
            break
    assert factor < MOST


def test_no_pattern_tries_the_ways_to_share_a_run():
    """A date line of sixteen doubtful parts once took minutes, and a teaser with a long gap a second."""
    lines = ["2024年1月1日" + "第一期版" * 4 + "x", "天津 08" + " " * 3000 + "版", "A" + " " * 3000 + "x"] * 3
    assert seconds(Page("x.txt", "\n".join(lines))) < 1
