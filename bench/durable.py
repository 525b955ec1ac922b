"""What it costs that an index is safe: the same build and the same queries without fsync and checksums, side by side.

python -m bench.durable CORPUS.jsonl[.gz] [--articles N] [--rounds N]

Two processes a round, one after the other, the order changing: in one of them fsync returns at once, and SHA-256 and
CRC-32 give a constant, so that everything else is done as always. What that one writes is thrown away.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench import corpus
from bench.queries import draw

QUERIES = 100
"""Of each of the four sets."""
PASSES = 5


class _Constant:
    """A hash that looks at nothing."""

    def update(self, data: Any) -> None:
        pass

    def hexdigest(self) -> str:
        return "0" * 64


def switch_off() -> None:
    """Take fsync and checksums out of this process. Fails where the engine has them under another name."""
    arrays, codec, storage = (
        import_module(f"swsearch.engines.whoosh.{name}") for name in ("arrays", "codec", "storage")
    )
    assert callable(storage._fsync)
    assert arrays.zlib.crc32 is zlib.crc32
    assert arrays.hashlib is codec.hashlib is hashlib
    storage._fsync = lambda fd: None
    arrays.zlib = SimpleNamespace(crc32=lambda data, value=0: 0)
    arrays.hashlib = codec.hashlib = SimpleNamespace(sha256=_Constant)


def measure(articles: str, queries: list[str], safe: bool) -> dict[str, float]:
    """Of this process: seconds of building, milliseconds of first and of later queries."""
    import swsearch
    from swsearch.text.words import words

    if not safe:
        switch_off()
    words("臺灣的社會工作站，共２４個" * 10)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        os.sync()
        started, processor = time.perf_counter(), time.process_time()
        report = swsearch.rebuild(articles, index=index)
        figures = {
            "articles": float(report.articles),
            "build s": time.perf_counter() - started,
            "build CPU s": time.process_time() - processor,
        }
        gc.collect()
        with swsearch.open_index(index) as opened:
            figures["first ids ms"] = statistics.mean(_times(opened.ids, queries))
            best = [min(times) for times in zip(*(_times(opened.ids, queries) for _ in range(PASSES)), strict=True)]
            figures["ids p50 ms"] = statistics.median(best)
            figures["ids p95 ms"] = statistics.quantiles(best, n=20)[-1]
            passes = (_times(lambda query: opened.search(query, facets=False), queries) for _ in range(PASSES))
            figures["search p50 ms"] = statistics.median(min(times) for times in zip(*passes, strict=True))
    return figures


def _times(ask: Any, queries: list[str]) -> list[float]:
    out = []
    for query in queries:
        started = time.process_time()
        ask(query)
        out.append((time.process_time() - started) * 1000)
    return out


def main() -> int:
    """Run both ways in turns and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--articles", type=int, default=corpus.ARTICLES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=("safe", "unsafe"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(str(options.corpus), json.load(sys.stdin), options.way == "safe")))
        return 0
    docs = corpus.thinned(list(corpus.read(options.corpus)), options.articles)
    queries = [query for found in draw(docs, QUERIES, corpus.SEED).values() for query in found]
    found: dict[str, list[dict[str, float]]] = {"unsafe": [], "safe": []}
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "seeds" / "articles.jsonl"
        corpus.write(articles, docs)
        for number in range(options.rounds):
            for way in sorted(found, reverse=number % 2 == 0):
                command = [sys.executable, "-m", "bench.durable", str(articles), "--way", way]
                run = subprocess.run(command, input=json.dumps(queries), stdout=subprocess.PIPE, check=True, text=True)
                found[way].append(json.loads(run.stdout))
    print(f"{len(docs):,} articles, {len(queries)} queries, medians of {options.rounds} rounds, times of the processor")
    print("| | without fsync and checksums | with them | ratio |\n|---|---|---|---|")
    for name in found["safe"][0]:
        without, with_ = (statistics.median(one[name] for one in found[way]) for way in ("unsafe", "safe"))
        print(f"| {name} | {without:,.3f} | {with_:,.3f} | {with_ / without:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
