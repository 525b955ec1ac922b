"""Two plain rankings to compare with: BM25 on jieba words, and SQLite FTS5's bm25 on single characters.

Both search title and body as one text and take a query as any of its parts, as these systems are used. They get the
same folding, so that scripts are no advantage, and the same words.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from bench.corpus import Doc
from quality.known import FIRST, folded_characters
from swsearch.text.words import words


class PlainBM25:
    """BM25 (k1 1.2, b 0.75) over jieba words, one bag a text."""

    def __init__(self, docs: Sequence[Doc], counted: Callable[[str], Counter[str]], k1: float = 1.2, b: float = 0.75):
        lengths = {doc.id: sum(counted(doc.id).values()) for doc in docs}
        mean = sum(lengths.values()) / len(lengths)
        self.postings: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for doc in docs:
            shape = k1 * (1 - b + b * lengths[doc.id] / mean)
            for word, n in counted(doc.id).items():
                self.postings[word].append((doc.id, (k1 + 1) * n / (n + shape)))
        self.size = len(docs)

    def search(self, query: str) -> list[str]:
        """The ids of the first ten."""
        scores: Counter[str] = Counter()
        for word in set(words(query)):
            found = self.postings.get(word, [])
            idf = math.log(1 + (self.size - len(found) + 0.5) / (len(found) + 0.5))
            for id, score in found:
                scores[id] += idf * score
        return [id for id, _ in sorted(scores.items(), key=lambda row: (-row[1], row[0]))[:FIRST]]


class CharacterFTS5:
    """SQLite FTS5, a row an article, characters apart by spaces; bm25 with its own constants (1.2, 0.75)."""

    def __init__(self, docs: Sequence[Doc]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("CREATE VIRTUAL TABLE docs USING fts5(id UNINDEXED, text, tokenize='unicode61')")
        rows = ((doc.id, " ".join(folded_characters(doc.text))) for doc in docs)
        self.db.executemany("INSERT INTO docs VALUES (?, ?)", rows)

    def search(self, query: str) -> list[str]:
        """The ids of the first ten."""
        chars = list(dict.fromkeys(folded_characters(query)))
        if not chars:
            return []
        asked = " OR ".join(f'"{char}"' for char in chars)
        rows = self.db.execute("SELECT id FROM docs WHERE docs MATCH ? ORDER BY rank, id LIMIT ?", (asked, FIRST))
        return [row[0] for row in rows]
