"""Chinese full-text search for folders of newspaper pages.

>>> import swsearch
>>> swsearch.rebuild("seeds", index="index")                            # doctest: +SKIP
>>> swsearch.search("社工站 全覆盖", region="天津", index="index")        # doctest: +SKIP

Nothing heavy is imported before a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from swsearch.errors import (
    EngineError,
    EngineUnavailable,
    IndexCorrupt,
    IndexLocked,
    IndexMissing,
    IndexStale,
    IndexStateError,
    PageError,
    QueryError,
    QuerySyntaxError,
    SettingError,
    SwsearchError,
    UnknownFieldError,
    UnknownRegionError,
    UnsupportedQueryError,
)
from swsearch.records import Article, Facts, Hit, Notice, Page, Results

if TYPE_CHECKING:
    from swsearch.index import Report, rebuild
    from swsearch.pages.read import read_page
    from swsearch.pages.segment import segment
    from swsearch.search import Index, Status, open_index, search

__version__ = "0.1.0"

__all__ = [
    "Article",
    "EngineError",
    "EngineUnavailable",
    "Facts",
    "Hit",
    "Index",
    "IndexCorrupt",
    "IndexLocked",
    "IndexMissing",
    "IndexStale",
    "IndexStateError",
    "Notice",
    "Page",
    "PageError",
    "QueryError",
    "QuerySyntaxError",
    "Report",
    "Results",
    "SettingError",
    "Status",
    "SwsearchError",
    "UnknownFieldError",
    "UnknownRegionError",
    "UnsupportedQueryError",
    "__version__",
    "open_index",
    "read_page",
    "rebuild",
    "search",
    "segment",
]

_LATE = {
    "Index": "swsearch.search",
    "Report": "swsearch.index",
    "Status": "swsearch.search",
    "open_index": "swsearch.search",
    "read_page": "swsearch.pages.read",
    "rebuild": "swsearch.index",
    "search": "swsearch.search",
    "segment": "swsearch.pages.segment",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LATE[name]), name)
    globals()[name] = value  # `search` is a module too, which importing it has just put here
    return value


def __dir__() -> list[str]:
    return list(__all__)
