"""Agencies: the party and government bodies an article names, fully qualified."""

from __future__ import annotations

from swsearch.pages.regions import Located
from swsearch.records import Evidence


def find_agencies(located: Located) -> tuple[tuple[str, ...], tuple[Evidence, ...]]:
    """(agencies, evidence): those that issue what is reported first."""
    return (), ()
