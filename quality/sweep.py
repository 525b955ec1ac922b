"""Ranking with other parameters: the engine's matches weighed anew, by the formula of docs/ranking.md.

What a term counts in title and body of each match is taken once; then any k1, b, title weight, share of word tokens and
weight of variants is a sum. With the parameters in force the order is the engine's (asserted), so this is one more
computation of the formula.
"""

from __future__ import annotations

import itertools
import math
import random
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quality.known import FIRST, Item, reciprocal_rank
from swsearch.engines.base import K1, TITLE_WEIGHT, VARIANT_WEIGHT, B, Indexed
from swsearch.query.bind import terms
from swsearch.search import Index
from swsearch.text.match import BREAK, grams, units

MOST = 200
"""Matches weighed anew for one query, the best first: what is below does not come up by other parameters."""


@dataclass(frozen=True)
class Parameters:
    """`tokens` is the share that words as jieba cut them have in a word's count, the rest is plain occurrences."""

    k1: float = K1
    b: float = B
    title: float = float(TITLE_WEIGHT)
    tokens: float = 0.5
    variant: float = VARIANT_WEIGHT


GRID: Mapping[str, Sequence[float]] = {
    "k1": (0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 3.0),
    "b": (0.0, 0.25, 0.4, 0.6, 0.75, 0.9, 1.0),
    "title": (1, 2, 3, 4, 6, 10),
    "tokens": (0.0, 0.25, 0.5, 0.75, 1.0),
    "variant": (0.2, 0.5, 0.8, 1.0),
}

SHARES = (
    (1 / 2,),
    (2 / 5,),
    (1 / 3,),
    (1 / 4,),
    (1 / 2, 2 / 5),
    (1 / 2, 1 / 3),
    (1 / 2, 1 / 4),
    (1 / 2, 1 / 3, 1 / 4),
    (1 / 2, 2 / 5, 3 / 10, 1 / 5),
)

Counts = tuple[int, int, int, int]  # of a form in an article: occurrences in title, in body, tokens in title, in body


@dataclass(frozen=True)
class _Term:
    idf: float
    is_word: bool
    counts: tuple[tuple[Counts, ...], ...]  # by match, then by form: the term's own, its variants


@dataclass(frozen=True)
class Matches:
    """A query with all that its matches are weighed by."""

    item: Item
    ids: tuple[str, ...]
    lengths: tuple[tuple[int, int], ...]  # words of title and body
    terms: tuple[_Term, ...] = field(repr=False)


class Reader:
    """Reads what matches are weighed by from an open index; articles are analysed once."""

    def __init__(self, index: Index, lengths: Iterable[tuple[int, int]]) -> None:
        self.index = index
        every = list(lengths)
        self.title_words = sum(title for title, _ in every) / len(every)
        self.body_words = sum(body for _, body in every) / len(every)
        self.size = len(every)
        self._known: dict[str, tuple[Counter[str], Counter[str], Counter[str], Counter[str], tuple[int, int]]] = {}

    def read(self, item: Item) -> Matches:
        """The matches of one query, relaxed where a search would be."""
        engine, asked = self.index._engine, self.index._ask(item.query, {})
        node, found, _ = self.index._relaxed(
            asked, lambda node: engine.search(node, limit=MOST), exact=False, loose=False
        )
        ids = tuple(id for id, _ in found.hits)
        read = []
        for term in terms(node):
            forms = (term.form, *term.alternatives)
            df = max(engine.df(form) for form in forms)
            idf = math.log(1 + (self.size - df + 0.5) / (df + 0.5))
            read.append(_Term(idf, term.is_word, tuple(tuple(self._count(id, form) for form in forms) for id in ids)))
        matches = Matches(item, ids, tuple(self._article(id)[4] for id in ids), tuple(read))
        for (_, score), own in zip(found.hits, self.scores(matches, Parameters()), strict=True):
            assert abs(score - own) < 1e-4, (item, score, own)
        return matches

    def scores(self, matches: Matches, p: Parameters) -> list[float]:
        """The scores of the matches under other parameters."""
        mean = p.title * self.title_words + self.body_words
        out = []
        for at, (title, body) in enumerate(matches.lengths):
            shape = p.k1 * (1 - p.b + p.b * (p.title * title + body) / mean)
            score = 0.0
            for term in matches.terms:
                n = 0.0
                for nth, (in_title, in_body, title_tokens, body_tokens) in enumerate(term.counts[at]):
                    occurrences = p.title * in_title + in_body
                    if term.is_word:
                        tokens = p.title * title_tokens + body_tokens
                        occurrences = p.tokens * tokens + (1 - p.tokens) * occurrences
                    n += occurrences * (p.variant if nth else 1)
                if n:
                    score += term.idf * (p.k1 + 1) * n / (n + shape)
            out.append(score)
        return out

    def rank(self, matches: Matches, p: Parameters) -> float:
        """The reciprocal rank of the item that the query is meant to find."""
        rows = sorted(
            zip(self.scores(matches, p), matches.ids, strict=True), key=lambda row: (-round(row[0], 6), row[1])
        )
        return reciprocal_rank(matches.item.id, [id for _, id in rows[:FIRST]])

    def mrr(self, asked: Sequence[Matches], p: Parameters) -> float:
        """The mean over queries."""
        return sum(self.rank(matches, p) for matches in asked) / len(asked)

    def _article(self, id: str) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str], tuple[int, int]]:
        if id not in self._known:
            indexed = Indexed.of(self.index.article(id))
            title, body = indexed.words
            head = indexed.parts[0] + BREAK if indexed.parts[0] else ""
            # The bigram over the edge of title and body begins in the title.
            every, rest = grams(indexed.form), grams("".join(part + BREAK for part in indexed.parts[1:]))
            begins = len(units(head))
            self._known[id] = (
                Counter(every[:begins]),
                Counter(rest),
                Counter(title),
                Counter(body),
                (len(title), len(body)),
            )
        return self._known[id]

    def _count(self, id: str, form: str) -> Counts:
        heads, bodies, title, body, _ = self._article(id)
        parts = units(form)
        if len(parts) == 1:
            first = [sum(n for gram, n in counts.items() if units(gram)[0] == form) for counts in (heads, bodies)]
            return first[0], first[1], title[form], body[form]
        pairs = [left + right for left, right in itertools.pairwise(parts)]
        rarest = min(pairs, key=lambda gram: TITLE_WEIGHT * heads[gram] + bodies[gram])
        return heads[rarest], bodies[rarest], title[form], body[form]


def tuning_half(asked: Iterable[Item], seed: int = 11) -> set[str]:
    """The ids of the items that parameters may be chosen by; the others are held back."""
    ids = sorted({item.id for item in asked})
    return set(random.Random(seed).sample(ids, len(ids) // 2))


def sweep_shares(index: Index, asked: Sequence[Item]) -> Iterable[str]:
    """Lines: what *some* could ask for, one share of the weight after the other, on both halves of the paraphrases."""
    module: Any = sys.modules["swsearch.search"]
    in_force = module.SHARES
    paraphrases = [item for item in asked if item.kind == "paraphrase"]
    tuning = tuning_half(paraphrases)
    yield f"shares that *some* asks for, {len(paraphrases)} paraphrases"
    for shares in SHARES:
        module.SHARES = shares
        ranks: dict[bool, list[float]] = {True: [], False: []}
        hits = []
        for item in paraphrases:
            results = index.search(item.query, facets=False)
            ranks[item.id in tuning].append(reciprocal_rank(item.id, [hit.id for hit in results]))
            hits.append(results.total)
        named = ", then ".join(f"{share:.2f}" for share in shares) + (" (in force)" if shares == in_force else "")
        found = sorted(total for total in hits if total)
        yield (
            f"  {named}: tuning {statistics.mean(ranks[True]):.3f}, held back {statistics.mean(ranks[False]):.3f}, "
            f"{hits.count(0)} find nothing, hits: median {statistics.median(found):g}, most {found[-1]}"
        )
    module.SHARES = in_force


def sweep(reader: Reader, asked: Sequence[Matches]) -> Iterable[str]:
    """Lines: each parameter alone on the half for tuning, the best of all, and both on the half held back."""
    tuning = tuning_half(matches.item for matches in asked)
    halves = [[m for m in asked if (m.item.id in tuning) is side] for side in (True, False)]
    base = Parameters()
    yield f"tuning {len(halves[0])} queries, held back {len(halves[1])}"
    yield f"  defaults: tuning {reader.mrr(halves[0], base):.4f}, held back {reader.mrr(halves[1], base):.4f}"
    best = base
    for name, values in GRID.items():
        scores = {value: reader.mrr(halves[0], replace(base, **{name: value})) for value in values}
        yield f"  {name:8}" + "  ".join(f"{value:g}: {score:.4f}" for value, score in scores.items())
    for _ in range(2):  # one parameter after the other, twice round
        for name, values in GRID.items():
            scores = {value: reader.mrr(halves[0], replace(best, **{name: value})) for value in values}
            top = max(scores.values())
            if top > scores[getattr(best, name)] + 1e-9:
                best = replace(best, **{name: next(value for value, score in scores.items() if score == top)})
    yield f"  best of tuning: {best}"
    yield f"    tuning {reader.mrr(halves[0], best):.4f}, held back {reader.mrr(halves[1], best):.4f}"
    gains = [reader.rank(m, best) - reader.rank(m, base) for m in halves[1]]
    mean = sum(gains) / len(gains)
    half = 1.96 * math.sqrt(sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1) / len(gains))
    yield f"    held back, query by query: {mean:+.4f} ±{half:.4f}"
