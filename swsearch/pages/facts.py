"""The facts of an article: regions, places, year, years and agencies, each with the text that proves it."""

from __future__ import annotations

from collections.abc import Sequence

from swsearch.pages.agencies import find_agencies
from swsearch.pages.regions import describe, locate
from swsearch.pages.years import find_years
from swsearch.records import Facts


def find_facts(title: str, paragraphs: Sequence[str], source: str | None = None, byline: str | None = None) -> Facts:
    """What an article is about; offsets of the evidence count from the start of its part, as `Evidence` says.

    Takes time linear in the length, about 0.7 ms for 1,000 characters. Measured on tests/gold.

    >>> facts = find_facts("湖北：印发社区规划", ["近日，湖北省民政厅、省发改委印发规划，明确到2025年的目标。"])
    >>> facts.regions, facts.agencies
    (('湖北省',), ('湖北省民政厅', '湖北省发改委'))
    """
    located = locate(title, paragraphs, source, byline)
    regions, places, where = describe(located)
    year, years, when = find_years(title, paragraphs)
    agencies, who = find_agencies(located)
    return Facts(regions, places, year, years, agencies, (*where, *when, *who))
