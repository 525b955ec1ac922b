"""Known-item search on the labelled articles alone; the whole table, among 22,368 others, is bench/ranking.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import swsearch

sys.path.insert(0, str(Path(__file__).parent.parent))  # quality is no part of the package

from quality import known
from quality.__main__ import build
from quality.strings import Haystack, check_substrings, cut_strings


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[swsearch.Index]:
    folder = tmp_path_factory.mktemp("known")
    build([], folder / "seeds", folder / "index")
    with swsearch.open_index(folder / "index") as opened:
        yield opened


def test_every_article_has_a_paraphrase() -> None:
    assert {doc.id for doc in known.labelled()} == set(known.paraphrases())


def test_paraphrases_are_in_other_words() -> None:
    """None is cut out of its article, whose words would then be asked for, not its sense."""
    docs = {doc.id: known.fold(doc.text) for doc in known.labelled()}
    for id, text in known.paraphrases().items():
        assert known.fold(text) not in docs[id]


@pytest.mark.parametrize(("kind", "floor"), [("headline", 1.0), ("paraphrase", 0.95), ("rare words", 0.95)])
def test_the_article_comes_first(index: swsearch.Index, kind: str, floor: float) -> None:
    own = known.labelled()
    asked = [item for item in known.items(own, [], known.counted_words(own)) if item.kind == kind]
    table = known.run({"swsearch": lambda query: [hit.id for hit in index.search(query, facets=False)]}, asked)
    assert len(asked) > 60
    assert table.mrr("swsearch") >= floor


def test_substrings_of_the_labelled_articles(index: swsearch.Index) -> None:
    docs = known.labelled()
    haystack = Haystack([doc.id for doc in docs], [doc.text for doc in docs])
    result = check_substrings(index, haystack, cut_strings(docs, 150))
    assert (result.both, result.complete) == (result.right, result.strings)
    assert result.found == result.right
