"""The parts of a run. Each returns plain numbers, which go into the JSON file as they are."""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import corpus, queries
from bench.corpus import Doc
from bench.systems import NAMES, SLOW, WHOOSH_ARTICLES
from bench.worker import ROOT, Worker, pin

Numbers = dict[str, Any]

GROWTH_SYSTEMS = ("swsearch", "tantivy-characters")
GROWTH_SETS = ("substrings", "phrases")
SHARDS = 8
MOST_SECONDS = 300
"""For one process: ten times what a full rebuild takes on a slow machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is done. `quick` is for trying out: its figures say little."""

    queries: int = 300
    warming: int = 40
    passes: int = 3
    cold_pairs: int = 15
    jobs_pairs: int = 3
    pages_s: float = 3.0
    whoosh_articles: int = WHOOSH_ARTICLES
    articles: int = 0
    growth: tuple[float, ...] = (1 / 8, 1 / 4, 1 / 2, 1, 4)
    growth_queries: int = 100

    @classmethod
    def quick(cls) -> Plan:
        """A run of under a minute."""
        return cls(60, 10, 2, 5, 1, 1.0, 300, 2_000, (1 / 4, 1 / 2, 1), 40)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run takes place: its folder, its core, its corpus (the Whoosh recipe has a part of it)."""

    folder: Path
    core: int | None
    docs: list[Doc]
    plan: Plan
    say: Callable[[str], None]

    def articles(self, name: str) -> Path:
        """The file that a system gets."""
        return self.folder / ("some" if name == "whoosh-jieba" else "seeds") / "corpus.jsonl"

    def index(self, name: str) -> Path:
        """Where its index is."""
        return self.folder / "indexes" / name

    def prepare(self) -> None:
        """Write the files, and compile swsearch, as an installer has compiled what it is measured beside."""
        compileall.compile_dir(ROOT / "swsearch", quiet=2)
        corpus.write(self.articles("swsearch"), self.docs)
        corpus.write(self.articles("whoosh-jieba"), corpus.thinned(self.docs, self.plan.whoosh_articles))


# ---- indexing


def indexing(stage: Stage, names: Sequence[str]) -> Numbers:
    """Rate, size and memory of each system, every one in a process of its own on the same core."""
    out: Numbers = {}
    for name in names:
        some = corpus.thinned(stage.docs, stage.plan.whoosh_articles) if name == "whoosh-jieba" else stage.docs
        out[name] = _built(stage, name, stage.articles(name), stage.index(name), some)
        stage.say(f"indexing   {name}: {out[name]['rate']:,.0f} articles/s")
    return out


def _built(stage: Stage, name: str, articles: Path, index: Path, docs: Sequence[Doc]) -> Numbers:
    with Worker(name, stage.core) as worker:
        found: Numbers = worker.ask("build", articles=str(articles), index=str(index))
    found["articles"] = len(docs)
    found["rate"] = len(docs) / found["seconds"]
    found["text_bytes"] = corpus.text_bytes(docs)
    return found


# ---- queries


def asked(stage: Stage, names: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Times and correctness of each system, set by set.

    All are open at once and take turns, pass by pass, so that what slows the machine down slows all of them down.
    """
    sets, warming = _queries(stage)
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(name, stage.core)) for name in (*names, "truth")}
        for name, worker in workers.items():
            given = [] if name == "truth" else warming
            worker.ask("open", articles=str(stage.articles(name)), index=str(stage.index(name)), warming=given)
        stage.say(f"queries    {sum(map(len, sets.values()))} in {len(sets)} sets, {stage.plan.passes} passes")
        times = _times(stage, {name: workers[name] for name in names}, sets)
        stage.say("queries    recall and precision")
        correct = _correct(stage, workers, sets, names)
    return times, correct


def _queries(stage: Stage) -> tuple[dict[str, list[str]], list[str]]:
    sets = queries.draw(stage.docs, stage.plan.queries, corpus.SEED)
    known = frozenset(query for drawn in sets.values() for query in drawn)
    warming = queries.draw(stage.docs, stage.plan.warming, corpus.SEED + 1, known)
    return sets, [query for drawn in warming.values() for query in drawn]


def _share(name: str, drawn: Sequence[str]) -> list[str]:
    return list(drawn[:: SLOW.get(name, 1)])


def _times(stage: Stage, workers: Mapping[str, Worker], sets: Mapping[str, list[str]]) -> Numbers:
    taken: dict[tuple[str, str, str], list[list[int]]] = {}
    for number in range(stage.plan.passes):
        for mode in ("ids", "search"):
            for set_name, drawn in sets.items():
                for name, worker in workers.items():
                    if number and name in SLOW:
                        continue
                    nanoseconds = worker.ask("time", queries=_share(name, drawn), mode=mode, limit=10)
                    taken.setdefault((name, set_name, mode), []).append(nanoseconds)
    out: Numbers = {}
    for (name, set_name, mode), passes in taken.items():
        # ids come first, so `first` of a search is not the first time that the query is asked.
        out.setdefault(name, {}).setdefault(set_name, {})[mode] = {
            **spread([statistics.median(values) / 1e6 for values in zip(*passes, strict=True)]),
            "first": spread([value / 1e6 for value in passes[0]]),
        }
    return out


def spread(ms: Sequence[float]) -> Numbers:
    """Percentiles of some times, in milliseconds."""
    if not ms:
        return {"n": 0, "p50": 0.0, "p95": 0.0, "p99": 0.0, "mean": 0.0}
    ordered = sorted(ms)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return {
        "n": len(ms),
        "p50": statistics.median(ordered),
        "p95": at(0.95),
        "p99": at(0.99),
        "mean": statistics.fmean(ordered),
    }


def _correct(
    stage: Stage, workers: Mapping[str, Worker], sets: Mapping[str, list[str]], names: Sequence[str]
) -> Numbers:
    out: Numbers = {}
    some = {doc.id for doc in corpus.thinned(stage.docs, stage.plan.whoosh_articles)}
    for set_name, drawn in sets.items():
        truth = dict(zip(drawn, map(set, workers["truth"].ask("all", queries=drawn)), strict=True))
        for name in names:
            mine = _share(name, drawn)
            scores = []
            for query, found in zip(mine, map(set, workers[name].ask("all", queries=mine)), strict=True):
                wanted = truth[query] & some if name == "whoosh-jieba" else truth[query]
                if wanted:
                    right = len(wanted & found)
                    scores.append((right / len(wanted), right / len(found) if found else 1.0))
            out.setdefault(name, {})[set_name] = {
                "n": len(scores),
                "recall": _mean(recall for recall, _ in scores),
                "precision": _mean(precision for _, precision in scores),
                "complete": _mean(recall == 1 for recall, _ in scores),
            }
    return out


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return statistics.fmean(listed) if listed else 0.0


# ---- processes: cold start, rebuild, jobs


def _swsearch(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "swsearch", *map(str, arguments)]


def _run(command: Sequence[str], core: int | None, allowed: Sequence[int] = (0,)) -> float:
    """Seconds that a process took. Raises RuntimeError when it fails."""
    with _pinned(core):
        started = time.perf_counter()
        try:
            done = subprocess.run(
                list(command), cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=MOST_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{' '.join(command)} did not end in {MOST_SECONDS} s") from None
        seconds = time.perf_counter() - started
    if done.returncode not in allowed:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return seconds


@contextmanager
def _pinned(core: int | None) -> Iterator[None]:
    """Whatever is started meanwhile inherits the core. A preexec_fn would copy this process first, at a cost."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    pin(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cold(stage: Stage) -> Numbers:
    """`swsearch query` in a new process beside one that only imports what it stands on, in pairs."""
    index = stage.folder / "indexes" / "cold"
    _run(_swsearch("rebuild", ROOT / "seeds", "--index", index), stage.core, (0, 3))
    script = Path(sys.executable).with_name("swsearch")
    query = [str(script), "query", "社工站 全覆盖", "--index", str(index)]
    imports = [sys.executable, "-c", "import numpy, whoosh.index, click"]
    for command in (query, imports):
        _run(command, stage.core)
    pairs = [(_run(query, stage.core), _run(imports, stage.core)) for _ in range(stage.plan.cold_pairs)]
    found = {
        "pairs": len(pairs),
        "query_ms": statistics.median(a for a, _ in pairs) * 1000,
        "imports_ms": statistics.median(b for _, b in pairs) * 1000,
        "ratio": statistics.median(a / b for a, b in pairs),
    }
    stage.say(f"cold start {found['query_ms']:.0f} ms, imports alone {found['imports_ms']:.0f} ms")
    return found


def rebuilding(stage: Stage) -> Numbers:
    """A rebuild of the corpus as a process, and those that add one page each to it."""
    seeds, index = stage.folder / "growing", stage.folder / "indexes" / "growing"
    seeds.mkdir()
    os.link(stage.articles("swsearch"), seeds / "corpus.jsonl")
    command = _swsearch("rebuild", seeds, "--index", index)
    full = _run(command, stage.core)
    one_page = []
    for page in sorted((ROOT / "seeds").glob("*.txt"))[:5]:
        shutil.copy(page, seeds)
        one_page.append(_run(command, stage.core))
    nothing = _run(command, stage.core)
    stage.say(f"rebuild    full {full:.1f} s, one page more {statistics.median(one_page):.2f} s")
    return {"full_s": full, "one_page_s": one_page, "nothing_s": nothing, "ratio": statistics.median(one_page) / full}


def jobs(stage: Stage) -> Numbers:
    """A full rebuild by one and by two processes, on all cores: of the corpus in one file, and in eight."""
    folder = stage.folder / "shards"
    size = -(-len(stage.docs) // SHARDS)
    for number in range(SHARDS):
        corpus.write(folder / f"part{number}.jsonl", stage.docs[number * size : (number + 1) * size])
    index = stage.folder / "indexes" / "jobs"
    out: Numbers = {"cores": os.cpu_count()}
    for name, seeds in (("one_file", stage.articles("swsearch").parent), ("eight_files", folder)):
        pairs = [
            [
                _run(_swsearch("rebuild", seeds, "--full", "--jobs", str(number), "--index", index), None)
                for number in (1, 2)
            ]
            for _ in range(stage.plan.jobs_pairs)
        ]
        # The best of each: whatever else runs on one of the cores takes time from two processes only.
        taken = [min(times) for times in zip(*pairs, strict=True)]
        out[name] = {"one_s": taken[0], "two_s": taken[1], "speedup": taken[0] / taken[1]}
        stage.say(f"--jobs 2   {name.replace('_', ' ')}: {taken[0] / taken[1]:.2f} times one job")
    return out


PAGES = ("seeds", "tests/gold/practice/pages")


def pages(stage: Stage) -> Numbers:
    """Pages a second from file to articles with their facts, in processor time of one core."""
    with Worker("swsearch", stage.core) as worker:
        found: Numbers = worker.ask("pages", folders=[str(ROOT / name) for name in PAGES], seconds=stage.plan.pages_s)
    rates = ", ".join(f"{name} {rate:.0f}" for name, rate in zip(PAGES, found["rates"], strict=True))
    stage.say(f"pages      {found['rate']:.0f} pages/s ({rates}), the slowest {found['slowest_ms']:.1f} ms")
    return found


# ---- growth


def growth(stage: Stage) -> list[Numbers]:
    """The same queries on parts and on multiples of the corpus. They are drawn from its smallest part."""
    least = _part(stage.docs, min(stage.plan.growth))
    known = queries.draw(least, stage.plan.growth_queries, corpus.SEED + 2)
    warming = queries.draw(least, stage.plan.warming, corpus.SEED + 3)
    out = []
    for size in stage.plan.growth:
        articles = stage.folder / "growth" / "corpus.jsonl"
        parts = corpus.grown(stage.docs, int(size)) if size > 1 else _part(stage.docs, size)
        docs = list(parts)
        corpus.write(articles, docs)
        row: Numbers = {"size": size, "articles": len(docs), "text_bytes": corpus.text_bytes(docs), "systems": {}}
        for name in GROWTH_SYSTEMS:
            index = stage.folder / "growth" / name
            built = _built(stage, name, articles, index, docs)
            with Worker(name, stage.core) as worker:
                given = [query for drawn in warming.values() for query in drawn]
                worker.ask("open", articles=str(articles), index=str(index), warming=given)
                row["systems"][name] = {"built": built, "queries": _grown_times(stage, worker, known)}
            shutil.rmtree(index)
        own = row["systems"]["swsearch"]
        stage.say(f"growth     {len(docs):,} articles: {own['queries']['substrings']['ids']['p50']:.2f} ms")
        out.append(row)
    return out


def _part(docs: list[Doc], size: float) -> list[Doc]:
    """Parts lie within one another, so that all have the articles that the queries are from."""
    step = round(1 / size)
    return docs[::step]


def _grown_times(stage: Stage, worker: Worker, known: Mapping[str, list[str]]) -> Numbers:
    out: Numbers = {}
    for set_name in GROWTH_SETS:
        drawn = known[set_name]
        for mode in ("ids", "search"):
            passes = [worker.ask("time", queries=drawn, mode=mode, limit=10) for _ in range(stage.plan.passes)]
            medians = [statistics.median(values) / 1e6 for values in zip(*passes, strict=True)]
            out.setdefault(set_name, {})[mode] = spread(medians)
    return out


PARTS = ("indexing", "queries", "cold", "rebuild", "jobs", "pages", "growth")


def run(stage: Stage, names: Sequence[str], parts: Sequence[str]) -> Numbers:
    """Whatever of `parts` is wanted, for `names`; `failed` says what could not be had.

    Queries need indexes, so asking for them makes them.
    """
    out: Numbers = {}
    stage.prepare()
    if {"indexing", "queries"} & set(parts):
        out["indexing"] = indexing(stage, names)
    if "queries" in parts:
        out["queries"], out["correct"] = asked(stage, names)
    for part, measure in (
        ("cold", cold),
        ("rebuild", rebuilding),
        ("jobs", jobs),
        ("pages", pages),
        ("growth", growth),
    ):
        if part in parts:
            try:
                out[part] = measure(stage)
            except RuntimeError as error:  # the other parts are worth having
                stage.say(f"{part:10} failed: {error}")
                out.setdefault("failed", {})[part] = str(error).replace(str(stage.folder), "…")
    return out


__all__ = ["NAMES", "PARTS", "Plan", "Stage", "run", "spread"]
