"""The facts of an article: regions, places, year, years and agencies, each with the text that proves it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from swsearch.pages.agencies import find_agencies
from swsearch.pages.regions import describe, locate
from swsearch.records import Evidence, Facts


def find_facts(title: str, paragraphs: Sequence[str], source: str | None = None, byline: str | None = None) -> Facts:
    """What an article is about. Offsets of the evidence count from the start of its part, as `Evidence` says."""
    located = locate(title, paragraphs, source, byline)
    regions, places, where = describe(located)
    agencies, who = find_agencies(located)
    year, years, when = _years(title, paragraphs)
    return Facts(regions, places, year, years, agencies, (*where, *when, *who))


def _years(title: str, paragraphs: Sequence[str]) -> tuple[int | None, tuple[int, ...], tuple[Evidence, ...]]:
    try:
        find_years = importlib.import_module("swsearch.pages.years").find_years
    except ImportError:
        return None, (), ()
    found: tuple[int | None, tuple[int, ...], tuple[Evidence, ...]] = find_years(title, paragraphs)
    return found
