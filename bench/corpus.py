"""Corpora of the benchmark: read, made up, thinned out, grown."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SEED = 20241115
ARTICLES = 22_368
"""As many as the corpus of Chinese laws that the figures in README.md are from."""

_HAN = re.compile("[\u4e00-\u9fa5]")
_VOCABULARY = 40_000
_TOPIC_WORDS, _TOPIC_SHARE = 30, 0.3


@dataclass(frozen=True, slots=True)
class Doc:
    """An article as every system gets it; paragraphs are lines of the body."""

    id: str
    title: str
    body: str

    @property
    def text(self) -> str:
        """What is searched: the title and the body."""
        return f"{self.title}\n{self.body}"


def read(path: Path) -> Iterator[Doc]:
    """The articles of a .jsonl or .jsonl.gz file."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            body = record["body"] if "body" in record else "\n".join(record["paragraphs"])
            yield Doc(record["id"], record["title"], body)


def write(path: Path, docs: Iterable[Doc]) -> None:
    """Make `path`, a .jsonl file, of `docs`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        for doc in docs:
            out.write(json.dumps({"id": doc.id, "title": doc.title, "body": doc.body}, ensure_ascii=False) + "\n")


def thinned(docs: list[Doc], wanted: int) -> list[Doc]:
    """`wanted` of `docs`, evenly spread."""
    if wanted >= len(docs):
        return docs
    return [docs[number * len(docs) // wanted] for number in range(wanted)]


def text_bytes(docs: Iterable[Doc]) -> int:
    """The size of titles and bodies in UTF-8."""
    return sum(len(doc.title.encode()) + len(doc.body.encode()) for doc in docs)


def stand_in(articles: int = ARTICLES, seed: int = SEED) -> Iterator[Doc]:
    """Made-up articles of some 900 characters: words of jieba's dictionary by their frequency, and a topic each.

    Words follow one another by chance, so there are more different bigrams than in language: a stand-in for speed,
    where no corpus is at hand, not for quality.
    """
    draw = random.Random(seed)
    words, weights = [], []
    for line in _dictionary().read_text("utf-8").splitlines():
        word, frequency, _ = line.split()
        if all(map(_HAN.match, word)):
            words.append(word)
            weights.append(int(frequency))
    order = sorted(range(len(words)), key=weights.__getitem__, reverse=True)[:_VOCABULARY]
    words, weights = [words[at] for at in order], [weights[at] for at in order]
    cumulative = list(itertools.accumulate(weights))
    for number in range(articles):
        topic = [words[int(draw.random() ** 2 * len(words))] for _ in range(_TOPIC_WORDS)]

        def some(count: int, topic: list[str] = topic) -> list[str]:
            common = draw.choices(words, cum_weights=cumulative, k=count)
            return [draw.choice(topic) if draw.random() < _TOPIC_SHARE else word for word in common]

        paragraphs = []
        for _ in range(draw.randint(2, 8)):
            clauses = ["".join(some(draw.randint(3, 9))) for _ in range(draw.randint(4, 16))]
            if draw.random() < 0.5:
                clauses.insert(0, f"{draw.randint(1990, 2030)}年{draw.randint(1, 12)}月")
            text = "".join(clause + draw.choice("，，，、；。") for clause in clauses)
            paragraphs.append(text[:-1] + "。")
        yield Doc(f"made-{number}", "".join(some(draw.randint(2, 6))), "\n".join(paragraphs))


def _dictionary() -> Path:
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise RuntimeError("jieba is not installed: its dictionary has the words of made-up articles")
    return Path(spec.origin).with_name("dict.txt")


def grown(docs: list[Doc], times: int, seed: int = SEED) -> Iterator[Doc]:
    """`docs`, then the same articles again with their Han characters exchanged by a seeded mapping, `times` in all.

    So the number of different characters stays, while bigrams and words grow as they would with other subjects.
    """
    yield from docs
    characters = sorted({char for doc in docs for char in doc.text if _HAN.match(char)})
    draw = random.Random(seed)
    for copy in range(1, times):
        others = characters[:]
        draw.shuffle(others)
        table = str.maketrans(dict(zip(characters, others, strict=True)))
        for doc in docs:
            yield Doc(f"{doc.id}-{copy}", doc.title.translate(table), doc.body.translate(table))
