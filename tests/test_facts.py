"""The facts of short articles as papers write them: tests/data/facts_cases.txt."""

import doctest
from pathlib import Path

import pytest

import swsearch.pages.facts
from swsearch.pages.facts import find_facts
from swsearch.pages.gazetteer import gazetteer

CASES = Path(__file__).parent / "data" / "facts_cases.txt"


def cases():
    found, case = [], {}
    for line in [*CASES.read_text(encoding="utf-8").split("\n"), ""]:
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


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["T"])
def test_case(case):
    facts = find_facts(case["T"], case["P"], case.get("S"), case.get("B"))
    assert list(facts.regions) == split(case["R"])
    issuing, _, others = case["A"].partition("|")
    assert set(facts.agencies[: len(split(issuing))]) == set(split(issuing))
    assert set(facts.agencies) == {*split(issuing), *split(others)}


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
