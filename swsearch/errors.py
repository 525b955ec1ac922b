"""Every error that swsearch raises; catch `SwsearchError` for all of them.

SwsearchError
├ PageError(ValueError)        .path .reason            mend the file
├ QueryError(ValueError)       .query                   mend the query
│ ├ QuerySyntaxError           .pos .expected
│ ├ UnknownFieldError          .field .known
│ ├ UnknownRegionError         .value .near
│ └ UnsupportedQueryError      .engine .nodes
├ IndexStateError              .path                    mend or rebuild the index
│ ├ IndexMissing
│ ├ IndexLocked                .owner
│ ├ IndexStale                 .expected .found
│ └ IndexCorrupt               .files
├ SettingError(ValueError)     .name .value             mend an option, a variable or swsearch.toml
└ EngineError                  .engine                  raised `from` the library's own error
  └ EngineUnavailable
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


class SwsearchError(Exception):
    """The root: its text is one sentence that says what was wrong, what was seen and what to do."""


class PageError(SwsearchError, ValueError):
    """A seed that cannot be read; `reason` is the sentence, `path` the file as it was given."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[PageError], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class QueryError(SwsearchError, ValueError):
    """A query or an option of a search that cannot be answered."""

    def __init__(self, message: str, query: str = "") -> None:
        super().__init__(message)
        self.query = query


class QuerySyntaxError(QueryError):
    """A query that does not parse; `pos` is the offset of the place, `expected` what could stand there."""

    def __init__(self, message: str, query: str = "", pos: int = 0, expected: Sequence[str] = ()) -> None:
        super().__init__(message, query)
        self.pos = pos
        self.expected = tuple(expected)

    def caret(self) -> str:
        """The query and, below it, a caret under the place; wide characters count two columns."""
        before = self.query[: self.pos]
        column = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before)
        return f"{self.query}\n{' ' * column}^"


class UnknownFieldError(QueryError):
    """A field that does not exist; `known` are those that do."""

    def __init__(self, message: str, query: str = "", field: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(message, query)
        self.field = field
        self.known = tuple(known)


class UnknownRegionError(QueryError):
    """A region that the gazetteer does not have; `near` are names like it."""

    def __init__(self, message: str, query: str = "", value: str = "", near: Sequence[str] = ()) -> None:
        super().__init__(message, query)
        self.value = value
        self.near = tuple(near)


class UnsupportedQueryError(QueryError):
    """A query that this engine cannot answer whole; `nodes` names the parts."""

    def __init__(self, message: str, query: str = "", engine: str = "", nodes: Sequence[str] = ()) -> None:
        super().__init__(message, query)
        self.engine = engine
        self.nodes = tuple(nodes)


class IndexStateError(SwsearchError):
    """The index at `path` is not in a state to be used."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class IndexMissing(IndexStateError):
    """There is no index at `path`."""


class IndexLocked(IndexStateError):
    """Another process writes the index; `owner` is its process id, or None when unknown."""

    def __init__(self, message: str, path: str = "", owner: int | None = None) -> None:
        super().__init__(message, path)
        self.owner = owner


class IndexStale(IndexStateError):
    """The index was built by another version of the format, the folding, the dictionary or the page pipeline."""

    def __init__(self, message: str, path: str = "", expected: str = "", found: str = "") -> None:
        super().__init__(message, path)
        self.expected = expected
        self.found = found


class IndexCorrupt(IndexStateError):
    """Files of the index are damaged; `files` names them."""

    def __init__(self, message: str, path: str = "", files: Sequence[str] = ()) -> None:
        super().__init__(message, path)
        self.files = tuple(files)


class SettingError(SwsearchError, ValueError):
    """An option, an environment variable or a line of swsearch.toml that has no usable value."""

    def __init__(self, message: str, name: str = "", value: object = None) -> None:
        super().__init__(message)
        self.name = name
        self.value = value


class EngineError(SwsearchError):
    """What stores the articles failed; raised `from` the library's own error."""

    def __init__(self, message: str, engine: str = "") -> None:
        super().__init__(message)
        self.engine = engine


class EngineUnavailable(EngineError):
    """What stores the articles cannot be reached or is not installed."""
