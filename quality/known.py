"""Known-item search: an article, and what somebody who looks for it might type. MRR@10 of ranking, beside two others.

Items are the labelled articles of the seed and practice pages (tests/gold), each asked for in three ways: by its
headline, by a paraphrase of its lead (paraphrases.tsv, written by hand before anything was asked), and by two rare
words of it. With them stand the articles of a corpus as distractors; those with a title of their own are items too
(headline and rare words). An answer counts 1/rank if it is among the first ten. Statutes that are there twice are no
items.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.corpus import Doc
from swsearch.text.fold import fold
from swsearch.text.words import function_words, words

ROOT = Path(__file__).resolve().parent.parent
GOLD = ROOT / "tests/gold"
SEED = 7
FIRST = 10
CORPUS_ITEMS = 200
RARE = (1, 10)
"""In how many articles a rare word may be: one that a reader would remember, and not a slip of the segmenter."""

KINDS = ("headline", "paraphrase", "rare words")
Search = Callable[[str], Sequence[str]]
"""A query to the ids of the first ten articles, best first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One query and the article that it is meant to find; `group` is where the article is from."""

    id: str
    kind: str
    query: str
    group: str


def labelled() -> list[Doc]:
    """The 14 seed articles and the 53 practice articles, as their labels have them."""
    seeds = json.loads((GOLD / "seeds_gold.json").read_text(encoding="utf-8"))["seeds"]
    practice = json.loads((GOLD / "practice/gold.json").read_text(encoding="utf-8"))
    return [
        Doc(article["id"], article["title"], "\n".join(article["paragraphs"]))
        for page in [*seeds, *practice]
        for article in page["segments"]
    ]


def paraphrases() -> dict[str, str]:
    """Label id -> paraphrase."""
    lines = (Path(__file__).parent / "paraphrases.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def items(own: Sequence[Doc], distractors: Sequence[Doc], counted: Callable[[str], Counter[str]]) -> list[Item]:
    """All queries, in an order that does not depend on the corpus; `counted` gives the words of an article's text."""
    rng = random.Random(SEED)
    asked = paraphrases()
    df: Counter[str] = Counter()
    for doc in [*own, *distractors]:
        df.update(counted(doc.id).keys())
    titles = Counter(doc.title for doc in distractors)
    bodies = Counter(doc.body for doc in distractors)
    unique = [doc for doc in distractors if titles[doc.title] == 1 and bodies[doc.body] == 1 and len(doc.title) > 5]
    unique = [doc for doc in unique if len(doc.body) > 200]
    chosen = rng.sample(unique, min(CORPUS_ITEMS, len(unique)))
    found = []
    for group, docs in (("pages", own), ("corpus", chosen)):
        for doc in docs:
            found.append(Item(doc.id, "headline", doc.title, group))
            if doc.id in asked:
                found.append(Item(doc.id, "paraphrase", asked[doc.id], group))
            rare = sorted(word for word in counted(doc.id) if _rare(word, df[word]))
            if len(rare) >= 2:
                found.append(Item(doc.id, "rare words", " ".join(rng.sample(rare, 2)), group))
    return found


def _rare(word: str, df: int) -> bool:
    return len(word) >= 2 and RARE[0] <= df <= RARE[1] and not word[0].isascii() and word not in function_words()


def reciprocal_rank(id: str, ranked: Sequence[str]) -> float:
    """1/rank among the first ten, else 0."""
    return 1 / (ranked.index(id) + 1) if id in ranked[:FIRST] else 0.0


@dataclass
class Table:
    """Sums of reciprocal ranks by (system, group, kind)."""

    def __init__(self) -> None:
        self.ranks: dict[tuple[str, str, str], list[float]] = defaultdict(list)

    def add(self, system: str, item: Item, rank: float) -> None:
        """Count one answer, in its group and kind and in all."""
        for group in (item.group, "all"):
            for kind in (item.kind, "all"):
                self.ranks[system, group, kind].append(rank)

    def mrr(self, system: str, group: str = "all", kind: str = "all") -> float:
        """The mean; "all" over the queries, not over the kinds."""
        found = self.ranks[system, group, kind]
        return sum(found) / len(found) if found else math.nan

    def interval(self, system: str, group: str, kind: str) -> float:
        """Half of the 95 % interval of the mean."""
        found = self.ranks[system, group, kind]
        if len(found) < 2:
            return math.nan
        mean = sum(found) / len(found)
        return 1.96 * math.sqrt(sum((rank - mean) ** 2 for rank in found) / (len(found) - 1) / len(found))

    def markdown(self, systems: Sequence[str]) -> str:
        """One line a system, one column a kind of query."""
        columns = [("pages", kind) for kind in KINDS] + [("corpus", KINDS[0]), ("corpus", KINDS[2]), ("all", "all")]
        columns = [column for column in columns if self.ranks[systems[0], column[0], column[1]]]
        heads = [f"{group}: {kind} ({len(self.ranks[systems[0], group, kind])})" for group, kind in columns]
        lines = [f"| MRR@{FIRST} | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
        for system in systems:
            cells = [f"{self.mrr(system, *column):.3f} ±{self.interval(system, *column):.3f}" for column in columns]
            lines.append(f"| {system} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def run(systems: dict[str, Search], asked: Iterable[Item]) -> Table:
    """Each query to each system."""
    table = Table()
    for item in asked:
        for name, search in systems.items():
            table.add(name, item, reciprocal_rank(item.id, list(search(item.query))))
    return table


def counted_words(docs: Iterable[Doc]) -> Callable[[str], Counter[str]]:
    """The words of each article by id, title and body, counted once."""
    counts = {doc.id: Counter(words(doc.title)) + Counter(words(doc.body)) for doc in docs}
    return lambda id: counts[id]


def folded_characters(text: str) -> list[str]:
    """Folded letters and digits one by one: what FTS5 is given."""
    return [char for char in fold(text) if char.isalnum()]
