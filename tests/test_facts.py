"""The facts of short articles as papers write them: tests/data/facts_cases.txt."""

from pathlib import Path

import pytest

from swsearch.pages.facts import find_facts

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
