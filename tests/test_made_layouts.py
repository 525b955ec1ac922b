"""Made pages: the labelled articles in layouts that no labelled page has come out as they went in."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "gold"))

import layouts

PAGES = 24
# The share of articles with body, title and byline exact that each layout reaches on these pages, less a page or two.
FLOORS = {
    "number-spaces": 0.75,
    "mark-spaces": 0.78,
    "behind": 0.90,
    "collected": 0.67,
    "collected-first": 0.77,
    "daily": 0.87,
    "captions": 0.82,
    "plain": 0.79,
    "indented": 0.91,
    "one-line": 0.86,
}


def test_every_layout_has_a_floor():
    assert FLOORS.keys() == layouts.LAYOUTS.keys()


@pytest.mark.parametrize("name", FLOORS)
def test_articles_come_out_of_a_made_layout_as_often_as_they_did(name):
    assert layouts.share_exact(name, PAGES) >= FLOORS[name]


@pytest.mark.parametrize("name", FLOORS)
def test_a_made_page_is_the_same_every_time_and_holds_its_articles(name):
    text, chosen = layouts.page(name, 3)
    assert (text, chosen) == layouts.page(name, 3)
    squeezed = layouts.metamorphic.squeeze(text)
    for article in chosen:
        assert layouts.metamorphic.squeeze("".join(article["paragraphs"][-1])) in squeezed
