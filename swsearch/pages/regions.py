"""Regions: what a region's name can mean, and which regions an article is about."""

from __future__ import annotations

from swsearch.pages.gazetteer import near, resolve

__all__ = ["near", "resolve"]
