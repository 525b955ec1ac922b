"""Prints how many characters folding leaves apart between the scripts, and which.

usage: python tools/check_fold.py [--chars N] [--floor SHARE] CORPUS.jsonl[.gz] …

Every paragraph is converted by OpenCC into the other scripts and back; `fold` of each form should equal `fold` of the
original. A simplified corpus goes to OpenCC's standard, Taiwan and Hong Kong traditional, and each of them back; a
traditional one goes to simplified and from there back. Exit status 1 if fewer than SHARE of characters agree.
"""

import argparse
import collections
import difflib
import functools
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from swsearch.text.fold import fold

# Chains of OpenCC configurations, by the script of the corpus.
CHAINS = {
    "simplified": [("s2t",), ("s2tw",), ("s2hk",), ("s2t", "t2s"), ("s2tw", "tw2s"), ("s2hk", "hk2s")],
    "traditional": [("t2s",), ("tw2s",), ("hk2s",), ("t2s", "s2t"), ("tw2s", "s2tw"), ("t2s", "s2hk")],
}
SHOWN = 40

Apart = collections.Counter[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="+", type=Path)
    parser.add_argument("--chars", type=int, default=0, help="stop after N characters of each corpus (0: all)")
    parser.add_argument("--floor", type=float, default=0.9999)
    options = parser.parse_args()
    worst = min(check(path, options.chars) for path in options.corpus)
    if worst < options.floor:
        sys.exit(f"fold: only {worst:.5%} of characters agree, wanted {options.floor:.4%}")


def check(path: Path, limit: int) -> float:
    """The least share of characters that agree, over all chains of one corpus; prints the table."""
    texts = list(paragraphs(path, limit))
    script = script_of(texts)
    total = sum(map(len, texts))
    print(f"{path.name}: {total:,} characters, {script}")
    apart: Apart = collections.Counter()
    examples: dict[tuple[str, str], str] = {}
    worst = 1.0
    for chain in CHAINS[script]:
        found = count_apart(texts, chain, examples)
        share = 1 - sum(found.values()) / max(total, 1)
        worst = min(worst, share)
        print(f"  {' '.join(chain):10} {share:9.4%} agree, {sum(found.values()):,} apart")
        apart.update(found)
    for (left, right), count in apart.most_common(SHOWN):
        print(f"  {count:7,}  {left} {right}  {examples[left, right]}")
    return worst


def count_apart(texts: list[str], chain: tuple[str, ...], examples: dict[tuple[str, str], str]) -> Apart:
    """How often each pair of folded pieces stands for the same place in two scripts; fills `examples`."""
    apart: Apart = collections.Counter()
    for text in texts:
        other = text
        for config in chain:
            other = converter(config).convert(other)
        left, right = fold(text), fold(other)
        if left == right:
            continue
        for start, end, pair in differences(left, right):
            apart[pair] += max(map(len, pair))
            examples.setdefault(pair, f"{text[max(start - 6, 0) : end + 6]} ({' '.join(chain)})")
    return apart


def differences(left: str, right: str) -> Iterator[tuple[int, int, tuple[str, str]]]:
    """Places in `left` that differ, with both pieces; aligned only where the lengths differ."""
    if len(left) == len(right):
        yield from ((at, at + 1, (a, b)) for at, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
        return
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            yield a, b, (left[a:b], right[c:d])


def paragraphs(path: Path, limit: int) -> Iterator[str]:
    """Titles and paragraphs of a corpus, until `limit` characters."""
    seen = 0
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            article = json.loads(line)
            body = article.get("body") or "\n".join(article.get("paragraphs", []))
            for text in [article.get("title", ""), *body.split("\n")]:
                seen += len(text)
                yield text
            if limit and seen >= limit:
                return


def script_of(texts: list[str]) -> str:
    sample = "".join(texts[:2000])
    changed = sum(a != b for a, b in zip(sample, converter("t2s").convert(sample), strict=False))
    return "traditional" if changed > len(sample) / 50 else "simplified"


@functools.cache
def converter(config: str) -> Any:
    import opencc

    return opencc.OpenCC(config)


if __name__ == "__main__":
    main()
