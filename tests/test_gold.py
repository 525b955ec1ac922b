"""The gate's own parts: leaving one page out, and the evidence that rules of the page pipeline rest on."""

import sys
from pathlib import Path

import pytest

from swsearch.pages.bodies import opener_rules
from swsearch.pages.unwrap import weights

sys.path.insert(0, str(Path(__file__).parent / "gold"))

import score


@pytest.mark.parametrize("file", ["weights.tsv", "openers.tsv"])
def test_every_rule_names_two_pages_one_of_them_no_seed(file):
    for rule, pages in score.evidence_of(file).items():
        assert len(set(pages)) >= 2, rule
        assert any(page[0] in "prgm" for page in pages), rule


@pytest.mark.parametrize(
    ("pages", "rests"),
    [
        (["s001", "p003"], True),
        (["s001"], True),
        (["s001", "s002", "p003"], False),
        (["s002", "p003"], False),
        (["s001", "s001", "p003"], True),
        (["s001", "p003", "g"], True),
    ],
)
def test_a_rule_rests_on_a_page_if_fewer_than_two_others_speak_for_it(pages, rests):
    assert score.rests_on("s001", pages) is rests


def test_rules_that_rest_on_a_page_are_gone_and_come_back():
    before, openers = dict(weights()), opener_rules()
    with score.without("s004") as count:
        changed = {name for name, value in weights().items() if value != before[name]}
        assert "slot.many_heads" in changed
        assert "slot.prior" not in changed
        assert len(changed) + len(openers) - len(score.bodies.opener_rules()) == count
    assert (weights(), opener_rules()) == (before, openers)


def test_the_seed_pages_come_out_whole_without_the_rules_that_rest_on_them():
    """Articles, headlines, bodies and credits of each page do not hang on what was learned from it alone."""
    for page, count, table in score.leave_one_out(score.seed_pages()):
        assert count > 0
        for what in ("segment F1", "body precision", "body recall", "title exact", "byline", "source"):
            assert table[what] == (1.0, 1.0), (page, what)
