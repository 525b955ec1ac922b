"""Prints how well matching and ranking hold on a whole corpus; exit status 1 if a promise is broken.

python -m quality                        known-item search among the seed and practice articles alone
python -m quality CORPUS.jsonl[.gz]      the same with the corpus as distractors; strings, scripts
python -m quality CORPUS --sweep         and other parameters of ranking and relaxing
python -m quality CORPUS --only known    one part: known, strings, scripts
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import swsearch
from bench.corpus import Doc, read, write
from quality import known, strings, sweep
from quality.baselines import CharacterFTS5, PlainBM25

PARTS = ("strings", "scripts", "known")


def main() -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--missed", action="store_true", help="print the queries that do not find their item first")
    parser.add_argument("--index", type=Path, help="keep the index here and use it again")
    options = parser.parse_args()
    docs = list(read(options.corpus)) if options.corpus else []
    parts = [options.only] if options.only else PARTS if docs else PARTS[2:]
    good = True
    with tempfile.TemporaryDirectory() as folder:
        index_path = options.index or Path(folder) / "index"
        if not index_path.exists():
            build(docs, Path(folder) / "seeds", index_path)
        with swsearch.open_index(index_path) as index:
            if "strings" in parts or "scripts" in parts:
                good &= check_strings(index, [*docs, *known.labelled()], parts)
            if "known" in parts:
                good &= check_known(index, docs, options.sweep, options.missed)
    return 0 if good else 1


def build(docs: list[Doc], seeds: Path, index: Path) -> None:
    """An index of the labelled articles and of `docs`."""
    started = time.perf_counter()
    write(seeds / "labelled.jsonl", known.labelled())
    write(seeds / "corpus.jsonl", docs)
    report = swsearch.rebuild(seeds, index=index)
    print(f"indexed {report.articles:,} articles in {time.perf_counter() - started:.0f} s", flush=True)


def tell(line: str) -> None:
    """Print at once: a run takes minutes."""
    print(line, flush=True)


def check_strings(index: swsearch.Index, docs: list[Doc], parts: tuple[str, ...] | list[str]) -> bool:
    """Substrings and scripts; whether all is as promised."""
    good = True
    found = strings.cut_strings(docs)
    haystack = strings.Haystack([doc.id for doc in docs], [doc.text for doc in docs])
    if "strings" in parts:
        result = strings.check_substrings(index, haystack, found)
        print(f"\nSubstrings\n  {result}", flush=True)
        good &= result.complete == result.strings
    if "scripts" in parts:
        print("\nScripts (simplified strings, OpenCC's other forms)")
        good &= strings.check_queries(index, found, tell)
        good &= strings.check_texts(docs, haystack, found, tell)
    return good


def check_known(index: swsearch.Index, docs: list[Doc], swept: bool, missed: bool) -> bool:
    """Known-item search beside the two baselines; whether ranking is above both."""
    own = known.labelled()
    counted = known.counted_words([*own, *docs])
    asked = known.items(own, docs, counted)
    systems: dict[str, known.Search] = {
        "swsearch": lambda query: [hit.id for hit in index.search(query, facets=False)],
        "BM25 on jieba words": PlainBM25([*own, *docs], counted).search,
        "FTS5 bm25 on characters": CharacterFTS5([*own, *docs]).search,
    }
    table, held_back = known.Table(), known.Table()
    tuning = sweep.tuning_half(asked)
    for item in asked:
        for name, search in systems.items():
            ranked = list(search(item.query))
            rank = known.reciprocal_rank(item.id, ranked)
            table.add(name, item, rank)
            if item.id not in tuning:
                held_back.add(name, item, rank)
            if missed and name == "swsearch" and rank < 1:
                print(f"  {rank:.2f} {item.kind}: {item.query!r} {item.id}, first {ranked[:2]}")
    print(f"\nKnown items among {len(own) + len(docs):,} articles\n\n{table.markdown(list(systems))}\n", flush=True)
    if swept:
        print(
            f"The half that is held back when parameters are chosen\n\n{held_back.markdown(list(systems))}\n",
            flush=True,
        )
        for line in sweep.sweep_shares(index, asked):
            print(line, flush=True)
        reader = sweep.Reader(index, [(len(known.words(d.title)), len(known.words(d.body))) for d in [*own, *docs]])
        for line in sweep.sweep(reader, [reader.read(item) for item in asked]):
            print(line, flush=True)
    ours, *others = (table.mrr(name) for name in systems)
    return ours > max(others)


if __name__ == "__main__":
    sys.exit(main())
