"""`make bench`, which is `python -m bench`: one run, its tables on stdout, its numbers in bench/runs/.

Exit status 0; 1 when a part failed, --compare finds a figure worse, or --strict a bound that does not hold; 2 when
nothing can run.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import corpus, measure, report
from bench.plot import svg
from bench.systems import NAMES
from bench.worker import ROOT

RUNS = Path(__file__).parent / "runs"
README = Path(__file__).parent / "README.md"
START, END = "<!-- run -->", "<!-- /run -->"
PACKAGES = ("swsearch", "numpy", "whoosh3", "jieba", "rjieba", "opencc", "tantivy")
NEEDS = {"tantivy-characters": "tantivy", "tantivy-both": "tantivy", "tantivy-jieba": "tantivy"}


def main(arguments: list[str] | None = None) -> int:
    """Exit status."""
    options = _options(arguments)
    if options.show:
        run = json.loads(options.show.read_text("utf-8"))
        print(report.markdown(run))
        return _judge(run, options)
    names, parts = _chosen(options.only)
    missing = {NEEDS[name] for name in names if name in NEEDS and not find_spec(NEEDS[name])}
    if missing:
        print(
            f"bench: {', '.join(missing)} is not installed: pip install -e '.[bench]', or choose --only",
            file=sys.stderr,
        )
        return 2
    try:
        run = _run(options, names, parts)
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(report.markdown(run))
    if options.out or not options.quick:
        _save(run, options.out or RUNS / f"{run['made'][:10]}.json")
    if options.write:
        write_readme(run)
    return _judge(run, options)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, help="a .jsonl or .jsonl.gz file (default: a made-up one)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help=f"some of {', '.join([*NAMES, *measure.PARTS])}"
    )
    parser.add_argument("--quick", action="store_true", help="a small part of everything, to try it out; not saved")
    parser.add_argument("--articles", type=int, default=0, help="use so many of the corpus, evenly spread")
    parser.add_argument("--core", type=int, help="the core that all are pinned to (default: the last one)")
    parser.add_argument("--out", type=Path, help="where the numbers go (default: bench/runs/DATE.json)")
    parser.add_argument("--write", action="store_true", help="put tables and plot into bench/README.md")
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="fail where a ratio became worse since")
    parser.add_argument("--tolerance", type=float, default=0.25, help="by how much it may (default 0.25)")
    parser.add_argument("--strict", action="store_true", help="fail where a bound does not hold")
    parser.add_argument("--show", type=Path, metavar="RUN.json", help="print the tables of a run; measure nothing")
    return parser.parse_args(arguments)


def _chosen(only: list[str]) -> tuple[list[str], list[str]]:
    """Systems and parts; naming some of one kind only leaves all of the other."""
    wanted = [name for given in only for name in given.split(",") if name]
    unknown = [name for name in wanted if name not in (*NAMES, *measure.PARTS)]
    if unknown:
        sys.exit(f"bench: --only {unknown[0]}: known are {', '.join([*NAMES, *measure.PARTS])}")
    names = [name for name in NAMES if name in wanted] or list(NAMES)
    parts = [part for part in measure.PARTS if part in wanted] or list(measure.PARTS)
    return names, parts


def _run(options: argparse.Namespace, names: list[str], parts: list[str]) -> dict[str, Any]:
    plan = measure.Plan.quick() if options.quick else measure.Plan()
    load = os.getloadavg()[0]
    wanted = options.articles or plan.articles
    if options.corpus:
        docs, name = list(corpus.read(options.corpus)), options.corpus.name.partition(".")[0]
        docs = corpus.thinned(docs, wanted or len(docs))
    else:
        docs, name = list(corpus.stand_in(wanted or corpus.ARTICLES)), f"made up, seed {corpus.SEED}"
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", file=sys.stderr, flush=True)

    core = options.core
    if core is None and hasattr(os, "sched_getaffinity"):
        core = max(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="swsearch-bench-") as folder:
        stage = measure.Stage(Path(folder), core, docs, plan, say)
        numbers = measure.run(stage, names, parts)
    run = {
        "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": "python -m bench " + " ".join(_arguments(options)),
        "commit": _commit(),
        "quick": options.quick,
        "took_s": time.monotonic() - started,
        "corpus": {
            "name": name,
            "articles": len(docs),
            "characters": sum(len(doc.title) + len(doc.body) for doc in docs),
            "text_bytes": corpus.text_bytes(docs),
        },
        "machine": _machine(load),
        "versions": {"Python": platform.python_version(), **_versions()},
        **numbers,
    }
    run["ratios"] = [
        {"name": one.name, "value": one.value, "bound": one.bound, "most": one.most, "met": one.met}
        for one in report.ratios(run)
    ]
    return run


def _arguments(options: argparse.Namespace) -> list[str]:
    """The arguments that decide what is measured, without the folders of this machine."""
    given = [options.corpus.name] if options.corpus else []
    given += ["--quick"] if options.quick else []
    given += [f"--articles {options.articles}"] if options.articles else []
    return given + [f"--only {name}" for name in options.only]


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    return done.stdout.strip() or "unknown"


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    import sqlite3

    return {**found, "SQLite": sqlite3.sqlite_version}


def _machine(load: float) -> dict[str, Any]:
    processor = platform.processor() or platform.machine()
    memory = 0.0
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (OSError, ValueError):
        pass
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gb": memory,
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load": load,
    }


def _save(run: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"numbers: {path}", file=sys.stderr)


def write_readme(run: dict[str, Any], readme: Path = README) -> None:
    """Put the tables of a run between the marks in bench/README.md, and its plot beside it."""
    text = readme.read_text("utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    body = report.markdown(run)
    if run.get("growth"):
        readme.with_name("growth.svg").write_text(svg(run["growth"]), "utf-8")
        body += "\n![How times grow with the number of articles](growth.svg)\n"
    readme.write_text(f"{before}{START}\n\n{body}\n{END}{after}", "utf-8")


def _judge(run: dict[str, Any], options: argparse.Namespace) -> int:
    failed = [f"{one.name}: {one.value:.3g}{one.unit}" for one in report.ratios(run) if not one.met]
    print(f"{len(report.ratios(run)) - len(failed)} of {len(report.ratios(run))} bounds hold", file=sys.stderr)
    worse: list[str] = []
    if options.compare:
        worse = report.worse(run, json.loads(options.compare.read_text("utf-8")), options.tolerance)
        print("\n".join(worse) or "nothing became worse", file=sys.stderr)
    return 1 if worse or run.get("failed") or (failed and options.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
