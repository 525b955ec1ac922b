"""What is measured: each system builds an index of a .jsonl file, opens it, and answers queries.

A query is one or several chunks between spaces, and every chunk must stand in the article, as one string. Each system
is asked in the quickest way that its Python interface offers; what turns a query into its own form is in its time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import corpus

Ids = tuple[int, Sequence[tuple[str, float]]]
Shown = Sequence[tuple[str, str]]


class System:
    """An engine under test; a process has one."""

    def warm(self) -> None:
        """Load dictionaries and modules: what a process does once is not in any figure but the cold start's."""

    def build(self, articles: Path, index: Path) -> None:
        """Make an index of a .jsonl file in a new directory."""
        raise NotImplementedError

    def open(self, articles: Path, index: Path) -> None:
        """Open it for queries."""
        raise NotImplementedError

    def ids(self, query: str, limit: int) -> Ids:
        """The number of matches, and the ids and scores of the best `limit` (0: all)."""
        raise NotImplementedError

    def search(self, query: str, limit: int) -> Shown:
        """The titles and snippets of the best `limit`."""
        raise NotImplementedError

    def forget(self) -> None:
        """Let go of what is remembered of the queries that were asked."""

    def exactly(self, query: str) -> Ids:
        """Every match of the chunks as they are written, which is what recall and precision are of."""
        return self.ids(query, 0)


class Swsearch(System):
    """This project, by its public interface, from file to snippet."""

    def warm(self) -> None:
        import swsearch  # noqa: F401
        from swsearch.text.words import words

        words("臺灣的社會工作站，共２４個" * 10)

    def build(self, articles: Path, index: Path) -> None:
        import swsearch

        report = swsearch.rebuild(articles, index=index)
        if report.skipped:
            raise RuntimeError(f"swsearch left out {report.skipped[0]}")

    def open(self, articles: Path, index: Path) -> None:
        import swsearch

        self._index = swsearch.open_index(index)

    def ids(self, query: str, limit: int) -> Ids:
        return self._index.ids(query, limit)

    def search(self, query: str, limit: int) -> Shown:
        return [(hit.title, hit.snippet) for hit in self._index.search(query, limit=limit, facets=False)]

    def forget(self) -> None:
        from swsearch.query.chunks import remembered

        remembered.cache_clear()

    def exactly(self, query: str) -> Ids:
        # Unquoted, 信息 finds 资讯 too, as a word of Taiwan for it: wanted, but not what is written.
        return self._index.ids(" ".join(f'"{chunk}"' for chunk in query.split()), 0)


class Truth(System):
    """What must be found: `match_form(chunk) in match_form(article)` for every chunk. Not measured."""

    def build(self, articles: Path, index: Path) -> None:
        index.mkdir(parents=True, exist_ok=True)

    def open(self, articles: Path, index: Path) -> None:
        from swsearch.text.match import match_form

        self._form = match_form
        self._forms = [(doc.id, match_form(doc.text)) for doc in corpus.read(articles)]

    def ids(self, query: str, limit: int) -> Ids:
        first, *others = map(self._form, query.split())
        found = [(id, form) for id, form in self._forms if first in form]
        kept = [(id, 0.0) for id, form in found if all(other in form for other in others)]
        return len(kept), kept


def make(name: str) -> System:
    """A system by its name. Its libraries are imported when it is first used."""
    from bench import peers

    made: dict[str, Any] = {
        "swsearch": Swsearch,
        "truth": Truth,
        "whoosh-jieba": peers.WhooshJieba,
        "fts5-trigram": peers.Fts5Trigram,
        "fts5-characters": peers.Fts5Characters,
        "tantivy-characters": peers.TantivyCharacters,
        "tantivy-jieba": peers.TantivyJieba,
        "tantivy-both": peers.TantivyBoth,
    }
    system: System = made[name]()
    return system


NAMES = (
    "swsearch",
    "tantivy-characters",
    "tantivy-both",
    "tantivy-jieba",
    "fts5-characters",
    "fts5-trigram",
    "whoosh-jieba",
)
SLOW = {"fts5-characters": 4, "fts5-trigram": 4, "whoosh-jieba": 6}
"""Systems asked only every n-th query, once: a full set would take minutes and say the same."""

WHOOSH_ARTICLES = 3_000
"""What the Whoosh recipe gets, evenly spread over the corpus: its rate does not depend on the number."""

TITLES = {
    "swsearch": "swsearch",
    "tantivy-characters": "tantivy, single characters",
    "tantivy-both": "tantivy, characters + jieba",
    "tantivy-jieba": "tantivy, jieba",
    "fts5-characters": "SQLite FTS5, single characters",
    "fts5-trigram": "SQLite FTS5, trigram",
    "whoosh-jieba": "Whoosh + jieba ChineseAnalyzer",
}


def size_bytes(index: Path) -> int:
    """All files of an index."""
    return sum(item.stat().st_size for item in index.rglob("*") if item.is_file())


def fresh(index: Path) -> Path:
    """`index`, not there any more, its parent there."""
    shutil.rmtree(index, ignore_errors=True)
    os.makedirs(index.parent, exist_ok=True)
    return index
