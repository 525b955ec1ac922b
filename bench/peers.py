"""The systems beside which swsearch is measured; the recipes are those that people find and use.

All get the same articles as title and text (title, line feed, body), keep both, and give back id, score, title and
snippet.
None of them folds scripts: the corpus has one, so that only swsearch pays for what it does more.
"""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import corpus
from bench.systems import Ids, Shown, System

SNIPPET_CHARS = 120
"""As long as those of swsearch."""

WRITER_BYTES = 256_000_000


class _Tantivy(System):
    """tantivy-py. Text comes cut, with spaces between tokens: the whitespace tokenizer is its quickest (2 times the
    regex tokenizer's rate on single characters). One writing thread, on the core that the process is pinned to."""

    shown = "characters"

    def warm(self) -> None:
        import tantivy  # noqa: F401
        from rjieba import cut

        cut("社会工作站")

    def _schema(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("number", fast=True)
        builder.add_text_field("title", stored=True, tokenizer_name="raw", index_option="basic")
        for name, positions in self._fields().items():
            option = "position" if positions else "freq"
            builder.add_text_field(name, stored=name == self.shown, tokenizer_name="cut", index_option=option)
        return builder.build()

    def _fields(self) -> dict[str, bool]:
        """Names of the fields, and whether they have positions."""
        return {"characters": True}

    def _open(self, index: Path) -> Any:
        import tantivy

        opened = tantivy.Index(self._schema(), path=str(index))
        cut = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        opened.register_tokenizer("cut", cut)
        return opened

    def build(self, articles: Path, index: Path) -> None:
        import tantivy

        index.mkdir()
        cutters = {"characters": _spaced, "words": _words_spaced}
        fields = [(name, cutters[name]) for name in self._fields()]
        writer = self._open(index).writer(WRITER_BYTES, 1)
        for number, doc in enumerate(corpus.read(articles)):
            text = doc.text.lower()
            cut = {name: cutter(text) for name, cutter in fields}
            writer.add_document(tantivy.Document(number=number, title=doc.title, **cut))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, articles: Path, index: Path) -> None:
        import tantivy

        self._tantivy: Any = tantivy
        self._query: Any = tantivy.Query
        self._must, self._should = tantivy.Occur.Must, tantivy.Occur.Should
        self._generator: Any = tantivy.SnippetGenerator
        self._index = self._open(index)
        self._index.reload()
        self._searcher = self._index.searcher()
        self._known = self._index.schema
        self._all = self._searcher.num_docs
        self._ids = [doc.id for doc in corpus.read(articles)]

    def _phrase(self, field: str, tokens: list[str]) -> Any:
        if len(tokens) == 1:
            return self._query.term_query(self._known, field, tokens[0])
        return self._query.phrase_query(self._known, field, tokens)

    def _parts(self, chunk: str) -> list[tuple[Any, Any]]:
        return [(self._must, self._phrase("characters", list(chunk)))]

    def _ask(self, query: str) -> Any:
        parts = [part for chunk in query.lower().split() for part in self._parts(chunk)]
        return parts[0][1] if len(parts) == 1 else self._query.boolean_query(parts)

    def ids(self, query: str, limit: int) -> Ids:
        found = self._searcher.search(self._ask(query), limit or self._all)
        hits = found.hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        return found.count, [(self._ids[number], score) for (score, _), number in zip(hits, numbers, strict=True)]

    def search(self, query: str, limit: int) -> Shown:
        asked = self._ask(query)
        found = self._searcher.search(asked, limit)
        generator = self._generator.create(self._searcher, asked, self._known, self.shown)
        generator.set_max_num_chars(2 * SNIPPET_CHARS)  # every other one is a space
        out = []
        for _, address in found.hits:
            doc = self._searcher.doc(address)
            out.append((doc.get_first("title"), generator.snippet_from_doc(doc).to_html().replace(" ", "")))
        return out


class TantivyCharacters(_Tantivy):
    """Every character a token, with positions; a chunk is a phrase."""


class TantivyJieba(_Tantivy):
    """Words by rjieba, with positions; a chunk is a phrase of its words."""

    shown = "words"

    def _fields(self) -> dict[str, bool]:
        return {"words": True}

    def _parts(self, chunk: str) -> list[tuple[Any, Any]]:
        return [(self._must, self._phrase("words", _cut()(chunk)))]


class TantivyBoth(_Tantivy):
    """Characters with positions to find and words with counts to rank: what comes nearest to swsearch."""

    def _fields(self) -> dict[str, bool]:
        return {"characters": True, "words": False}

    def _parts(self, chunk: str) -> list[tuple[Any, Any]]:
        words = [
            (self._should, self._query.term_query(self._known, "words", word, "freq"))
            for word in dict.fromkeys(_cut()(chunk))
            if len(word) > 1
        ]
        return [(self._must, self._phrase("characters", list(chunk))), *words]


def _spaced(text: str) -> str:
    return " ".join(text)


def _words_spaced(text: str) -> str:
    return " ".join(_cut()(text))


def _cut() -> Callable[[str], list[str]]:
    from rjieba import cut

    wanted: Callable[[str], list[str]] = cut
    return wanted


class _Fts5(System):
    """SQLite FTS5 with its bm25. Total and best ones are two statements: quicker than reading all of one."""

    tokenizer = ""

    def warm(self) -> None:
        sqlite3.connect(":memory:").close()

    def _stored(self, text: str) -> str:
        return text

    def _match(self, query: str) -> str:
        return " ".join(f'"{self._stored(chunk)}"' for chunk in query.split())

    def build(self, articles: Path, index: Path) -> None:
        index.mkdir()
        base = sqlite3.connect(index / "fts.db")
        base.execute(f'create virtual table articles using fts5(title unindexed, text, tokenize="{self.tokenizer}")')
        rows = ((doc.title, self._stored(doc.text)) for doc in corpus.read(articles))
        base.executemany("insert into articles(title, text) values (?, ?)", rows)
        base.commit()
        base.close()

    def open(self, articles: Path, index: Path) -> None:
        self._base = sqlite3.connect(index / "fts.db")
        self._base.execute("pragma cache_size = -262144")
        self._ids = [doc.id for doc in corpus.read(articles)]

    def ids(self, query: str, limit: int) -> Ids:
        asked = self._match(query)
        best = self._base.execute(
            "select rowid, rank from articles where articles match ? order by rank limit ?", (asked, limit or -1)
        ).fetchall()
        total = len(best)
        if total == limit:
            total = self._base.execute("select count(*) from articles where articles match ?", (asked,)).fetchone()[0]
        return total, [(self._ids[number - 1], -rank) for number, rank in best]

    def search(self, query: str, limit: int) -> Shown:
        wanted = "select title, snippet(articles, 1, '<b>', '</b>', '…', 60)"
        rows = self._base.execute(
            f"{wanted} from articles where articles match ? order by rank limit ?", (self._match(query), limit)
        )
        return [(title, text.replace(" ", "")) for title, text in rows]


class Fts5Trigram(_Fts5):
    """Its trigram tokenizer: a chunk of one or two characters finds nothing."""

    tokenizer = "trigram"


class Fts5Characters(_Fts5):
    """Every character a token."""

    tokenizer = "unicode61 remove_diacritics 0 tokenchars '，。、；：！？…—.,'"

    def _stored(self, text: str) -> str:
        return " ".join(text)


class WhooshJieba(System):
    """Whoosh as jieba's own page shows it: the ChineseAnalyzer of `jieba.analyse`, and quoted queries."""

    def warm(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import jieba
            from jieba.analyse import ChineseAnalyzer
        jieba.setLogLevel("ERROR")
        jieba.initialize()
        self._analyzer = ChineseAnalyzer()

    def build(self, articles: Path, index: Path) -> None:
        from whoosh.fields import ID, TEXT, Schema
        from whoosh.index import create_in

        index.mkdir()
        schema = Schema(
            id=ID(stored=True),
            title=TEXT(stored=True, analyzer=self._analyzer),
            content=TEXT(stored=True, analyzer=self._analyzer),
        )
        writer = create_in(str(index), schema).writer()
        for doc in corpus.read(articles):
            writer.add_document(id=doc.id, title=doc.title, content=doc.text)
        writer.commit()

    def open(self, articles: Path, index: Path) -> None:
        from whoosh.index import open_dir
        from whoosh.qparser import QueryParser

        opened = open_dir(str(index))
        self._searcher = opened.searcher()
        self._parser = QueryParser("content", opened.schema)

    def _ask(self, query: str, limit: int) -> Any:
        asked = self._parser.parse(" ".join(f'"{chunk}"' for chunk in query.split()))
        return self._searcher.search(asked, limit=limit or None)

    def ids(self, query: str, limit: int) -> Ids:
        found = self._ask(query, limit)
        return len(found), [(hit["id"], hit.score) for hit in found]

    def search(self, query: str, limit: int) -> Shown:
        return [(hit["title"], _TAGS.sub("", hit.highlights("content"))) for hit in self._ask(query, limit)]


_TAGS = re.compile("</?b[^>]*>")
