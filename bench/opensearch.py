"""`make bench-opensearch CORPUS=FILE`: the embedded engine and a cluster side by side, on one machine, in one run.

Both get the same articles through the same code and answer the same queries through `Index.ids`, one after the other,
warm; so the cluster's figures include its HTTP and JSON. A node is started for it (tools/opensearch-node) unless
--url names an index to be made on a running one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import corpus, queries

ROOT = Path(__file__).parent.parent
SUBSTRINGS, NATURAL, KNOWN = 1000, 300, 300


def main() -> None:
    options = _options()
    docs = corpus.thinned(list(corpus.read(options.corpus)), options.articles)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        seeds = Path(folder) / "seeds"
        corpus.write(seeds / "corpus.jsonl", docs)
        url = options.url
        if not url:
            sys.path.insert(0, str(ROOT / "tools/opensearch-node"))
            from nodes import Nodes

            url = stack.enter_context(Nodes(lasting=True)).url("bench")
        numbers = compare(docs, seeds, {"embedded": str(Path(folder) / "index"), "opensearch": url})
    print(json.dumps(numbers, ensure_ascii=False, indent=1))


def compare(docs: list[corpus.Doc], seeds: Path, places: dict[str, str]) -> dict[str, Any]:
    """Rates, latencies, and how alike the answers are."""
    from swsearch import open_index, rebuild
    from swsearch.text.match import match_form

    out: dict[str, Any] = {"articles": len(docs), "characters": sum(len(doc.text) for doc in docs)}
    indexes = {}
    for name, place in places.items():
        started = time.perf_counter()
        rebuild(seeds, index=place, full=True)
        seconds = time.perf_counter() - started
        indexes[name] = open_index(place)
        size = indexes[name].status().size_bytes
        out[name] = {"articles_per_s": round(len(docs) / seconds), "bytes_per_article": round(size / len(docs))}
    asked = queries.draw(docs, SUBSTRINGS, corpus.SEED)
    forms = {doc.id: match_form(doc.text) for doc in docs}
    natural = (asked["phrases"] + asked["two or three words"])[: 2 * NATURAL : 2]

    def timed(what: str, texts: list[str], limit: int | None) -> dict[str, list[Any]]:
        answers: dict[str, list[Any]] = {}
        for name, index in indexes.items():
            for text in texts[:20]:
                index.ids(_quoted(text), limit)
            took, answers[name] = [], []
            for text in texts:
                started = time.perf_counter()
                answers[name].append(index.ids(text if what == "natural" else _quoted(text), limit))
                took.append((time.perf_counter() - started) * 1000)
            cuts = statistics.quantiles(took, n=20)
            out[name][f"{what}, ms"] = {"p50": round(statistics.median(took), 2), "p95": round(cuts[18], 2)}
        return answers

    found = timed("substrings", asked["substrings"], None)
    expected = [{id for id, form in forms.items() if match_form(text) in form} for text in asked["substrings"]]
    for name, answers in found.items():
        out[name] |= _quality([{id for id, _ in hits} for _, hits in answers], expected)
    found = timed("natural", natural, 10)
    pairs = list(zip(found["embedded"], found["opensearch"], strict=True))
    out["natural queries"] = len(pairs)
    out["same total"] = sum(one[0] == two[0] for one, two in pairs) / len(pairs)
    out["overlap@10"] = _mean(lambda one, two: len(_ids(one) & _ids(two)) / max(1, len(_ids(one))), pairs)
    known = [doc for doc in corpus.thinned(docs, 4 * KNOWN) if len(doc.title) > 3][:KNOWN]
    found = timed("known items", [doc.title for doc in known], 10)
    for name, answers in found.items():
        ranks = [_rank(doc.id, hits) for doc, (_, hits) in zip(known, answers, strict=True)]
        out[name]["MRR@10"] = round(sum(ranks) / len(ranks), 4)
    for index in indexes.values():
        index.close()
    return out


def _quoted(text: str) -> str:
    return f'"{text}"'


def _ids(answer: Any) -> set[str]:
    return {id for id, _ in answer[1]}


def _rank(id: str, hits: Any) -> float:
    return next((1 / rank for rank, (found, _) in enumerate(hits, 1) if found == id), 0.0)


def _mean(measure: Callable[[Any, Any], float], pairs: list[Any]) -> float:
    return round(statistics.mean(measure(one, two) for one, two in pairs), 4)


def _quality(found: list[set[str]], expected: list[set[str]]) -> dict[str, float]:
    held = sum(len(one & two) for one, two in zip(found, expected, strict=True))
    return {"recall": held / sum(map(len, expected)), "precision": held / sum(map(len, found))}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.opensearch", description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path, help="a .jsonl or .jsonl.gz file of id, title, body")
    parser.add_argument("--articles", type=int, default=corpus.ARTICLES)
    parser.add_argument("--url", help="opensearch+http://HOST:PORT/NAME, whose index is overwritten")
    return parser.parse_args()


if __name__ == "__main__":
    main()
