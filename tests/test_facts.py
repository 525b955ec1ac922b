"""The facts of short articles as papers write them: tests/data/facts_cases.txt and facts_ledes.txt."""

import doctest
import time
from pathlib import Path

import pytest

import swsearch.pages.facts
from swsearch.pages.facts import find_facts
from swsearch.pages.gazetteer import gazetteer

DATA = Path(__file__).parent / "data"


def cases(file):
    found, case = [], {}
    for line in [*file.read_text(encoding="utf-8").split("\n"), ""]:
        if line.startswith("#"):
            continue
        if not line:
            if case:
                found.append(case)
            case = {}
            continue
        key, _, value = line.partition(":")
        if key == "P":
            case.setdefault("P", []).append(value.strip())
        else:
            case[key] = value.strip()
    return found


def split(cell):
    return [item.strip() for item in cell.split(";") if item.strip()]


CASES = [*cases(DATA / "facts_cases.txt"), *cases(DATA / "facts_ledes.txt")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["T"])
def test_case(case):
    facts = find_facts(case["T"], case["P"], case.get("S"), case.get("B"))
    assert list(facts.regions) == split(case["R"])
    issuing, _, others = case["A"].partition("|")
    assert set(facts.agencies[: len(split(issuing))]) == set(split(issuing))
    assert set(facts.agencies) == {*split(issuing), *split(others)}
    if case.get("Y", "?") != "?":
        assert facts.year == (None if case["Y"] == "-" else int(case["Y"]))


def test_example():
    assert doctest.testmod(swsearch.pages.facts).failed == 0


def test_every_fifth_region():
    """Its short name in the headline, its full one in the lead."""
    known = gazetteer()
    short = {}
    for name in known.names:
        for path, kind in known.meanings(name):
            if kind == "short":
                short.setdefault(path, name)
    wrong = []
    for path in list(known.kinds)[::5]:
        parts = path.split("/")
        if len(parts) == 1 or parts[0].startswith(("台湾", "香港", "澳门")):
            continue
        facts = find_facts(
            f"{short.get(path, parts[-1])}：社工站实现全覆盖",
            [f"近日，{''.join(parts[:-1])}{parts[-1]}社工站实现全覆盖。{parts[-1]}民政局负责人说，要再接再厉。"],
        )
        if facts.regions != (path,) or not facts.agencies[0].endswith(f"{parts[-1]}民政局"):
            wrong.append((path, facts.regions, facts.agencies))
    assert wrong == []


LONG = {
    "places in one line": lambda n: ("", ["北京市与天津市的" * (n // 8)]),
    "places in the headline": lambda n: ("北京市与天津市的" * (n // 8), ["北京市"]),
    "provinces by one character": lambda n: ("沪甘" * (n // 2), ["上海市与甘肃省"]),
    "a chain of names": lambda n: ("江西", ["江西省南昌市" * (n // 6) + "民政局"]),
    "counties of one name": lambda n: ("", ["朝阳区和长春市、鼓楼区" * (n // 11)]),
    "venues": lambda n: ("江西省", ["江西省在南昌市举行" * (n // 9)]),
    "departments in one line": lambda n: ("江西", ["省民政厅、市财政局和" * (n // 10)]),
    "departments of nobody": lambda n: ("", ["省民政厅、市财政局和" * (n // 10)]),
    "short lines": lambda n: ("江西省南昌市民政局", ["近日江西省南昌市民政局印发了"] * (n // 14)),
    "lines of one character": lambda n: ("社", ["社"] * n),
    "street offices": lambda n: ("南昌东湖区", ["八一桥街道办事处的" * (n // 9)]),
    "leagues": lambda n: ("江西省", ["共青团江西省" * (n // 6)]),
    "bodies of Taiwan": lambda n: ("新北市", ["新北市社會局與勞工局，縣社會處" * (n // 15)]),
    "bodies of no list": lambda n: ("江西", ["南昌市某某某局与市未保工作领导小组办公室" * (n // 20)]),
    "departments of zones": lambda n: ("江西", ["江西省园区社会事业局在南昌" * (n // 13)]),
    "counted departments": lambda n: ("江西", ["南昌、九江两市民政局" * (n // 10)]),
    "committees": lambda n: ("江西省", ["省委、" * (n // 3)]),
    "five-year plans": lambda n: ("", ["今年是十五五开局之年" * (n // 10)]),
    "years": lambda n: ("2024年", ["到2027年“十四五”末，去年" * (n // 16)]),
    "digits": lambda n: ("", ["2 0 2 4 年" * (n // 9)]),
    "opening brackets": lambda n: ("江西", ["省民政厅《〔(" * (n // 7)]),
}


def seconds(title, paragraphs):
    start = time.process_time()
    find_facts(title, paragraphs, "南昌日报")
    return time.process_time() - start


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_time_grows_no_faster_than_the_text(text):
    """Six times the text takes about six times as long; quadratic work would take 36 times."""
    ratio = 99.0
    for _ in range(4):  # a busy machine may spoil one measurement
        ratio = min(ratio, seconds(*text(24_000)) / seconds(*text(4_000)))
        if ratio < 14:
            return
    assert ratio < 14


def test_a_run_of_marks_is_read_in_one_way():
    """Marks between two agencies; a pattern that can read each in two ways doubles the time with every mark."""
    few, many = ([f"省民政厅{'、' * count}某省民政厅"] for count in (1, 26))
    assert seconds("江西", many) < 1000 * max(seconds("江西", few), 0.0002)
