"""What a run says: the ratios that must hold, tables, and what became worse since another run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.queries import SETS, WHAT
from bench.systems import TITLES

Run = Mapping[str, Any]

NEAREST = {"substrings": "tantivy-characters", "phrases": "tantivy-characters"}
"""Beside what each set is judged; the others beside `tantivy-both`, which ranks by word as swsearch does."""

GB = 1e9


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure with its bound. `most`: it must not be above; else it must not be below."""

    name: str
    value: float
    bound: float
    most: bool
    unit: str = "×"

    @property
    def met(self) -> bool:
        """Whether the bound holds."""
        return self.value <= self.bound if self.most else self.value >= self.bound

    def worse(self, old: float) -> float:
        """By which share the figure is worse than `old`; negative where it is better."""
        if not old or not self.value:
            return 0.0
        return self.value / old - 1 if self.most else old / self.value - 1


def ratios(run: Run) -> list[Ratio]:
    """Every figure that has a bound and was measured."""
    return [*_of_queries(run), *_of_indexing(run), *_of_processes(run)]


def _of_queries(run: Run) -> Iterator[Ratio]:
    times = run.get("queries", {})
    own = times.get("swsearch", {})
    for name in SETS:
        peer = NEAREST.get(name, "tantivy-both")
        beside = times.get(peer, {})
        if name not in own or name not in beside:
            continue
        mine, theirs = own[name]["ids"], beside[name]["ids"]
        words = peer == "tantivy-both"
        yield Ratio(f"ids, {name}, p50 / {TITLES[peer]}", mine["p50"] / theirs["p50"], 1.5 if words else 0.5, True)
        if not words:
            yield Ratio(f"ids, {name}, p95 / {TITLES[peer]}", mine["p95"] / theirs["p95"], 1.0, True)
        mine, theirs = own[name]["search"], beside[name]["search"]
        yield Ratio(f"search, {name}, p50 / {TITLES[peer]}", mine["p50"] / theirs["p50"], 1.5, True)
    for name, found in run.get("correct", {}).get("swsearch", {}).items():
        yield Ratio(f"recall, {name}", found["recall"], 1.0, False, "")
        yield Ratio(f"precision, {name}", found["precision"], 1.0, False, "")


def _of_indexing(run: Run) -> Iterator[Ratio]:
    built = run.get("indexing", {})
    own = built.get("swsearch")
    if own is None:
        return
    for peer, bound in (("whoosh-jieba", 15.0), ("tantivy-both", 0.7)):
        if peer in built:
            yield Ratio(f"indexing rate / {TITLES[peer]}", own["rate"] / built[peer]["rate"], bound, False)
    yield Ratio("index size / UTF-8 text", own["size_bytes"] / own["text_bytes"], 2.2, True)
    yield Ratio("peak memory of a rebuild", own["peak_bytes"] / GB, 1.0, True, " GB")


def _of_processes(run: Run) -> Iterator[Ratio]:
    for name, found in run.get("jobs", {}).items():
        if isinstance(found, Mapping):
            yield Ratio(f"--jobs 2 / --jobs 1, {name.replace('_', ' ')}", found["speedup"], 1.6, False)
    if "cold" in run:
        yield Ratio("cold query / imports of numpy, whoosh, click", run["cold"]["ratio"], 2.0, True)
    if "rebuild" in run:
        yield Ratio("one page more / full rebuild", run["rebuild"]["ratio"], 0.1, True)
    if "pages" in run:
        yield Ratio("page pipeline", run["pages"]["rate"], 150, False, " pages/s")


def worse(run: Run, old: Run, tolerance: float) -> list[str]:
    """A sentence for each figure that became worse by more than `tolerance`."""
    before = {ratio.name: ratio for ratio in ratios(old)}
    out = []
    for ratio in ratios(run):
        if ratio.name in before and ratio.worse(before[ratio.name].value) > tolerance:
            was = before[ratio.name].value
            out.append(f"{ratio.name}: {was:.3g} -> {ratio.value:.3g}{ratio.unit}, more than {tolerance:.0%} worse")
    return out


# ---- tables, in Markdown


def markdown(run: Run) -> str:
    """All of a run as tables."""
    parts = [_about(run)]
    if found := ratios(run):
        rows = [
            (one.name, f"{one.value:.3g}{one.unit}", f"{'≤' if one.most else '≥'} {one.bound:g}{one.unit}", _mark(one))
            for one in found
        ]
        parts += ["### What must hold", _table(("", "measured", "bound", ""), rows)]
    parts += [*_indexing(run), *_queries(run), *_processes(run), *_growth(run)]
    return "\n\n".join(parts) + "\n"


def _mark(ratio: Ratio) -> str:
    return "yes" if ratio.met else "**no**"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _about(run: Run) -> str:
    machine, corpus = run["machine"], run["corpus"]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"`{run['command']}` on {run['made'][:10]}"
        + (" (a quick run: its figures say little)" if run["quick"] else "")
        + f"; commit {run['commit']}; {corpus['name']}: {corpus['articles']:,} articles, {corpus['characters']:,} "
        f"characters, {corpus['text_bytes'] / 1e6:.1f} MB of UTF-8.\n"
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']:.0f} GB, {machine['system']}; "
        f"load before the run {machine['load']:.2f}. {versions}."
    )


def _indexing(run: Run) -> list[str]:
    rows = [
        (
            TITLES[name],
            f"{one['articles']:,}",
            f"{one['rate']:,.0f}",
            f"{one['articles'] / one['cpu_seconds']:,.0f}",
            f"{one['size_bytes'] / 1e6:.1f}",
            f"{one['size_bytes'] / one['text_bytes']:.2f}",
            f"{one['peak_bytes'] / 1e6:,.0f}",
        )
        for name, one in run.get("indexing", {}).items()
    ]
    head = ("", "articles", "articles/s", "per processor second", "index MB", "index / text", "peak memory MB")
    return ["### Indexing, one core", _table(head, rows)] if rows else []


def _queries(run: Run) -> list[str]:
    times, correct = run.get("queries", {}), run.get("correct", {})
    out = []
    for name in SETS:
        rows = [
            (
                TITLES[system],
                *(_times(sets[name][mode]) for mode in ("ids", "search")),
                _times(sets[name]["ids"]["first"]),
                *(f"{correct[system][name][key]:.3f}" for key in ("recall", "precision", "complete")),
            )
            for system, sets in times.items()
            if name in sets
        ]
        if rows:
            head = ("", "ids, ms", "search, ms", "ids, first time asked", "recall", "precision", "complete")
            out += [f"### Queries: {name}", f"{WHAT[name].capitalize()}. p50 / p95 / p99.", _table(head, rows)]
    return out


def _times(found: Mapping[str, float]) -> str:
    return " / ".join(f"{found[key]:.2f}" for key in ("p50", "p95", "p99"))


def _processes(run: Run) -> list[str]:
    rows = []
    if cold := run.get("cold"):
        rows.append(("`swsearch query` on the index of seeds/, new process", f"{cold['query_ms']:.0f} ms"))
        rows.append(('`python -c "import numpy, whoosh.index, click"`', f"{cold['imports_ms']:.0f} ms"))
    if one := run.get("rebuild"):
        pages = " ".join(f"{seconds:.2f}" for seconds in one["one_page_s"])
        rows.append(("`swsearch rebuild` of the corpus, process included", f"{one['full_s']:.2f} s"))
        rows.append(("with one page more, five times", f"{pages} s"))
        rows.append(("with nothing new", f"{one['nothing_s']:.2f} s"))
    for name, found in run.get("jobs", {}).items():
        if isinstance(found, Mapping):
            rows.append(
                (f"--jobs 1 and --jobs 2, {name.replace('_', ' ')}", f"{found['one_s']:.2f} and {found['two_s']:.2f} s")
            )
    if pages_run := run.get("pages"):
        rows.append(("pages into articles, one core", f"{pages_run['rate']:.0f} pages/s"))
        if "rates" in pages_run:
            rows.append(("the five seed pages alone", f"{pages_run['rates'][0]:.0f} pages/s"))
            rows.append(("the slowest page", f"{pages_run['slowest_ms']:.1f} ms"))
    return ["### Processes", _table(("", "time"), rows)] if rows else []


def _growth(run: Run) -> list[str]:
    sizes = run.get("growth", [])
    if not sizes:
        return []
    rows = []
    for size in sizes:
        for name, one in size["systems"].items():
            built, asked = one["built"], one["queries"]
            rows.append(
                (
                    f"{size['size']:g}× = {size['articles']:,}, {TITLES[name]}",
                    f"{built['rate']:,.0f}",
                    f"{built['size_bytes'] / 1e6:.0f}",
                    f"{built['peak_bytes'] / 1e6:,.0f}",
                    *(_times(asked[set_name]["ids"]) for set_name in ("substrings", "phrases")),
                    _times(asked["substrings"]["search"]),
                )
            )
    head = (
        "articles",
        "articles/s",
        "index MB",
        "peak memory MB",
        "ids, substrings, ms",
        "ids, phrases, ms",
        "search, substrings, ms",
    )
    return ["### Growth", _table(head, rows), _million(sizes)]


def _million(sizes: list[Mapping[str, Any]]) -> str:
    """What the last two sizes say of a million articles: cost an article stays, times grow as they did last."""
    before, last = sizes[-2:]
    own, earlier = last["systems"]["swsearch"], before["systems"]["swsearch"]
    articles, built = last["articles"], own["built"]
    times = 1_000_000 / articles

    def grows(set_name: str, key: str) -> str:
        was, now = (one["queries"][set_name]["ids"][key] for one in (earlier, own))
        step = max((now - was) / (articles - before["articles"]), 0.0)
        return f"{now + step * (1_000_000 - articles):.1f}"

    return (
        f"A million articles, if it goes on like that (cost of an article as at {articles:,}; times grow by article as "
        f"from {before['articles']:,} to {articles:,}): {1_000_000 / built['rate'] / 60:.0f} minutes to index on one "
        f"core, {built['size_bytes'] * times / 1e9:.1f} GB of index, ids in {grows('substrings', 'p50')} ms (p95 "
        f"{grows('substrings', 'p95')}) for substrings, {grows('phrases', 'p50')} ms (p95 {grows('phrases', 'p95')}) "
        "for phrases."
    )


__all__ = ["Ratio", "markdown", "ratios", "worse"]
